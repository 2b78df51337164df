"""Phases of a demonstration with one connector, in each of which Odoo is killed."""

import random
import time

from environment.console import step

from . import jobs
from .odoo_client import OdooClient

#: seconds without any job ending: an unconfirmed create is looked for after 100
PATIENCE = 300
#: seconds from the start of a phase to the kill
KILL_AFTER = 3


class Phases:
    """The phases, and what was wrong in them.

    :param server: the ``OdooServer`` with the connector
    :param backend_model: name of the model of its backend, such as ``"odoo.backend"``
    :param values: those of the backend that is made
    """

    def __init__(self, server, backend_model, **values):
        self.server = server
        self.odoo = OdooClient(server.url, server.database)
        self.backend_model = backend_model
        self.random = random.Random(2026)
        jobs.postpone_schedule(self.odoo, backend_model)
        self.odoo.create(backend_model, values)
        self.phases, self.faults = {}, []

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
