"""Jobs of the queue: delayed with buttons, watched until they have ended."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from environment import Problem

ENDED = ("done", "failed", "cancelled")
PATIENCE = 90  #: seconds without any job ending


class Run(NamedTuple):
    """The jobs that were delayed in a while, after they have ended."""

    jobs: list  #: their values
    seconds: float  #: from the first button to the end of the last job
    failures: list  #: sentences


def last_job(odoo):
    """Return the id of the job that was delayed last."""
    return max(odoo.search("queue.job", limit=1, order="id desc"), default=0)


def connect(odoo, book, name="Demo address book"):
    """Set up an ``AddressBook`` in Odoo as a user does, and return its id there."""
    values = {"name": name, "url": book.url, "username": book.server.user}
    values["new_password"] = book.server.password
    return odoo.create("carddav.backend", values)[0]


def postpone_schedule(odoo, backend_model):
    """Let the schedule begin in an hour, so that only buttons delay jobs until then.

    The scheduled actions of a new database are due immediately.
    """
    actions = odoo.search("ir.cron", ("model_id.model", "=", backend_model))
    later = datetime.now(UTC) + timedelta(hours=1)
    odoo.write("ir.cron", actions, nextcall=f"{later:%Y-%m-%d %H:%M:%S}")


def scheduled(odoo, direction):
    """Return the button that runs the scheduled "import" or "export"."""
    actions = odoo.search("ir.cron", ("name", "like", f"CardDAV: {direction}"))
    return "ir.cron", "method_direct_trigger", actions


def export_again(odoo):
    """Return the button that exports all contacts that are in address books."""
    bindings = odoo.search("carddav.res.partner", ("link_state", "!=", "deleted"))
    return "carddav.res.partner", "action_export", bindings


def push(
    odoo,
    buttons,
    since,
    shown,
    patience=PATIENCE,
    models="carddav.%",
    while_waiting=lambda: None,
):
    """Push buttons that delay jobs, and wait until all jobs have ended.

    :param buttons: tuples of model, method and ids
    :param since: id of the last job that does not count
    :param shown: a step of the console, for the progress
    :param while_waiting: function that is called as long as jobs wait or run
    :rtype: Run
    :raise Problem: when no job ends for too long, or there is none
    """
    started = time.monotonic()
    for button in buttons:
        odoo.call(*button)
    new = [("id", ">", since), ("model_name", "=like", models)]

    def look():
        while_waiting()
        groups = "queue.job", "formatted_read_group", new, ["state"], ["__count"]
        states = Counter({it["state"]: it["__count"] for it in odoo.call(*groups)})
        failed = f", {states['failed']} failed" if states["failed"] else ""
        shown.note(f"{states['done']} of {states.total()} jobs done{failed}")
        ended = sum(states[state] for state in ENDED)
        return 0 < ended == states.total(), ended

    wait_until(look, "a job that ends", patience)
    seconds = time.monotonic() - started
    fields = "name state retry result exc_message record_count"
    jobs = odoo.read("queue.job", new, fields)
    failures = [
        f"{job['name']}: {job['state']} ({job['exc_message']})"
        for job in jobs
        if job["state"] != "done"
    ]
    return Run(jobs, seconds, failures)


def wait_until(look, what, patience=PATIENCE):
    """Wait until something is so.

    :param look: function that returns a list: whether it is, and how far it has come
    :raise Problem: when nothing goes on for too long; says what was waited for
    """
    seen = None
    while True:
        is_so, *reached = look()
        if is_so:
            return
        if reached != seen:
            seen, deadline = reached, time.monotonic() + patience
        if time.monotonic() > deadline:
            raise Problem(f"Waited in vain for {patience} seconds: {what}.")
        time.sleep(0.25)
