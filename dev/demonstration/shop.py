"""``./dev/demo --with odoo``: a company's Odoo and its shop's, in two databases.

Products and deliveries go to the shop, orders go to the company. Odoo is killed
in each phase. At the end, both sides are compared field by field, by a reader that
shares no code with the connector.
"""

import base64
import contextlib
import hashlib
import io
import random
import time

from environment import OdooServer, console, databases, odoo_process
from environment.console import say, step
from environment.testing import API_KEY
from PIL import Image

from . import jobs, report
from .odoo_client import OdooClient

PRODUCTS, ORDERS, CUSTOMERS = 300, 200, 40
#: every so many products have variants
WITH_VARIANTS = 3
EXAMPLE = "connector_odoo"
MODELS = "odoo.%"
#: seconds without any job ending: an unconfirmed create is looked for after 100
PATIENCE = 300
#: seconds from the start of a phase to the kill
KILL_AFTER = 3


def main(stays):
    """Run the demonstration.

    :param stays: whether the servers go on at the end, until Ctrl-C
    :return: the exit code: 0 when both sides say the same
    """
    template = databases.dependencies(EXAMPLE)
    with (
        databases.temporary(template, "demo-shop") as shop,
        databases.temporary(template, "demo-company") as company,
    ):
        odoo_process.install(company, ["connector", EXAMPLE], "Install the connector")
        key = odoo_process.answer_of(API_KEY, shop)
        with step("Start both Odoos"):
            shop_server = OdooServer(shop, name="demo-shop")
            server = OdooServer(company, name="demo-company")
        with shop_server, server:
            server.wait_for_runner()
            return Trade(server, shop_server, key).run(stays)


class Trade:
    """The demonstration, one phase after the other."""

    def __init__(self, server, shop_server, key):
        self.server = server
        self.odoo = OdooClient(server.url, server.database)
        self.shop = OdooClient(shop_server.url, shop_server.database)
        self.random = random.Random(2026)
        values = {"name": "Web Shop", "url": shop_server.url, "api_key": key}
        values["database"] = shop_server.database
        (self.backend,) = self.odoo.create("odoo.backend", [values])
        self.rows, self.faults = [], []

    def run(self, stays):
        """Run all phases, print the table, and return the exit code."""
        with step("Make products of the company"):
            self._make_products()
        self._phase("products to the shop", self._synchronise)
        with step("Let customers order in the shop"):
            self._make_orders()
        self._phase("orders to the company", self._synchronise)
        with step("Change some on both sides"):
            self._change_shop()
        self._phase("changes both ways", self._change_company, self._synchronise)
        with step("Read both sides, compare all fields"):
            compared = self._compare()
        self._print()
        say(f"\n  Compared: {compared}")
        say(f"  The company: {self.server.url}/odoo/connectors (admin / admin)")
        if stays:
            wait_while_running(self.server)
        return report.verdict(self.faults)

    # -- phases

    def _phase(self, title, *actions):
        """Do something, kill Odoo in the middle, and wait for all jobs."""
        since = jobs.last_job(self.odoo)
        started = time.monotonic()
        with step(title.capitalize()) as shown:
            for action in actions:
                action()
            time.sleep(KILL_AFTER)
            self.server.kill()
            self.server.start()
            self.odoo = OdooClient(self.server.url, self.server.database)
            run = jobs.push(self.odoo, [], since, shown, PATIENCE, MODELS)
        failed = [f"{job['name']}: {job['exc_message']}" for job in run.failed]
        self.faults += failed
        records = sum(job["record_count"] for job in run.jobs)
        seconds = time.monotonic() - started
        self.rows.append(
            (title, len(run.jobs), records, 1, len(failed), f"{seconds:.0f}")
        )

    def _synchronise(self):
        states = [
            ("backend_model", "=", "odoo.backend"),
            ("backend_id", "=", self.backend),
        ]
        cards = self.odoo.call("connector.backend.state", "search", states)
        self.odoo.call("connector.backend.state", "action_synchronise", cards)

    # -- what people do

    def _make_products(self):
        categories = self.odoo.create(
            "product.category", [{"name": f"Category {n}"} for n in range(10)]
        )
        lines = []
        for name, values in (("Size", "SML"), ("Colour", "RB")):
            of_attribute = [(0, 0, {"name": f"{name} {value}"}) for value in values]
            attribute = {"name": name, "value_ids": of_attribute}
            (id_,) = self.odoo.create("product.attribute", [attribute])
            read = self.odoo.call("product.attribute", "read", [id_], ["value_ids"])
            line = {"attribute_id": id_, "value_ids": [(6, 0, read[0]["value_ids"])]}
            lines.append((0, 0, line))
        self.odoo.create(
            "product.template",
            [
                {
                    "name": f"Product {number}",
                    "is_storable": True,
                    "categ_id": categories[number % len(categories)],
                    "list_price": 5 + number / 10,
                    "image_1920": _picture(number),
                    "attribute_line_ids": [] if number % WITH_VARIANTS else lines,
                }
                for number in range(PRODUCTS)
            ],
        )
        own = [("name", "=like", "Product %")]
        variants = self.odoo.search_read("product.product", own, ["id"])
        for variant in variants:
            code = f"P{variant['id']}"
            self.odoo.write("product.product", [variant["id"]], default_code=code)
        self._set_stock([variant["id"] for variant in variants])

    def _set_stock(self, variants):
        (house,) = self.odoo.call("stock.warehouse", "search_read", [], limit=1)
        quants = self.odoo.call(
            "stock.quant",
            "create",
            [
                {
                    "product_id": variant,
                    "location_id": house["lot_stock_id"][0],
                    "inventory_quantity": self.random.randrange(50, 500),
                }
                for variant in variants
            ],
            context={"inventory_mode": True},
        )
        self.odoo.call("stock.quant", "action_apply_inventory", quants)

    def _make_orders(self):
        customers = self.shop.create(
            "res.partner",
            [
                {"name": f"Customer {n}", "email": f"c{n}@example.com", "city": "Bonn"}
                for n in range(CUSTOMERS)
            ],
        )
        coded = [("default_code", "=like", "P%")]
        products = self.shop.call("product.product", "search", coded)
        orders = self.shop.create(
            "sale.order",
            [
                {
                    "partner_id": self.random.choice(customers),
                    "order_line": [
                        (0, 0, {"product_id": product, "product_uom_qty": 1 + count})
                        for count, product in enumerate(self.random.sample(products, 3))
                    ],
                }
                for _ in range(ORDERS)
            ],
        )
        self.shop.call("sale.order", "action_confirm", orders)

    def _change_shop(self):
        orders = self.shop.call("sale.order", "search", [("state", "=", "sale")])
        chosen = self.random.sample(orders, 30)
        self.shop.call("sale.order", "action_cancel", chosen[:5])
        for order in chosen[5:]:
            (line, *_) = self.shop.call(
                "sale.order.line", "search", [("order_id", "=", order)]
            )
            self.shop.write("sale.order.line", [line], product_uom_qty=7)

    def _change_company(self):
        """Change prices and stock, cancel and deliver orders."""
        products = self.odoo.call("product.template", "search", [])
        for product in self.random.sample(products, 40):
            price = self.random.randrange(5, 50)
            self.odoo.write("product.template", [product], list_price=price)
        self.odoo.write("product.template", products[:3], active=False)
        # Orders that have not changed in the shop in the meantime.
        unchanged = [("state", "=", "sale"), ("order_line.product_uom_qty", "!=", 7)]
        shop_names = {
            each["name"]
            for each in self.shop.search_read("sale.order", unchanged, ["name"])
            if not self._has_seven(each["id"])
        }
        ours = self.odoo.search_read(
            "sale.order",
            [("client_order_ref", "in", list(shop_names))],
            ["picking_ids"],
        )
        for number, order in enumerate(self.random.sample(ours, 40)):
            if number < 5:
                self.odoo.call("sale.order", "action_cancel", [order["id"]])
            else:
                self._deliver(order["picking_ids"], f"T{order['id']}")

    def _has_seven(self, order):
        domain = [("order_id", "=", order), ("product_uom_qty", "=", 7)]
        return self.shop.call("sale.order.line", "search_count", domain)

    def _deliver(self, pickings, reference):
        moves = self.odoo.search_read(
            "stock.move", [("picking_id", "in", pickings)], ["product_uom_qty"]
        )
        for move in moves:
            values = {"quantity": move["product_uom_qty"], "picked": True}
            self.odoo.write("stock.move", [move["id"]], **values)
        self.odoo.write("stock.picking", pickings, carrier_tracking_ref=reference)
        self.odoo.call("stock.picking", "button_validate", pickings)

    # -- comparison

    def _compare(self):
        """Compare both sides, note faults, and return how much was compared."""
        counted = []
        for title, read in (
            ("variants", _variants),
            ("orders", _orders),
            ("deliveries", _deliveries),
        ):
            here, there = read(self.odoo), read(self.shop)
            counted.append(f"{len(here)} {title}")
            for name in sorted(here.keys() | there.keys()):
                if here.get(name) != there.get(name):
                    self.faults.append(
                        f"{name}: {here.get(name)} here, {there.get(name)} in the shop"
                    )
        return ", ".join(counted)

    def _print(self):
        headings = ("", "jobs", "records", "kills", "failed", "seconds")
        lines = [headings, *([str(cell) for cell in row] for row in self.rows)]
        say()
        for line in console.columns(lines):
            say(f"  {line}")


def wait_while_running(server):
    """Wait until a server ends, or somebody presses Ctrl-C.

    :param server: the :class:`environment.servers.Server`
    """
    with contextlib.suppress(KeyboardInterrupt):
        say("\n  Ctrl-C stops both.")
        while server.is_running():
            time.sleep(0.5)


def _picture(number):
    content = io.BytesIO()
    colour = (number % 256, 40 * number % 256, 90)
    Image.new("RGB", (64, 64), colour).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def _variants(odoo):
    """Return what a side says of each variant, by its code."""
    archived = {"context": {"active_test": False}}
    templates = {
        each["id"]: each
        for each in odoo.call(
            "product.template",
            "search_read",
            [],
            ["name", "list_price", "categ_id", "image_1920", "active"],
            **archived,
        )
    }
    found = odoo.call(
        "product.product",
        "search_read",
        [("default_code", "=like", "P%")],
        ["default_code", "display_name", "product_tmpl_id", "qty_available"],
        **archived,
    )
    values = {}
    for each in found:
        template = templates[each["product_tmpl_id"][0]]
        values[each["default_code"]] = (
            each["display_name"],
            template["list_price"],
            template["categ_id"][1],
            hashlib.sha256((template["image_1920"] or "").encode()).hexdigest()[:8],
            template["active"],
            each["qty_available"],
        )
    return values


def _orders(odoo):
    """Return what a side says of each order, by the number of the shop."""
    lines = {}
    for line in odoo.search_read(
        "sale.order.line",
        [("state", "in", ("sale", "cancel"))],
        ["order_id", "product_id", "product_uom_qty", "price_unit", "tax_ids"],
    ):
        code = line["product_id"][1].partition("]")[0]
        values = code, line["product_uom_qty"], line["price_unit"], len(line["tax_ids"])
        lines.setdefault(line["order_id"][0], []).append(values)
    fields = ["name", "client_order_ref", "state", "amount_total", "partner_id"]
    return {
        order["client_order_ref"] or order["name"]: (
            order["state"],
            order["amount_total"],
            order["partner_id"][1],
            sorted(lines[order["id"]]),
        )
        for order in odoo.search_read("sale.order", [], fields)
        if order["id"] in lines
    }


def _deliveries(odoo):
    """Return what was delivered with which reference, by the reference."""
    done = [("state", "=", "done"), ("carrier_tracking_ref", "!=", False)]
    fields = ["carrier_tracking_ref", "move_ids"]
    found = {}
    for picking in odoo.search_read("stock.picking", done, fields):
        moves = odoo.call("stock.move", "read", picking["move_ids"], ["quantity"])
        quantities = sorted(move["quantity"] for move in moves)
        found[picking["carrier_tracking_ref"]] = quantities
    return found
