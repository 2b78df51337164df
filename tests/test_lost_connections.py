# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job whose connection to PostgreSQL is cut runs again, and nobody has to help."""

from inspect import signature
from unittest.mock import patch

from odoo.tests import BaseCase
from odoo.tools import mute_logger

from odoo.addons.connector.components.synchronizer import GenericExporter
from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.connector.tools.transactions import new_transaction
from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.job import Job

from ..controllers import run_job
from .common import RealJobsCase

#: The private methods of queue_job that our controller overrides.
OVERRIDDEN = {
    "_acquire_job": ["env", "job_uuid"],
    "_try_perform_job": ["env", "job"],
    "_runjob": ["env", "job"],
    "_enqueue_dependent_jobs": ["env", "job"],
}


def pid_of(env):
    """Return PostgreSQL's process that serves the connection of an environment."""
    return env.cr.connection.get_backend_pid()


class TestPrivateMethodsOfQueueJob(BaseCase):
    """A release of queue_job that changes them needs a release of ours."""

    def test_they_are_called_as_we_override_them(self):
        for name, parameters in OVERRIDDEN.items():
            for controller in (RunJobController, run_job.RunJobController):
                with self.subTest(name, controller=controller):
                    method = vars(controller)[name]
                    self.assertIsInstance(method, classmethod)
                    bound = signature(getattr(controller, name))
                    self.assertEqual(list(bound.parameters), parameters)

    def test_no_other_is_overridden(self):
        ours = vars(run_job.RunJobController)
        overridden = {name for name in vars(RunJobController) if name in ours}
        special = {name for name in overridden if name.startswith("__")}
        self.assertEqual(overridden - special, OVERRIDDEN.keys())


class TestLostConnections(RealJobsCase):
    def cut(self, *pids):
        with self.transaction() as env:
            for pid in pids:
                env.cr.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])

    def on_first_call(self, hook, action):
        """Do something when an exporter calls a hook for the first time.

        :param hook: name of the hook
        :param action: function that gets the exporter
        """
        calls = []

        def override(exporter, *args, **kwargs):
            calls.append(exporter)
            if len(calls) == 1:
                action(exporter)
            return getattr(GenericExporter, hook)(exporter, *args, **kwargs)

        self.override(**{hook: override})

    def test_a_connection_that_is_cut_before_the_job_begins(self):
        [binding_id] = self.bindings("Ada")
        [uuid] = self.delay([binding_id])
        self.screens.side_effect = lambda _registry: self.cut(self.job_pid)
        with mute_logger("odoo.sql_db"):
            job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.screens.side_effect = None
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def export_twice(self):
        """Run the job, which loses its connection, and run it again."""
        [uuid] = self.delay(self.bindings("Ada"))
        with mute_logger("odoo.sql_db"):
            job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertTrue(job["eta"])
        job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("done", 1))
        [binding] = self.read("connector.test.binding", [])
        self.assertIn(binding["external_id"], self.server.records)

    def test_the_connection_of_the_work_is_cut_before_the_create(self):
        self.on_first_call("_map_data", lambda each: self.cut(pid_of(each.env)))
        self.export_twice()

    def test_the_connection_of_the_work_is_cut_after_the_create(self):
        self.on_first_call("_bind_and_commit", lambda each: self.cut(pid_of(each.env)))
        self.export_twice()

    def test_the_connection_is_cut_at_the_commit_of_the_job(self):
        def write_and_cut(exporter):
            exporter.binding.note = "exported"
            exporter.env.flush_all()
            self.cut(pid_of(exporter.env))

        self.on_first_call("_after_export", write_and_cut)
        self.export_twice()
        self.assertEqual(len(self.server.records), 1)

    def test_the_connection_is_cut_while_queue_job_stores_a_retry(self):
        def give_way(exporter):
            raise RetryableJobError("Another job is at work.", ignore_retry=True)

        cut, postpone = [], Job.postpone

        def cut_and_postpone(job, *args, **kwargs):
            if not cut:
                cut.append(self.cut(pid_of(job.env)))
            return postpone(job, *args, **kwargs)

        self.on_first_call("_map_data", give_way)
        with patch.object(Job, "postpone", cut_and_postpone):
            self.export_twice()

    def test_the_connection_of_the_lock_is_cut(self):
        self.on_first_call("_map_data", lambda each: self.cut(self.job_pid))
        self.export_twice()
        self.assertEqual(len(self.server.records), 1)

    def test_both_connections_are_cut(self):
        self.on_first_call(
            "_map_data", lambda each: self.cut(pid_of(each.env), self.job_pid)
        )
        self.export_twice()

    def test_the_connection_is_cut_before_the_job_begins(self):
        [uuid] = self.delay(self.bindings("Ada"))
        states = self.registry["connector.backend.state"]
        holds_back = states.holds_back

        def cut_first(states, job):
            self.cut(pid_of(states.env))
            states.env.cr.execute("SELECT 1", log_exceptions=False)
            return holds_back(states, job)

        with patch.object(states, "holds_back", cut_first):
            job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def test_a_transaction_of_its_own_is_cut(self):
        def cut_new_transaction(exporter):
            with new_transaction(exporter.env) as env:
                self.cut(pid_of(env))
                env.cr.execute("SELECT 1")

        self.on_first_call("_map_data", cut_new_transaction)
        self.export_twice()
        self.assertEqual(len(self.server.records), 1)

    def test_a_job_that_another_worker_runs_by_now_is_left_alone(self):
        other = self.transaction()

        def cut_and_take_over(exporter):
            self.cut(self.job_pid)
            job = Job.load(other.__enter__(), exporter.env.context["job_uuid"])
            self.assertTrue(job.lock())

        self.on_first_call("_map_data", cut_and_take_over)
        [uuid] = self.delay(self.bindings("Ada"))
        with mute_logger("odoo.sql_db"):
            job = self.run_job(uuid)
        other.__exit__(None, None, None)
        self.assertEqual((job["state"], job["retry"]), ("started", 0))

    def test_an_old_job_that_loses_each_connection_fails_in_the_end(self):
        def cut_always(exporter):
            self.cut(pid_of(exporter.env))
            return GenericExporter._map_data(exporter)

        self.override(_map_data=cut_always)
        [uuid] = self.delay(self.bindings("Ada"))
        with self.transaction() as env:
            env.cr.execute("UPDATE queue_job SET date_created = '2020-01-01'")
        with mute_logger("odoo.sql_db"):
            states = [self.run_job(uuid)["state"] for _attempt in range(5)]
        self.assertEqual(states, ["pending"] * 4 + ["failed"])

    def test_other_errors_fail_the_job(self):
        def fail(exporter):
            raise ValueError("A bug")

        self.on_first_call("_map_data", fail)
        [uuid] = self.delay(self.bindings("Ada"))
        with (
            mute_logger("odoo.addons.queue_job.controllers.main"),
            self.assertRaisesRegex(ValueError, "A bug"),
        ):
            self.run_job(uuid)
        [job] = self.read("queue.job", [("uuid", "=", uuid)])
        self.assertEqual(job["state"], "failed")
