# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress

from odoo.addons.component.core import Component
from odoo.addons.connector.jobs.outcome import UNCHANGED, Outcome, returns_message
from odoo.addons.connector.tools.external_id import is_external_id
from odoo.addons.connector.tools.translatable import translatable
from odoo.addons.connector.tools.versions import stored_version

from .. import vcard
from .import_mapper import can_show

#: Fields that decide on the organization of a person.
ORGANIZATION = {"is_company", "parent_id", "company_name"}


class CardExporter(Component):
    """Write a contact to the address book, after the company that it belongs to.

    A write replaces the whole card, so that the exporter reads it before: what other
    programs have added stays.
    """

    _name = "carddav.card.exporter"
    _inherit = ["generic.exporter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]
    _usage = "record.exporter"
    _default_binding_field = "carddav_bind_ids"
    _import_before_export = True

    def __init__(self, work_context):
        super().__init__(work_context)
        self.card = None  #: the card on the server
        self.text = None  #: the card as Odoo has sent it

    def _should_import(self):
        """Return whether the card has changed. One that is gone is created again."""
        if not is_external_id(self.external_id):
            return False
        self.card = self.backend_adapter.read(self.external_id)
        return self._is_outdated

    @returns_message
    def _run(self, fields=None):
        """Export the contact, unless its card was deleted in the address book."""
        if self.binding.link_state == "deleted":
            message = translatable(self.env)._(
                "Nothing was exported: the card was deleted in the address book."
            )
            return Outcome(UNCHANGED, message)
        return super()._run(fields)

    def _has_to_skip(self):
        """Skip contacts without a name, such as delivery addresses."""
        return not (self.binding.name or "").strip()

    def _export_dependencies(self):
        self._export_dependency(self.binding.parent_id, "carddav.res.partner")

    def _update_data(self, map_record, fields=None, **kwargs):
        """Return the card with what Odoo reads otherwise, ``None`` without changes."""
        if not self.card or self._is_outdated:
            self.card = self.backend_adapter.read(self.external_id)
        comparison = self.component(usage="card.comparison")
        names = comparison.fields_to_write(self.binding, self.card.text, fields)
        properties, new = self.mapper.finalize(map_record, {}), ()
        if names:
            properties = map_record.values(fields=names, **kwargs)
            if not self.binding.is_company and not names & ORGANIZATION:
                properties.pop("ORG", None)  # Only companies have their name in it.
            new = comparison.new_properties(map_record, properties)
        if self.binding.parent_id or "ORG" in properties:
            properties |= self.mapper.parent(self.binding)
        if not properties.get("PHOTO", True) and self._has_photo_of_its_own():
            del properties["PHOTO"]
        self.text = vcard.merge(self.card.text, properties, new)
        return None if vcard.is_same(self.text, self.card.text) else self.text

    def _has_photo_of_its_own(self):
        """Return whether the card has a photo that Odoo cannot show, and never had."""
        with suppress(ValueError):  # The card is broken.
            photo = vcard.read(self.card.text).get("PHOTO")
            return photo and not can_show(photo)

    def _create_data(self, map_record, fields=None, **kwargs):
        properties = super()._create_data(map_record, fields=fields, **kwargs)
        self.text = vcard.serialize(properties)
        return properties

    def _values_on_backend(self):
        comparison = self.component(usage="card.comparison")
        return comparison.read_back(self.binding, self.text) if self.text else {}

    @property
    def _is_outdated(self):
        return self.card.etag != stored_version(self.binding)
