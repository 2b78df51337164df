# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from odoo.addons.connector.fields import Wrapped


class OdooOrder(models.Model):
    _name = "odoo.sale.order"
    _description = "Shop's Order"
    _inherit = "odoo.binding"
    _inherits = {"sale.order": "odoo_id"}

    odoo_id = Wrapped("sale.order", bindings="odoo_bind_ids")
    odoo_line_ids = fields.One2many("odoo.sale.order.line", "odoo_order_id", "Lines")


class OdooOrderLine(models.Model):
    _name = "odoo.sale.order.line"
    _description = "Shop's Order Line"
    _inherit = "odoo.binding"
    _inherits = {"sale.order.line": "odoo_id"}

    odoo_id = Wrapped("sale.order.line", bindings="odoo_bind_ids")
    odoo_order_id = fields.Many2one(
        "odoo.sale.order", required=True, index=True, ondelete="cascade"
    )

    @api.model_create_multi
    def create(self, vals_list):
        for values in vals_list:
            order = self.env["odoo.sale.order"].browse(values["odoo_order_id"])
            values["order_id"] = order.odoo_id.id
        return super().create(vals_list)


class OdooPicking(models.Model):
    _name = "odoo.stock.picking"
    _description = "Shop's Delivery"
    _inherit = "odoo.binding"
    _inherits = {"stock.picking": "odoo_id"}

    odoo_id = Wrapped("stock.picking", bindings="odoo_bind_ids")
