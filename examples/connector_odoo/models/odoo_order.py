# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class OdooOrder(models.Model):
    _name = "odoo.sale.order"
    _description = "Shop's Order"
    _inherit = "odoo.binding"
    _inherits = {"sale.order": "odoo_id"}

    odoo_id = fields.Many2one(
        "sale.order", "Linked Order", required=True, index=True, ondelete="cascade"
    )
    odoo_line_ids = fields.One2many("odoo.sale.order.line", "odoo_order_id", "Lines")


class Order(models.Model):
    _inherit = "sale.order"

    odoo_bind_ids = fields.One2many("odoo.sale.order", "odoo_id", "Shops")


class OdooOrderLine(models.Model):
    _name = "odoo.sale.order.line"
    _description = "Shop's Order Line"
    _inherit = "odoo.binding"
    _inherits = {"sale.order.line": "odoo_id"}

    odoo_id = fields.Many2one(
        "sale.order.line", "Linked Line", required=True, index=True, ondelete="cascade"
    )
    odoo_order_id = fields.Many2one(
        "odoo.sale.order", required=True, index=True, ondelete="cascade"
    )

    @api.model_create_multi
    def create(self, vals_list):
        for values in vals_list:
            order = self.env["odoo.sale.order"].browse(values["odoo_order_id"])
            values["order_id"] = order.odoo_id.id
        return super().create(vals_list)


class OrderLine(models.Model):
    _inherit = "sale.order.line"

    odoo_bind_ids = fields.One2many("odoo.sale.order.line", "odoo_id", "Shops")


class OdooPicking(models.Model):
    _name = "odoo.stock.picking"
    _description = "Shop's Delivery"
    _inherit = "odoo.binding"
    _inherits = {"stock.picking": "odoo_id"}

    odoo_id = fields.Many2one(
        "stock.picking",
        "Linked Delivery",
        required=True,
        index=True,
        ondelete="cascade",
    )


class Picking(models.Model):
    _inherit = "stock.picking"

    odoo_bind_ids = fields.One2many("odoo.stock.picking", "odoo_id", "Shops")
