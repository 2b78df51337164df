# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Orders: from the shop to the company, and their state back."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    external_to_m2o,
    mapping,
    only_create,
)
from odoo.addons.connector.exception import MissingDependencyError
from odoo.addons.connector.tools.translatable import translatable

from .catalogue import VARIANT
from .customers import PARTNER

ORDER, LINE = "odoo.sale.order", "odoo.sale.order.line"
AMOUNTS = ("product_uom_qty", "price_unit", "discount")


class OrderAdapter(Component):
    _name = "odoo.sale.order.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [ORDER]

    _model = "sale.order"
    _fields = (
        *("name", "state", "date_order", "currency_id", "client_order_ref"),
        *("partner_id", "partner_invoice_id", "partner_shipping_id", "order_line"),
    )
    _followed = {
        "currency_id": ("res.currency", "name"),
        "tax_ids": ("account.tax", "name"),
    }
    _lines = {
        "order_line": (
            "sale.order.line",
            (
                *("id", "name", "sequence", "display_type", "product_id"),
                *("product_uom_qty", "price_unit", "discount", "tax_ids"),
            ),
        )
    }

    def write(self, external_id, data):
        """Bring the order into the state of the company's."""
        if self.read(external_id)["state"] == data["state"]:
            return
        if data["state"] == "cancel":
            self.call("action_cancel", [external_id])
        elif data["state"] == "sale":
            self.call("action_confirm", [external_id])


# -- from the shop


class OrderMapper(Component):
    _name = "odoo.sale.order.import.mapper"
    _inherit = ["base.import.mapper", "base.odoo.connector"]
    _apply_on = [ORDER]

    direct = [
        ("date_order", "date_order"),
        (external_to_m2o("partner_id", binding=PARTNER), "partner_id"),
        (external_to_m2o("partner_invoice_id", binding=PARTNER), "partner_invoice_id"),
        (
            external_to_m2o("partner_shipping_id", binding=PARTNER),
            "partner_shipping_id",
        ),
    ]
    children = [("order_line", "odoo_line_ids", LINE)]

    @mapping
    def reference(self, record):
        return {"client_order_ref": record["client_order_ref"] or record["name"]}

    @mapping
    @only_create
    def company(self, record):
        company = self.backend_record.company_id
        return {"company_id": company.id, "origin": record["name"]}

    @mapping
    @only_create
    def currency(self, record):
        code, company = record["currency_id"], self.backend_record.company_id
        if code == company.currency_id.name:
            return {"pricelist_id": False}
        pricelist = self.env["product.pricelist"].search(
            [
                ("currency_id.name", "=", code),
                ("company_id", "in", (False, company.id)),
            ],
            limit=1,
        )
        if not pricelist:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "The order %(order)s is in %(currency)s. Create a pricelist in "
                    "this currency.",
                    order=record["name"],
                    currency=code,
                )
            )
        return {"pricelist_id": pricelist.id}


class LineMapChild(Component):
    _name = "odoo.sale.order.line.map.child"
    _inherit = ["connector.map.child.import", "base.odoo.connector"]
    _apply_on = [LINE]

    def _commands(self, line, external_id, values):
        """Send all amounts when one changes: Odoo would compute the others again."""
        commands = super()._commands(line, external_id, values)
        for _operation, _id, changed in commands:
            if not changed.keys().isdisjoint(AMOUNTS):
                changed.update((name, values[name]) for name in AMOUNTS)
        return commands


class LineMapper(Component):
    _name = "odoo.sale.order.line.import.mapper"
    _inherit = ["base.import.mapper", "base.odoo.connector"]
    _apply_on = [LINE]

    direct = [
        ("sequence", "sequence"),
        ("name", "name"),
        ("display_type", "display_type"),
        (external_to_m2o("product_id", binding=VARIANT), "product_id"),
    ]

    @mapping
    def amounts(self, record):
        if record["display_type"]:
            return None
        return {name: record[name] for name in AMOUNTS}

    @mapping
    def taxes(self, record):
        if record["display_type"]:
            return None
        taxes = [self._tax(name) for name in record["tax_ids"]]
        return {"tax_ids": [(6, 0, taxes)]}

    def _tax(self, name):
        company = self.backend_record.company_id
        tax = self.env["account.tax"].search(
            [
                ("name", "=", name),
                ("type_tax_use", "=", "sale"),
                ("company_id", "parent_of", company.id),
            ],
            limit=1,
        )
        if not tax:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "%(company)s has no sales tax '%(tax)s'. Create it, or give a tax "
                    "this name.",
                    company=company.name,
                    tax=name,
                )
            )
        return tax.id


class OrderImporter(Component):
    _name = "odoo.sale.order.importer"
    _inherit = "odoo.importer"
    _apply_on = [ORDER]

    def _must_skip(self):
        if self.external_record["state"] in ("draft", "sent"):
            return translatable(self.env)._(
                "Skipped: the customer has not confirmed the order."
            )
        is_known = self.binder.to_internal(self.external_id)
        if self.external_record["state"] == "cancel" and not is_known:
            return translatable(self.env)._(
                "Skipped: the customer has cancelled the order already."
            )
        return False

    def _import_dependencies(self):
        super()._import_dependencies()
        lines = self.external_record["order_line"]
        products = [line for line in lines if line["product_id"]]
        names = {it["product_id"]: it["name"].partition("\n")[0] for it in products}
        self._require_linked(VARIANT, names)

    def _after_import(self, binding):
        order = binding.odoo_id.with_context(connector_no_export=True)
        state = self.external_record["state"]
        if state == "cancel" and order.state != "cancel":
            order._action_cancel()
        elif state == "sale" and order.state in ("draft", "sent"):
            order.action_confirm()
            order.date_order = self.external_record["date_order"]


class OrderBatchImporter(Component):
    _name = "odoo.sale.order.batch.importer"
    _inherit = "odoo.batch.importer"
    _apply_on = [ORDER]

    _dates = ("write_date", "order_line.write_date")


# -- back


class OrderStateMapper(Component):
    _name = "odoo.sale.order.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [ORDER]

    direct = [("state", "state")]


class OrderListener(Component):
    _name = "odoo.sale.order.listener"
    _inherit = "connector.export.listener"
    _apply_on = ["sale.order"]

    def on_record_unlink(self, record):
        """Keep the shop's order: only the company has deleted it."""
