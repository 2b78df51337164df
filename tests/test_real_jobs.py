# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Jobs as the queue runs them: with its controller, in several transactions."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.locking import ImportLocks
from odoo.addons.connector.tools.locks import try_lock_rows
from odoo.addons.queue_job.exception import FailedJobError

from ..tools.transactions import commit_if_allowed
from .common import (
    RealJobsCase,
    Transaction,
    batch_export_components,
    sent_locks,
)


class TestJobsMayCommit(RealJobsCase):
    def test_export_jobs_pass_although_the_queue_forbids_commits(self):
        ids = self.bindings(*(f"Contact {number}" for number in range(10)))
        jobs = [self.run_job(uuid) for uuid in self.delay(ids)]
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.assertEqual(len(self.server.records), 10)
        self.assertEqual(
            {self.binding(id_)["external_id"] for id_ in ids}, set(self.server.records)
        )
        self.assertIn("Exported", jobs[0]["result"])

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_the_queue_still_forbids_commits_elsewhere(self):
        with self.transaction() as env:
            contact = env["connector.test.contact"].create({"name": "Ada"})
            uuid = contact.with_delay().commit_in_a_job().uuid
        with self.assertRaisesRegex(RuntimeError, "Commit is forbidden"):
            self.run_job(uuid)

    def test_export_jobs_commit_although_a_job_function_forbids_it(self):
        with self.transaction() as env:
            env["queue.job.function"].create(
                {
                    "model_id": env["ir.model"]._get("connector.test.binding").id,
                    "method": "export_record",
                    "allow_commit": False,
                }
            )
        [uuid] = self.delay(self.bindings("Ada"))
        self.assertEqual(self.run_job(uuid)["state"], "done")

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_an_external_id_is_kept_when_the_job_fails_later(self):
        def _after_export(exporter):
            raise ValueError("after the export")

        self.override(_after_export=_after_export)
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        with self.assertRaisesRegex(ValueError, "after the export"):
            self.run_job(uuid)
        self.assertEqual(self.binding(ada)["external_id"], "1")
        [job] = self.read("queue.job", [("uuid", "=", uuid)])
        self.assertEqual(job["state"], "failed")

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_dependencies_stay_bound_when_the_record_itself_fails(self):
        def before_create(data):
            if data["title"] == "Leaf":
                raise ValueError("refused")

        self.server.before_create = before_create
        [parent] = self.bindings("Parent")
        [leaf] = self.bindings(
            "Leaf",
            parent_id=self.binding(parent)["odoo_id"][0],
        )
        with self.assertRaisesRegex(ValueError, "refused"):
            self.run_job(self.delay([leaf])[0])
        self.assertEqual(self.binding(parent)["external_id"], "1")
        self.assertFalse(self.binding(leaf)["external_id"])

    def test_the_binding_of_a_dependency_is_committed_before_its_export(self):
        seen = []
        self.server.before_create = lambda data: seen.append(
            len(self.read("connector.test.binding", [("name", "=", "Parent")]))
        )
        with self.transaction() as env:
            parent = env["connector.test.contact"].create({"name": "Parent"})
        self.run_job(self.delay(self.bindings("Leaf", parent_id=parent.id))[0])
        self.assertEqual(seen, [1, 1])

    def test_the_commit_of_the_external_id_releases_the_lock(self):
        free = []

        def _after_export(exporter):
            with Transaction(exporter.env.registry) as env:
                free.append(try_lock_rows(exporter.binding.with_env(env)))

        self.override(_after_export=_after_export)
        self.run_job(self.delay(self.bindings("Ada"))[0])
        self.assertEqual(free, [True])


class TestUnknownCauses(RealJobsCase):
    @mute_logger("odoo.sql_db", "odoo.addons.queue_job.controllers.main")
    def test_a_persistent_unique_violation_fails_the_job_in_the_end(self):
        """Its cause is not another job that was faster."""

        def before(exporter):
            with exporter._retry_unique_violation():
                exporter.binding.copy({"odoo_id": exporter.binding.odoo_id.id})

        self.override(_export_dependencies=before)
        [uuid] = self.delay(self.bindings("Ada"))
        self.assertEqual(self.run_job(uuid)["retry"], 0)
        with self.transaction() as env:
            job = env["queue.job"].search([("uuid", "=", uuid)])
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                {"date_created": job.date_created - timedelta(hours=1)}
            )
        self.assertEqual(
            [self.run_job(uuid)["retry"] for _try in range(4)], [1, 2, 3, 4]
        )
        with self.assertRaisesRegex(FailedJobError, r"\(.*odoo_uniq\)"):
            self.run_job(uuid)

    def test_a_component_finds_its_job_by_the_arguments(self):
        """Imports and deletes have no record, but a backend as argument."""
        known = []

        class Deleter(Component):
            _name = "test.shop.deleter"
            _inherit = ["connector.record.deleter", "base.test.shop"]

            def _delete(self, external_id):
                known.append(self._current_job().uuid)

        self.build(Deleter)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            job = env["connector.test.binding"].with_delay()
            uuid = job.export_delete_record(shop, "7").uuid
        self.run_job(uuid)
        self.assertEqual(known, [uuid])


class TestNotVisibleYet(RealJobsCase):
    """A row that was committed after the job's transaction began violates nothing."""

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())
        self.written = []

    def friend(self):
        """Return the id of a binding that another transaction has just committed."""
        [friend] = self.bindings("Friend")
        self.written.append(friend)
        return friend

    def with_friend(self, id_of_friend):
        """Let an export write a reference to a binding."""

        def _map_data(exporter):
            if exporter.binding.name == "Ada":
                exporter.binding.flush_recordset()
                exporter.binding.friend_id = id_of_friend()
                exporter.binding.flush_recordset()
            return exporter.mapper.map_record(exporter.binding)

        self.override(_map_data=_map_data)

    def run_quietly(self, uuid):
        with mute_logger("odoo.sql_db"):
            return self.try_job(uuid)

    def test_a_reference_to_a_row_that_was_just_committed(self):
        self.with_friend(lambda: self.written[0] if self.written else self.friend())
        [uuid] = self.delay(self.bindings("Ada"))
        job = self.run_quietly(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertIn("does not exist", job["result"])
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def test_rows_that_appear_again_and_again_count_no_attempt(self):
        self.with_friend(self.friend)
        [uuid] = self.delay(self.bindings("Ada"))
        for _attempt in range(7):  # more than a job has attempts
            job = self.run_quietly(uuid)
            self.assertEqual((job["state"], job["retry"]), ("pending", 0))

    def test_a_reference_to_nothing_fails_and_says_so(self):
        self.with_friend(lambda: 2**30)
        [uuid] = self.delay(self.bindings("Ada"))
        job = self.run_quietly(uuid)
        self.assertEqual(job["state"], "failed")
        self.assertIn("does not exist", job["cause"])

    def test_a_value_that_another_transaction_has_just_taken(self):
        def _map_data(exporter):
            contact = exporter.binding.parent_id
            if not self.written:
                [binding] = self.bindings("x", odoo_id=contact.id)
                self.written.append(binding)
            if contact:
                values = {"backend_id": self.shop_id, "odoo_id": contact.id}
                exporter.model.create(values)
            return exporter.mapper.map_record(exporter.binding)

        self.override(_map_data=_map_data, _export_dependencies=lambda exporter: None)
        with self.transaction() as env:
            parent = env["connector.test.contact"].create({"name": "Parent"})
        [uuid] = self.delay(self.bindings("Leaf", parent_id=parent.id))
        job = self.run_quietly(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        while job["state"] == "pending":
            # Another database's transaction that is under way makes it count attempts.
            job = self.run_quietly(uuid)
        self.assertEqual((job["state"], job["cause"]), ("failed", "Bound twice."))

    def test_a_record_of_a_chunk_is_postponed(self):
        self.with_friend(lambda: self.written[0] if self.written else self.friend())
        ids = self.bindings("Ada", "Grace")
        job = self.run_quietly(self.delay_chunk(ids))
        self.assertIn("1 exported, 1 postponed.", job["result"])
        self.assertIn("has just changed the same data", job["result"])
        [alone] = self.jobs([("state", "=", "pending")])
        self.assertEqual(self.run_job(alone["uuid"])["state"], "done")

    def test_a_transaction_that_was_under_way_counts_attempts(self):
        """Rows of its savepoints cannot be told from older ones."""
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        with Transaction(self.registry) as env:
            contact = env["connector.test.contact"].create({"name": "Early"})
            contact.flush_recordset()
            with env.cr.savepoint():
                values = {"backend_id": self.shop_id, "name": "Friend"}
                friend = env["connector.test.binding"].create(values).id

            def commit():
                if not self.written:
                    self.written.append(friend)
                    env.cr.commit()  # pylint: disable=invalid-commit
                return friend

            self.with_friend(commit)
            job = self.run_quietly(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 1))
        self.assertEqual(self.run_job(uuid)["state"], "done")


class TestContention(RealJobsCase):
    """A job that meets another one is retried soon; it has not failed."""

    def assert_is_retried_soon(self, uuid):
        now = fields.Datetime.now()
        with (
            self.assertLogs("odoo.addons.connector", logging.INFO) as logs,
            self.assertNoLogs("odoo.addons.queue_job", "WARNING"),
            self.assertNoLogs("odoo.sql_db", "WARNING"),
        ):
            job = self.run_job(uuid)
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(logs.records[0].levelname, "INFO")
        self.assertFalse(logs.records[0].exc_info)
        self.assertEqual(job["state"], "pending")
        self.assertEqual(job["retry"], 0)
        self.assertLessEqual(job["eta"], now + timedelta(seconds=10))
        self.assertFalse(job["exc_info"])

    def test_a_locked_binding(self):
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        with self.transaction() as env:
            try_lock_rows(env["connector.test.binding"].browse(ada))
            for _attempt in range(7):  # more than a job has attempts
                with sent_locks() as statements:
                    self.assert_is_retried_soon(uuid)
                # The queue locks its own rows with other statements.
                self.assertEqual(
                    [each for each in statements if "connector_test" in each],
                    [
                        'SELECT id FROM "connector_test_binding" WHERE id IN %s'
                        " FOR UPDATE NOWAIT"
                    ],
                )
        self.assertFalse(self.server.calls)
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.server.calls, [("create", 1)])

    def test_a_binding_that_was_changed_after_our_snapshot(self):
        """Its row is free, but the values that were read may be out of date."""
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        interfere = [True]

        def _export_dependencies(exporter):
            if interfere:
                interfere.pop()
                with Transaction(exporter.env.registry) as env:
                    exporter.binding.with_env(env).note = "changed in the meantime"

        self.override(_export_dependencies=_export_dependencies)
        self.assert_is_retried_soon(uuid)
        self.assertFalse(self.server.calls)
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def test_a_record_that_is_deleted_while_its_dependencies_are_exported(self):
        def delete(exporter):
            with Transaction(exporter.env.registry) as env:
                exporter.binding.with_env(env).unlink()
            commit_if_allowed(exporter.env)
            exporter.env.invalidate_all()

        def delete_and_read(exporter):
            delete(exporter)
            self.assertTrue(exporter.binding.name)

        for hook in (delete, delete_and_read):
            with self.subTest(hook.__name__):
                self.override(_export_dependencies=hook)
                [uuid] = self.delay(self.bindings("Ada"))
                job = self.run_job(uuid)
                self.assertEqual(job["state"], "done")
                self.assertIn("deleted in Odoo", job["result"])
        self.assertFalse(self.server.calls)

    def test_a_dependency_that_another_job_has_just_bound(self):
        parent_bindings = []

        def before_lookup(exporter):
            if exporter.binding.name == "Leaf" and not parent_bindings:
                with Transaction(exporter.env.registry) as env:
                    binding = env["connector.test.binding"].create(
                        {
                            "backend_id": self.shop_id,
                            "odoo_id": exporter.binding.parent_id.id,
                        }
                    )
                    parent_bindings.append(binding.id)
            exporter._export_dependency(
                exporter.binding.parent_id, "connector.test.binding"
            )

        self.override(_export_dependencies=before_lookup)
        with self.transaction() as env:
            parent = env["connector.test.contact"].create({"name": "Parent"})
        [leaf] = self.bindings("Leaf", parent_id=parent.id)
        [uuid] = self.delay([leaf])
        self.assert_is_retried_soon(uuid)
        self.assertEqual(self.run_job(uuid)["state"], "done")
        bindings = self.read("connector.test.binding", [("name", "=", "Parent")])
        self.assertEqual([binding["id"] for binding in bindings], parent_bindings)
        self.assertEqual(len(self.server.records), 2)

    def test_an_import_of_a_known_record_does_not_wait_for_itself(self):
        """The id is given as number and as text; the binding is committed."""

        class Importer(Component):
            _name = "test.shop.importer"
            _inherit = ["base.importer", "base.test.shop"]

        Importer._build_component(self.components)
        self.bindings("Ada", external_id="1")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                importer = work.component(usage="importer")
                self.assertEqual(ImportLocks(importer).lock([1, "1"]), {})

    def test_a_record_that_another_job_exported_while_we_exported_dependencies(self):
        """After the commit of a dependency, the job sees what others have committed."""
        with self.transaction() as env:
            parent = env["connector.test.contact"].create({"name": "Parent"})
        [leaf] = self.bindings("Leaf", parent_id=parent.id)

        def before_create(data):
            if data["title"] == "Parent":
                with self.transaction() as env:
                    env["connector.test.binding"].browse(leaf).external_id = "77"

        self.server.before_create = before_create
        self.server.records["77"] = {}
        self.assertEqual(self.run_job(self.delay([leaf])[0])["state"], "done")
        self.assertEqual(self.server.calls, [("create", 1), ("write", "77")])
        self.assertEqual(self.binding(leaf)["external_id"], "77")
