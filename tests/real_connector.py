# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case with real commits for the authors of connectors."""

from contextlib import closing, suppress
from threading import Lock
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.orm import environments
from odoo.tests import get_db_name
from odoo.tools import mute_logger

from odoo.addons.connector.controllers.run_job import RunJobController
from odoo.addons.connector.models import screen_updates
from odoo.addons.queue_job.job import ENQUEUED, FAILED, PENDING

from .connector_case import ConnectorTools

LAST_IDS = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value > 0"
#: As the runner of jobs does, and without the time before which a job must not run.
ENQUEUE = """
    UPDATE queue_job
    SET state = %s, eta = NULL, date_started = NULL,
        date_enqueued = date_trunc('seconds', now() AT TIME ZONE 'utc')
    WHERE uuid = %s
"""


class Transaction:
    """A context manager of an environment with a transaction of its own.

    The transaction is committed at the end, and rolled back after an error.
    """

    def __init__(self, registry):
        self.registry = registry

    def __enter__(self):
        self.cr = self.registry.cursor()
        # In a thread of a remote system, Registry() would wait for Odoo's own runner.
        self.cr.transaction = environments.Transaction(self.registry)
        # a test that waits for its own lock fails instead of hanging
        self.cr.execute("SET lock_timeout = '5s'")
        return api.Environment(self.cr, SUPERUSER_ID, {})

    def __exit__(self, *error):
        with suppress(psycopg2.Error):
            self.cr.execute("RESET lock_timeout")
        # the cursor commits unless an error occurred, and closes
        self.cr.__exit__(*error)


class MutedErrors:
    """A ``with`` statement in which failing jobs log nothing, in any of its threads.

    ``mute_logger`` leaves the loggers mute if two threads leave it in turn.
    """

    def __init__(self):
        self._lock = Lock()
        self._threads = 0

    def __enter__(self):
        with self._lock:
            if not self._threads:
                self._muted = mute_logger(*LOGGERS)
                self._muted.__enter__()
            self._threads += 1

    def __exit__(self, *error):
        with self._lock:
            self._threads -= 1
            if not self._threads:
                self._muted.__exit__(*error)


LOGGERS = "odoo.addons.queue_job.controllers.main", "odoo.sql_db"
_MUTED_ERRORS = MutedErrors()


class RealConnectorCase(ConnectorTools):
    """A test of a connector with real commits, whose jobs run as in the queue.

    Each access to the database has a transaction of its own. The end of a test deletes
    the records that were made since it began; changes of older records stay. No other
    process may use the database. The connector must be installed::

        @tagged("post_install", "-at_install")
        class TestJobs(RealConnectorCase):
            backend_model = "shop.backend"
            binding_model = "shop.res.partner"

            def test_a_backend_that_is_down(self):
                with self.transaction() as env:
                    backend = self.make_backend(env)
                    env["shop.res.partner"].with_delay().import_record(backend, "7")
                with self.remote.down():
                    [job] = self.run_jobs()
                self.assertEqual(job["state"], "pending")
    """

    connector_commits = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())

    def setUp(self):
        super().setUp()
        self.job_pid = None  #: PostgreSQL's process that holds the lock of the job
        # Messages to screens would come between the queries that tests count.
        self.screens = self.enterContext(patch.object(screen_updates, "notify_screens"))
        self._last_ids = self._read_last_ids()
        self.addCleanup(self.delete_records)

    def transaction(self):
        """Return a new :class:`Transaction`."""
        return Transaction(self.registry)

    def make_backend(self, env, remote=None, **values):
        """Create a backend.

        :param env: ``Environment`` of a transaction
        :param remote: its remote system; by default that of the test
        :param values: other values than those of :meth:`backend_values`
        """
        values = {**self.backend_values(remote or self.remote), **values}
        return env[self.backend_model].create(values)

    def read(self, model, domain, fields=None):
        """Return what is committed, as a list of dicts.

        :param fields: names of the fields; by default all
        """
        with self.transaction() as env:
            found = env[model].with_context(active_test=False).search(domain)
            return found.read(fields)

    # -- jobs

    def run_job(self, uuid):
        """Run a job as the queue's controller does; return its fields afterwards."""
        self._work_on_job(uuid)
        return self._read_job(uuid)

    def _work_on_job(self, uuid):
        with self.transaction() as env:
            env.cr.execute(ENQUEUE, [ENQUEUED, uuid])
        with closing(self.registry.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.job_pid = cr.connection.get_backend_pid()
            job = RunJobController._acquire_job(env, uuid)
            if job:
                RunJobController._runjob(env, job)
            # As Odoo at the end of a request, whose connection may be lost.
            cr.flush()
            if not cr.closed:
                cr.commit()  # pylint: disable=invalid-commit

    def try_job(self, uuid):
        """Run a job as :meth:`run_job`, and do not raise its error if it fails."""
        self._try_work_on_job(uuid)
        return self._read_job(uuid)

    def _try_work_on_job(self, uuid):
        # A failed job logs its traceback as an error.
        with _MUTED_ERRORS:
            try:
                self._work_on_job(uuid)
            except Exception:
                if self._read_job(uuid)["state"] != FAILED:
                    raise

    def run_jobs(self, once=False):
        """Run the pending jobs of this test, and those that they make, each once.

        A job that is retried runs again with the next call. A job that fails stops no
        other job. A job that another one takes along does not run itself.

        :param once: whether a job that takes the place of another one, with its
            identity key, runs with the next call only
        :return: the fields of each job afterwards, in the order in which they ran
        :rtype: list[dict]
        """
        uuids, begun, keys = {}, [], []
        while waiting := self._read_jobs(
            [
                ("state", "=", PENDING),
                ("uuid", "not in", begun),
                ("identity_key", "not in", keys),
            ],
            ["uuid", "identity_key"],
        ):
            uuids.update(dict.fromkeys(job["uuid"] for job in waiting))
            begun.append(waiting[0]["uuid"])
            keys += filter(None, [once and waiting[0]["identity_key"]])
            self._try_work_on_job(begun[-1])
        jobs = {job["uuid"]: job for job in self.jobs([("uuid", "in", list(uuids))])}
        return [jobs[uuid] for uuid in uuids]

    def jobs(self, domain=()):
        """Return the stored fields of the jobs that were made by this test.

        :param domain: which of them
        :rtype: list[dict]
        """
        return self._read_jobs(domain, self._stored_job_fields())

    def _read_jobs(self, domain, fields):
        last = self._last_ids.get("queue_job_id_seq", 0)
        return self.read("queue.job", [("id", ">", last), *domain], fields)[::-1]

    def _read_job(self, uuid):
        domain = [("uuid", "=", uuid)]
        [job] = self.read("queue.job", domain, self._stored_job_fields())
        return job

    def _stored_job_fields(self):
        # The others take long to compute.
        fields = self.registry["queue.job"]._fields.values()
        return [field.name for field in fields if field.store and field.column_type]

    # -- what the test leaves behind

    def _read_last_ids(self):
        """Return the last id of each table, by the name of its sequence."""
        with self.transaction() as env:
            env.cr.execute(LAST_IDS)
            return dict(env.cr.fetchall())

    def delete_records(self):
        """Delete all records that were made since the test began."""
        last_ids = self._read_last_ids()
        new = [
            model
            # A model is mostly defined after those that its records refer to.
            for model in reversed(self.registry.models.values())
            if model._auto and not model._abstract and self._is_new(model, last_ids)
        ]
        with self.transaction() as env:
            env = env(context={"connector_no_export": True, "active_test": False})
            while new:
                errors = {model: self._delete_new(env, model) for model in new}
                left = [model for model in new if errors[model]]
                if len(left) == len(new):
                    names = ", ".join(model._name for model in left)
                    message = f"The records of this test cannot be deleted: {names}"
                    raise AssertionError(message) from errors[left[0]]
                new = left

    def _is_new(self, model, last_ids):
        sequence = f"{model._table}_id_seq"
        return last_ids.get(sequence, 0) > self._last_ids.get(sequence, 0)

    def _delete_new(self, env, model):
        """Delete the new records of a model.

        :return: the error if other records need them, which are deleted first
        """
        last = self._last_ids.get(f"{model._table}_id_seq", 0)
        try:
            with mute_logger("odoo.sql_db"), env.cr.savepoint():
                env[model._name].search([("id", ">", last)]).unlink()
        except Exception as error:
            return error
        return None
