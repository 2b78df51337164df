# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Products: from the company to the shop."""

from odoo.tools import float_compare

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    changed_by,
    m2o_to_external,
    mapping,
    records_to_external,
)
from odoo.addons.connector.exception import (
    InvalidDataError,
    MappingError,
    RetryableJobError,
)
from odoo.addons.connector.tools.translatable import translatable

CATEGORY, ATTRIBUTE = "odoo.product.category", "odoo.product.attribute"
VALUE = "odoo.product.attribute.value"
TEMPLATE, VARIANT = "odoo.product.template", "odoo.product.product"


# -- categories


class CategoryAdapter(Component):
    _name = "odoo.product.category.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [CATEGORY]

    _model = "product.category"
    _fields = ("name", "parent_id")
    _relations = ("parent_id",)


class CategoryMapper(Component):
    _name = "odoo.product.category.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [CATEGORY]

    direct = [
        ("name", "name"),
        (m2o_to_external("parent_id", binding=CATEGORY), "parent_id"),
    ]


# -- attributes and their values


class AttributeAdapter(Component):
    _name = "odoo.product.attribute.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [ATTRIBUTE]

    _model = "product.attribute"
    _fields = ("name", "display_type", "create_variant")


class AttributeMapper(Component):
    _name = "odoo.product.attribute.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [ATTRIBUTE]

    direct = [
        ("name", "name"),
        ("display_type", "display_type"),
        ("create_variant", "create_variant"),
    ]


class ValueAdapter(Component):
    _name = "odoo.product.attribute.value.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [VALUE]

    _model = "product.attribute.value"
    _fields = ("name", "attribute_id", "html_color")
    _relations = ("attribute_id",)


class ValueMapper(Component):
    _name = "odoo.product.attribute.value.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [VALUE]

    direct = [
        ("name", "name"),
        ("html_color", "html_color"),
        (m2o_to_external("attribute_id", binding=ATTRIBUTE), "attribute_id"),
    ]


# -- products


class TemplateAdapter(Component):
    _name = "odoo.product.template.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [TEMPLATE]

    _model = "product.template"
    _fields = (
        *("name", "active", "type", "is_storable", "sale_ok", "list_price"),
        *("description_sale", "categ_id", "image_1920", "attribute_line_ids"),
    )
    _relations = ("categ_id", "attribute_id", "value_ids")
    _lines = {
        "attribute_line_ids": (
            "product.template.attribute.line",
            ("attribute_id", "value_ids"),
        )
    }

    def write(self, external_id, data):
        data = dict(data)
        if "attribute_line_ids" in data:
            lines = data.pop("attribute_line_ids")
            data["attribute_line_ids"] = self._line_commands(external_id, lines)
        super().write(external_id, data)

    def delete(self, external_id):
        """Archive the product, since orders of the shop may refer to it."""
        self.call("action_archive", [external_id])

    def _line_commands(self, template, lines):
        """Return the commands that replace the attribute lines of a product."""
        model, _fields = self._lines["attribute_line_ids"]
        # The shop makes an archived line active again when it is created again.
        domain = [("product_tmpl_id", "=", int(template)), ("active", "=", True)]
        known = self._search_read(model, ["attribute_id"], domain)
        by_attribute = {line["attribute_id"]: line["id"] for line in known}
        commands = []
        for line in map(self._values, lines):
            line_id = by_attribute.pop(line["attribute_id"], 0)
            commands.append((1 if line_id else 0, line_id, line))
        return commands + [(2, line_id, 0) for line_id in by_attribute.values()]


class TemplateMapper(Component):
    _name = "odoo.product.template.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [TEMPLATE]

    direct = [
        ("name", "name"),
        ("active", "active"),
        ("type", "type"),
        ("is_storable", "is_storable"),
        ("sale_ok", "sale_ok"),
        ("list_price", "list_price"),
        ("description_sale", "description_sale"),
        (m2o_to_external("categ_id", binding=CATEGORY), "categ_id"),
    ]

    @mapping
    @changed_by("image_1920")
    def image(self, record):
        image = record.image_1920
        return {"image_1920": image.decode() if image else False}

    @mapping
    @changed_by("attribute_line_ids")
    def attribute_lines(self, record):
        attributes, values = self.binder_for(ATTRIBUTE), self.binder_for(VALUE)
        lines = [
            {
                "attribute_id": attributes.to_external(line.attribute_id, wrap=True),
                "value_ids": [
                    values.to_external(value, wrap=True) for value in line.value_ids
                ],
            }
            for line in record.attribute_line_ids
        ]
        return {"attribute_line_ids": lines}


class TemplateExporter(Component):
    _name = "odoo.product.template.exporter"
    _inherit = "odoo.exporter"
    _apply_on = [TEMPLATE]

    def _export_dependencies(self):
        super()._export_dependencies()
        for value in self.binding.attribute_line_ids.value_ids:
            self._export_dependency(value, VALUE)

    def _after_export(self):
        """Bind the variants, which the shop has made from the attributes."""
        self.binder_for(VARIANT).bind_new(self.binding.product_variant_ids)


class TemplateBatchExporter(Component):
    """Export all products that are for sale."""

    _name = "odoo.product.template.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.odoo.connector"]
    _apply_on = [TEMPLATE]

    def _domain_to_bind(self):
        companies = False, self.backend_record.company_id.id
        return [("sale_ok", "=", True), ("company_id", "in", companies)]


# -- variants


class VariantAdapter(Component):
    """Write the variants that the shop makes by itself from the attributes."""

    _name = "odoo.product.product.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [VARIANT]

    _model = "product.product"
    _fields = (
        *("default_code", "barcode", "weight", "active", "qty_available"),
        *("product_tmpl_id", "product_template_variant_value_ids"),
    )
    _followed = {
        "product_template_variant_value_ids": (
            "product.template.attribute.value",
            "product_attribute_value_id",
        )
    }

    def create_many(self, data_list, idempotency_keys):
        ids = self._find_variants(data_list)
        self.write_many(list(zip(ids, data_list, strict=True)))
        return ids

    def find_created(self, idempotency_key):
        return None  # A second create finds the same variant.

    def write(self, external_id, data):
        self.write_many([(external_id, data)])

    def write_many(self, changes):
        changes = [(id_, dict(data)) for id_, data in changes]
        for _id, data in changes:
            data.pop("product_tmpl_id", None)
            data.pop("attribute_values", None)
        quantities = {
            int(id_): data.pop("qty_available")
            for id_, data in changes
            if "qty_available" in data
        }
        super().write_many([(id_, data) for id_, data in changes if data])
        self.set_quantities(quantities)

    def delete(self, external_id):
        self.call("action_archive", [external_id])

    def _find_variants(self, data_list):
        templates = {int(data["product_tmpl_id"]) for data in data_list}
        found = self.read_many(
            self.call("search", domain=[("product_tmpl_id", "in", list(templates))])
        )
        by_values = {
            _variant_key(each["product_tmpl_id"], values): each["id"]
            for each in found.values()
            for values in [each["product_template_variant_value_ids"]]
        }
        ids = []
        for data in data_list:
            key = _variant_key(data["product_tmpl_id"], data["attribute_values"])
            if key not in by_values:
                raise MappingError(
                    translatable(self.env)._(
                        "The shop's product %(product)s has no variant with the "
                        "attribute values %(values)s. Export the product again.",
                        product=data["product_tmpl_id"],
                        values=data["attribute_values"],
                    )
                )
            ids.append(by_values[key])
        return ids

    def set_quantities(self, quantities):
        """Set the quantities on hand in the shop's first warehouse.

        :param quantities: quantities by the id of the variant
        :raise RetryableJobError: when the stock of the shop moves at the same time
        """
        if not quantities:
            return
        location = self._stock_location()
        # One call, which may arrive once more: a separate call that applies an
        # inventory, and comes after it was applied, empties the stock.
        self.call(
            "create",
            model="stock.quant",
            vals_list=[
                {
                    "product_id": product,
                    "location_id": location,
                    "inventory_quantity_auto_apply": quantity,
                }
                for product, quantity in quantities.items()
            ],
            context={"inventory_mode": True},
        )
        on_hand = self._on_hand(location, quantities)
        if any(
            float_compare(on_hand[product], quantity, precision_digits=3)
            for product, quantity in quantities.items()
        ):
            # Two transactions of the shop at the same time leave two rows of a
            # product, of which the inventory sets one. This merges them.
            self.call("action_view_inventory", model="stock.quant")
            raise RetryableJobError(
                translatable(self.env)._(
                    "The stock of the shop has changed in the meantime."
                ),
                seconds=5,
            )

    def _stock_location(self):
        houses = self._search_read(
            "stock.warehouse", ["lot_stock_id"], [("active", "=", True)]
        )
        if not houses:
            raise InvalidDataError(
                translatable(self.env)._("The shop has no warehouse.")
            )
        return houses[0]["lot_stock_id"]

    def _on_hand(self, location, products):
        """Return the quantities in a location by product."""
        found = dict.fromkeys(products, 0)
        for quant in self._search_read(
            "stock.quant",
            ["product_id", "quantity"],
            [("location_id", "=", location), ("product_id", "in", list(products))],
        ):
            found[quant["product_id"]] += quant["quantity"]
        return found


def _variant_key(template, values):
    return int(template), frozenset(map(int, values))


class VariantMapper(Component):
    _name = "odoo.product.product.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [VARIANT]

    direct = [
        ("default_code", "default_code"),
        ("barcode", "barcode"),
        ("weight", "weight"),
        (m2o_to_external("product_tmpl_id", binding=TEMPLATE), "product_tmpl_id"),
        (
            records_to_external(
                "product_template_variant_value_ids.product_attribute_value_id",
                binding=VALUE,
            ),
            "attribute_values",
        ),
    ]

    @mapping
    @changed_by("qty_available")
    def quantity(self, record):
        if not record.is_storable:
            return None
        warehouse = self.backend_record.warehouse_id
        record = record.with_context(warehouse_id=warehouse.id or None)
        return {"qty_available": record.qty_available}


# -- changes


class CatalogueListener(Component):
    _name = "odoo.catalogue.listener"
    _inherit = "connector.export.listener"
    _apply_on = [
        *(CATEGORY, "product.category", ATTRIBUTE, "product.attribute"),
        *(VALUE, "product.attribute.value", TEMPLATE, "product.template"),
    ]


class VariantListener(Component):
    _name = "odoo.product.product.listener"
    _inherit = "connector.export.listener"
    _apply_on = [VARIANT, "product.product"]
    _binding_field = "odoo_variant_bind_ids"


class QuantityListener(Component):
    """Export the quantity of a variant when stock moves."""

    _name = "odoo.stock.quant.listener"
    _inherit = "connector.export.listener"
    _apply_on = ["stock.quant"]

    def on_record_create(self, record, fields=None):
        self.on_record_write(record, fields)

    def on_record_write(self, record, fields=None):
        if fields is None or "quantity" in fields:
            super().on_record_write(record, ["qty_available"])

    def on_record_unlink(self, record):
        """Keep the variant: only a place where it was is empty."""

    def _bindings(self, record):
        return record.product_id.sudo().odoo_variant_bind_ids.with_env(self.env)
