"""``./dev/demo --with vendure``: a company sells in a shop that runs on Vendure.

Products go to the shop, customers and orders come from it. Odoo is killed in each
phase. At the end, both sides are compared field by field, by a reader that shares no
code with the connector.
"""

import base64
import contextlib
import hashlib
import urllib.request
from collections import Counter
from urllib.parse import urlsplit

from environment import vendure
from environment.console import step

from . import contacts
from .phases import PRODUCTS, Phases

CUSTOMERS, ORDERS = 200, 100


class Sales(Phases):
    """The demonstration, one phase after the other."""

    example = vendure.EXAMPLE
    is_missing = staticmethod(vendure.is_missing)

    def __init__(self, server, shop_server):
        self.shop = vendure.ShopClient(shop_server.url)
        values = {"name": "Web Shop", "url": self.shop.url, "api_key": self.shop.key}
        super().__init__(server, "vendure.backend", **values)
        tax = {"name": "20%", "amount": 20, "price_include_override": "tax_included"}
        self.odoo.create("account.tax", tax)

    @staticmethod
    @contextlib.contextmanager
    def other_system(_template):
        """Have the shop."""
        vendure.prepare()
        with vendure.Vendure() as shop:
            yield (shop,)

    def places(self):
        yield f"Odoo: {self.server.url}/odoo/connectors (admin / admin)"
        yield f"The shop's API: {self.shop.url}/admin-api"

    def play(self):
        with step("Make products"):
            self.make_products({"Size": "SML"})
        self.run("products to the shop", self.synchronise)
        with step("Let customers register and order"):
            self._let_customers_order()
        self.run("orders to Odoo", self.synchronise)
        with step("Let the shop announce what changes"):
            self._open_webhook()
        self.run("changes both ways", self._change_both, self.synchronise)
        with step("Read both sides, compare all fields"):
            yield from self._compare_all()

    # -- what people do

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
        self.shop.change("GlobalSettings", "__typename", customFields=settings)

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
