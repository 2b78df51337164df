# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Only one job at a time finds records, and each record gets one job."""

from contextlib import contextmanager

from odoo.tools import mute_logger

from odoo.addons.connector.jobs.synchronisation import Synchronisation

from .common import (
    RealJobsCase,
    ShopSource,
    batch_export_components,
    import_components,
)

OPEN = ("wait_dependencies", "pending", "enqueued", "started")


class OneAtATimeCase(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source), *batch_export_components())

    @contextmanager
    def shop(self):
        """Give the shop in a transaction of its own."""
        with self.transaction() as env:
            yield env["connector.test.shop"].browse(self.shop_id)

    def delay_batch(self, method, *args, **kwargs):
        with self.shop() as shop:
            delayed = shop.env["connector.test.binding"].with_delay()
            return getattr(delayed, method)(shop, *args, **kwargs).uuid

    def states(self, method):
        """Return the states of the jobs that call a method, the oldest first."""
        return [job["state"] for job in self.jobs([("method_name", "=", method)])]

    def pending(self, method):
        domain = [("method_name", "=", method), ("state", "=", "pending")]
        [job] = self.jobs(domain)
        return job["uuid"]

    def break_source(self, message="the shop is broken"):
        """Let the searches of the shop fail; return a function that repairs them."""
        search = self.source.search

        def fail(filters):
            raise ValueError(message)

        def repair():
            self.source.search = search

        self.source.search = fail
        return repair


class TestSynchronisations(OneAtATimeCase):
    def synchronise(self):
        with self.shop() as shop:
            return Synchronisation(shop).delay()

    def open_jobs(self):
        return self.jobs([("state", "in", OPEN)])

    def test_a_click_during_the_second_phase_exports_nothing_again(self):
        self.bindings("Ada", "Bob")
        self.assertTrue(self.synchronise())
        self.run_job(self.pending("import_changes"))
        self.assertFalse(self.synchronise())
        self.assertEqual(self.states("import_changes"), ["done"])
        self.assertEqual(self.states("export_batch"), ["pending"])

    def test_a_click_while_the_chunks_wait_exports_nothing_again(self):
        ids = self.bindings("Ada", "Bob")
        self.synchronise()
        self.run_job(self.pending("import_changes"))
        self.run_job(self.pending("export_batch"))
        self.bindings("Cleo")
        self.assertTrue(self.synchronise())
        self.run_job(self.pending("import_changes"))
        self.run_job(self.pending("export_batch"))
        self.run_jobs()
        self.assertEqual(
            sorted(each["title"] for each in self.server.records.values()),
            ["Ada", "Bob", "Cleo"],
        )
        chunks = self.jobs([("method_name", "=", "export_chunk")])
        self.assertEqual([job["record_count"] for job in chunks], [2, 1])
        with self.shop() as shop:
            domain = [("method_name", "=", "export_chunk")]
            jobs = shop.env["queue.job"].search(domain, order="id")
            self.assertEqual(jobs[0].records.ids, ids)

    def test_a_failed_import_lets_the_export_go_on(self):
        self.bindings("Ada")
        repair = self.break_source()
        for _click in range(3):
            self.assertTrue(self.synchronise())
            self.run_jobs()
            self.assertEqual(self.open_jobs(), [])
        self.assertEqual(len(self.server.records), 1)
        self.assertEqual(self.states("import_changes"), ["failed"] * 3)
        repair()
        self.assertTrue(self.synchronise())
        self.run_jobs()
        self.assertEqual(self.states("export_batch"), ["done"] * 4)

    def test_a_failed_import_that_is_requeued_exports_nothing_again(self):
        repair = self.break_source()
        self.synchronise()
        self.run_jobs()
        repair()
        self.synchronise()
        with self.transaction() as env:
            failed = [("method_name", "=", "import_changes"), ("state", "=", "failed")]
            env["queue.job"].search(failed).requeue()
        self.run_jobs()
        self.assertEqual(self.open_jobs(), [])
        self.assertEqual(self.states("export_batch"), ["done"] * 2)

    def test_a_cancelled_import_ends_its_export(self):
        self.synchronise()
        with self.transaction() as env:
            uuid = self.pending("import_changes")
            env["queue.job"].search([("uuid", "=", uuid)]).button_cancelled()
        self.assertEqual(self.open_jobs(), [])
        self.assertTrue(self.synchronise())
        self.assertEqual(len(self.open_jobs()), 2)

    def test_an_import_that_died_lets_the_export_go_on(self):
        """The runner fails such a job with a query of its own."""
        self.synchronise()
        with self.transaction() as env:
            uuid = self.pending("import_changes")
            env.cr.execute(
                "UPDATE queue_job SET state = 'failed' WHERE uuid = %s", [uuid]
            )
        with self.transaction() as env:
            env["connector.cause"]._check()
        self.assertEqual(self.states("export_batch"), ["pending"])

    def test_the_next_click_takes_up_what_waits_for_no_job(self):
        for state in ("done", "failed"):
            self.synchronise()
            with self.transaction() as env:
                uuid = self.pending("import_changes")
                env.cr.execute(
                    "UPDATE queue_job SET state = %s WHERE uuid = %s", [state, uuid]
                )
            self.assertTrue(self.synchronise())
            self.run_job(self.pending("export_batch"))
            self.assertEqual(self.open_jobs(), [])

    def test_the_export_of_a_paused_backend_goes_on_when_it_is_resumed(self):
        self.break_source()
        self.synchronise()
        uuid = self.pending("import_changes")
        with self.shop() as shop:
            state = shop.env["connector.backend.state"].of(shop)
            state.action_pause()
            # It had begun before the pause.
            shop.env["queue.job"].search([("uuid", "=", uuid)]).state = "failed"
        self.assertEqual(self.states("export_batch"), ["wait_dependencies"])
        self.assertFalse(self.synchronise())
        with self.shop() as shop:
            shop.env["connector.backend.state"].of(shop).action_resume()
        self.assertEqual(self.states("export_batch"), ["pending"])

    def test_two_clicks_at_the_same_moment_make_one_run(self):
        with self.shop() as late:
            late.env.cr.execute("SELECT 1")  # Its snapshot is older than the first run.
            late.display_name  # noqa: B018
            with self.shop() as shop:
                first = Synchronisation(shop).delay()
                with self.shop() as second:
                    self.assertFalse(Synchronisation(second).delay())
            self.assertTrue(first)
            self.assertFalse(Synchronisation(late).delay())
        self.assertEqual(self.states("import_changes"), ["pending"])
        self.assertEqual(self.states("export_batch"), ["wait_dependencies"])

    def test_a_click_while_a_schedule_imports_finds_little(self):
        self.source.add(*range(3))
        uuid = self.delay_batch("import_changes")
        self.synchronise()
        self.run_job(uuid)
        self.run_jobs()
        self.assertEqual(sorted(self.source.reads), ["0", "1", "2"])


class TestBatches(OneAtATimeCase):
    """Two jobs that find the same records at the same time."""

    def meet(self, method, *others):
        """Run a second job while the first one has not committed yet.

        :return: the fields of the second job after its first attempt, and at its end
        """
        first, second = (self.delay_batch(method, *args) for args in ((), others))
        with self.shop() as shop:
            getattr(shop.env["connector.test.binding"], method)(shop)
            attempt = self.run_job(second)
        with self.transaction() as env:
            env["queue.job"].search([("uuid", "=", first)]).button_done()
        return attempt, self.run_job(second)

    def test_the_second_import_waits_and_finds_little(self):
        self.source.add(*range(3))
        attempt, end = self.meet("import_batch")
        self.assertEqual(attempt["state"], "pending")
        self.assertEqual(attempt["retry"], 0)
        self.assertEqual(attempt["result"], "Another job is finding the same records.")
        self.assertEqual(
            end["result"],
            "0 records to import, in 0 jobs. 3 more records have a job that waits or "
            "runs.",
        )
        self.run_jobs()
        self.assertEqual(sorted(self.source.reads), ["0", "1", "2"])

    def test_the_second_export_waits_and_finds_little(self):
        ids = self.bindings("Ada", "Bob")
        attempt, end = self.meet("export_batch")
        self.assertEqual(attempt["state"], "pending")
        self.assertIn("2 more records", end["result"])
        self.run_jobs()
        self.assertEqual(len(self.server.records), len(ids))
        self.assertEqual(self.states("export_chunk"), ["done"])

    def test_imports_with_other_filters_do_not_wait(self):
        attempt, _end = self.meet("import_batch", {"color": "red"})
        self.assertEqual(attempt["state"], "done")

    def test_an_import_that_has_begun_is_no_reason_to_leave_records_out(self):
        """It may have read a record before its last change."""
        self.source.add(1)
        self.run_job(self.delay_batch("import_batch"))
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET state = 'started' WHERE method_name = %s",
                ["import_chunk"],
            )
        result = self.run_job(self.delay_batch("import_batch"))["result"]
        self.assertEqual(result, "1 record to import, in 1 job.")

    def test_an_export_that_failed_is_done_again(self):
        self.bindings("Ada")
        self.run_job(self.delay_batch("export_batch"))
        with self.transaction() as env:
            env["queue.job"].search([("method_name", "=", "export_chunk")]).write(
                {"state": "failed"}
            )
        self.run_job(self.delay_batch("export_batch"))
        self.run_jobs()
        self.assertEqual(len(self.server.records), 1)

    def test_other_fields_of_a_record_get_a_job_of_their_own(self):
        self.bindings("Ada", external_id="7")
        counts = []
        for names in (["name"], ["name"], ["email"], None, ["age"]):
            self.run_job(self.delay_batch("export_batch", [], names))
            counts.append(len(self.states("export_chunk")))
        self.assertEqual(counts, [1, 1, 2, 3, 3])

    def test_direct_calls_do_not_wait_for_themselves(self):
        self.source.add(1)
        self.bindings("Ada")
        with self.shop() as shop:
            for _twice in range(2):
                model = shop.env["connector.test.binding"]
                imported = model.import_batch(shop)
                exported = model.export_batch(shop)
        self.assertIn("1 record to import", imported)
        self.assertIn("1 record to export", exported)

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_a_batch_that_fails_releases_its_lock(self):
        repair = self.break_source()
        self.assertEqual(
            self.try_job(self.delay_batch("import_batch"))["state"], "failed"
        )
        repair()
        self.assertEqual(
            self.run_job(self.delay_batch("import_batch"))["state"], "done"
        )
