# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from itertools import count
from unittest import TestCase
from unittest.mock import patch

from odoo import fields

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    InvalidDataError,
    MissingDependencyError,
    NoExternalId,
    RetryableJobError,
)
from odoo.addons.connector.models.connector_checkpoint import KEPT
from odoo.addons.connector.tools.locks import try_lock_rows

from .common import ImportCase, override


class NotedWrites(ImportCase):
    def noted_writes(self):
        """Return a list that gets the values of each write to a binding."""
        written = []
        model = self.registry["connector.test.binding"]
        write = model.write

        def noted(bindings, values):
            written.append(values)
            return write(bindings, values)

        self.patch(model, "write", noted)
        return written


class TestImport(NotedWrites):
    def test_a_new_record_is_created_and_bound(self):
        self.source.add(7, mail="ada@example.com", years=36)
        self.import_record("7")
        binding = self.imported("7")
        self.assertEqual(
            (binding.name, binding.email, binding.age),
            ("Contact 7", "ada@example.com", 36),
        )
        self.assertEqual(binding.backend_id, self.shop)
        self.assertTrue(binding.sync_date)

    def test_a_known_record_is_updated_with_what_differs(self):
        self.source.add(7, years=36)
        self.import_record("7")
        written = self.noted_writes()
        self.source.add(7, years=37)
        self.import_record("7")
        self.assertEqual(self.imported("7").age, 37)
        self.assertEqual(written[0], {"age": 37})

    def test_an_import_without_a_change_writes_the_date_only_if_forced(self):
        self.source.add(7)
        self.import_record("7")
        written = self.noted_writes()
        self.import_record("7")
        self.assertEqual(written, [])
        self.import_record("7", force=True)
        self.assertEqual([list(values) for values in written], [["sync_date"]])

    def test_data_that_was_read_already_is_not_read_again(self):
        self.import_record("7", external_record={"title": "Given"})
        self.assertEqual(self.imported("7").name, "Given")
        self.assertFalse(self.source.reads)

    def test_nothing_is_imported_from_an_archived_backend(self):
        self.shop.active = False
        self.assertIn("archived", self.import_record("7"))
        self.assertFalse(self.source.reads)

    def test_a_connector_gives_the_reason_of_a_skip(self):
        self.source.add(7)
        self.override(_must_skip=lambda importer: "Guests are not imported.")
        self.assertEqual(self.import_record("7"), "Guests are not imported.")

    def test_an_import_tells_listeners_not_to_export(self):
        heard = []

        class BindingListener(Component):
            _name = "test.shop.binding.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["connector.test.binding", "connector.test.contact"]

            def on_record_create(self, record, fields=None):
                heard.append(self.no_connector_export(record))

            on_record_write = on_record_create

        self.build(BindingListener)
        self.source.add(7)
        self.import_record("7")
        self.source.add(7, title="Changed")
        self.import_record("7")
        self.assertEqual(set(heard), {True})

    def test_an_adoption_writes_what_differs_and_tells_listeners_not_to_export(self):
        written = []

        class ContactListener(Component):
            _name = "test.shop.contact.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["connector.test.contact"]

            def on_record_write(self, record, fields=None):
                written.append((sorted(fields), self.no_connector_export(record)))

        ada = self.contact("Contact 7", age=1)
        self.build(ContactListener)
        self.override(_match_existing=lambda importer: ada)
        self.source.add(7, years=36)
        self.import_record("7")
        self.assertEqual(self.imported("7").odoo_id, ada)
        self.assertEqual(written, [(["age"], True)])

    def test_the_entry_point_of_bindings_runs_their_importer(self):
        self.source.add(7)
        self.assertTrue(self.model.import_record(self.shop, "7"))
        self.assertTrue(self.imported("7"))


class TestChunk(NotedWrites):
    def test_an_id_that_is_given_twice_is_imported_once(self):
        self.source.add(1)
        self.assertIn("1 created", self.run_chunk("1", "1"))

    def test_an_adapter_that_can_read_many_is_called_once(self):
        asked = []

        class ManyAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                asked.append(external_ids)
                return {"1": {"title": "One"}, "3": {"title": "Three"}}

        self.build(ManyAdapter)
        result = self.run_chunk("1", "2", "3")
        self.assertEqual(asked, [["1", "2", "3"]])
        self.assertFalse(self.source.reads)
        self.assertIn("2 created", result)
        self.assertIn("1 gone", result)

    def test_read_many_returns_the_error_of_a_record_in_its_place(self):
        class ManyAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                return {"1": {"title": "One"}, "2": InvalidDataError("It is broken.")}

        self.build(ManyAdapter)
        result = self.run_chunk("1", "2", "3")
        self.assertRegex(result, "(?s)1 created, 1 gone.*Record 2 failed.*broken")
        self.assertFalse(self.source.reads)

    def test_a_record_that_is_a_dependency_of_its_chunk_is_imported_once(self):
        self.source.add(1, friend="3")
        self.source.add(2)
        self.source.add(3, friend="1")  # and in a circle
        result = self.run_chunk("1", "2", "3")
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 3)
        self.assertFalse(self.imported("3").friend_id)
        self.assertEqual(self.imported("1").friend_id, self.imported("3"))
        self.assertIn("3 created", result)

    def test_a_dependency_may_come_before_the_record_that_needs_it(self):
        self.source.add(1)
        self.source.add(2, friend="1")
        self.run_chunk("1", "2")
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 2)
        self.assertEqual(self.imported("2").friend_id, self.imported("1"))

    def test_an_id_as_a_number_and_as_a_text_is_the_same(self):
        self.source.add(1, friend=2)
        self.source.add(2, friend=1)
        self.assertEqual(self.run_chunk("1", "2", 1), "2 created.")
        self.import_record(1)
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 2)

    def test_a_dependency_of_its_chunk_is_imported_once_after_a_failure(self):
        """The failure makes the chunk import its records one by one."""

        def _after_import(importer, binding):
            if importer.external_id == "3":
                raise ValueError("too late")

        self.override(_after_import=_after_import)
        self.source.add(1, 3)
        self.source.add(2, friend="1")
        self.assertIn("2 created, 1 failed", self.run_chunk("2", "1", "3"))

    def test_a_record_that_fails_is_retried_alone_with_the_same_options(self):
        self.source.add(1)
        self.source.add(2, title="Unmappable")
        self.run_chunk("1", "2", force=True)
        job = self.jobs("import_record")
        self.assertEqual((job.args, job.kwargs), ([self.shop, "2"], {"force": True}))

    def test_a_record_that_has_to_wait_is_postponed(self):
        def _before_import(importer):
            if importer.external_id == "2":
                raise NoExternalId("not yet")

        self.override(_before_import=_before_import)
        self.source.add(1, 2)
        self.assertEqual(
            self.run_chunk("1", "2"), "1 created, 1 postponed.\nRecord 2: not yet"
        )

    def test_contention_for_a_dependency_makes_only_its_record_wait(self):
        def _import_dependencies(importer):
            if importer.external_id == "2":
                raise RetryableJobError("locked", ignore_retry=True)

        self.override(_import_dependencies=_import_dependencies)
        self.source.add(1, 2)
        self.assertEqual(
            self.run_chunk("1", "2"), "1 created, 1 postponed.\nRecord 2: locked"
        )
        self.assertTrue(self.imported("1"))
        self.assertEqual(self.jobs("import_record").args, [self.shop, "2"])

    def test_a_record_that_waits_for_something_stops_no_other_record(self):
        def _import_dependencies(importer):
            if importer.external_id == "2":
                raise MissingDependencyError("2 waits for 'Tea'.")

        self.override(_import_dependencies=_import_dependencies)
        self.source.add(1, 2, 3)
        self.assertEqual(
            self.run_chunk("1", "2", "3"),
            "2 created, 1 postponed.\nRecord 2: 2 waits for 'Tea'.",
        )
        self.assertTrue(self.imported("1") and self.imported("3"))
        self.assertEqual(self.jobs("import_record").args[1], "2")
        with self.assertRaisesRegex(MissingDependencyError, "Tea") as caught:
            self.import_record("2")
        self.assertTrue(caught.exception.ignore_retry and caught.exception.seconds)

    def test_a_dependency_in_the_same_chunk_is_updated(self):
        self.source.add(1, 2)
        self.run_chunk("1")
        self.source.add(1, title="Changed")
        self.source.add(2, friend="1")
        self.run_chunk("2", "1")
        self.assertEqual(self.imported("1").name, "Changed")

    def test_a_reference_that_cannot_be_found_fails_only_its_record(self):
        class FriendMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [
                ("title", "name"),
                ("friend", "friend_id"),
                ("boss", "parent_id"),  # to a model without a binder
            ]

        self.build(FriendMapper)
        self.override(_import_dependencies=lambda importer: None)
        self.source.add(1)
        self.source.add(2, friend="unknown")
        self.source.add(3, friend=["not", "an id"])
        self.source.contacts["4"] = None
        self.source.add(5, boss="7")
        result = self.run_chunk("1", "2", "3", "4", "5")
        self.assertIn("1 created", result)
        for external_id in "2345":
            self.assertIn(f"Record {external_id} failed", result)

    def test_a_new_binding_is_created_with_its_sync_date(self):
        written = self.noted_writes()
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertTrue(self.imported("1").sync_date and self.imported("2").sync_date)
        self.assertFalse(written)

    def test_bindings_that_a_connector_creates_itself_get_a_sync_date(self):
        def _create_many(importer, data_list):
            known = [
                {name: values[name] for name in ("name", "backend_id", "external_id")}
                for values in data_list
            ]
            return importer.model.create(known)

        self.override(_create_many=_create_many)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertTrue(self.imported("1").sync_date and self.imported("2").sync_date)

    def test_a_connectors_binder_binds_each_record(self):
        bound = []

        class OwnBinder(Component):
            _inherit = "test.shop.binder"

            def bind(self, external_id, binding):
                bound.append(external_id)
                super().bind(external_id, binding)

        self.build(OwnBinder)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertEqual(bound, ["1", "2"])
        self.assertTrue(self.imported("1").sync_date)

    def test_a_dependency_that_was_undone_is_imported_again(self):
        def _after_import(importer, binding):
            if importer.external_id == "2":
                raise ValueError("too late")

        self.override(_after_import=_after_import)
        self.source.add(1)
        self.source.add(2, 3, friend="1")
        self.run_chunk("2", "3")
        self.assertEqual(self.imported("3").friend_id, self.imported("1"))

    def test_a_connectors_create_is_called_for_each_record(self):
        created = []

        class Override(Component):
            _inherit = "test.shop.contact.record.importer"

            def _create(self, data):
                created.append(self.external_id)
                return super()._create(data)

        self.build(Override)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertEqual(created, ["1", "2"])
        self.assertTrue(self.imported("1") and self.imported("2"))

    def test_a_hook_that_meets_a_lock_makes_only_its_record_wait(self):
        busy = self.env.ref("base.main_partner")

        def _validate_data(importer, values):
            if importer.external_id == "1":
                importer.component(usage="record.locker").lock(busy)

        self.override(_validate_data=_validate_data)
        self.source.add(1, 2)
        with self.registry.cursor() as cr, self.assertNoLogs("odoo.sql_db"):
            try_lock_rows(busy.with_env(self.env(cr=cr)))
            result = self.run_chunk("1", "2")
        self.assertTrue(result.startswith("1 created, 1 postponed."), result)
        self.assertTrue(self.imported("2"))
        self.assertEqual(self.jobs("import_record").args, [self.shop, "1"])


class TestBatch(ImportCase):
    def test_a_job_is_made_for_each_chunk(self):
        self.source.add(*range(25))
        result = self.component("batch.importer").run(chunk_size=10)
        jobs = self.jobs("import_chunk")
        self.assertEqual([len(job.args[1]) for job in jobs], [10, 10, 5])
        self.assertEqual(
            [id_ for job in jobs for id_ in job.args[1]], [str(n) for n in range(25)]
        )
        self.assertIn("25", result)

    def test_the_jobs_import_what_was_found(self):
        self.source.add(1, 2, 3)
        self.model.import_batch(self.shop)
        [job] = self.jobs("import_chunk")
        self.model.import_chunk(*job.args)
        self.assertTrue(all(self.imported(id_) for id_ in "123"))

    def test_filters_reach_the_adapter(self):
        self.component("batch.importer").run({"color": "red"})
        self.assertEqual(self.source.searches, [{"color": "red"}])

    def test_the_backend_may_give_the_size(self):
        self.shop.chunk_size = 2
        self.source.add(1, 2, 3)
        self.component("batch.importer").run()
        self.assertEqual(len(self.jobs("import_chunk")), 2)

    def test_pages_are_read_as_they_are_needed(self):
        """Of many records, no more than a chunk is held at a time."""
        order = []

        def search(importer, filters):
            for number in range(6):
                order.append(number)
                yield str(number)

        class Override(Component):
            _inherit = "test.shop.contact.batch.importer"
            _search = search

            def _delay_chunk(self, external_ids, **options):
                order.append(external_ids)
                return super()._delay_chunk(external_ids, **options)

        self.build(Override)
        self.component("batch.importer").run(chunk_size=3)
        self.assertEqual(order, [0, 1, 2, ["0", "1", "2"], 3, 4, 5, ["3", "4", "5"]])


class TestSince(ImportCase):
    def run_at(self, hour, minute=0, database=None):
        """Import the changes while the clocks show a time.

        :param database: hour that the clock of the database shows; by default the same
        :return: the moment from which the changes were asked for
        """
        day = fields.Datetime.to_datetime("2026-01-01")
        now = day + timedelta(hours=hour, minutes=minute)
        database_now = now if database is None else day + timedelta(hours=database)
        self.now = now
        checkpoint = self.env.registry["connector.checkpoint"]
        with patch.object(checkpoint, "database_now", lambda self: database_now):
            self.note = self.model.import_changes(self.shop)
        since = (self.source.searches[-1] or {}).get("since")
        return since and (since - day).total_seconds() / 3600

    def use_clock(self, overlap=0):
        """Let the connector read the clock of :meth:`run_at`."""
        self.build(
            override(
                "test.shop.contact.batch.importer",
                _backend_now=lambda _importer: self.now,
                _overlap_minutes=overlap,
            )
        )

    def test_after_a_clock_that_was_ahead_the_last_good_moment_counts(self):
        self.use_clock()
        moments = [self.run_at(hour) for hour in (10, 15, 16, 12, 13)]
        self.assertEqual(moments, [None, 10, 15, 10, 12])

    def test_a_clock_that_was_ahead_all_the_time_lets_all_be_imported_again(self):
        self.use_clock()
        moments = [self.run_at(hour) for hour in (15, 12, 13)]
        self.assertEqual(moments, [None, None, 12])

    def test_a_backends_clock_that_was_ahead_is_noticed_later(self):
        """The clock of the database shows when the checkpoint was stored."""
        self.use_clock()
        hours = ((10, 10), (15, 11), (17, 17))
        moments = [self.run_at(hour, database=real) for hour, real in hours]
        self.assertEqual(moments, [None, 10, 11])
        self.assertIn("clock was wrong", self.note)

    def test_a_databases_clock_that_is_ahead_only_imports_more(self):
        self.use_clock()
        hours = ((10, 10), (11, 15), (12, 12))
        moments = [self.run_at(hour, database=real) for hour, real in hours]
        self.assertEqual(moments, [None, 6, 11])
        self.assertNotIn("clock was wrong", self.note)

    def test_a_backend_whose_clock_is_always_ahead(self):
        """It may show the time of its zone."""
        self.use_clock()
        hours = ((12, 10), (13, 11), (14, 12))
        moments = [self.run_at(hour, database=real) for hour, real in hours]
        self.assertEqual(moments, [None, 12, 13])

    def test_the_clocks_of_a_backend_that_changes_to_winter_and_summer_time(self):
        self.use_clock(overlap=5)
        moments = [self.run_at(12, database=10), self.run_at(11, 30, database=10.5)]
        winter = self.run_at(12, 30, database=11.5)
        summer = self.run_at(14, 30, database=12.5)
        self.assertEqual(moments[0], None)
        self.assertAlmostEqual(moments[1], 11 - 5 / 60, msg="its clock was set back")
        self.assertAlmostEqual(winter, 11.5 - 5 / 60)
        self.assertAlmostEqual(summer, 12.5 - 5 / 60)

    def test_workers_whose_clocks_differ(self):
        """By default, the checkpoint has the clock of the database."""
        ahead = fields.Datetime.now() + timedelta(hours=1)
        with patch.object(fields.Datetime, "now", return_value=ahead):
            self.model.import_changes(self.shop)
        self.assertLess(self.checkpoint().moment, ahead - timedelta(minutes=30))

    def test_clocks_that_differ_less_than_the_overlap(self):
        self.use_clock(overlap=5)
        moments = [self.run_at(10, 3, database=10), self.run_at(11, database=11)]
        self.assertEqual(moments, [None, 10 - 2 / 60])
        self.assertNotIn("clock was wrong", self.note)

    def test_a_checkpoint_that_somebody_has_set(self):
        self.use_clock()
        for hour in (8, 9, 10):
            self.run_at(hour)
        day = fields.Datetime.to_datetime("2026-01-01")
        self.checkpoint().moment = day + timedelta(hours=7)
        self.assertEqual(self.run_at(11), 7)
        self.checkpoint().moment = day + timedelta(hours=20)
        self.assertEqual(self.run_at(12), 11, "it is in the future")
        self.checkpoint().moment = False
        self.assertEqual(self.run_at(13), None)

    def test_a_run_with_a_wrong_clock_that_fails_stores_nothing(self):
        self.use_clock()
        self.run_at(10)
        search = self.source.search

        def fail(filters):
            yield "1"
            raise ValueError("the connection broke")

        self.source.search = fail
        with TestCase.assertRaises(self, ValueError):
            self.run_at(15)
        self.source.search = search
        self.assertEqual(self.run_at(11), 10)

    def test_a_checkpoint_remembers_some_runs(self):
        self.use_clock()
        for minute in range(KEPT + 5):
            self.run_at(10, minute)
        self.assertEqual(len(self.checkpoint().past), KEPT)

    def checkpoint(self, filters=None):
        return self.env["connector.checkpoint"].of(
            self.shop, "connector.test.binding", filters
        )

    def test_the_first_run_imports_all_and_keeps_its_start(self):
        before = fields.Datetime.now()
        self.model.import_changes(self.shop)
        self.assertEqual(self.source.searches, [None])
        moment = self.checkpoint().moment
        self.assertTrue(before <= moment <= before + timedelta(minutes=1), moment)

    def test_the_next_run_starts_before_the_last_one(self):
        self.model.import_changes(self.shop, {"color": "red"})
        moment = self.checkpoint({"color": "red"}).moment
        self.model.import_changes(self.shop, {"color": "red"})
        filters = self.source.searches[-1]
        self.assertEqual(filters["color"], "red")
        self.assertEqual((moment - filters["since"]).total_seconds(), 5 * 60)

    def test_backends_and_models_have_checkpoints_of_their_own(self):
        class NumberedBatchImporter(Component):
            _name = "test.shop.numbered.batch.importer"
            _inherit = "test.shop.contact.batch.importer"
            _apply_on = ["connector.test.numbered"]

        self.build(NumberedBatchImporter)
        self.model.import_changes(self.shop)
        self.model.import_changes(self.shop.create({"name": "Other Shop"}))
        self.env["connector.test.numbered"].import_changes(self.shop)
        self.assertEqual(self.source.searches, [None] * 3)

    def test_runs_with_other_filters_do_not_make_each_other_skip_records(self):
        self.model.import_changes(self.shop, {"color": "red"})
        self.model.import_changes(self.shop, {"color": "blue"})
        self.assertEqual(self.source.searches[-1], {"color": "blue"})

    def test_a_backend_that_is_archived_does_not_move_it(self):
        self.shop.active = False
        self.assertIn("archived", self.model.import_changes(self.shop))
        self.assertFalse(self.checkpoint().moment)

    def test_a_run_that_fails_does_not_move_it(self):
        moment = fields.Datetime.to_datetime("2026-01-01 10:00:00")
        self.checkpoint().moment = moment

        def search(importer, filters):
            yield "1"
            raise ValueError("the connection broke")

        class Override(Component):
            _inherit = "test.shop.contact.batch.importer"
            _search = search

        self.build(Override)
        # Odoo's assertRaises() would roll back what was written.
        with TestCase.assertRaises(self, ValueError):
            self.model.import_changes(self.shop)
        self.assertEqual(self.checkpoint().moment, moment)

    def test_the_moment_of_a_run_is_before_its_search(self):
        """A change during the search belongs to the next run."""
        start = fields.Datetime.to_datetime("2026-01-01 10:00:00")
        hours = count()

        class Override(Component):
            _inherit = "test.shop.contact.batch.importer"

            def _backend_now(self):
                return start + timedelta(hours=next(hours))

            def _search(self, filters):
                self._backend_now()
                return super()._search(filters)

        self.build(Override)
        self.model.import_changes(self.shop)
        self.assertEqual(self.checkpoint().moment, start)
