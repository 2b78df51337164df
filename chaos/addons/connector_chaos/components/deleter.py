# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.exception import IDMissingInBackend


class ChaosItemDeleter(Component):
    _name = "chaos.item.deleter"
    _inherit = ["base.deleter", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding"]
    _usage = "record.exporter.deleter"

    def run(self, external_id):
        try:
            self.backend_adapter.delete(external_id)
        except IDMissingInBackend:
            return self.env._("It was deleted on the backend already.")
        return self.env._("Deleted on the backend.")
