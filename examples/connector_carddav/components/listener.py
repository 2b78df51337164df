# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.tools.versions import stored_version


class CardExportListener(Component):
    """Export contacts that are in an address book when they are changed."""

    _name = "carddav.card.export.listener"
    _inherit = "connector.export.listener"
    _apply_on = ["carddav.res.partner", "res.partner"]
    _binding_field = "carddav_bind_ids"

    def on_record_write(self, record, fields=None):
        """Also export the contacts of a company whose name was changed."""
        super().on_record_write(record, fields)
        if "name" in (fields or ()) and not self.no_connector_export(record):
            for below in self._bindings(record):
                self._note(below._below(), {"parent_id"})

    def _delete_arguments(self, binding):
        """Add the version of the card that Odoo knows, which may be deleted."""
        return (*super()._delete_arguments(binding), stored_version(binding))
