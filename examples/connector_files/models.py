# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A supplier, and the links between its records and those of Odoo."""

from odoo import fields, models

from odoo.addons.connector.fields import Wrapped


class SupplierBackend(models.Model):
    _name = "supplier.backend"
    _description = "Supplier with Files"
    _inherit = "connector.sftp.backend"

    company_id = fields.Many2one(required=True)
    partner_id = fields.Many2one("res.partner", "Vendor", required=True)


class SupplierBinding(models.AbstractModel):
    _name = "supplier.binding"
    _description = "Link with a Supplier"
    _inherit = "connector.binding"

    backend_id = fields.Many2one(
        "supplier.backend", "Supplier", required=True, ondelete="cascade"
    )


class SupplierCategory(models.Model):
    _name = "supplier.product.category"
    _description = "Category of a Supplier"
    _inherit = "supplier.binding"
    _inherits = {"product.category": "odoo_id"}

    odoo_id = Wrapped("product.category")


class SupplierProduct(models.Model):
    _name = "supplier.product.product"
    _description = "Product of a Supplier"
    _inherit = "supplier.binding"
    _inherits = {"product.product": "odoo_id"}

    odoo_id = Wrapped("product.product", bindings="supplier_bind_ids")
    price_since = fields.Date()


class SupplierOrder(models.Model):
    _name = "supplier.purchase.order"
    _description = "Order to a Supplier"
    _inherit = "supplier.binding"
    _inherits = {"purchase.order": "odoo_id"}

    odoo_id = Wrapped("purchase.order", bindings="supplier_bind_ids")
