# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from odoo.addons.connector.fields import Wrapped


class OdooCategory(models.Model):
    _name = "odoo.product.category"
    _description = "Shop's Product Category"
    _inherit = "odoo.binding"
    _inherits = {"product.category": "odoo_id"}

    odoo_id = Wrapped("product.category", bindings="odoo_bind_ids")


class OdooAttribute(models.Model):
    _name = "odoo.product.attribute"
    _description = "Shop's Product Attribute"
    _inherit = "odoo.binding"
    _inherits = {"product.attribute": "odoo_id"}

    odoo_id = Wrapped("product.attribute", bindings="odoo_bind_ids")


class OdooAttributeValue(models.Model):
    _name = "odoo.product.attribute.value"
    _description = "Shop's Attribute Value"
    _inherit = "odoo.binding"
    _inherits = {"product.attribute.value": "odoo_id"}

    odoo_id = Wrapped("product.attribute.value", bindings="odoo_bind_ids")


class OdooTemplate(models.Model):
    _name = "odoo.product.template"
    _description = "Shop's Product"
    _inherit = "odoo.binding"
    _inherits = {"product.template": "odoo_id"}

    odoo_id = Wrapped("product.template", bindings="odoo_bind_ids")


class OdooProduct(models.Model):
    _name = "odoo.product.product"
    _description = "Shop's Product Variant"
    _inherit = "odoo.binding"
    _inherits = {"product.product": "odoo_id"}

    odoo_id = Wrapped("product.product", bindings="odoo_variant_bind_ids")
