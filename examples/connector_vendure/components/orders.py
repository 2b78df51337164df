# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Orders: from the shop."""

from odoo.fields import Command

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping, only_create
from odoo.addons.connector.exception import InvalidDataError, MissingDependencyError
from odoo.addons.connector.tools.translatable import translatable

from .core import ORDER, PARTNER, VARIANT
from .customers import address_values


class OrderMapper(Component):
    _name = "vendure.sale.order.mapper"
    _inherit = ["base.import.mapper", "base.vendure.connector"]
    _apply_on = [ORDER]

    direct = [("code", "client_order_ref")]

    @mapping
    @only_create
    def head(self, record):
        customer = self.binder_for(PARTNER).to_internal(record["customer"]["id"])
        company = self.backend_record.company_id
        if record["currencyCode"] != company.currency_id.name:
            raise InvalidDataError(
                translatable(self.env)._(
                    "The order %(order)s is in %(currency)s, but %(company)s sells in "
                    "%(own)s.",
                    order=record["code"],
                    currency=record["currencyCode"],
                    company=company.name,
                    own=company.currency_id.name,
                )
            )
        return {
            "partner_id": customer.odoo_id.id,
            "company_id": company.id,
            "date_order": record["orderPlacedAt"][:19].replace("T", " "),
        }

    @mapping
    @only_create
    def lines(self, record):
        """Map prices with taxes, so that the total is that of the shop to the cent."""
        variants, extra = self.binder_for(VARIANT), self.backend_record.extra_product_id
        lines = []
        for line in record["lines"]:
            variant = line["productVariant"]
            product = variants.to_internal(variant["id"]).odoo_id
            price, rate = line["unitPriceWithTax"], line["taxRate"]
            lines.append((product, variant["name"], line["quantity"], price, rate))
        lines += [(extra, name, 1, *rest) for name, *rest in self._charges(record)]
        return {"order_line": [Command.create(self._line(*each)) for each in lines]}

    def _charges(self, record):
        """Yield text, price with tax, and rate of what is not a product's price."""
        for each in record["surcharges"]:
            yield each["description"], each["priceWithTax"], each["taxRate"]
        rates = [0, *(each["taxRate"] for each in record["taxSummary"])]
        for each in record["shippingLines"]:
            # The shop names no rate of these.
            price, total = each["discountedPrice"], each["discountedPriceWithTax"]
            rate = min(rates, key=lambda it: abs(price * (100 + it) - total * 100))
            yield each["shippingMethod"]["name"], total, rate
        for each in record["lines"]:
            discount = each["proratedLinePriceWithTax"] - each["linePriceWithTax"]
            if discount:
                yield self.env._("Discount"), discount, each["taxRate"]

    def _line(self, product, name, quantity, price, rate):
        return {
            "product_id": product.id,
            "name": name,
            "product_uom_qty": quantity,
            "price_unit": price / 100,
            "tax_ids": [Command.set(self._tax(rate).ids)],
        }

    def _tax(self, rate):
        company = self.backend_record.company_id
        domain = [("amount", "=", rate), ("amount_type", "=", "percent")]
        domain += [("type_tax_use", "=", "sale"), ("price_include", "=", True)]
        domain += [("company_id", "parent_of", company.id)]
        tax = self.env["account.tax"].search(domain, limit=1)
        if rate and not tax:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "%(company)s has no sales tax of %(rate)s %% that is included in "
                    "the price. Create it.",
                    company=company.name,
                    rate=rate,
                )
            )
        return tax


class OrderImporter(Component):
    _name = "vendure.sale.order.importer"
    _inherit = ["connector.record.importer", "base.vendure.connector"]
    _apply_on = [ORDER]

    def _must_skip(self):
        texts = translatable(self.env)
        if not self.external_record["orderPlacedAt"]:
            return texts._("Skipped: the customer has not placed the order yet.")
        is_known = self.binder.to_internal(self.external_id)
        if self.external_record["state"] == "Cancelled" and not is_known:
            return texts._("Skipped: the order was cancelled before.")
        return False

    def _import_dependencies(self):
        customer = self.external_record["customer"]
        self._import_dependency(customer and customer["id"], PARTNER, always=True)
        variants = [line["productVariant"] for line in self.external_record["lines"]]
        names = {each["id"]: f"{each['name']} ({each['sku']})" for each in variants}
        self._require_linked(VARIANT, names)

    def _after_import(self, binding):
        order = binding.odoo_id.with_context(connector_no_export=True)
        is_cancelled = self.external_record["state"] == "Cancelled"
        if is_cancelled and order.state != "cancel":
            order._action_cancel()
        elif not is_cancelled and order.state in ("draft", "sent"):
            order.partner_shipping_id = self._delivery_address(order.partner_id)
            placed = order.date_order
            order.action_confirm()
            order.date_order = placed

    def _delivery_address(self, customer):
        """Return the contact with the delivery address of the order."""
        address = self.external_record["shippingAddress"] or {}
        values = address_values(self.env, address)
        if not values["street"]:
            return customer
        values["name"] = address.get("fullName") or customer.name
        known = customer + customer.child_ids
        same = known.filtered_domain([(key, "=", values[key]) for key in values])
        values |= {"type": "delivery", "parent_id": customer.id}
        return same[:1] or known.create(values)


class OrderBatchImporter(Component):
    _name = "vendure.sale.order.batch.importer"
    _inherit = "vendure.batch.importer"
    _apply_on = [ORDER]

    # To place an order leaves its updatedAt as it is.
    _dates = ("updatedAt", "orderPlacedAt")


class OrderWebhook(Component):
    _name = "vendure.sale.order.webhook"
    _inherit = ["connector.webhook.standard", "base.vendure.connector"]
    _apply_on = [ORDER]

    _topics = ["order.changed"]
