# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

from .. import vcard
from .adapter import Card


class CardExporter(Component):
    """Write a contact to the address book, after the company that it belongs to."""

    _name = "carddav.card.exporter"
    _inherit = ["generic.exporter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]
    _usage = "record.exporter"
    _default_binding_field = "carddav_bind_ids"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.card = None  #: the card as the server has it

    def _should_import(self):
        """Read the card. It is never imported, but it is created again when gone."""
        self.card = self.external_id and self.backend_adapter.read(self.external_id)
        return False

    def _has_to_skip(self):
        """Skip what has no name, such as the address of a warehouse."""
        return not (self.binding.name or "").strip()

    def _export_dependencies(self):
        self._export_dependency(self.binding.parent_id, "carddav.res.partner")

    def _update_data(self, map_record, fields=None, **kwargs):
        """Change what is Odoo's in the card, since a write replaces the whole card.

        What others have put into it stays. There is no data when nothing differs.
        """
        properties = super()._update_data(map_record, fields, **kwargs)
        card = self.card or self.backend_adapter.read(self.external_id)
        text = vcard.merge(card.text, properties)
        return None if vcard.is_same(text, card.text) else Card(text, card.etag)

    def _bind(self):
        """Remember the version too: who deletes it must not delete a later one."""
        binding = self.binding.with_context(connector_no_export=True)
        binding.etag = self.backend_adapter.etag
        super()._bind()
