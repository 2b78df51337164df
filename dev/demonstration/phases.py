"""Phases of a demonstration with one connector, in each of which Odoo is killed."""

import random
import time

from environment import OdooServer, databases, odoo_process, running_postgres
from environment.console import say, step
from environment.servers import wait_for_interrupt

from . import contacts, jobs, report
from .odoo_client import OdooClient

#: seconds without any job ending: an unconfirmed create is looked for after 100
PATIENCE = 300
#: seconds from the start of a phase to the kill
KILL_AFTER = 3
PRODUCTS = 300
#: every so many products have variants
WITH_VARIANTS = 3


def demonstrate(story, stays):
    """Run a demonstration from its beginning to its end.

    :param story: the subclass of :class:`Phases`
    :param stays: whether the servers go on at the end, until Ctrl-C
    :return: the exit code: 0 when both sides say the same
    """
    if why := story.is_missing():
        say(why)
        return 0
    addons, name = ["connector", story.example], f"demo-{story.example}"
    with running_postgres():
        template = databases.dependencies(story.example)
        with (
            databases.temporary(template, name) as database,
            story.other_system(template) as other,
        ):
            odoo_process.install(database, addons, "Install the connector")
            with OdooServer(database, name=name, **story.settings) as server:
                server.wait_for_runner()
                phases = story(server, *other)
                code = report.verdict(phases.faults_of_all())
                say("\n  " + "\n  ".join(phases.places()))
                if stays:
                    wait_for_interrupt(server, other[0])
                return code


class Phases:
    """The phases, and what was wrong in them.

    Subclasses define the ``example`` that is shown; ``other_system``, a context manager
    that gets the template and gives more arguments of the class, a server first;
    ``play``, a generator of texts that say what was compared; and ``places``, lines
    that say where both systems are.

    :param server: the ``OdooServer`` with the connector
    :param backend_model: name of the model of its backend, such as ``"odoo.backend"``
    :param values: those of the backend that is made
    """

    settings = {}  #: of the ``OdooServer``

    @staticmethod
    def is_missing():
        """Return a sentence that says why it cannot be shown; ``None`` if it can."""

    def __init__(self, server, backend_model, **values):
        self.server = server
        self.odoo = OdooClient(server.url, server.database)
        self.backend_model = backend_model
        self.random = random.Random(2026)
        jobs.postpone_schedule(self.odoo, backend_model)
        self.odoo.create(backend_model, values)
        self.phases, self.faults = {}, []

    def faults_of_all(self):
        """Run all phases, print a table, and return what is wrong as sentences."""
        compared = [*self.play()]
        report.table(self.phases)
        say(f"\n  Compared: {', '.join(compared)}")
        return self.faults

    def run(self, title, *actions, kills=(KILL_AFTER,)):
        """Do something, kill Odoo in the middle, and wait for all jobs.

        :param kills: what each kill waits for: seconds, or until a function is true
        """
        since = jobs.last_job(self.odoo)
        started = time.monotonic()
        models = self.backend_model.partition(".")[0]
        with step(title.capitalize()) as shown:
            for action in actions:
                action()
            for moment in kills:
                if callable(moment):
                    jobs.wait_until(lambda is_so=moment: [is_so()], "a kill")
                else:
                    time.sleep(moment)
                self.server.kill()
                self.server.start()
            self.odoo = OdooClient(self.server.url, self.server.database)
            run = jobs.push(
                self.odoo, [], since, shown, PATIENCE, f"{models}.%", self.while_waiting
            )
        self.faults += self.unexpected(run.failures)
        self.phases[title] = {
            "jobs": len(run.jobs),
            "records": sum(job["record_count"] for job in run.jobs),
            "kills": len(kills),
            "failed": len(run.failures),
            "seconds": f"{time.monotonic() - started:.0f}",
        }

    def while_waiting(self):
        """Do something again and again, until all jobs have ended."""

    def unexpected(self, failures):
        """Return those of the failures that should not be, by default all."""
        return failures

    def synchronise(self):
        """Push the button *Synchronise Now*."""
        own = ("backend_model", "=", self.backend_model)
        cards = self.odoo.search("connector.backend.state", own)
        self.odoo.call("connector.backend.state", "action_synchronise", cards)

    def make_products(self, attributes):
        """Make products, of which some have variants, with pictures and a stock.

        :param attributes: the letters of the values, by name of the attribute
        """
        create, search = self.odoo.create, self.odoo.search
        names = ({"name": f"Category {number}"} for number in range(10))
        categories = create("product.category", *names)
        lines = []
        for name, letters in attributes.items():
            values = [(0, 0, {"name": f"{name} {letter}"}) for letter in letters]
            attribute = {"name": name, "value_ids": values}
            (attribute,) = create("product.attribute", attribute)
            values = search("product.attribute.value", ("attribute_id", "=", attribute))
            line = {"attribute_id": attribute, "value_ids": [(6, 0, values)]}
            lines.append((0, 0, line))
        products = (
            {
                "name": f"Product {number}",
                "is_storable": True,
                "categ_id": categories[number % len(categories)],
                "list_price": 5 + number / 10,
                "description_sale": f"No. {number}",
                "image_1920": contacts.picture(number, width=64),
                "attribute_line_ids": [] if number % WITH_VARIANTS else lines,
            }
            for number in range(PRODUCTS)
        )
        create("product.template", *products)
        quantities = {}
        for variant in search("product.product", ("name", "=like", "Product %")):
            self.odoo.write("product.product", [variant], default_code=f"P{variant}")
            quantities[variant] = self.random.randrange(100, 500)
        self.count(quantities)

    def count(self, quantities):
        """Enter an inventory.

        :param quantities: those on hand, by the id of the variant
        """
        (house,) = self.odoo.read("stock.warehouse", [], "lot_stock_id", limit=1)
        location = house["lot_stock_id"]["id"]
        quants = [
            {"product_id": each, "location_id": location, "inventory_quantity": counted}
            for each, counted in quantities.items()
        ]
        context = {"inventory_mode": True}
        ids = self.odoo.call("stock.quant", "create", quants, context=context)
        self.odoo.call("stock.quant", "action_apply_inventory", ids)

    def compare(self, title, here, there, name="the shop"):
        """Note what differs between both sides.

        :param title: what is compared
        :param here: values in Odoo, by a name that both sides know
        :param there: those of the backend
        :param name: what people call the backend
        :return: how much was compared
        """
        for key in sorted(here.keys() | there.keys()):
            ours, theirs = here.get(key), there.get(key)
            if ours != theirs:
                fault = f"{key}: {ours} here, {theirs} in {name}"
                self.faults.append(fault[:500])
        return f"{len(here)} {title}"
