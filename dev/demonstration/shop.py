"""``./dev/demo --with odoo``: a company's Odoo and its shop's, in two databases.

Products and deliveries go to the shop, orders go to the company. Odoo is killed
in each phase. At the end, both sides are compared field by field, by a reader that
shares no code with the connector.
"""

import contextlib
import hashlib

from environment import OdooServer, databases, odoo_process
from environment.console import step
from environment.testing import API_KEY, OTHER_ODOO

from .odoo_client import OdooClient
from .phases import Phases

ORDERS, CUSTOMERS = 200, 40
#: for each title: model, domain, fields of the name that both sides know, other fields
COMPARED = {
    "variants": (
        "product.product",
        [("default_code", "=like", "P%")],
        "default_code",
        "display_name qty_available product_tmpl_id.name product_tmpl_id.list_price"
        " product_tmpl_id.categ_id.display_name product_tmpl_id.image_1920"
        " product_tmpl_id.active",
    ),
    "orders": (
        "sale.order",
        [("state", "in", ("sale", "cancel"))],
        "client_order_ref name",
        "state amount_total partner_id.display_name order_line.product_id.default_code"
        " order_line.product_uom_qty order_line.price_unit order_line.tax_ids",
    ),
    "deliveries": (
        "stock.picking",
        [("state", "=", "done"), ("carrier_tracking_ref", "!=", False)],
        "carrier_tracking_ref",
        "move_ids.quantity",
    ),
}


class Trade(Phases):
    """The demonstration, one phase after the other."""

    example = OTHER_ODOO

    def __init__(self, server, shop_server, key):
        url, database = shop_server.url, shop_server.database
        values = {"name": "Web Shop", "url": url, "database": database, "api_key": key}
        super().__init__(server, "odoo.backend", **values)
        self.shop = OdooClient(url, database)

    @staticmethod
    @contextlib.contextmanager
    def other_system(template):
        """Have the Odoo of the shop, and an API key there."""
        with databases.temporary(template, "demo-shop") as shop:
            key = odoo_process.answer_of(API_KEY, shop)
            with OdooServer(shop, name="demo-shop") as server:
                yield server, key

    def places(self):
        yield f"The company: {self.server.url}/odoo/connectors (admin / admin)"

    def play(self):
        with step("Make products of the company"):
            self.make_products({"Size": "SML", "Colour": "RB"})
        self.run("products to the shop", self.synchronise)
        with step("Let customers order in the shop"):
            self._make_orders()
        self.run("orders to the company", self.synchronise)
        with step("Change some on both sides"):
            self._change_shop()
        self.run("changes both ways", self._change_company, self.synchronise)
        with step("Read both sides, compare all fields"):
            for title, side in COMPARED.items():
                here, there = _read(self.odoo, *side), _read(self.shop, *side)
                yield self.compare(title, here, there)

    # -- what people do

    def _make_orders(self):
        people = (
            {"name": f"Customer {n}", "email": f"c{n}@example.com", "city": "Bonn"}
            for n in range(CUSTOMERS)
        )
        customers = self.shop.create("res.partner", *people)
        products = self.shop.search("product.product", ("default_code", "=like", "P%"))
        orders = []
        for _ in range(ORDERS):
            customer = self.random.choice(customers)
            chosen = enumerate(self.random.sample(products, 3), start=1)
            lines = [
                (0, 0, {"product_id": product, "product_uom_qty": quantity})
                for quantity, product in chosen
            ]
            orders.append({"partner_id": customer, "order_line": lines})
        orders = self.shop.create("sale.order", *orders)
        self.shop.call("sale.order", "action_confirm", orders)

    def _change_shop(self):
        """Cancel orders, and change quantities of others."""
        orders = self.shop.search("sale.order", ("state", "=", "sale"))
        chosen = self.random.sample(orders, 30)
        self.shop.call("sale.order", "action_cancel", chosen[:5])
        for order in chosen[5:]:
            line, *_ = self.shop.search("sale.order.line", ("order_id", "=", order))
            self.shop.write("sale.order.line", [line], product_uom_qty=7)

    def _change_company(self):
        """Change prices, archive products, cancel and deliver orders."""
        products = self.odoo.search("product.template")
        for product in self.random.sample(products, 40):
            price = self.random.randrange(5, 50)
            self.odoo.write("product.template", [product], list_price=price)
        self.odoo.write("product.template", products[:3], active=False)
        # Orders that have not changed in the shop in the meantime.
        seven = [("product_uom_qty", "=", 7)]
        lines = self.shop.read("sale.order.line", seven, "order_id")
        changed = [line["order_id"]["id"] for line in lines]
        others = [("state", "=", "sale"), ("id", "not in", changed)]
        names = [each["name"] for each in self.shop.read("sale.order", others, "name")]
        known = ("client_order_ref", "in", names)
        ours = self.random.sample(self.odoo.search("sale.order", known), 40)
        self.odoo.call("sale.order", "action_cancel", ours[:5])
        for order in ours[5:]:
            self._deliver(order)

    def _deliver(self, order):
        moves = [("picking_id.sale_id", "=", order)]
        for move in self.odoo.read("stock.move", moves, "product_uom_qty"):
            quantity = move["product_uom_qty"]
            self.odoo.write("stock.move", [move["id"]], quantity=quantity, picked=True)
        pickings = self.odoo.search("stock.picking", ("sale_id", "=", order))
        self.odoo.write("stock.picking", pickings, carrier_tracking_ref=f"T{order}")
        self.odoo.call("stock.picking", "button_validate", pickings)


def _read(odoo, model, domain, keys, fields):
    """Return what a side says of each record, by the name that both sides know."""
    archived = {"active_test": False}
    found = {}
    for record in odoo.read(model, domain, f"{keys} {fields}", context=archived):
        names = [record.pop(key) for key in keys.split()]
        found[next(filter(None, names))] = _comparable(record)
    return found


def _comparable(value):
    """Return a value without ids and order, which differ on both sides."""
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items() if key != "id"}
    if isinstance(value, list):
        return sorted(map(_comparable, value), key=repr)
    # Of a long text, such as a picture, the hash is enough.
    is_long = isinstance(value, str) and len(value) > 100
    return hashlib.sha256(value.encode()).hexdigest()[:8] if is_long else value
