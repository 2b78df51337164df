# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class ChaosItemDeleter(Component):
    _name = "chaos.item.deleter"
    _inherit = ["connector.record.deleter", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding", "chaos.item.import.binding"]
