# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The links between records of Odoo and of the shop."""

from odoo import api, fields, models

from odoo.addons.connector.fields import Wrapped


class VendureBinding(models.AbstractModel):
    _name = "vendure.binding"
    _description = "Link with a Vendure Shop"
    _inherit = "connector.binding"

    backend_id = fields.Many2one(
        "vendure.backend", "Shop", required=True, ondelete="cascade"
    )


class VendureAttribute(models.Model):
    _name = "vendure.product.attribute"
    _description = "Vendure Option Group"
    _inherit = "vendure.binding"
    _inherits = {"product.attribute": "odoo_id"}

    odoo_id = Wrapped("product.attribute", bindings="vendure_bind_ids")


class VendureValue(models.Model):
    _name = "vendure.product.attribute.value"
    _description = "Vendure Option"
    _inherit = "vendure.binding"
    _inherits = {"product.attribute.value": "odoo_id"}

    odoo_id = Wrapped("product.attribute.value", bindings="vendure_bind_ids")


class VendureTemplate(models.Model):
    _name = "vendure.product.template"
    _description = "Vendure Product"
    _inherit = "vendure.binding"
    _inherits = {"product.template": "odoo_id"}

    odoo_id = Wrapped("product.template", bindings="vendure_bind_ids")
    group_ids = fields.Many2many("product.attribute", compute="_compute_group_ids")

    @api.depends("attribute_line_ids.attribute_id.create_variant")
    def _compute_group_ids(self):
        """Compute the attributes that make variants."""
        for product in self:
            attributes = product.attribute_line_ids.attribute_id
            product.group_ids = attributes.filtered_domain(
                [("create_variant", "!=", "no_variant")]
            )


class VendureVariant(models.Model):
    _name = "vendure.product.product"
    _description = "Vendure Product Variant"
    _inherit = "vendure.binding"
    _inherits = {"product.product": "odoo_id"}

    odoo_id = Wrapped("product.product", bindings="vendure_bind_ids")


class VendurePartner(models.Model):
    _name = "vendure.res.partner"
    _description = "Vendure Customer"
    _inherit = "vendure.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = Wrapped("res.partner")


class VendureOrder(models.Model):
    _name = "vendure.sale.order"
    _description = "Vendure Order"
    _inherit = "vendure.binding"
    _inherits = {"sale.order": "odoo_id"}

    odoo_id = Wrapped("sale.order")
