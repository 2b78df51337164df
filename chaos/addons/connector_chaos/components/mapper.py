# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping


class ChaosItemExportMapper(Component):
    _name = "chaos.item.export.mapper"
    _inherit = ["base.export.mapper", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding"]

    direct = [("code", "code"), ("name", "name"), ("quantity", "quantity")]

    @mapping
    def parts(self, record):
        binder = self.binder_for()
        return {
            "parts": [
                int(binder.to_external(part, wrap=True)) for part in record.part_ids
            ]
        }
