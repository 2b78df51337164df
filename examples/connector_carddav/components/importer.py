# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress

from markupsafe import Markup

from odoo.fields import Domain

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import IDMissingInBackend, InvalidDataError
from odoo.addons.connector.tools.orm import changed_values
from odoo.addons.connector.tools.transactions import search_committed
from odoo.addons.connector.tools.translatable import translatable
from odoo.addons.connector.tools.versions import stored_version

from .. import vcard
from .import_mapper import ADDRESS, can_show

#: Fields of a company that Odoo copies to its contacts, or that their cards contain.
SHARED = {*ADDRESS, "name"}


class CardImporter(Component):
    """Create contacts from new cards, and update contacts with changes of their cards.

    A new card is linked with the contact that it matches (see ``CardMatcher``). If none
    matches, a contact is created.
    """

    _name = "carddav.card.importer"
    _inherit = ["connector.record.importer", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def __init__(self, work_context):
        super().__init__(work_context)
        self.comparison = self.component(usage="card.comparison")
        self.matcher = self.component(usage="card.matcher")
        self.adopted = False  #: whether the card was linked with an existing contact
        self.shares = False  #: whether the card may change the company's contacts
        #: digest of the card's photo, if Odoo cannot show it
        self.unread_photo = ""
        self._properties = None

    @property
    def properties(self):
        """The properties of the card, see :mod:`..vcard`."""
        if self._properties is None:
            self._properties = self.comparison.read(
                self.external_id, self.external_record.text
            )
        return self._properties

    # -- before the import

    def _import_data(self):
        try:
            return super()._import_data()
        except IDMissingInBackend:
            if not self.backend_adapter.lists(self.external_id):
                raise
        raise InvalidDataError(
            translatable(self.env)._(
                "%(backend)s lists the card %(name)s, but does not return it. Open it "
                "in another program and save it again, or delete it.",
                backend=self.backend_record.name,
                name=self.external_id,
            )
        )

    def _must_skip(self):
        """Skip cards that are not contacts, such as the groups of phones."""
        with suppress(InvalidDataError):  # Mapping the card raises it again.
            if "KIND" in self.properties:
                return translatable(self.env)._(
                    "The card %s is a group, a room or a device, not a contact.",
                    self.external_id,
                )
        return super()._must_skip()

    def _is_uptodate(self, binding):
        known = stored_version(binding) == self.external_record.etag
        return known and binding.link_state == "linked"

    def share_components(self, other):
        """Share the components that prefetch for the whole chunk, too."""
        super().share_components(other)
        self.comparison, self.matcher = other.comparison, other.matcher

    def _before_import(self):
        with suppress(InvalidDataError):  # Mapping the card raises it again.
            self._make_tags(self.properties.get("CATEGORIES", ()))

    def _import_dependencies(self):
        with suppress(InvalidDataError):
            uid = not self.binding and self.properties.get("X-PARENT-UID")
            self._import_dependency(uid and f"{uid}.vcf", "carddav.res.partner")

    def _make_tags(self, names):
        """Create missing tags, under locks so that no other job creates the same."""
        missing = sorted(set(names) - self.mapper.tags.keys())
        if not missing:
            return
        tags = self.env["res.partner.category"]
        for name in missing:
            self.advisory_lock_or_retry(f"{tags._name}({name})", retry_seconds=5)
        domain = Domain("name", "in", missing) & Domain("parent_id", "=", False)
        if search_committed(tags, domain):
            self._retry_job_later(
                translatable(self.env)._("Another job has just created the same tags.")
            )
        for tag in tags.create([{"name": name} for name in missing]):
            self.mapper.tags[tag.name] = tag.id

    # -- the import itself

    def _map_data(self):
        self.matcher.announce(self.properties)
        photo = self.properties.get("PHOTO")
        if isinstance(photo, bytes) and not can_show(photo):
            self.unread_photo = vcard.digests({"PHOTO": photo})["PHOTO"]
        return self.mapper.map_record(self.properties)

    def _create_data(self, map_record, **kwargs):
        """Leave out empty values: the card may match a contact that has them."""
        values = super()._create_data(map_record, **kwargs)
        return {name: value for name, value in values.items() if value}

    def _update_data(self, map_record, binding, **kwargs):
        values = super()._update_data(map_record, binding=binding, **kwargs)
        shared = {name: values[name] for name in SHARED & values.keys()}
        self.shares = binding.is_company and changed_values(binding, shared)
        return values

    def _match_existing(self):
        found = self.matcher.match(self.properties)
        if len(found) == 1:  # The new card replaces one that was deleted.
            stale = self.matcher.stale_links(found)
            stale.with_context(connector_no_export=True).unlink()
        return found or None

    def _values_to_adopt(self, existing, values):
        """Attach the former version of the contact if the card changes its values."""
        self.adopted = True
        self.matcher.stale_links(existing).with_context(
            connector_no_export=True
        ).unlink()
        own = self.model._fields
        wrapped = {n: value for n, value in values.items() if own[n].inherited}
        if any(existing[name] for name in changed_values(existing, wrapped)):
            link = self.model.new(
                {"odoo_id": existing.id, "backend_id": self.backend_record.id}
            )
            self._keep_contact(link)
        return super()._values_to_adopt(existing, values)

    def _keep_contact(self, link):
        """Attach a contact as it is now to itself, before it is overwritten."""
        text = vcard.serialize(self.comparison.properties_of(link))
        body = self.env._(
            "This contact and its card in the address book %s did not say the same. "
            "The version that was overwritten is attached.",
            link.backend_id.name,
        )
        contact = link.odoo_id._origin  # of a link that does not exist yet
        contact.message_post(
            body=Markup("<p>%s</p>") % body,
            subtype_xmlid="mail.mt_note",
            attachments=[(f"{contact.display_name}.vcf", text.encode())],
        )

    # -- after the import

    def _after_import(self, binding):
        if binding.link_state == "deleted":  # The card exists again.
            binding = binding.with_context(connector_no_export=True)
            binding.write({"active": True, "link_state": "linked"})
        known = (binding.sudo().unread_photo or "").partition(" ")[0]
        if self.unread_photo != known:
            self._note_unread_photo(binding.with_context(connector_no_export=True))
        changes = self.env["connector.export.change"]
        if self.adopted:  # Other values of the contact are new to the card.
            changes.note(binding)
        elif self.shares:
            changes.note(binding._below(), {*ADDRESS, "parent_id"})

    def _note_unread_photo(self, binding):
        """Tell people once on the contact that its card has a photo of its own."""
        ours = self.comparison.photo_digest(binding)
        unread = self.unread_photo and f"{self.unread_photo} {ours}"
        binding.sudo().unread_photo = unread
        if unread:
            binding.odoo_id.message_post(
                body=self.env._(
                    "The photo on the card %(name)s in %(backend)s was not imported: "
                    "Odoo cannot show it. It stays on the card.",
                    name=self.external_id,
                    backend=self.backend_record.name,
                ),
                subtype_xmlid="mail.mt_note",
            )
