"""``./dev/demo --with files``: a company exchanges files with a supplier.

A catalogue of 20,000 lines comes in, orders go out, confirmations come in. Odoo is
killed in each phase. At the end, both sides are compared field by field, by a reader
that shares no code with the connector.
"""

import contextlib
import re
import shutil
from functools import partial

from environment import SFTPFolder, folders, locks, odoo_log, processes
from environment.console import step
from environment.servers import HOST

from . import jobs
from .odoo_client import OdooClient
from .phases import Phases
from .supplier import BAD, MISSING, UNKNOWN, Supplier

ORDERS = 55
#: Seconds before the kills in the middle of the first load.
LOAD_KILLS = 15, 30
#: Numbers of files that are there before the kills.
ORDER_KILLS = 10, 30
#: The failures that belong to the story, in the names and the messages of jobs.
EXPECTED = re.compile(r"Line \d+ of catalogue_full_1\.csv|P-unknown")
#: Lines of the log about them and about the kills, by queue_job's runner and by Odoo's
#: own scheduled actions.
LOGGED = re.compile(
    rf"{EXPECTED.pattern}|runner: exception in GET|runner: Re-queued dead job|"
    "ir_cron: Job 'Base: "
)


class Purchases(Phases):
    """The demonstration, one phase after the other."""

    example = "connector_files"
    #: The server has a process for each of the jobs, and one for the demonstration.
    settings = {
        "options": ["--workers=5"],
        "variables": {"ODOO_QUEUE_JOB_CHANNELS": "root:4"},
    }

    def __init__(self, server, files):
        client = OdooClient(server.url, server.database)
        [self.vendor] = client.create("res.partner", {"name": "Tools Ltd"})
        super().__init__(
            server,
            "supplier.backend",
            name="Tools Ltd",
            partner_id=self.vendor,
            host=HOST,
            port=files.port,
            username=files.user,
            password=files.password,
            host_key=files.host_key,
        )
        self.supplier = Supplier(files.root)
        self.confirmed = {}
        self._expected = 0  # failures of this phase that belong to the story

    @staticmethod
    @contextlib.contextmanager
    def other_system(_template):
        """Have the empty server of the supplier."""
        folder = folders.STATE / "demo-files"
        with locks.alone(folder, "demo"):
            shutil.rmtree(folder / "files", ignore_errors=True)
            with SFTPFolder(folder, name="demo-files-sftp") as server:
                yield (server,)

    def places(self):
        yield f"Odoo:  {self.server.url}/odoo/connectors (admin / admin)"
        yield f"Files: {processes.shown(self.supplier.root)}"

    def play(self):
        supplier = self.supplier
        self._phase("first load", supplier.write_first, fails=BAD, kills=LOAD_KILLS)
        self._phase("changes", supplier.write_changes)
        self._phase("full file", supplier.write_all)
        with step("Order products"):
            self._order()
        self._phase("orders", kills=[partial(self._has_sent, it) for it in ORDER_KILLS])
        with step("Read the orders, compare all fields"):
            yield self._compare_orders()
        self._phase("confirmations", self._confirm, fails=1)
        with step("Read both sides, compare all fields"):
            yield from self._compare_all()

    def _phase(self, title, *actions, fails=0, **options):
        self._expected = 0
        self.run(title, *actions, self.synchronise, **options)
        self._expect(f"{title}, failures", self._expected, fails)

    def unexpected(self, failures):
        found = [each for each in failures if not EXPECTED.search(each)]
        self._expected += len(failures) - len(found)
        return found

    def while_waiting(self):
        """Look for the next file when all records of the last one are done."""
        mine = ("model_name", "=like", "supplier.%")
        ended = ("state", "not in", [*jobs.ENDED])
        waiting = self.odoo.read("queue.job", [mine, ended], "method_name state eta")
        looks = [
            it for it in waiting if it["method_name"] == "import_batch" and it["eta"]
        ]
        if len(looks) == len(waiting):
            for look in looks:
                self.odoo.write("queue.job", [look["id"]], eta=False)

    def _expect(self, what, found, wanted):
        if found != wanted:
            self.faults.append(f"{what}: {found} instead of {wanted}")

    # -- what people do

    def _order(self):
        domain = [("purchase_ok", "=", True)]
        fields = "external_id odoo_id"
        found = self.odoo.read("supplier.product.product", domain, fields)
        products = [each["odoo_id"]["id"] for each in found]
        orders = [
            {
                "partner_id": self.vendor,
                "order_line": [
                    (0, 0, {"product_id": each, "product_qty": 1 + place % 7})
                    for each in self.random.sample(products, 3)
                ],
            }
            for place in range(ORDERS)
        ]
        ids = self.odoo.create("purchase.order", *orders)
        self.odoo.call("purchase.order", "button_confirm", ids)

    def _confirm(self):
        self.confirmed = self.supplier.confirm_all()

    def _has_sent(self, count):
        return len(self.supplier.orders()) >= count

    # -- what both sides have

    def _compare_orders(self):
        orders = self.supplier.orders().values()
        there = {order["number"]: order for order in orders}
        self._expect("files with orders", len(orders), len(there))
        self._expect("orders sent", len(there), ORDERS)
        return self.compare("orders", self._orders_here(), there, "the files")

    def _orders_here(self):
        fields = "name date_approve currency_id.name order_line.product_qty"
        fields += " order_line.price_unit order_line.product_uom_id.name"
        fields += " order_line.product_id.default_code"
        return {
            order["name"]: {
                "number": order["name"],
                "date": order["date_approve"],
                "currency": order["currency_id"]["name"],
                "lines": [
                    {
                        "number": line["id"],
                        "sku": line["product_id"]["default_code"],
                        "quantity": line["product_qty"],
                        "unit": line["product_uom_id"]["name"],
                        "price": line["price_unit"],
                    }
                    for line in order["order_line"]
                ],
            }
            for order in self.odoo.read("purchase.order", [], fields)
        }

    def _compare_all(self):
        there = {
            sku: _values(row) for sku, row in self.supplier.last_catalogue().items()
        }
        here = self._products()
        gone = [sku for sku, values in here.items() if not values["active"]]
        self._expect("archived products", len(gone), MISSING)
        active = {sku: each for sku, each in here.items() if each["active"]}
        yield self.compare("products", active, there, "the catalogue")
        yield f"{len(gone)} archived"
        categories = {each["category"] for each in active.values()}
        yield f"{len(categories)} categories"
        found = self.odoo.search("product.category", ("name", "in", sorted(categories)))
        self._expect("categories", len(found), len(categories))
        here = self._confirmed_here()
        yield self.compare("confirmations", here, self.confirmed, "the file")
        failed = self.odoo.search("queue.job", ("state", "=", "failed"))
        bad = sum(fault in UNKNOWN for fault in self.supplier.bad.values())
        self._expect("failures that stay", len(failed), bad + 1)
        log = self.server.log.read_text(errors="replace").splitlines()
        trouble = odoo_log.trouble(log)
        failed = sum("500 Server Error" in it for it in trouble)
        self._expect("jobs that failed, in the log", failed, BAD + 1)
        unknown = [it for it in trouble if not LOGGED.search(it)]
        self.faults += map(odoo_log.brief, unknown)

    def _products(self):
        fields = "external_id active name barcode standard_price list_price weight"
        fields += " purchase_ok price_since categ_id.name default_code"
        archived = {"active_test": False}
        found = self.odoo.read("supplier.product.product", [], fields, context=archived)
        self._expect(
            "products of one line", len(found), len({it["external_id"] for it in found})
        )
        return {
            each["external_id"]: {
                "active": each["active"],
                "sku": each["default_code"],
                "name": each["name"],
                "category": each["categ_id"]["name"],
                "ean": each["barcode"],
                "cost": round(each["standard_price"], 2),
                "since": each["price_since"],
                "price": round(each["list_price"], 2),
                "weight": round(each["weight"], 2),
                "available": each["purchase_ok"],
            }
            for each in found
        }

    def _confirmed_here(self):
        fields = "name state partner_ref acknowledged order_line.product_qty"
        found = self.odoo.read(
            "purchase.order", [], f"{fields} order_line.date_planned"
        )
        for order in found:
            accepted = order["state"] == "purchase"
            self._expect(
                f"{order['name']}: acknowledged", order["acknowledged"], accepted
            )
        return {
            order["name"]: (
                order["partner_ref"],
                {
                    line["id"]: (line["product_qty"], line["date_planned"][:10])
                    for line in order["order_line"]
                    if order["state"] == "purchase"
                },
            )
            for order in found
        }


def _values(row):
    """Return what a line of the catalogue says, in the form of :meth:`_products`."""
    day, month, year = row["Preis seit"].split(".")
    return {
        "active": True,
        "sku": row["Artikel"],
        "name": row["Bezeichnung"],
        "category": row["Warengruppe"],
        "ean": row["EAN"],
        "cost": _number(row["Preis"]),
        "since": f"{year}-{month}-{day}",
        "price": _number(row["UVP"]),
        "weight": _number(row["Gewicht"]),
        "available": row["Lieferbar"] == "ja",
    }


def _number(text):
    return float(text.replace(".", "").replace(",", "."))
