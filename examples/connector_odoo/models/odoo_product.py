# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class OdooCategory(models.Model):
    _name = "odoo.product.category"
    _description = "Shop's Product Category"
    _inherit = "odoo.binding"
    _inherits = {"product.category": "odoo_id"}

    odoo_id = fields.Many2one(
        "product.category",
        "Linked Category",
        required=True,
        index=True,
        ondelete="cascade",
    )


class Category(models.Model):
    _inherit = "product.category"

    odoo_bind_ids = fields.One2many("odoo.product.category", "odoo_id", "Shops")


class OdooAttribute(models.Model):
    _name = "odoo.product.attribute"
    _description = "Shop's Product Attribute"
    _inherit = "odoo.binding"
    _inherits = {"product.attribute": "odoo_id"}

    odoo_id = fields.Many2one(
        "product.attribute",
        "Linked Attribute",
        required=True,
        index=True,
        ondelete="cascade",
    )


class Attribute(models.Model):
    _inherit = "product.attribute"

    odoo_bind_ids = fields.One2many("odoo.product.attribute", "odoo_id", "Shops")


class OdooAttributeValue(models.Model):
    _name = "odoo.product.attribute.value"
    _description = "Shop's Attribute Value"
    _inherit = "odoo.binding"
    _inherits = {"product.attribute.value": "odoo_id"}

    odoo_id = fields.Many2one(
        "product.attribute.value",
        "Linked Value",
        required=True,
        index=True,
        ondelete="cascade",
    )


class AttributeValue(models.Model):
    _inherit = "product.attribute.value"

    odoo_bind_ids = fields.One2many("odoo.product.attribute.value", "odoo_id", "Shops")


class OdooTemplate(models.Model):
    _name = "odoo.product.template"
    _description = "Shop's Product"
    _inherit = "odoo.binding"
    _inherits = {"product.template": "odoo_id"}

    odoo_id = fields.Many2one(
        "product.template",
        "Linked Product",
        required=True,
        index=True,
        ondelete="cascade",
    )


class Template(models.Model):
    _inherit = "product.template"

    odoo_bind_ids = fields.One2many("odoo.product.template", "odoo_id", "Shops")


class OdooProduct(models.Model):
    _name = "odoo.product.product"
    _description = "Shop's Product Variant"
    _inherit = "odoo.binding"
    _inherits = {"product.product": "odoo_id"}

    odoo_id = fields.Many2one(
        "product.product",
        "Linked Variant",
        required=True,
        index=True,
        ondelete="cascade",
    )


class Product(models.Model):
    _inherit = "product.product"

    # The template's field has another model.
    odoo_variant_bind_ids = fields.One2many(
        "odoo.product.product", "odoo_id", "Shops of the Variant"
    )
