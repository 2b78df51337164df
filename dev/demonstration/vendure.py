"""``./dev/demo --with vendure``: a company sells in a shop that runs on Vendure.

Products go to the shop, customers and orders come from it. Odoo is killed in each
phase. At the end, both sides are compared field by field, by a reader that shares no
code with the connector.
"""

import base64
import hashlib
import urllib.request
from collections import Counter
from urllib.parse import urlsplit

from environment import OdooServer, databases, odoo_process, running_postgres
from environment.console import say, step
from environment.servers import wait_for_interrupt
from environment.vendure import EXAMPLE, ShopClient, Vendure, is_missing, prepare

from . import contacts, report
from .phases import Phases

PRODUCTS, CUSTOMERS, ORDERS = 300, 200, 100
#: every so many products have variants
WITH_VARIANTS = 3
LETTERS = "SML"


def main(stays):
    """Run the demonstration.

    :param stays: whether the servers go on at the end, until Ctrl-C
    :return: the exit code: 0 when both sides say the same
    """
    if why := is_missing():
        say(why)
        return 0
    prepare()
    with (
        running_postgres(),
        databases.temporary(databases.dependencies(EXAMPLE), EXAMPLE) as database,
        Vendure() as shop,
    ):
        odoo_process.install(database, ["connector", EXAMPLE], "Install the connector")
        with OdooServer(database, name="demo-vendure-odoo") as server:
            server.wait_for_runner()
            code = report.verdict(Sales(server, ShopClient(shop.url)).faults_of_all())
            say(f"\n  Odoo: {server.url}/odoo/connectors (admin / admin)")
            say(f"  The shop's API: {shop.url}/admin-api")
            if stays:
                wait_for_interrupt(server, shop)
            return code


class Sales(Phases):
    """The demonstration, one phase after the other."""

    def __init__(self, server, shop):
        values = {"name": "Web Shop", "url": shop.url, "api_key": shop.key}
        super().__init__(server, "vendure.backend", **values)
        self.shop = shop
        tax = {"name": "20%", "amount": 20, "price_include_override": "tax_included"}
        self.odoo.create("account.tax", tax)

    def faults_of_all(self):
        """Run all phases, print a table, and return what is wrong as sentences."""
        with step("Make products"):
            self._make_products()
        self.run("products to the shop", self.synchronise)
        with step("Let customers register and order"):
            self._let_customers_order()
        self.run("orders to Odoo", self.synchronise)
        with step("Let the shop announce what changes"):
            self._open_webhook()
        self.run("changes both ways", self._change_both, self.synchronise)
        with step("Read both sides, compare all fields"):
            compared = ", ".join(self._compare_all())
        report.table(self.phases)
        say(f"\n  Compared: {compared}")
        return self.faults

    # -- what people do

    def _make_products(self):
        create = self.odoo.create
        values = [(0, 0, {"name": f"Size {letter}"}) for letter in LETTERS]
        (size,) = create("product.attribute", {"name": "Size", "value_ids": values})
        sizes = self.odoo.search("product.attribute.value", ("attribute_id", "=", size))
        line = (0, 0, {"attribute_id": size, "value_ids": [(6, 0, sizes)]})
        products = (
            {
                "name": f"Product {number}",
                "is_storable": True,
                "list_price": 5 + number / 10,
                "description_sale": f"No. {number}",
                "image_1920": contacts.picture(number, width=64),
                "attribute_line_ids": [] if number % WITH_VARIANTS else [line],
            }
            for number in range(PRODUCTS)
        )
        create("product.template", *products)
        quantities = {}
        for variant in self._variants():
            self.odoo.write("product.product", [variant], default_code=f"P{variant}")
            quantities[variant] = self.random.randrange(100, 500)
        self.count(quantities)

    def _variants(self):
        return self.odoo.search("product.product", ("name", "=like", "Product %"))

    def _let_customers_order(self):
        customers = [
            self.shop.customer(f"Customer {n}", f"c{n}@example.com", city=f"Town {n}")
            for n in range(CUSTOMERS)
        ]
        variants = [each["id"] for each in self.shop.list("productVariants", "id")]
        for number in range(ORDERS):
            chosen = self.random.sample(variants, 3)
            quantities = {id_: self.random.randrange(1, 5) for id_ in chosen}
            address = self.shop.address("Somebody Else", f"Street {number}")
            customer = self.random.choice(customers)
            self.shop.order(customer, quantities, number % 2 and address or None)

    def _open_webhook(self):
        """Enter the address and the secret of Odoo's webhook in the shop."""
        own = ("backend_model", "=", self.backend_model)
        (card,) = self.odoo.search("connector.backend.state", own)
        opened = self.odoo.call("connector.backend.state", "action_open_webhook", card)
        endpoint = [opened["res_id"]]
        shown = self.odoo.call("connector.webhook.endpoint", "action_set_up", endpoint)
        path = urlsplit(shown["context"]["default_address"]).path
        settings = {
            "odooWebhookUrl": self.server.url + path,
            "odooWebhookSecret": shown["context"]["default_secret"],
        }
        types = "UpdateGlobalSettingsInput!"
        field = "updateGlobalSettings(input: $input) { __typename }"
        document = f"mutation ($input: {types}) {{ {field} }}"
        self.shop.ask(document, input={"customFields": settings})

    def _change_both(self):
        """Change prices, names, pictures and stock here; customers and orders there."""
        named = ("name", "=like", "Product %")
        products = self.odoo.search("product.template", named)
        write = self.odoo.write
        for number, product in enumerate(self.random.sample(products, 40)):
            write("product.template", [product], list_price=50 + number)
        for number, product in enumerate(products[:10]):
            picture = contacts.picture(PRODUCTS + number, width=64)
            write("product.template", [product], image_1920=picture)
        write("product.template", products[10:13], active=False)
        self.count(dict.fromkeys(self.random.sample(self._variants(), 30), 77))
        for order in self.shop.list("orders", "id")[:5]:
            self.shop.cancel(order["id"])
        for customer in self.shop.list("customers", "id")[:20]:
            returned = "... on Customer { id }"
            self.shop.change("Customer", returned, id=customer["id"], lastName="King")

    # -- what both sides have

    def _compare_all(self):
        yield self.compare("products", self._products_here(), self._products_there())
        yield self.compare("variants", self._variants_here(), self._variants_there())
        yield self.compare("customers", self._customers_here(), self._customers_there())
        yield self.compare("orders", self._orders_here(), self._orders_there())
        tags = [each["tags"] for each in self.shop.list("assets", "tags { value }")]
        groups = [
            each["name"] for each in self.shop.list("productOptionGroups", "name")
        ]
        options = [each["name"] for each in self.shop.list("productOptions", "name")]
        pictures = [str(tag) for tag in tags]
        for what in (pictures, groups, options):
            self._no_twins(what)
        yield f"{len(pictures)} pictures, {len(groups)} option groups"

    def _no_twins(self, names):
        twins = [name for name, times in Counter(names).items() if times > 1]
        self.faults += [f"{name} is there more than once" for name in twins]

    def _by_name(self, rows):
        """Return rows by their first value, of which the others are the content."""
        rows = list(rows)
        self._no_twins([name for name, *_content in rows])
        return {name: content for name, *content in rows}

    def _read(self, model, domain, fields):
        archived = {"active_test": False}
        return self.odoo.read(model, domain, fields, context=archived)

    def _products_here(self):
        fields = "name description_sale active image_1920 attribute_line_ids.id"
        found = self._read("product.template", [("name", "=like", "Product %")], fields)
        return self._by_name(
            (
                each["name"],
                each["description_sale"],
                each["active"],
                _digest(base64.b64decode(each["image_1920"])),
                len(each["attribute_line_ids"]),
            )
            for each in found
        )

    def _products_there(self):
        fields = "name description enabled featuredAsset { source } optionGroups { id }"
        return self._by_name(
            (
                each["name"],
                each["description"],
                each["enabled"],
                _digest(_fetch(each["featuredAsset"]["source"])),
                len(each["optionGroups"]),
            )
            for each in self.shop.list("products", fields)
        )

    def _variants_here(self):
        fields = "default_code name lst_price qty_available active"
        fields += " product_template_attribute_value_ids.name"
        found = self._read("product.product", [("default_code", "=like", "P%")], fields)
        return self._by_name(
            (
                each["default_code"],
                each["name"],
                round(each["lst_price"] * 100),
                int(each["qty_available"]),
                each["active"],
                [it["name"] for it in each["product_template_attribute_value_ids"]],
            )
            for each in found
        )

    def _variants_there(self):
        fields = "sku price stockOnHand enabled options { name } product { name }"
        return self._by_name(
            (
                each["sku"],
                each["product"]["name"],
                each["price"],
                each["stockOnHand"],
                each["enabled"],
                [option["name"] for option in each["options"]],
            )
            for each in self.shop.list("productVariants", fields)
        )

    def _customers_here(self):
        domain = [("email", "=like", "c%@example.com"), ("parent_id", "=", False)]
        found = self._read("res.partner", domain, "email name street city")
        return self._by_name(
            (each["email"], each["name"], each["street"], each["city"])
            for each in found
        )

    def _customers_there(self):
        fields = "emailAddress firstName lastName addresses { streetLine1 city }"
        return self._by_name(
            (
                each["emailAddress"],
                f"{each['firstName']} {each['lastName']}",
                each["addresses"][0]["streetLine1"],
                each["addresses"][0]["city"],
            )
            for each in self.shop.list("customers", fields)
        )

    def _orders_here(self):
        fields = "client_order_ref state amount_total partner_id.email"
        fields += " partner_shipping_id.street order_line.product_id.default_code"
        fields += " order_line.product_uom_qty order_line.price_unit"
        domain = [("client_order_ref", "!=", False)]
        return self._by_name(
            (
                each["client_order_ref"],
                each["state"] == "cancel",
                each["state"] == "cancel" or round(each["amount_total"] * 100),
                each["partner_id"]["email"],
                each["partner_shipping_id"]["street"],
                *sorted(
                    (
                        line["product_id"]["default_code"],
                        line["product_uom_qty"],
                        round(line["price_unit"] * 100),
                    )
                    for line in each["order_line"]
                    if line["product_id"]["default_code"]
                ),
            )
            for each in self._read("sale.order", domain, fields)
        )

    def _orders_there(self):
        fields = """code state totalWithTax customer { emailAddress }
            shippingAddress { streetLine1 } lines {
                orderPlacedQuantity unitPriceWithTax productVariant { sku }
            }"""
        return self._by_name(
            (
                each["code"],
                each["state"] == "Cancelled",
                each["state"] == "Cancelled" or each["totalWithTax"],
                each["customer"]["emailAddress"],
                each["shippingAddress"]["streetLine1"],
                *sorted(
                    (
                        line["productVariant"]["sku"],
                        line["orderPlacedQuantity"],
                        line["unitPriceWithTax"],
                    )
                    for line in each["lines"]
                ),
            )
            for each in self.shop.list("orders", fields)
        )


def _digest(content):
    return hashlib.sha256(content).hexdigest()[:8]


def _fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()
