# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A connector whose products arrive in files."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.files.formats import CSV, Number, Text
from odoo.addons.connector.components.files.places import Attachments
from odoo.addons.connector.components.mapper import external_to_m2o

PRODUCT, CATEGORY = "benchmark.product", "benchmark.category"
CATALOGUE = CSV(
    columns={
        "sku": Text(required=True),
        "name": Text(),
        "price": Number(),
        "barcode": Text(),
        "weight": Number(),
        "category": Text(),
    },
    delimiter=";",
    locale="de_DE",
)


class CatalogueBinder(Component):
    _name = "benchmark.catalogue.binder"
    _inherit = ["base.binder", "base.benchmark"]
    _apply_on = [PRODUCT, CATEGORY]


class CatalogueFiles(Component):
    _name = "benchmark.catalogue.files"
    _inherit = ["connector.file.adapter", "base.benchmark"]
    _usage = "files"

    def _place(self):
        return Attachments(self.backend_record)


class ProductFileImporter(Component):
    _name = "benchmark.product.file.importer"
    _inherit = ["connector.file.batch.importer", "base.benchmark"]
    _apply_on = [PRODUCT]
    _base_backend_adapter_usage = "files"
    _formats = {"*.csv": CATALOGUE}
    _id_key = "sku"
    _unchanged_for = 0


class ProductImporter(Component):
    _name = "benchmark.product.importer"
    _inherit = ["connector.record.importer", "base.benchmark"]
    _apply_on = [PRODUCT]
    _has_deliveries = True
    _imports_references = True


class ProductImportMapper(Component):
    _name = "benchmark.product.import.mapper"
    _inherit = ["base.import.mapper", "base.benchmark"]
    _apply_on = [PRODUCT]

    direct = [
        ("sku", "default_code"),
        ("name", "name"),
        ("price", "list_price"),
        ("barcode", "barcode"),
        ("weight", "weight"),
        (external_to_m2o("category", binding=CATEGORY), "categ_id"),
    ]


class CategoryImporter(Component):
    """The lines of the products are all that names a category."""

    _name = "benchmark.category.importer"
    _inherit = ["connector.record.importer", "base.benchmark"]
    _apply_on = [CATEGORY]

    def _import_data(self):
        return {"name": self.external_id}


class CategoryImportMapper(Component):
    _name = "benchmark.category.import.mapper"
    _inherit = ["base.import.mapper", "base.benchmark"]
    _apply_on = [CATEGORY]

    direct = [("name", "name")]
