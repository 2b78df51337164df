# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All components: the catalogue comes in, orders go out, and are confirmed."""

from odoo.fields import Command, Datetime

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.components import mapper
from odoo.addons.connector.components.files import formats
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.tools.translatable import translatable

CATEGORY, PRODUCT = "supplier.product.category", "supplier.product.product"
ORDER = "supplier.purchase.order"

YES_OR_NO = {"ja": True, "nein": False}
COLUMNS = {
    "Artikel": formats.Text("sku", required=True),
    "Bezeichnung": formats.Text("name", required=True),
    "Warengruppe": formats.Text("category", required=True),
    "EAN": formats.Text("barcode"),
    "Preis": formats.Number("cost", required=True),
    "Preis seit": formats.Date("price_since"),
    "UVP": formats.Number("price", required=True),
    "Gewicht": formats.Number("weight"),
    "Lieferbar": formats.Choice("available", required=True, values=YES_OR_NO),
}
CONFIRMED_LINE = {
    "@number": formats.Integer("number", required=True),
    "@quantity": formats.Number("quantity", required=True),
    "@date": formats.Date("date", required=True),
}
CONFIRMATION = {
    "@order": formats.Text("number", required=True),
    "@reference": formats.Text("reference"),
    "@accepted": formats.Choice("accepted", required=True, values=YES_OR_NO),
    "line": formats.Lines("lines", columns=CONFIRMED_LINE),
}


class BaseSupplierConnector(AbstractComponent):
    """Base of all components of this connector."""

    _name = "base.supplier.connector"
    _inherit = "base.connector"
    _collection = "supplier.backend"


class SupplierBinder(Component):
    _name = "supplier.binder"
    _inherit = ["base.binder", "base.supplier.connector"]


class SupplierAdapter(Component):
    """Read files of the supplier, and send each order as a file."""

    _name = "supplier.adapter"
    _inherit = ["connector.outgoing.file.adapter", "base.supplier.connector"]
    _folder = "orders"

    def _file_name(self, records, key):
        return f"{records[0]['number'].replace('/', '-')}.json"

    def _id_in_file(self, name, data, number):
        return data["number"]


class CatalogueImporter(Component):
    """Import files with all products, and files with those that have changed."""

    _name = "supplier.product.product.batch.importer"
    _inherit = ["connector.file.batch.importer", "base.supplier.connector"]
    _apply_on = [PRODUCT]

    _folder = "catalogue"
    _formats = {
        "*.csv": formats.CSV(COLUMNS, "de_DE", encoding="windows-1252", delimiter=";"),
        "*.xlsx": formats.XLSX(COLUMNS, "de_DE"),
    }
    _id_key = "sku"
    # The supplier writes "catalogue_full_1.csv.ok" after "catalogue_full_1.csv".
    _marker = ".ok"

    def _has_all_records(self, info):
        return "_full_" in info.name


class ProductImporter(Component):
    _name = "supplier.product.product.importer"
    _inherit = ["connector.record.importer", "base.supplier.connector"]
    _apply_on = [PRODUCT]

    _has_deliveries = True
    _imports_references = True
    _when_gone = "archive"

    def _match_existing(self):
        barcode = self.external_record["barcode"]
        domain = [("barcode", "=", barcode)]
        return barcode and self.env["product.product"].search(domain)


class ProductMapper(Component):
    _name = "supplier.product.product.mapper"
    _inherit = ["base.import.mapper", "base.supplier.connector"]
    _apply_on = [PRODUCT]

    direct = [
        ("sku", "default_code"),
        ("name", "name"),
        (mapper.external_to_m2o("category", binding=CATEGORY), "categ_id"),
        ("barcode", "barcode"),
        ("cost", "standard_price"),
        ("price_since", "price_since"),
        ("price", "list_price"),
        ("weight", "weight"),
        ("available", "purchase_ok"),
    ]


class CategoryImporter(Component):
    _name = "supplier.product.category.importer"
    _inherit = ["connector.record.importer", "base.supplier.connector"]
    _apply_on = [CATEGORY]

    def _import_data(self):
        return {"name": self.external_id}  # The files have nothing else of it.


class CategoryMapper(Component):
    _name = "supplier.product.category.mapper"
    _inherit = ["base.import.mapper", "base.supplier.connector"]
    _apply_on = [CATEGORY]

    direct = [("name", "name")]


class OrderBatchExporter(Component):
    """Export the orders to this supplier that were confirmed in Odoo."""

    _name = "supplier.purchase.order.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.supplier.connector"]
    _apply_on = [ORDER]

    def _domain_to_bind(self):
        company, vendor = self.backend_record.company_id, self.backend_record.partner_id
        domain = [("state", "=", "purchase"), ("company_id", "=", company.id)]
        return [*domain, ("partner_id", "child_of", vendor.id)]


class OrderExporter(Component):
    _name = "supplier.purchase.order.exporter"
    _inherit = ["generic.exporter", "base.supplier.connector"]
    _usage = "record.exporter"
    _apply_on = [ORDER]


class OrderExportMapper(Component):
    _name = "supplier.purchase.order.export.mapper"
    _inherit = ["base.export.mapper", "base.supplier.connector"]
    _apply_on = [ORDER]

    direct = [
        ("name", "number"),
        (mapper.convert("date_approve", Datetime.to_string), "date"),
        (mapper.follow_m2o_relations("currency_id.name"), "currency"),
    ]

    @mapper.mapping
    def lines(self, record):
        sku = mapper.m2o_to_external("product_id", binding=PRODUCT)
        lines = [
            {
                "number": line.id,
                "sku": sku(self, line, "sku"),
                "quantity": line.product_qty,
                "unit": line.product_uom_id.name,
                "price": line.price_unit,
            }
            for line in record.order_line.filtered("product_id")
        ]
        return {"lines": lines}


class ConfirmationBatchImporter(Component):
    _name = "supplier.purchase.order.batch.importer"
    _inherit = ["connector.file.batch.importer", "base.supplier.connector"]
    _apply_on = [ORDER]

    _folder = "confirmations"
    _formats = {"*.xml": formats.XML(CONFIRMATION, record="confirmation")}
    _id_key = "number"
    _end_mark = b"</confirmations>"


class ConfirmationImporter(Component):
    _name = "supplier.purchase.order.importer"
    _inherit = ["connector.record.importer", "base.supplier.connector"]
    _apply_on = [ORDER]

    _has_deliveries = True
    _only_updates = True

    def _after_import(self, binding):
        if not self.external_record["accepted"] and binding.state != "cancel":
            binding.odoo_id.with_context(connector_no_export=True).button_cancel()


class ConfirmationMapper(Component):
    _name = "supplier.purchase.order.import.mapper"
    _inherit = ["base.import.mapper", "base.supplier.connector"]
    _apply_on = [ORDER]

    direct = [("reference", "partner_ref"), ("accepted", "acknowledged")]

    @mapper.mapping
    def lines(self, record):
        """Map the confirmed quantities and dates to the lines of the order."""
        known, commands = self.options.binding.order_line.ids, []
        for line in record["lines"]:
            if line["number"] not in known:
                raise InvalidDataError(
                    translatable(self.env)._("It has no line %s.", line["number"])
                )
            arrives = f"{line['date']} 12:00:00"  # the same day almost everywhere
            values = {"product_qty": line["quantity"], "date_planned": arrives}
            commands.append(Command.update(line["number"], values))
        return {"order_line": commands}
