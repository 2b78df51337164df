# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that come with their data, such as the lines of a file."""

from datetime import timedelta
from decimal import Decimal
from functools import partialmethod
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tools import SQL, mute_logger

from odoo.addons.connector.components.importer.delivered import (
    COMPLETE,
    Deleted,
    Delivered,
    Unreadable,
)
from odoo.addons.connector.components.importer.missing import TooManyMissingError
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.connector.components.webhook.component import Webhook
from odoo.addons.connector.exception import ConnectorException, InvalidDataError
from odoo.addons.queue_job.job import Job

from .common import ImportCase, noted_queries, override
from .comparison_case import ComparisonCase
from .import_cases import BATCH_IMPORTER, Deliveries, ImportJobsCase
from .kills import Killed, killed_at
from .preview_case import PreviewCase
from .webhooks import DELETED, WebhookCase, announcement, standard_headers

TABLE = "connector.delivered.record"


class TestDelivered(Deliveries, ImportCase):
    def setUp(self):
        super().setUp()
        self.deliver_by()
        self.since = self.env["queue.job"].search([], order="id desc", limit=1).id or 0

    def deliver(self, *records):
        """Deliver records; return the result."""
        self.yielded = records
        return self.model.import_batch(self.shop)

    def new_jobs(self):
        jobs = self.env["queue.job"].search([("id", ">", self.since)], order="id")
        self.since = max(jobs.ids, default=self.since)
        return jobs

    def run_new_jobs(self):
        """Run the jobs that were made since the last call; return their results."""
        results = []
        for job in self.new_jobs():
            results.append(Job.load(self.env, job.uuid).perform())
            job.state = "done"
        return results

    def rows(self):
        """Return the kinds of the rows, by the external ids."""
        self.env.invalidate_all()
        rows = self.env[TABLE].search([], order="id")
        return {row.external_id: row.kind for row in rows}

    def names(self):
        self.env.invalidate_all()
        found = self.model.search([("external_id", "!=", False)])
        return {each.external_id: each.name for each in found}

    def test_the_import_takes_what_was_delivered(self):
        result = self.deliver(*self.contacts("1", 2), ("3", {"title": "Three"}))
        self.assertEqual(result, "3 records to import, in 1 job.")
        self.assertEqual(self.rows(), {"1": "data", "2": "data", "3": "data"})
        self.assertEqual(self.run_new_jobs(), ["3 created."])
        self.assertEqual(
            self.names(), {"1": "Contact 1", "2": "Contact 2", "3": "Three"}
        )
        self.assertEqual(self.rows(), dict.fromkeys("123", "done"))
        rows = self.env[TABLE].search([])
        self.assertEqual(rows.mapped("data"), [False] * 3)

    def test_no_data_is_in_the_arguments_of_a_job(self):
        self.deliver(*self.contacts("1", mail="ada@example.com"))
        for job in self.new_jobs():
            self.assertNotIn("example.com", f"{job.args} {job.kwargs} {job.name}")

    def test_the_same_data_causes_neither_a_row_nor_a_job(self):
        records = self.contacts(*map(str, range(100)))
        self.deliver(*records)
        self.run_new_jobs()
        self.env[TABLE].search([]).unlink()
        self.env.flush_all()
        with noted_queries() as queries:
            result = self.deliver(*records)
        self.assertEqual(
            result, "0 records to import, in 0 jobs. 100 records are unchanged."
        )
        self.assertFalse(self.new_jobs())
        self.assertEqual(self.rows(), {})
        of_chunk = [
            query
            for query in queries
            if "connector_test_binding" in query or "delivered_record" in query
        ]
        self.assertLessEqual(len(of_chunk), 3, of_chunk)
        with noted_queries() as more:
            self.deliver(*records[:5])
        self.assertEqual(len(more), len(queries))

    def test_changed_data_is_imported(self):
        self.deliver(*self.contacts("1", "2"))
        self.run_new_jobs()
        result = self.deliver(*self.contacts("1"), ("2", {"title": "Two"}))
        self.assertEqual(result, "1 record to import, in 1 job. 1 record is unchanged.")
        self.assertEqual(self.run_new_jobs(), ["1 updated."])
        self.assertEqual(self.names(), {"1": "Contact 1", "2": "Two"})

    def test_the_newest_of_several_deliveries_counts(self):
        self.deliver(*self.contacts("1"))
        self.deliver(("1", {"title": "Second"}), ("1", {"title": "Third"}))
        self.assertEqual(
            self.run_new_jobs(),
            ["1 created.", "1 unchanged."],
        )
        self.assertEqual(self.names(), {"1": "Third"})
        self.assertEqual(self.rows(), {"1": "done"})

    def test_data_as_in_odoo_replaces_other_data_that_waits(self):
        self.deliver(*self.contacts("1"))
        self.run_new_jobs()
        self.deliver(("1", {"title": "Wrong"}))
        self.deliver(*self.contacts("1"))
        self.run_new_jobs()
        self.assertEqual(self.names(), {"1": "Contact 1"})

    def test_an_earlier_delivery_that_arrives_late_is_not_imported(self):
        late, early = self.env.cr.now().replace(year=2031), self.env.cr.now()
        table = self.env[TABLE]
        rows = {
            title: ("1", "data", None, f'{{"title": "{title}"}}', None)
            for title in ("Old", "New")
        }
        table.store(self.shop, self.model._name, late, [rows["New"]])
        self.import_record("1")
        table.store(self.shop, self.model._name, early, [rows["Old"]])
        self.assertIn("imported or removed before", self.import_record("1"))
        self.assertEqual(self.names(), {"1": "New"})

    def test_the_same_data_that_waits_gets_no_second_job(self):
        self.deliver(*self.contacts("1"))
        self.env["queue.job"].flush_model()
        result = self.deliver(*self.contacts("1"))
        self.assertIn("1 more record has a job", result)

    def test_a_bad_record_keeps_its_data_and_others_are_imported(self):
        self.deliver(*self.contacts("1"), ("2", {"title": "Unmappable"}))
        [result] = self.run_new_jobs()
        self.assertIn("1 created, 1 failed.", result)
        self.assertEqual(self.rows(), {"1": "done", "2": "data"})
        self.deliver(*self.contacts("2"))
        self.run_new_jobs()
        self.assertEqual(self.rows(), {"1": "done", "2": "done"})

    def test_an_unreadable_record_fails_with_its_reason(self):
        self.deliver(
            *self.contacts("1"),
            Unreadable("2", "The price 'x' is not a number."),
            Unreadable(None, "The line has 2 columns, not 3.", "Line 9 of a.csv"),
            ("3", {"price": Decimal(1)}),
        )
        [result] = self.run_new_jobs()
        self.assertIn("1 created, 3 failed.", result)
        self.assertIn("The price 'x' is not a number.", result)
        self.assertIn("Line 9 of a.csv", result)
        self.assertIn("that JSON cannot hold", result)
        self.assertEqual(self.names(), {"1": "Contact 1"})

    def test_people_see_the_name_of_a_record(self):
        self.deliver(Delivered("2", {"title": "Unmappable"}, "Line 17 of a.csv"))
        [result] = self.run_new_jobs()
        self.assertIn("Record 2 (Line 17 of a.csv) failed", result)
        [job] = self.new_jobs()
        self.assertEqual(job.name, "Import record 2 (Line 17 of a.csv) alone")

    def test_a_connector_names_its_records(self):
        self.override(_record_name=lambda importer: importer.external_record["title"])
        self.deliver(("2", {"title": "Unmappable"}), Unreadable("3", "No price."))
        [result] = self.run_new_jobs()
        self.assertIn("Record 2 (Unmappable) failed", result)
        self.assertIn("Record 3 failed", result)

    def test_an_import_that_only_updates_creates_nothing(self):
        self.binding("Ada", external_id="1")
        self.override(_only_updates=True)
        self.deliver(*self.contacts("2", friend="9"), *self.contacts("1", "9"))
        [result] = self.run_new_jobs()
        self.assertIn("1 updated, 2 failed.", result)
        self.assertIn("Record 2 (Line 2) failed", result)
        self.assertIn("this import only updates records", result)
        self.assertEqual(self.names(), {"1": "Contact 1"})
        self.assertEqual(self.rows(), {"1": "done", "2": "data", "9": "data"})
        self.binding("Bob", external_id="2")
        self.binding("Nine", external_id="9")
        self.import_record("2")
        self.assertEqual(self.names()["2"], "Contact 2")

    def test_an_import_that_only_updates_links_what_it_finds(self):
        ada = self.contact("Contact 1")

        def _match_existing(importer):
            name = importer.external_record["title"]
            return importer.env["connector.test.contact"].search([("name", "=", name)])

        self.override(_only_updates=True, _match_existing=_match_existing)
        self.deliver(*self.contacts("1", "2"))
        [result] = self.run_new_jobs()
        self.assertIn("1 linked with an existing record, 1 failed.", result)
        self.assertEqual(self.imported("1").odoo_id, ada)
        self.assertEqual(self.names(), {"1": "Contact 1"})

    def test_a_record_that_is_not_delivered_cannot_be_read(self):
        with self.assertRaisesRegex(ConnectorException, "cannot be asked for record 7"):
            self.import_record("7")
        self.assertIn("cannot be asked for record 8", self.run_chunk("7", "8"))

    def test_the_adapter_reads_what_is_not_delivered_if_it_can(self):
        self.override(_base_backend_adapter_usage="backend.adapter")
        self.source.add("7")
        self.import_record("7")
        self.assertEqual(self.names(), {"7": "Contact 7"})
        self.deliver(("7", {"title": "Delivered"}))
        self.run_new_jobs()
        self.assertEqual(self.names(), {"7": "Delivered"})

    def test_dependencies_are_taken_from_the_same_delivery(self):
        self.deliver(*self.contacts("1", friend="2"), *self.contacts("2"))
        self.assertEqual(self.run_new_jobs(), ["2 created."])
        self.assertEqual(self.imported("1").friend_id, self.imported("2"))
        self.assertEqual(self.rows(), {"1": "done", "2": "done"})

    def test_a_record_that_lost_a_reference_gets_it_back(self):
        """Its own data is the same: only the record that it needs was gone."""

        def delivered_as_gone(when_gone):
            self.override(_when_gone=when_gone)
            self.deliver(Deleted("2"))

        records = [*self.contacts("1", friend="2"), *self.contacts("2")]
        for title, delete in {
            "the link": lambda: delivered_as_gone(None),
            "the record": lambda: delivered_as_gone("delete"),
            "by a user": lambda: self.imported("2").odoo_id.unlink(),
            "the link, by a user": lambda: self.imported("2").unlink(),
        }.items():
            with self.subTest(title):
                self.deliver(*records)
                self.run_new_jobs()
                self.assertTrue(self.imported("1").friend_id)
                delete()
                self.cr.postcommit.clear()  # Another transaction begins.
                self.run_new_jobs()
                self.assertFalse(self.imported("1").friend_id)
                self.deliver(*records)
                self.run_new_jobs()
                self.assertTrue(self.imported("2"))
                self.assertEqual(self.imported("1").friend_id, self.imported("2"))

    def test_an_importer_has_to_declare_it(self):
        self.override(_has_deliveries=False)
        with self.assertRaisesRegex(ConnectorException, "_has_deliveries"):
            self.deliver(*self.contacts("1"))

    def test_importers_without_deliveries_do_not_look_for_them(self):
        self.override(
            _has_deliveries=False, _base_backend_adapter_usage="backend.adapter"
        )
        self.source.add("1", "2")
        with noted_queries() as queries:
            self.deliver("1", "2")
            self.run_new_jobs()
        self.assertFalse([query for query in queries if "delivered_record" in query])

    def test_the_data_goes_with_the_backend_or_the_link(self):
        self.deliver(*self.contacts("1", "2"))
        self.run_new_jobs()
        self.deliver(*self.contacts("1", "2", years=3))
        self.imported("1").unlink()
        self.assertEqual(self.rows(), {"1": "done", "2": "data"})
        self.model.search([]).unlink()
        self.deliver(*self.contacts("3"))
        reference = {"backend_model": self.shop._name, "backend_id": self.shop.id}
        names = {"model_name": self.model._name, "name": "prices.csv"}
        file = self.env["connector.file"].create({**reference, **names})
        self.shop.unlink()
        self.assertEqual(self.rows(), {})
        self.assertFalse(file.exists())

    def test_odd_texts_are_kept(self):
        odd = "a\0\ud800 \u2028ä"
        self.deliver(("1", {"title": "Fine", "other": odd}), (odd, {"title": "x"}))
        [result] = self.run_new_jobs()
        self.assertIn("1 created, 1 failed.", result)

    def test_what_nobody_needs_is_deleted(self):
        self.deliver(*self.contacts("A-1", "B-2"), ("C-3", {"title": "Unmappable"}))
        self.new_jobs().write({"state": "cancelled"})
        self.deliver(("D-4", {"title": "Unmappable"}))
        table = self.env[TABLE]
        table._gc_unneeded()
        self.assertEqual(len(self.rows()), 4)
        self.env.cr.execute(
            "UPDATE connector_delivered_record"
            " SET delivered = delivered - interval '2 days'"
        )
        table._gc_unneeded()
        self.assertEqual(self.rows(), {"D-4": "data"})
        self.run_new_jobs()
        table._gc_unneeded()
        self.assertEqual(self.rows(), {"D-4": "data"})


class TestCompleteDeliveries(Deliveries, ImportCase):
    """These ids are all there is."""

    deliver = TestDelivered.deliver
    new_jobs = TestDelivered.new_jobs
    run_new_jobs = TestDelivered.run_new_jobs
    rows = TestDelivered.rows
    names = TestDelivered.names

    def setUp(self):
        super().setUp()
        self.deliver_by()
        self.since = self.env["queue.job"].search([], order="id desc", limit=1).id or 0
        self.build(override(BATCH_IMPORTER, _most_missing=0.5))
        self.deliver(*self.contacts("1", "2", "3", "4"), COMPLETE)
        self.run_new_jobs()

    def test_missing_records_lose_their_links(self):
        ada = self.imported("3").odoo_id
        result = self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.assertIn("Missing records to remove: 1.", result)
        self.assertEqual(self.run_new_jobs(), ["1 deleted."])
        self.assertEqual(self.names().keys(), {"1", "2", "4"})
        self.assertTrue(ada.exists())
        self.assertEqual(self.rows()["3"], "done")

    def test_nothing_is_removed_without_the_end_mark(self):
        self.deliver(*self.contacts("1"))
        self.deliver(*self.contacts("1"), COMPLETE, *self.contacts("2"))
        self.assertFalse(self.new_jobs())

    def test_records_whose_lines_cannot_be_read_stay(self):
        self.deliver(*self.contacts("1", "2", "4"), Unreadable("3", "Bad."), COMPLETE)
        self.run_new_jobs()
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})

    def test_nothing_is_removed_if_the_id_of_a_line_is_unknown(self):
        bad = Unreadable(None, "2 columns, not 3.", "Line 3")
        for each in (bad, ("", {"title": "Empty"}), None):
            result = self.deliver(*self.contacts("1"), each, COMPLETE)
            self.assertIn("Nothing is removed", result)
            self.run_new_jobs()
            self.new_jobs()
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})

    def test_a_record_that_the_next_delivery_contains_stays(self):
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.deliver(*self.contacts("1", "2", "3", "4"), COMPLETE)
        self.assertEqual(self.run_new_jobs(), ["1 unchanged."] * 2)
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})

    def test_a_record_that_was_synchronised_since_stays(self):
        moment = self.imported("3").sync_date - timedelta(seconds=1)
        self.build(override(BATCH_IMPORTER, _delivered_at=lambda importer: moment))
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.assertFalse(self.new_jobs())

    def test_records_may_be_archived(self):
        self.override(_when_gone="archive")
        ada = self.imported("3").odoo_id
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.assertEqual(self.run_new_jobs(), ["1 deleted."])
        self.assertFalse(ada.active)
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.assertFalse(self.new_jobs())
        self.deliver(*self.contacts("1", "2", "3", "4"), COMPLETE)
        self.assertEqual(self.run_new_jobs(), ["1 updated."])
        self.assertTrue(ada.active)
        self.assertEqual(self.imported("3").odoo_id, ada)
        ada.active = False  # by a user
        self.deliver(("3", {"title": "Other"}))
        self.run_new_jobs()
        self.assertFalse(ada.active)

    def test_records_are_archived_as_people_do(self):
        """Some kinds of record archive others with them."""
        self.override(_when_gone="archive")
        ada = self.imported("3").odoo_id
        bob = ada.create({"name": "Bob", "parent_id": ada.id})
        model = type(ada)
        archive, unarchive = model.action_archive, model.action_unarchive

        def with_children(contacts, active, act):
            contacts.with_context(active_test=False).child_ids.active = active
            return act(contacts)

        own = {
            "action_archive": partialmethod(with_children, False, archive),
            "action_unarchive": partialmethod(with_children, True, unarchive),
        }
        self.enterContext(patch.multiple(model, **own))
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.run_new_jobs()
        self.assertFalse(bob.active)
        self.deliver(*self.contacts("1", "2", "3", "4"), COMPLETE)
        self.run_new_jobs()
        self.assertTrue(bob.active)

    def test_records_may_be_deleted(self):
        self.override(_when_gone="delete")
        ada = self.imported("3").odoo_id
        self.deliver(*self.contacts("1", "2", "4"), COMPLETE)
        self.run_new_jobs()
        self.assertFalse(ada.exists())

    def test_an_api_is_asked_before_a_record_is_removed(self):
        self.override(_base_backend_adapter_usage="backend.adapter")
        self.source.add("3")
        self.deliver("1", "2", COMPLETE)
        self.new_jobs().filtered(
            lambda job: job.args[1] == ["1", "2"]
        ).state = "cancelled"
        for job in self.jobs("import_chunk").filtered(lambda j: j.state == "pending"):
            result = Job.load(self.env, job.uuid).perform()
        self.assertEqual(self.source.reads[-2:], ["3", "4"])
        self.assertIn("1 deleted", result)
        self.assertEqual(self.names().keys(), {"1", "2", "3"})

    def ask(self):
        """Deliver a file from which too many are missing; return the asking job."""
        result = self.deliver(*self.contacts("1"), COMPLETE)
        self.assertIn("Missing records: 3. A failure asks", result)
        [job] = self.new_jobs()
        self.assertEqual(job.method_name, "import_missing")
        with self.assertRaisesRegex(TooManyMissingError, "Retry to remove them"):
            Job.load(self.env, job.uuid).perform()
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})
        job.state = "failed"
        job.kept_data = TooManyMissingError.kept_by_failure
        return job

    def reply(self, job):
        """Retry a job, as a person does; return its result."""
        job.requeue()
        self.env.flush_all()
        self.model = self.model.with_context(job_uuid=job.uuid)
        result = self.model.import_missing(self.shop, job.args[1])
        job.state = "done"
        return result

    def test_a_person_is_asked_if_too_many_are_missing(self):
        job = self.ask()
        self.assertIn("to remove: 3.", self.reply(job))
        self.assertEqual(self.run_new_jobs(), ["3 deleted."])
        self.assertEqual(self.names().keys(), {"1"})

    def test_the_next_delivery_ends_the_question(self):
        job = self.ask()
        self.deliver(*self.contacts("1", "2", "3", "4"), COMPLETE)
        self.assertEqual(job.state, "done")
        self.assertIn("a later delivery has dealt with", self.reply(job))
        self.run_new_jobs()
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})

    def test_what_was_asked_is_not_done_without_a_reply(self):
        self.ask()
        self.import_record("2", external_record={"title": "Contact 2"})
        self.assertIn("imported or removed before", self.import_record("3"))
        self.assertEqual(self.names().keys(), {"1", "2", "3", "4"})


class TestDeliveredInJobs(Deliveries, ImportJobsCase):
    def setUp(self):
        super().setUp()
        self.deliver_by()

    def deliver(self, *records):
        """Deliver records with a job; return its fields."""
        return self.run_job(self.delay_delivery(*records))

    def delay_delivery(self, *records):
        self.yielded = records
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            return env["connector.test.binding"].with_delay().import_batch(shop).uuid

    def rows(self):
        return {row["external_id"]: row["kind"] for row in self.read(TABLE, [])}

    def test_other_imports_commit_no_more_often(self):
        self.hook(_has_deliveries=False, _base_backend_adapter_usage="backend.adapter")
        counts, commit = [], Cursor.commit
        for force in (False, True):
            self.source.add("1", "2")
            uuid, commits = self.delay_import("1", "2", force=force), []

            def counted(cursor, commits=commits):
                commits.append(cursor)
                commit(cursor)

            with patch.object(Cursor, "commit", counted):
                self.run_job(uuid)
            counts.append(len(commits))
        self.assertEqual(counts, [10, 9])

    def test_a_delivery_that_breaks_off_leaves_nothing(self):
        with self.assertRaises(Killed):
            self.deliver(*self.contacts("1", "2"), Killed)
        self.assertEqual(self.rows(), {})

    def test_kills_at_every_step_lose_nothing(self):
        for step in range(100):
            uuid = self.delay_delivery(
                *self.contacts(f"{step}a", f"{step}b", friend=f"{step}c"),
                *self.contacts(f"{step}c"),
            )
            self.run_job(uuid)
            [job] = self.jobs([("state", "=", "pending")])
            try:
                with killed_at(step):
                    self.run_job(job["uuid"])
            except Killed:
                self.run_job(job["uuid"])
                is_over = False
            else:
                is_over = True
            for name in "abc":
                self.assertEqual(self.names()[f"{step}{name}"], f"Contact {step}{name}")
            self.assertEqual(set(self.rows().values()), {"done"})
            if is_over:
                return
        self.fail("The job has more steps.")

    def test_kills_while_missing_records_are_removed_lose_nothing(self):
        self.build(override(BATCH_IMPORTER, _most_missing=1))
        for step in range(100):
            self.deliver(*self.contacts("1", f"{step}a", f"{step}b"))
            self.run_jobs()
            self.deliver(*self.contacts("1"), COMPLETE)
            [job] = self.jobs([("state", "=", "pending")])
            is_over = False
            try:
                with killed_at(step):
                    self.run_job(job["uuid"])
                is_over = True
            except Killed:
                self.run_job(job["uuid"])
            self.assertEqual(self.names(), {"1": "Contact 1"})
            self.assertEqual(set(self.rows().values()), {"done"})
            if is_over:
                return
        self.fail("The job has more steps.")

    def test_a_retry_of_the_failure_removes_what_is_missing(self):
        self.deliver(*self.contacts("1", "2", "3"))
        self.run_jobs()
        self.deliver(*self.contacts("1"), COMPLETE)
        self.run_jobs()
        [failed] = self.jobs([("state", "=", "failed")])
        self.assertEqual(failed["method_name"], "import_missing")
        self.assertEqual(failed["record_count"], 2)
        with self.transaction() as env:
            env["connector.failure"].search([]).action_retry()
        self.run_jobs()
        self.assertEqual(self.names().keys(), {"1"})
        self.assertEqual(self.jobs([("state", "=", "failed")]), [])

    def test_data_that_comes_while_older_data_is_imported_stays(self):
        self.deliver(*self.contacts("1"))
        [job] = self.jobs([("state", "=", "pending")])

        def _after_import(importer, binding):
            if not self.yielded:
                return
            self.deliver(("1", {"title": "Newer"}))
            self.yielded = []

        self.hook(_after_import=_after_import)
        self.run_job(job["uuid"])
        self.assertEqual(self.names(), {"1": "Contact 1"})
        self.assertIn("data", [row["kind"] for row in self.read(TABLE, [])])
        self.run_jobs()
        self.assertEqual(self.names(), {"1": "Newer"})
        self.assertEqual(self.rows(), {"1": "done"})

    def test_a_delivery_does_not_wait_for_the_imports_of_an_earlier_one(self):
        self.deliver(*self.contacts("1", "2"))
        [job] = self.jobs([("state", "=", "pending")])
        uuid = self.delay_delivery(*self.contacts("1", "2", years=7))

        def _search(importer, filters):
            yield from self.yielded[:1]
            self.run_job(job["uuid"])
            yield from self.yielded[1:]

        self.build(override(BATCH_IMPORTER, _search=_search))
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).chunk_size = 1
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.run_jobs()
        found = self.read("connector.test.binding", [("external_id", "!=", False)])
        self.assertEqual([each["age"] for each in found], [7, 7])
        self.assertEqual(self.rows(), {"1": "done", "2": "done"})

    def test_a_failure_is_closed_by_the_next_delivery(self):
        self.deliver(Delivered("1", {"title": "Unmappable"}, "Line 5 of a.csv"))
        self.run_jobs()
        with mute_logger("odoo.addons.queue_job.controllers.main"):
            self.run_jobs()
        self.assertEqual(len(self.jobs([("state", "=", "failed")])), 1)
        with self.transaction() as env:
            [failure] = env["connector.failure"].search([])
            self.assertIn("1 (Line 5 of a.csv)", failure.records)
        self.deliver(*self.contacts("1"))
        self.run_jobs()
        self.assertEqual(self.jobs([("state", "=", "failed")]), [])
        self.assertEqual(self.rows(), {"1": "done"})

    def test_retry_finds_the_data(self):
        self.deliver(("1", {"title": "Unmappable"}))
        self.run_jobs()
        [failed] = self.jobs([("state", "=", "failed")])
        refuse = mapping(lambda mapper, record: None)
        self.build(override("test.shop.contact.import.mapper", refuse=refuse))
        self.run_job(failed["uuid"])
        self.assertEqual(self.names(), {"1": "Unmappable"})


class TestDeliveredByWebhooks(Deliveries, WebhookCase):
    def setUp(self):
        super().setUp()
        self.deliver_by()
        self.build(
            override(
                "test.shop.contact.webhook",
                records=lambda hook, payload: map(tuple, payload["records"]),
                external_ids=Webhook.external_ids,
            )
        )

    def announce_records(self, *records, topic="contact.updated"):
        body = announcement(topic=topic, records=records)
        headers = standard_headers(self.secret, body)
        self.assertEqual(self.post(body, headers).status_code, 202)

    def test_the_data_of_a_delivery_is_imported(self):
        self.announce_records(("7", {"title": "Ada"}), ("8", {"title": "Bob"}))
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Ada", "8": "Bob"})
        self.announce_records(("7", {"title": "Ada"}))
        self.run_jobs()
        self.assertEqual(self.deliveries()[0]["answer"], "1 record is unchanged.")

    def test_the_delivery_that_came_last_counts(self):
        for title in ("First", "Second", "Third"):
            self.announce_records(("7", {"title": title}))
        for uuid in self.waiting_jobs()[::-1]:  # in the wrong order
            self.run_job(uuid)
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Third"})

    def test_a_late_job_does_not_import_what_came_earlier(self):
        self.announce_records(("7", {"title": "First"}))
        self.announce_records(("7", {"title": "Second"}))
        first, second = self.waiting_jobs()
        self.run_job(second)
        [of_second] = [uuid for uuid in self.waiting_jobs() if uuid != first]
        self.run_job(of_second)
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Second"})

    def test_what_came_earlier_does_not_undo_what_is_unchanged(self):
        self.announce_records(("7", {"title": "First"}))
        self.run_jobs()
        self.announce_records(("7", {"title": "Second"}))
        self.announce_records(("7", {"title": "First"}))
        second, third = self.waiting_jobs()
        self.run_job(third)
        self.run_job(second)
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "First"})

    def test_a_retry_after_days_does_not_import_what_came_earlier(self):
        def process(hook, topic, payload):
            raise InvalidDataError("cause")

        self.build(override("test.shop.contact.webhook", process=process))
        self.announce_records(("7", {"title": "First"}))
        [first] = self.waiting_jobs()
        self.try_job(first)
        self.build(override("test.shop.contact.webhook", process=Webhook.process))
        self.announce_records(("7", {"title": "Second"}))
        self.run_jobs()
        with self.transaction() as env:
            for table, name in (
                ("connector_delivered_record", "delivered"),
                ("connector_webhook_delivery", "received"),
            ):
                column = SQL.identifier(name)
                query = "UPDATE %s SET %s = %s - interval '2 days'"
                env.cr.execute(SQL(query, SQL.identifier(table), column, column))
            env[TABLE]._gc_unneeded()
            env["queue.job"].search([("uuid", "=", first)]).requeue()
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Second"})

    def test_a_deleted_record_loses_its_link(self):
        self.announce_records(("7", {"title": "Ada"}))
        self.run_jobs()
        self.announce_records(("7", {}), topic=DELETED)
        self.run_jobs()
        self.assertEqual(self.names(), {})
        self.announce_records(("7", {"title": "Ada"}))
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Ada"})


class TestPreviewOfDelivered(Deliveries, PreviewCase, ComparisonCase):
    def setUp(self):
        super().setUp()
        self.deliver_by()

    def page(self, external_id):
        return self.preview("import", external_id=external_id)

    def test_it_shows_the_data_that_waits(self):
        self.yielded = [
            *self.contacts("1"),
            Unreadable("2", "The price is not a number."),
        ]
        self.model.import_batch(self.shop)
        self.assertIn("Contact 1", str(self.page("1")["parts"]))
        self.assertEqual(self.page("1")["recordName"], "Line 1")
        self.assertEqual(self.page("2")["problem"], "The price is not a number.")
        self.assertIn("has to deliver", self.page("3")["problem"])

    def test_it_says_that_an_import_only_updates(self):
        self.override(_only_updates=True)
        self.yielded = self.contacts("1", "2")
        self.model.import_batch(self.shop)
        page = self.page("1")
        self.assertIn("this import only updates records", str(page["errors"]))
        self.linked("2")
        self.assertFalse(self.page("2")["errors"])

    def test_a_comparison_of_both_sides_says_that_it_is_not_possible(self):
        self.linked("1")
        comparison = self.compare()
        self.assertEqual(self.found(comparison), set())
        self.assertIn("cannot be asked for them", comparison.note)

    def test_a_comparison_shows_the_name_of_a_record_that_is_missing(self):
        self.override(
            _base_backend_adapter_usage="backend.adapter",
            _record_name=lambda importer: f"No. {importer.external_id}",
        )
        self.source.add("1")
        self.compare()
        self.assertEqual(self.lines.search([]).label, "Contact 1 (No. 1)")
