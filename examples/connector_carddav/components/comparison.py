# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Detect changes in Odoo and on the server, and settle conflicts."""

from typing import NamedTuple

from markupsafe import Markup

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import InvalidDataError

from .. import vcard

#: Digests that no value has, so that every property counts as changed.
UNKNOWN = dict.fromkeys([*vcard.READ, "X-ABSHOWAS"], "")


class Difference(NamedTuple):
    """Names of the properties that changed since the last synchronisation."""

    contact: set  #: in Odoo
    card: set  #: on the server

    @property
    def is_conflict(self):
        """Return whether both sides changed."""
        return bool(self.contact and self.card)


class CardComparison(Component):
    """Compare a contact and its card with their state at the last synchronisation.

    The binding stores a digest of each property of both. An ``etag`` or a date only
    shows that something may have changed.
    """

    _name = "carddav.card.comparison"
    _inherit = "base.carddav.connector"
    _apply_on = ["carddav.res.partner"]
    _usage = "card.comparison"

    def read(self, name, card):
        """Return the properties of a card, see :mod:`..vcard`.

        :param name: name of the resource, for people
        :param card: the :class:`~.adapter.Card`
        :raise InvalidDataError: when the card is not valid
        """
        try:
            return vcard.read(card.text)
        except ValueError as error:
            raise InvalidDataError(
                self.env._(
                    "The card %(name)s in %(backend)s cannot be read: %(cause)s. "
                    "Correct it there, or delete it.",
                    name=name,
                    backend=self.backend_record.name,
                    cause=error,
                )
            ) from error

    def properties_of(self, binding):
        """Return the properties that Odoo would write, see :mod:`..vcard`."""
        mapper = self.component(usage="export.mapper")
        return mapper.map_record(binding).values()

    def compare(self, binding, card):
        """Return what changed since the last synchronisation.

        :param binding: the binding
        :param card: its :class:`~.adapter.Card` on the server
        :rtype: Difference
        """
        contact = vcard.digests(self.properties_of(binding))
        contact_changed = _changed(contact, binding.synced_contact)
        if card.etag == binding.etag:
            return Difference(contact_changed, set())
        on_card = vcard.digests(self.read(binding.external_id, card))
        same = contact.items() & on_card.items()
        agreed = {name for name, _digest in same}
        agreed |= UNKNOWN.keys() - contact.keys() - on_card.keys()
        card_changed = _changed(on_card, binding.synced_card)
        return Difference(contact_changed - agreed, card_changed - agreed)

    def remember(self, binding, card, synced_contact=None, on_card=None):
        """Store the state of a contact and its card after a synchronisation.

        :param binding: the binding
        :param card: its :class:`~.adapter.Card` on the server
        :param synced_contact: digests of the contact; by default the present ones
        :param on_card: properties of the card, if they were read before
        """
        if synced_contact is None:
            synced_contact = vcard.digests(self.properties_of(binding))
        try:
            synced_card = vcard.digests(on_card or vcard.read(card.text))
        except ValueError:  # Another program broke the card; our values are written.
            synced_card = {}
        self._write(
            binding,
            etag=card.etag,
            synced_card=synced_card,
            synced_contact=synced_contact,
            link_state="linked",
            conflict=False,
        )

    def changed_in_odoo(self, bindings):
        """Return the bindings whose contacts changed since the last synchronisation."""
        return bindings.filtered(
            lambda each: (
                each.etag
                and _changed(
                    vcard.digests(self.properties_of(each)), each.synced_contact
                )
            )
        )

    # -- conflicts

    def settle(self, binding, card, difference):
        """Choose the side that wins a conflict, and attach the other version.

        :param binding: the binding
        :param card: its :class:`~.adapter.Card` on the server
        :param difference: the :class:`Difference`
        :return: ``"odoo"``, ``"server"``, or ``"ask"`` when a user has to decide
        """
        winner = (
            getattr(self.work, "winner", None) or binding.backend_id.conflict_policy
        )
        if winner == "ask":
            self._write(
                binding,
                link_state="conflict",
                conflict=self._conflict_text(binding, card, difference),
            )
        elif winner == "odoo":
            self._keep(binding, card.text)
        else:
            self.keep_contact(binding)
            # Odoo's values no longer count as changed, and all values of the card do.
            synced = vcard.digests(self.properties_of(binding))
            self._write(binding, synced_contact=synced, synced_card=UNKNOWN)
        return winner

    def keep_contact(self, binding):
        """Attach a contact as it is now to itself, before it is overwritten."""
        self._keep(binding, vcard.serialize(self.properties_of(binding)))

    def _keep(self, binding, text):
        """Attach the version that loses to the contact."""
        body = self.env._(
            "This contact and its card in the address book %s did not say the same. "
            "The version that was overwritten is attached.",
            binding.backend_id.name,
        )
        contact = binding.odoo_id._origin  # of a link that does not exist yet
        contact.message_post(
            body=Markup("<p>%s</p>") % body,
            subtype_xmlid="mail.mt_note",
            attachments=[
                (
                    f"{contact.display_name}.vcf",
                    text.encode(errors="surrogateescape"),
                )
            ],
        )

    def _conflict_text(self, binding, card, difference):
        """Return a line with both values for each property that changed."""
        labels = self.labels()
        here = self.properties_of(binding)
        there = self.read(binding.external_id, card)
        return "\n".join(
            self.env._(
                "%(property)s: %(here)s (Odoo), %(there)s (server)",
                property=labels[name],
                here=vcard.shown(here.get(name)),
                there=vcard.shown(there.get(name)),
            )
            for name in sorted(difference.contact | difference.card)
        )

    def labels(self):
        """Return the names of properties for people, by property."""
        return {
            "FN": self.env._("Name"),
            "N": self.env._("Parts of the name"),
            "ORG": self.env._("Organization"),
            "TITLE": self.env._("Function"),
            "ADR": self.env._("Address"),
            "EMAIL": self.env._("E-mail"),
            "TEL": self.env._("Phone"),
            "URL": self.env._("Website"),
            "CATEGORIES": self.env._("Tags"),
            "NOTE": self.env._("Notes"),
            "PHOTO": self.env._("Photo"),
            "X-ABSHOWAS": self.env._("Shown as"),
        }

    def _write(self, binding, **values):
        binding.with_context(connector_no_export=True).write(values)


class ContactComparer(Component):
    """Show the properties of cards on the screens of comparisons."""

    _name = "carddav.record.comparer"
    _inherit = ["connector.record.comparer", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def backend_label(self, name):
        labels = self.component(usage="card.comparison").labels()
        return labels.get(name) or super().backend_label(name)

    def shown(self, target, value):
        return vcard.shown(value) if value and target in vcard.READ else None


def _changed(now, before):
    before = before or {}
    names = now.keys() | before.keys()
    return {name for name in names if now.get(name) != before.get(name)}
