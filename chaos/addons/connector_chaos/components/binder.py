# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class ChaosItemBinder(Component):
    _name = "chaos.item.binder"
    _inherit = ["base.binder", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding", "chaos.item.import.binding"]
