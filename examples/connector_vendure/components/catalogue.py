# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Products with their attributes and variants: to the shop."""

from odoo.tools import float_round

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.components.mapper import (
    changed_by,
    m2o_to_external,
    mapping,
    only_create,
    records_to_external,
)

from .core import ATTRIBUTE, CATALOGUE, TEMPLATE, VALUE, VARIANT


class CatalogueMapper(AbstractComponent):
    _name = "vendure.catalogue.mapper"
    _inherit = ["base.export.mapper", "base.vendure.connector"]

    def _texts(self, **texts):
        """Return texts in the language of the company."""
        language = self.env.lang.partition("_")[0]
        return {"translations": [{"languageCode": language, **texts}]}


class AttributeMapper(Component):
    _name = "vendure.product.attribute.mapper"
    _inherit = "vendure.catalogue.mapper"
    _apply_on = [ATTRIBUTE]

    @mapping
    @changed_by("name")
    def texts(self, record):
        return {"code": f"odoo-{record.odoo_id.id}", **self._texts(name=record.name)}


class ValueMapper(Component):
    _name = "vendure.product.attribute.value.mapper"
    _inherit = "vendure.product.attribute.mapper"
    _apply_on = [VALUE]

    direct = [
        (
            only_create(m2o_to_external("attribute_id", binding=ATTRIBUTE)),
            "productOptionGroupId",
        )
    ]


class TemplateMapper(Component):
    _name = "vendure.product.template.mapper"
    _inherit = "vendure.catalogue.mapper"
    _apply_on = [TEMPLATE]

    direct = [(records_to_external("group_ids", binding=ATTRIBUTE), "groups")]

    @mapping
    @changed_by("active", "sale_ok")
    def enabled(self, record):
        return {"enabled": record.active and record.sale_ok}

    @mapping
    @changed_by("name", "description_sale")
    def texts(self, record):
        slug = self.env["ir.http"]._slug((record.odoo_id.id, record.name))
        text = record.description_sale or ""
        return self._texts(name=record.name, slug=slug, description=text)

    @mapping
    @changed_by("image_1920")
    def picture(self, record):
        image = record.with_context(bin_size=False).image_1920
        return {"picture": image.decode() if image else None}


class VariantMapper(Component):
    _name = "vendure.product.product.mapper"
    _inherit = "vendure.catalogue.mapper"
    _apply_on = [VARIANT]

    _values = "product_template_attribute_value_ids.product_attribute_value_id"
    direct = [
        ("active", "enabled"),
        (
            only_create(m2o_to_external("product_tmpl_id", binding=TEMPLATE)),
            "productId",
        ),
        (records_to_external(_values, binding=VALUE), "optionIds"),
    ]

    @mapping
    @changed_by("default_code")
    def sku(self, record):
        return {"sku": record.default_code or f"ODOO-{record.odoo_id.id}"}

    @mapping
    @changed_by("lst_price")
    def price(self, record):
        return {"price": round(record.lst_price * 100)}

    @mapping
    @changed_by("name", "product_template_attribute_value_ids")
    def texts(self, record):
        values = record.mapped(f"{self._values}.name")
        return self._texts(name=" ".join([record.name, *values]))

    @mapping
    @changed_by("is_storable", "qty_available")
    def stock(self, record):
        if not record.is_storable:
            return {"trackInventory": "FALSE"}
        on_hand = float_round(record.qty_available, 0, rounding_method="DOWN")
        return {"trackInventory": "TRUE", "stockOnHand": int(on_hand)}


class VendureExporter(Component):
    """Export a record, after those that its mapper names."""

    _name = "vendure.exporter"
    _inherit = ["generic.exporter", "base.vendure.connector"]
    _usage = "record.exporter"
    _apply_on = [ATTRIBUTE, VALUE, VARIANT]
    _default_binding_field = "vendure_bind_ids"
    _exports_references = True


class TemplateExporter(Component):
    """Export a product; its variants follow in jobs of their own."""

    _name = "vendure.product.template.exporter"
    _inherit = "vendure.exporter"
    _apply_on = [TEMPLATE]

    def _after_export(self):
        self.binder_for(VARIANT).bind_new(self.binding.product_variant_ids)


class VendureBatchExporter(Component):
    _name = "vendure.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.vendure.connector"]
    _apply_on = [ATTRIBUTE, VALUE, VARIANT]


class TemplateBatchExporter(Component):
    """Export all products that are for sale."""

    _name = "vendure.product.template.batch.exporter"
    _inherit = "vendure.batch.exporter"
    _apply_on = [TEMPLATE]

    def _domain_to_bind(self):
        shop = self.backend_record
        return [
            ("sale_ok", "=", True),
            ("id", "!=", shop.extra_product_id.product_tmpl_id.id),
            ("company_id", "in", (False, shop.company_id.id)),
        ]


class VendureDeleter(Component):
    _name = "vendure.deleter"
    _inherit = ["connector.record.deleter", "base.vendure.connector"]
    _apply_on = CATALOGUE


class CatalogueListener(Component):
    """Export what users change; quantities and prices follow what they depend on."""

    _name = "vendure.catalogue.listener"
    _inherit = "connector.export.listener"
    _apply_on = [
        *(*CATALOGUE, "product.attribute", "product.attribute.value"),
        *("product.template", "product.product"),
    ]
    _binding_field = "vendure_bind_ids"
