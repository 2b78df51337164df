# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

from .mapper import ATTRIBUTE, TEMPLATE, VALUE, VARIANT


class CatalogueListener(Component):
    """Export what users change; quantities and prices follow what they depend on."""

    _name = "vendure.catalogue.listener"
    _inherit = "connector.export.listener"
    _apply_on = [
        *(ATTRIBUTE, VALUE, TEMPLATE, VARIANT, "product.attribute"),
        *("product.attribute.value", "product.template", "product.product"),
    ]
    _binding_field = "vendure_bind_ids"
