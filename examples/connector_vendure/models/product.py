# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .binding import bindings, wrapped


class VendureAttribute(models.Model):
    _name = "vendure.product.attribute"
    _description = "Vendure Option Group"
    _inherit = "vendure.binding"
    _inherits = {"product.attribute": "odoo_id"}

    odoo_id = wrapped("product.attribute")


class Attribute(models.Model):
    _inherit = "product.attribute"

    vendure_bind_ids = bindings("vendure.product.attribute")


class VendureValue(models.Model):
    _name = "vendure.product.attribute.value"
    _description = "Vendure Option"
    _inherit = "vendure.binding"
    _inherits = {"product.attribute.value": "odoo_id"}

    odoo_id = wrapped("product.attribute.value")


class Value(models.Model):
    _inherit = "product.attribute.value"

    vendure_bind_ids = bindings("vendure.product.attribute.value")


class VendureTemplate(models.Model):
    _name = "vendure.product.template"
    _description = "Vendure Product"
    _inherit = "vendure.binding"
    _inherits = {"product.template": "odoo_id"}

    odoo_id = wrapped("product.template")


class Template(models.Model):
    _inherit = "product.template"

    vendure_bind_ids = bindings("vendure.product.template")


class VendureVariant(models.Model):
    _name = "vendure.product.product"
    _description = "Vendure Product Variant"
    _inherit = "vendure.binding"
    _inherits = {"product.product": "odoo_id"}

    odoo_id = wrapped("product.product")


class Variant(models.Model):
    _inherit = "product.product"

    # Not those of the template.
    vendure_bind_ids = bindings("vendure.product.product")
