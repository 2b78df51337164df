"""Jobs of the queue: delayed with a button, watched until they have ended."""

import time
from collections import Counter

from environment import Problem

ENDED = ("done", "failed", "cancelled")
PATIENCE = 90  #: seconds without any job ending
PAUSE = 0.25
BAR = 16  #: characters


class Run:
    """The jobs of one push of the button, after they have ended.

    ``jobs`` are their values, ``seconds`` what they took.
    """

    def __init__(self, jobs, seconds):
        self.jobs = jobs
        self.seconds = seconds

    @property
    def failed(self):
        """The jobs that did not end well."""
        return [job for job in self.jobs if job["state"] != "done"]

    @property
    def retried(self):
        """The jobs that used up a try on the way."""
        return [job for job in self.jobs if job["retry"] > 1]


def export_all(odoo, backend_id, shown):
    """Push the button *Export Contacts*, and wait until all jobs have ended.

    :param odoo: an ``OdooClient``
    :param backend_id: id of the address book in Odoo
    :param shown: a step of the console, for the progress
    :rtype: Run
    """
    last = max(
        odoo.call("queue.job", "search", [], limit=1, order="id desc"), default=0
    )
    started = time.monotonic()
    odoo.call("carddav.backend", "action_export_contacts", [backend_id])
    domain = [("id", ">", last), ("model_name", "=", "carddav.res.partner")]
    _wait(odoo, domain, shown)
    seconds = time.monotonic() - started
    fields = ["name", "state", "retry", "result", "exc_message"]
    return Run(odoo.search_read("queue.job", domain, fields), seconds)


def _wait(odoo, domain, shown):
    ended, deadline = -1, time.monotonic() + PATIENCE
    while True:
        groups = odoo.call(
            "queue.job", "formatted_read_group", domain, ["state"], ["__count"]
        )
        states = Counter({each["state"]: each["__count"] for each in groups})
        total, now = states.total(), sum(states[state] for state in ENDED)
        shown.note(_progress(states, now, total))
        if now == total:
            return
        if now != ended:
            ended, deadline = now, time.monotonic() + PATIENCE
        if time.monotonic() > deadline:
            raise Problem(f"No job has ended for {PATIENCE} seconds: {dict(states)}.")
        time.sleep(PAUSE)


def _progress(states, ended, total):
    full = round(BAR * ended / total) if total else BAR
    waiting = total - ended
    return (
        f"[{'#' * full}{'.' * (BAR - full)}] {states['done']} done, "
        f"{waiting} waiting, {states['failed']} failed"
    )
