"""Jobs of the queue: delayed with buttons, watched until they have ended."""

import time
from collections import Counter

from environment import Problem

ENDED = ("done", "failed", "cancelled")
PATIENCE = 90  #: seconds without any job ending
PAUSE = 0.25


class Run:
    """The jobs that were delayed in a while, after they have ended.

    ``jobs`` are their values, ``seconds`` what they took.
    """

    def __init__(self, jobs, seconds):
        self.jobs = jobs
        self.seconds = seconds

    @property
    def failed(self):
        """Return the jobs that did not end well."""
        return [job for job in self.jobs if job["state"] != "done"]

    @property
    def retried(self):
        """Return the jobs that needed more than one attempt."""
        return [job for job in self.jobs if job["retry"] > 1]


def last_job(odoo):
    """Return the id of the job that was delayed last."""
    return max(
        odoo.call("queue.job", "search", [], limit=1, order="id desc"), default=0
    )


def connect(odoo, radicale, address_book, name="Demo address book"):
    """Set up the address book in Odoo as a user does.

    :param name: how the address book is called in Odoo
    :return: id of the address book in Odoo
    """
    values = {
        "name": name,
        "url": address_book.url,
        "username": radicale.user,
        "new_password": radicale.password,
    }
    (backend_id,) = odoo.create("carddav.backend", [values])
    return backend_id


def scheduled(odoo, direction):
    """Return the button that runs a scheduled action of the connector.

    :param direction: ``"import"`` or ``"export"``
    """
    name = f"CardDAV: {direction}"
    actions = odoo.call("ir.cron", "search", [("name", "like", name)])
    return "ir.cron", "method_direct_trigger", actions


def export_again(odoo):
    """Return the button that exports all contacts that are in address books."""
    linked = [("link_state", "!=", "deleted")]
    bindings = odoo.call("carddav.res.partner", "search", linked)
    return "carddav.res.partner", "action_export", bindings


def push(odoo, buttons, since, shown, patience=PATIENCE, models="carddav.%"):
    """Push buttons, and wait until all jobs have ended.

    :param odoo: an ``OdooClient``
    :param buttons: tuples of model, method and ids
    :param since: id of the last job that does not count, see :func:`last_job`
    :param shown: a step of the console, for the progress
    :param patience: seconds without any job ending
    :param models: pattern of the models of the jobs
    :rtype: Run
    """
    started = time.monotonic()
    for button in buttons:
        odoo.call(*button)
    domain = [("id", ">", since), ("model_name", "=like", models)]
    _wait(odoo, domain, shown, patience)
    seconds = time.monotonic() - started
    fields = ["name", "state", "retry", "result", "exc_message", "record_count"]
    return Run(odoo.search_read("queue.job", domain, fields), seconds)


def _wait(odoo, domain, shown, patience):
    ended, deadline = -1, time.monotonic() + patience
    while True:
        groups = odoo.call(
            "queue.job", "formatted_read_group", domain, ["state"], ["__count"]
        )
        states = Counter({each["state"]: each["__count"] for each in groups})
        total, now = states.total(), sum(states[state] for state in ENDED)
        failed = f", {states['failed']} failed" if states["failed"] else ""
        shown.note(f"{states['done']} of {total} jobs done{failed}")
        if now == total:
            return
        if now != ended:
            ended, deadline = now, time.monotonic() + patience
        if time.monotonic() > deadline:
            raise Problem(f"No job has ended for {patience} seconds: {dict(states)}.")
        time.sleep(PAUSE)
