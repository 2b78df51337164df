"""The parts of a trial: a backend in Odoo, its items, and their jobs."""

import functools
import re

from . import paths
from .odoo_database import BINDINGS, ITEMS

FAILURES = """
    SELECT uuid, exc_name, exc_message, exc_info
    FROM queue_job WHERE id > %s AND state = 'failed' ORDER BY id
"""
POSTPONED = """
    SELECT count(*) FROM queue_job
    WHERE id > %s AND state = 'pending' AND eta IS NOT NULL
"""
JOBS_OF_METHOD = """
    SELECT uuid, state, retry FROM queue_job
    WHERE id > %s AND method_name = %s ORDER BY id
"""
OVERLAPS = """
    SELECT count(*) FROM queue_job AS job JOIN queue_job AS other
        ON other.id > job.id AND other.method_name = job.method_name
        AND other.date_started < job.date_done AND job.date_started < other.date_done
    WHERE job.id > %s AND job.method_name = %s
"""
JOBS = "SELECT count(*), coalesce(sum(retry), 0) FROM queue_job WHERE id > %s"


def _as_user(method):
    """Run a method in a transaction as a user would, see ``OdooDatabase.user_does``.

    :param method: gets the ``Environment`` as its first argument
    """

    @functools.wraps(method)
    def run(self, *args, **kwargs):
        return self.chaos.database.user_does(
            lambda env: method(self, env, *args, **kwargs)
        )

    return run


class Shop:
    """One backend record of Odoo with a space of its own on the fake backend.

    :param chaos: the :class:`Chaos`
    :param space: name of the space
    :param bindings: name of the model of its bindings
    """

    def __init__(self, chaos, space, bindings=BINDINGS):
        self.chaos = chaos
        self.space = space
        self.bindings = bindings
        self.first_job = chaos.database.last_job()
        self.log_start = chaos.odoo.log_size()
        self.faults = {}  #: how often each did happen, by description
        self.problems = []  #: sentences
        self.notes = []  #: sentences for the report
        self.retried_by_hand = 0
        self.id = self._open()

    def _open(self):
        """Make the backend on both sides, and return the id of its record."""
        url = self.chaos.backend.url
        self.chaos.backend.open_space(self.space)
        values = {"name": self.space, "url": url}
        return self.chaos.database.user_does(
            lambda env: env["chaos.backend"].create(values).id
        )

    def code(self, label):
        """Return the code by which both sides know an item; no other shop has it."""
        return f"{self.space}.{label}"

    # -- what users do

    @_as_user
    def create(
        self, env, *labels, parts=(), each=None, export=True, delay=None, **values
    ):
        """Create items with a binding, and jobs that export them.

        :param labels: of the items
        :param parts: labels of items that are parts of each; those that are not there
            are created without a binding
        :param each: how many of the parts each item has, starting with the next part
            for each item; all by default
        :param delay: settings of the jobs
        :param values: more values of the items
        """
        part_ids = self._part_ids(env, parts)
        each_has = len(parts) if each is None else each
        bindings = env[self.bindings].create(
            [
                {
                    "backend_id": self.id,
                    "code": self.code(label),
                    "name": f"Item {label}",
                    "part_ids": [(6, 0, _slice(part_ids, number, each_has))],
                    **values,
                }
                for number, label in enumerate(labels)
            ]
        )
        if export:
            for binding in bindings:
                binding.with_delay(**delay or {}).export_record()

    @_as_user
    def edit(self, env, label, export=True, **values):
        """Change an item, and make the job that exports the change."""
        binding = self._binding(env, label)
        binding.odoo_id.write(values)
        if export:
            binding.with_delay().export_record(fields=list(values))

    def edit_and_roll_back(self, label, **values):
        """Change an item and make the job that exports the change, in vain."""
        with self.chaos.database.transaction() as env:
            binding = self._binding(env, label)
            binding.odoo_id.write(values)
            binding.with_delay().export_record(fields=list(values))
            env.flush_all()
            env.cr.rollback()

    @_as_user
    def edit_partly(self, env, label, **values):
        """Change an item and take that back, but leave the job that exports it."""
        binding = self._binding(env, label)
        savepoint = env.cr.savepoint(flush=True)
        binding.odoo_id.write(values)
        env.flush_all()
        savepoint.close(rollback=True)
        binding.with_delay().export_record(fields=list(values))

    @_as_user
    def delete(self, env, label):
        """Delete an item; its binding makes the job that deletes on the backend."""
        from odoo.tools import SQL

        binding = self._binding(env, label)
        query = SQL(
            "SELECT id FROM %s WHERE id = %s FOR UPDATE",
            SQL.identifier(binding._table),
            binding.id,
        )
        env.cr.execute(query, log_exceptions=False)
        self._binding(env, label).odoo_id.unlink()

    @_as_user
    def export(self, env, label, times=1, **delay):
        """Make more export jobs for an item.

        :param times: how many
        :param delay: settings of the jobs
        :return: the UUID of the last one
        """
        binding = self._binding(env, label)
        jobs = [binding.with_delay(**delay).export_record() for _ in range(times)]
        return jobs[-1].uuid

    @_as_user
    def take_many(self, env):
        """Let the adapter take many items a call."""
        env["chaos.backend"].browse(self.id).takes_many = True

    @_as_user
    def pause(self, env):
        """Let the jobs wait, as a user does with the button."""
        shop = env["chaos.backend"].browse(self.id)
        env["connector.backend.state"].of(shop).action_pause()

    @_as_user
    def resume(self, env):
        """Let the jobs run that have waited."""
        shop = env["chaos.backend"].browse(self.id)
        env["connector.backend.state"].of(shop).action_resume()

    @_as_user
    def cancel(self, env):
        """Cancel all jobs that can be cancelled, as a user does with the button.

        :return: the codes of the items whose jobs are cancelled
        """
        waiting = [
            ("id", ">", self.first_job),
            ("state", "in", ["pending", "enqueued"]),
        ]
        jobs = env["queue.job"].search(waiting)
        jobs.button_cancelled()
        cancelled = jobs.filtered(lambda job: job.state == "cancelled")
        return {job.records.code for job in cancelled}

    @_as_user
    def requeue(self, env):
        """Let all cancelled jobs wait again, as a user does with the button."""
        cancelled = [("id", ">", self.first_job), ("state", "=", "cancelled")]
        env["queue.job"].search(cancelled).requeue()

    @_as_user
    def import_(self, env, *external_ids, **delay):
        """Make jobs that import items from the backend.

        :param delay: settings of the jobs
        """
        shop = env["chaos.backend"].browse(self.id)
        for external_id in external_ids:
            env[self.bindings].with_delay(**delay).import_record(shop, external_id)

    @_as_user
    def import_changes(self, env, chunk_size=0):
        """Make the job that looks for what has changed on the backend.

        :param chunk_size: records of each job that imports them
        """
        shop = env["chaos.backend"].browse(self.id)
        shop.chunk_size = chunk_size
        env[self.bindings].with_delay().import_changes(shop)

    @_as_user
    def set_up_webhook(self, env):
        """Return the address and the secret to which the backend sends its changes."""
        shop = env["chaos.backend"].browse(self.id)
        endpoint = env["connector.webhook.endpoint"].of(shop)
        endpoint.limit = 10**6
        shown = endpoint.action_set_up()["context"]
        path = shown["default_address"].removeprefix(endpoint.get_base_url())
        return path, shown["default_secret"]

    def retry_failures(self, cause):
        """Look at the failed jobs as a person would, and let them run again.

        :param cause: regular expression that the error of each has to match
        """
        for uuid, name, message, info in self.failures():
            if not re.search(cause, f"{name} {message} {info}"):
                self.problems.append(f"A job failed for another cause: {name} {info}")
            self.retried_by_hand += 1
            self.chaos.database.user_does(
                lambda env, uuid=uuid: (
                    env["queue.job"].search([("uuid", "=", uuid)]).requeue()
                )
            )

    @_as_user
    def discard_unconfirmed_creates_of_deleted_items(self, env):
        """Remove unconfirmed creates of deleted items from the backend, and discard."""
        intents = env["connector.create.intent"].search([("backend_id", "=", self.id)])
        for intent in intents.filtered("unconfirmed"):
            if not env[BINDINGS].browse(intent.res_id).exists():
                self._remove_created(intent.key)
                intent.action_discard()
                self.retried_by_hand += 1

    def _remove_created(self, key):
        backend = self.chaos.backend
        there = {item["id"] for item in backend.items(self.space)}
        for call in self.calls("create"):
            if call["key"] == key and call["worked"] and call["id"] in there:
                backend.remove(self.space, call["id"])

    def finish_after_deaths(self):
        """Wait for all jobs, and let those run again whose process died too often."""
        self.chaos.wait_for_jobs(patience=90)
        self.retry_failures("JobFoundDead")
        self.chaos.wait_for_jobs()

    def put(self, *labels, **values):
        """Put items on the backend, as others do there; return their ids by label."""
        return {
            label: self.chaos.backend.add(
                self.space,
                {
                    "code": self.code(label),
                    "name": f"Item {label}",
                    "quantity": 1,
                    "parts": [],
                    **values,
                },
            )
            for label in labels
        }

    # -- what there is

    @_as_user
    def items(self, env):
        """Return the items of this shop in Odoo, as dicts."""
        return [
            {
                "code": binding.code,
                "name": binding.name,
                "quantity": binding.quantity,
                "parts": sorted(binding.part_ids.mapped("code")),
                "external_id": binding.external_id,
            }
            for binding in env[self.bindings].search([("backend_id", "=", self.id)])
        ]

    def items_there(self):
        """Return the items of this shop on the backend, as dicts."""
        return self.chaos.backend.items(self.space)

    def calls(self, operation=None, label=None):
        """Return the calls that reached the backend."""
        code = label and self.code(label)
        return [
            call
            for call in self.chaos.backend.notes(self.space)
            if operation in (None, call["operation"]) and code in (None, call["code"])
        ]

    def failures(self):
        """Return the failed jobs: UUID, name and message of the error, traceback."""
        return self.chaos.database.rows(FAILURES, self.first_job)

    def jobs_and_tries(self):
        """Return how many jobs were made, and how many tries they have used."""
        return self.chaos.database.rows(JOBS, self.first_job)[0]

    def jobs(self, method):
        """Return the jobs that call a method: UUID, state and number of tries."""
        return self.chaos.database.rows(JOBS_OF_METHOD, self.first_job, method)

    def overlaps(self, method):
        """Return how many pairs of jobs that call a method were at work together."""
        return self.chaos.database.rows(OVERLAPS, self.first_job, method)[0][0]

    def postponed_jobs(self):
        """Return how many jobs wait for a later try."""
        return self.chaos.database.rows(POSTPONED, self.first_job)[0][0]

    def expect(self, what, found, expected):
        """Note a problem when something was found that is not as expected."""
        if found != expected:
            self.problems.append(f"{what}: {found} instead of {expected}.")

    def expect_tries(self, most=0):
        """Expect that no job was tried again.

        :param most: how many more tries there may be
        """
        jobs, tries = self.jobs_and_tries()
        if tries > jobs + most:
            self.problems.append(f"{jobs} jobs took {tries} tries, not {jobs + most}.")

    # -- what is to go wrong

    def odoo_said(self, text):
        """Return how often Odoo's log has a text since the trial began."""
        return self.chaos.odoo.logged(text, self.log_start)

    def arm(self, step, label):
        """Have the job that works on an item go no further than to a step."""
        (paths.STEPS / "armed" / f"{step} - {self.code(label)}").touch()

    def is_at(self, step, label):
        """Return whether an item got to a step that was armed."""
        return (paths.STEPS / "reached" / f"{step} - {self.code(label)}").exists()

    def wait_at(self, step, label):
        """Wait until an item is at a step that was armed."""
        self.chaos.wait_until(
            lambda: self.is_at(step, label), f"gets to: {step} {label}"
        )

    def release(self, step, label):
        """Let the job go on that came to a step."""
        (paths.STEPS / "reached" / f"{step} - {self.code(label)}").unlink()

    def misbehave(self, failure, label=None, operation=None, **rule):
        """Command a failure of the backend, once unless told otherwise."""
        if label is not None:
            rule["code"] = self.code(label)
        if operation is not None:
            rule["operation"] = operation
        self.chaos.backend.misbehave(self.space, failure, **rule)

    def note_fault(self, description, happened):
        """Note whether a fault did happen, or how often (``int``)."""
        self.faults[description] = int(happened)

    def _part_ids(self, env, labels):
        """Return the ids of items of this shop; create those that are missing."""
        found = []
        for label in labels:
            item = env[ITEMS].search([("code", "=", self.code(label))])
            if not item:
                values = {"code": self.code(label), "name": f"Part {label}"}
                item = env[ITEMS].create(values)
            found.append(item.id)
        return found

    def _binding(self, env, label):
        code = self.code(label)
        return env[self.bindings].search(
            [("backend_id", "=", self.id), ("code", "=", code)], limit=1
        )


def _slice(values, start, length):
    """Return some values from ``start`` on, from the first again at the end."""
    return [values[(start + i) % len(values)] for i in range(length)]
