# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import SQL

from ..exception import InvalidDataError
from .common import (
    BulkExports,
    ImportCase,
    RealJobsCase,
    ShopCase,
    batch_export_components,
)


class RunCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.batch = self.model.with_delay().import_batch(self.shop).db_record()
        self.run_id = self.batch.run_id.id

    def finish(self, job, state="done", **counts):
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
            {
                "state": state,
                "outcome_counts": counts or False,
                "date_done": self.env.cr.now() if state == "done" else False,
                "date_cancelled": (
                    self.env.cr.now() if state == "cancelled" else False
                ),
            }
        )

    def chunk(self, *external_ids):
        with self.env["queue.job"].within_run_of(self.batch):
            job = self.model.with_delay().import_chunk(self.shop, list(external_ids))
        return job.db_record()

    def states(self):
        jobs = self.env["queue.job"].search([("run_id", "=", self.run_id)])
        return jobs.mapped("state")

    @property
    def the_run(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["connector.run"].browse(self.run_id)


class TestFigures(RunCase):
    def test_a_run_runs_until_its_last_job_has_ended(self):
        chunks = [self.chunk("1", "2"), self.chunk("3", "4")]
        self.finish(self.batch)
        run = self.the_run
        self.assertEqual((run.state, run.records, run.handled), ("running", 4, 0))
        self.assertFalse(run.ended)
        self.finish(chunks[0], created=1, updated=1)
        run = self.the_run
        self.assertEqual((run.state, run.progress), ("running", 50))
        self.finish(chunks[1], unchanged=1, skipped=1)
        run = self.the_run
        self.assertEqual((run.state, run.progress, run.handled), ("done", 100, 4))
        self.assertEqual(
            (run.created, run.updated, run.unchanged, run.skipped), (1, 1, 1, 1)
        )
        self.assertTrue(run.ended)

    def test_a_record_that_is_retried_alone_counts_once(self):
        chunk = self.chunk("1", "2", "3")
        self.finish(self.batch)
        self.finish(chunk, created=2, failed=1)
        with self.env["queue.job"].within_run_of(self.batch):
            alone = self.model.with_delay().import_record(self.shop, "3").db_record()
        run = self.the_run
        self.assertEqual((run.records, run.handled, run.retried_alone), (3, 2, 1))
        self.assertEqual((run.state, run.failed), ("running", 0))
        self.finish(alone, "failed")
        run = self.the_run
        self.assertEqual((run.records, run.handled), (3, 2))
        self.assertEqual((run.state, run.failed), ("failed", 1))
        self.finish(alone, created=1)
        run = self.the_run
        self.assertEqual((run.records, run.handled, run.created), (3, 3, 3))
        self.assertEqual((run.state, run.progress, run.failed), ("done", 100, 0))

    def test_a_run_that_finds_nothing_is_done(self):
        self.finish(self.batch)
        run = self.the_run
        self.assertEqual((run.state, run.records, run.progress), ("done", 0, 100))

    def test_runs_that_found_nothing_are_folded(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "connector.connector_run_action"
        )
        self.assertIn("search_default_found", action["context"])
        self.assertFalse(self.the_run.is_empty)  # It may find something yet.
        self.finish(self.batch, "failed")
        self.assertFalse(self.the_run.is_empty)
        self.finish(self.batch)
        self.assertTrue(self.the_run.is_empty)
        self.chunk("1")
        self.assertFalse(self.the_run.is_empty)

    def test_each_record_is_in_one_column(self):
        self.finish(self.batch)
        self.finish(
            self.chunk(*map(str, range(10))),
            created=1,
            adopted=1,
            updated=1,
            unchanged=1,
            deleted=1,
            skipped=1,
            gone=1,
            postponed=2,
            failed=1,
        )
        self.finish(self.chunk("11", "12"), "failed")
        self.finish(self.chunk("13", "14", "15"), "cancelled")
        with self.env["queue.job"].within_run_of(self.batch):
            alone = [
                self.model.with_delay().import_record(self.shop, id_).db_record()
                for id_ in "789"
            ]
        self.finish(alone[0], updated=1)
        self.finish(alone[1], "failed")
        run = self.the_run
        self.assertEqual(run.records, 15)
        parts = (run.handled, run.to_do, run.failed, run.cancelled)
        self.assertEqual(parts, (8, 1, 3, 3))
        outcomes = ("created", "linked", "updated", "unchanged", "deleted", "skipped")
        self.assertEqual([run[name] for name in outcomes], [1, 1, 2, 1, 1, 2])
        self.assertEqual(run.retried_alone, 3)

    def test_records_of_a_method_that_returns_no_outcome_are_handled(self):
        self.finish(self.batch)
        self.finish(self.chunk("1", "2"))
        run = self.the_run
        self.assertEqual((run.records, run.handled, run.created), (2, 2, 0))

    def test_a_run_of_a_paused_backend_is_paused(self):
        self.chunk("1")
        state = self.env["connector.backend.state"].of(self.shop)
        self.addCleanup(self.env.registry.clear_cache)
        state.action_pause()
        self.assertEqual(self.the_run.state, "paused")
        state.action_resume()
        self.assertEqual(self.the_run.state, "running")

    def test_jobs_that_wait_for_a_failed_one_do_not_run(self):
        first = self.model.delayable().import_chunk(self.shop, ["1"])
        second = self.model.delayable().import_chunk(self.shop, ["2"])
        with self.env["queue.job"].within_run_of(self.batch):
            first.on_done(second).delay()
        self.finish(self.batch)
        self.assertEqual(self.the_run.state, "running")
        self.finish(first._generated_job.db_record(), "failed")
        run = self.the_run
        self.assertEqual((run.state, run.failed, run.to_do), ("failed", 1, 1))
        self.assertTrue(run.ended)

    def test_the_speed_is_measured_over_the_duration(self):
        self.batch.run_id.started -= timedelta(seconds=90)
        self.finish(self.batch)
        self.finish(self.chunk(*map(str, range(180))), created=180)
        run = self.the_run
        self.assertAlmostEqual(run.duration, 90 / 3600, delta=0.001)
        self.assertAlmostEqual(run.speed, 2, delta=0.1)

    def test_lists_count_and_filter_by_what_is_derived(self):
        self.finish(self.batch)
        self.finish(self.chunk("1", "2"), created=2)
        self.env.flush_all()
        runs = self.env["connector.run"]
        domain = [("id", "=", self.run_id), ("state", "=", "done")]
        [[direction, created]] = runs._read_group(
            domain, ["direction"], ["created:sum"]
        )
        self.assertEqual((direction, created), ("import", 2))

    def test_a_page_reads_only_the_jobs_of_its_runs(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
        )
        runs = self.env["connector.run"]
        query = runs._search([], limit=80, order=runs._order)
        query = query.select(SQL("connector_run.records"))
        self.env.cr.execute(SQL("EXPLAIN %s", query))
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertIn("Nested Loop", plan)
        self.assertIn("queue_job__run_id_index", plan)
        self.assertNotIn("Sort", plan)

    def test_to_count_the_runs_no_job_is_read(self):
        self.env.flush_all()
        runs = self.env["connector.run"]
        counted = runs._search([]).select(SQL("count(*)"))
        self.env.cr.execute(SQL("EXPLAIN %s", counted))
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertNotIn("queue_job", plan)
        self.assertIn("connector_run_start", plan)

    def test_a_user_with_few_rights_groups_runs_in_all_ways(self):
        self.grant("connector.group_connector_user")
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        self.finish(self.chunk("1"), created=1)
        self.env.flush_all()
        runs = self.env["connector.run"].with_user(user)
        view = runs.get_view(view_type="search")["arch"]
        for group in re.findall("'group_by': '(.*?)'", view):
            with self.subTest(group):
                groups = runs.web_read_group(
                    [], [group], aggregates=["created:sum"], auto_unfold=True
                )["groups"]
                self.assertEqual([each["created:sum"] for each in groups], [1])
        fields = re.findall(
            '<field name="(.*?)"', runs.get_view(view_type="list")["arch"]
        )
        specification = {
            name: {"fields": {"display_name": {}}}
            if runs._fields[name].type == "many2one"
            else {}
            for name in fields
        }
        [row] = runs.web_search_read([], specification)["records"]
        self.assertEqual(row["model_id"]["display_name"], self.model._description)
        self.assertEqual(row["origin"], self.env.user.name)

    def test_the_words_say_who_and_what(self):
        run = self.the_run
        self.assertEqual(run.origin, self.env.user.name)
        self.assertEqual(run.backend_name, self.shop.name)
        self.assertIn(self.shop.name, run.title)
        self.assertEqual(run.model_id.model, self.model._name)
        self.assertIn(self.model._description, run.title)


class TestFailuresOfARun(RunCase):
    def failed(self, cause, backend_job=None, **values):
        job = backend_job or self.chunk("1")
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
            {"state": "failed", "cause": cause, "cause_class": "record", **values}
        )

    def test_only_the_causes_of_its_jobs_are_shown(self):
        self.failed("The shop refuses it.")
        other = self.model.with_delay().import_record(self.shop, "7").db_record()
        self.failed("The shop is closed.", other)
        run = self.the_run
        self.assertEqual(run.troubled_jobs, 1)
        action = run.action_open_failures()
        failures = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(failures.mapped("cause"), ["The shop refuses it."])

    def test_an_interrupted_job_is_shown_as_such(self):
        self.failed("The shop refuses it.", exc_name="JobFoundDead")
        self.failed(False, self.chunk("2"), exc_name="LostConnection")
        action = self.the_run.action_open_failures()
        failures = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            set(failures.mapped("cause")), {"JobFoundDead", "LostConnection"}
        )


class TestCancel(RunCase):
    def test_what_has_not_begun_is_cancelled(self):
        running, waiting = self.chunk("1"), self.chunk("2")
        self.finish(self.batch)
        self.finish(running, "started")
        self.the_run.action_cancel()
        self.assertEqual((running.state, waiting.state), ("started", "cancelled"))
        self.assertIn(self.env.user.name, waiting.result)
        self.finish(running, created=1)
        run = self.the_run
        self.assertEqual((run.state, run.progress), ("cancelled", 100))
        self.assertEqual((run.records, run.handled, run.cancelled), (2, 1, 1))

    def test_the_jobs_that_wait_for_a_cancelled_one_are_cancelled_too(self):
        with self.env["queue.job"].within_run_of(self.batch):
            first = self.model.delayable().import_chunk(self.shop, ["1"])
            second = self.model.delayable().import_chunk(self.shop, ["2"])
            first.on_done(second).delay()
        action = self.the_run.action_cancel()
        self.assertIn("Cancelled jobs: 3", action["params"]["message"])
        self.assertEqual(self.states(), ["cancelled"] * 3)

    def test_a_run_whose_jobs_have_begun_says_so(self):
        self.finish(self.batch, "started")
        with self.assertRaisesRegex(UserError, "have begun already"):
            self.the_run.action_cancel()

    def test_managers_cancel_and_users_do_not(self):
        self.grant("connector.group_connector_user")
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        run = self.the_run.with_user(user)
        self.assertEqual(run.state, "running")
        with self.assertRaises(AccessError):
            run.action_cancel()
        manager = new_test_user(
            self.env, "boss", groups="connector.group_connector_manager"
        )
        run.with_user(manager).action_cancel()
        self.assertEqual(self.batch.state, "cancelled")

    def test_runs_of_backends_that_a_user_may_not_read_are_hidden(self):
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        runs = self.env["connector.run"].with_user(user)
        self.assertNotIn(self.run_id, runs.search([]).ids)
        with self.assertRaises(AccessError):
            self.the_run.with_user(user).read(["created"])
        portal = new_test_user(self.env, "guest", groups="base.group_portal")
        with self.assertRaises(AccessError):
            runs.with_user(portal).search([])

    def test_another_company_does_not_see_the_run(self):
        self.grant("connector.group_connector_user")
        company = self.env["res.company"].create({"name": "Other"})
        self.batch.run_id.sudo().company_id = company
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        self.env.flush_all()
        runs = self.env["connector.run"].with_user(user)
        self.assertNotIn(self.run_id, runs.search([]).ids)


class TestOldRuns(RunCase):
    def test_a_run_goes_when_its_jobs_are_gone(self):
        start = self.batch.run_id
        start.started -= timedelta(days=31)
        self.env.flush_all()
        starts = self.env["connector.run.start"]
        starts._gc_old()
        self.assertTrue(start.exists())
        self.batch.unlink()
        starts._gc_old()
        self.assertFalse(start.exists())

    def test_a_young_run_stays(self):
        start = self.batch.run_id
        self.batch.unlink()
        self.env["connector.run.start"]._gc_old()
        self.assertTrue(start.exists())


class TestBeginnings(ImportCase):
    """Each batch begins one run, however it is called."""

    def starts(self):
        return self.env["connector.run.start"].search(
            [("backend_id", "=", self.shop.id)]
        )

    def test_a_component_that_a_scheduled_action_calls_begins_a_run(self):
        self.source.add(1, 2, 3)
        self.component("batch.importer").run(chunk_size=2)
        start = self.starts()
        self.assertEqual(len(start), 1)
        jobs = self.env["queue.job"].search([("run_id", "=", start.id)])
        self.assertEqual(sorted(jobs.mapped("record_count")), [1, 2])

    def test_so_does_a_batch_export(self):
        self.build(*batch_export_components())
        self.binding("Ada")
        self.component("batch.exporter").run()
        self.assertEqual(self.starts().mapped("direction"), ["export"])


class TestRealRuns(BulkExports, RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def start(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            return env["connector.test.binding"].with_delay().export_batch(shop).uuid

    def run_of(self, job):
        [run] = self.read("connector.run", [("id", "=", job["run_id"][0])])
        return run

    def run_all(self, run):
        """Run the jobs of a run until none is left; return the run."""
        unfinished = [("run_id", "=", run["id"]), ("state", "=", "pending")]
        while jobs := self.read("queue.job", unfinished):
            try:
                self.run_job(jobs[-1]["uuid"])
            except InvalidDataError:
                continue
        return self.read("connector.run", [("id", "=", run["id"])])[0]

    def test_a_real_run_with_a_record_that_fails(self):
        self.bindings("Ada", "Bob", "Refused")

        def _validate_create_data(exporter, data):
            if data["title"] == "Refused":
                raise InvalidDataError("The shop refuses 'Refused'.")

        self.override(_validate_create_data=_validate_create_data)
        run = self.run_of(self.run_job(self.start()))
        self.assertEqual((run["state"], run["records"]), ("running", 3))
        with self.assertLogs("odoo.addons.queue_job", "ERROR"):
            run = self.run_all(run)
        self.assertEqual(run["state"], "failed")
        counts = {name: run[name] for name in ("created", "retried_alone", "failed")}
        self.assertEqual(counts, {"created": 2, "retried_alone": 1, "failed": 1})
        self.assertEqual((run["records"], run["handled"]), (3, 2))

    def test_a_batch_job_that_runs_twice_stays_one_run(self):
        self.bindings("Ada")
        uuid = self.start()
        self.run_job(uuid)
        self.run_job(uuid)
        with self.transaction() as env:
            self.assertEqual(env["connector.run.start"].search_count([]), 1)
