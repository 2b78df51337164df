# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class ChaosItemExporter(Component):
    _name = "chaos.item.exporter"
    _inherit = ["generic.exporter", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding"]
    _usage = "record.exporter"
    _default_binding_field = "chaos_bind_ids"

    def _export_dependencies(self):
        for part in self.binding.part_ids:
            self._export_dependency(part, "chaos.item.binding")
