# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

from .mapper import ATTRIBUTE, TEMPLATE, VALUE, VARIANT, variant_attributes


class VendureExporter(Component):
    _name = "vendure.exporter"
    _inherit = ["generic.exporter", "base.vendure.connector"]
    _usage = "record.exporter"
    _apply_on = [ATTRIBUTE]
    _default_binding_field = "vendure_bind_ids"

    def _map_data(self):
        return self.mapper.map_record(self.binding.with_context(lang=self.env.lang))


class ValueExporter(Component):
    _name = "vendure.product.attribute.value.exporter"
    _inherit = "vendure.exporter"
    _apply_on = [VALUE]

    def _export_dependencies(self):
        self._export_dependency(self.binding.attribute_id, ATTRIBUTE)


class TemplateExporter(Component):
    """Export a product; its variants follow in jobs of their own."""

    _name = "vendure.product.template.exporter"
    _inherit = "vendure.exporter"
    _apply_on = [TEMPLATE]

    def _export_dependencies(self):
        for attribute in variant_attributes(self.binding):
            self._export_dependency(attribute, ATTRIBUTE)

    def _after_export(self):
        backend = self.backend_record
        self.env[VARIANT].create(
            [
                {"backend_id": backend.id, "odoo_id": variant.id}
                for variant in self.binding.product_variant_ids
                if backend not in variant.vendure_bind_ids.backend_id
            ]
        )


class VariantExporter(Component):
    _name = "vendure.product.product.exporter"
    _inherit = "vendure.exporter"
    _apply_on = [VARIANT]

    def _export_dependencies(self):
        self._export_dependency(self.binding.product_tmpl_id, TEMPLATE)
        values = self.binding.product_template_attribute_value_ids
        for value in values.product_attribute_value_id:
            self._export_dependency(value, VALUE)


class VendureBatchExporter(Component):
    _name = "vendure.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.vendure.connector"]
    _apply_on = [ATTRIBUTE, VALUE, VARIANT]


class TemplateBatchExporter(Component):
    """Export all products that are for sale."""

    _name = "vendure.product.template.batch.exporter"
    _inherit = "vendure.batch.exporter"
    _apply_on = [TEMPLATE]

    def _bind_unbound(self):
        backend = self.backend_record
        new = self.env["product.template"].search(
            [
                ("sale_ok", "=", True),
                ("id", "not in", backend.extra_product_id.product_tmpl_id.ids),
                ("company_id", "in", (False, backend.company_id.id)),
                ("vendure_bind_ids", "not any", [("backend_id", "=", backend.id)]),
            ]
        )
        self.model.with_context(connector_no_export=True).create(
            [{"backend_id": backend.id, "odoo_id": product.id} for product in new]
        )


class VendureDeleter(Component):
    _name = "vendure.deleter"
    _inherit = ["connector.record.deleter", "base.vendure.connector"]
    _apply_on = [ATTRIBUTE, VALUE, TEMPLATE, VARIANT]
