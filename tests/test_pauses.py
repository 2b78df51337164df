# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""queue_job's runner meets the jobs of a backend that is paused.

The runner keeps the jobs in memory, and hears of their changes from the database.
"""

from contextlib import closing
from time import time

from odoo import SUPERUSER_ID, api

from odoo.addons.connector.controllers.run_job import RunJobController
from odoo.addons.queue_job.delay import chain
from odoo.addons.queue_job.jobrunner.channels import ChannelManager

from .common import RealJobsCase


class TestRunner(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.registry.clear_cache)
        self.manager = ChannelManager()
        self.manager.simple_configure("root:1")
        with self.transaction() as env:
            self.other_id = self.make_backend(env, name="Other").id

    def delay_export(self, name, shop_id=None):
        """Delay the export of a new contact; return the UUID of the job."""
        [id_] = self.bindings(name, backend_id=shop_id or self.shop_id)
        [uuid] = self.delay([id_])
        return uuid

    def notify(self):
        """Let the runner read the jobs, as it does when they have changed."""
        query = (
            "SELECT channel, uuid, id, date_created, priority,"
            " EXTRACT(EPOCH FROM eta), state FROM queue_job WHERE id > %s ORDER BY id"
        )
        with self.transaction() as env:
            env.cr.execute(query, [self._last_ids.get("queue_job_id_seq", 0)])
            for row in env.cr.fetchall():
                self.manager.notify(env.cr.dbname, *row)

    def run_ready(self):
        """Run the jobs that the runner starts now; return their UUIDs."""
        self.notify()
        started = []
        for job in list(self.manager.get_jobs_to_run(time())):
            started.append(job.uuid)
            with self.transaction() as env:  # as the runner, whatever the state is
                env.cr.execute(
                    "UPDATE queue_job SET state = 'enqueued', date_enqueued = now()"
                    " WHERE uuid = %s",
                    [job.uuid],
                )
            self.notify()
            with closing(self.registry.cursor()) as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                acquired = RunJobController._acquire_job(env, job.uuid)
                if acquired:
                    RunJobController._runjob(env, acquired)
                cr.commit()  # pylint: disable=invalid-commit
            self.notify()
        return started

    def state_of(self, uuid):
        [job] = self.jobs([("uuid", "=", uuid)])
        return job["state"]

    def pause(self, resume=False):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            if resume:
                state.action_resume()
            else:
                state.action_pause()

    def test_a_paused_backend_occupies_no_slot(self):
        """Neither does it when the runner knew the job before."""
        paused = self.delay_export("Ada")
        self.notify()
        self.pause()
        other = self.delay_export("Grace", self.other_id)
        self.run_ready()
        self.run_ready()
        self.assertEqual(self.state_of(other), "done")
        self.assertEqual(self.state_of(paused), "wait_dependencies")
        self.pause(resume=True)
        self.run_ready()
        self.assertEqual(self.state_of(paused), "done")

    def test_a_job_that_was_about_to_run_occupies_no_slot(self):
        """A transaction that did not see the pause has made it."""
        self.pause()
        paused = self.delay_export("Ada")
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET state = 'pending' WHERE uuid = %s", [paused]
            )
        self.assertEqual(self.run_ready(), [paused])
        self.assertEqual(self.state_of(paused), "wait_dependencies")
        other = self.delay_export("Grace", self.other_id)
        self.assertEqual(self.run_ready(), [other])
        self.pause(resume=True)
        self.run_ready()
        self.assertEqual(self.state_of(paused), "done")

    def test_a_job_of_a_graph_never_runs_before_the_one_that_it_waits_for(self):
        ids = self.bindings("Ada", "Grace")
        with self.transaction() as env:
            ada, grace = env["connector.test.binding"].browse(ids)
            jobs = ada.delayable().export_record(), grace.delayable().export_record()
            chain(*jobs).delay()
        [first] = (job["uuid"] for job in self.jobs([("state", "=", "pending")]))
        [second] = (job["uuid"] for job in self.jobs([("uuid", "!=", first)]))
        self.notify()
        self.pause()
        self.assertFalse(self.run_ready())
        self.pause(resume=True)
        self.assertEqual(self.run_ready(), [first])
        self.pause()
        self.assertFalse(self.run_ready())
        self.assertEqual(self.state_of(second), "wait_dependencies")
        self.pause(resume=True)
        self.assertEqual(self.run_ready(), [second])
        self.assertEqual(self.state_of(second), "done")
