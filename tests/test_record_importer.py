# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models

from odoo.addons.component.core import Component
from odoo.addons.connector.components import binder as binder_module
from odoo.addons.connector.components.mapper import (
    convert,
    external_to_m2o,
)
from odoo.addons.connector.exception import (
    InvalidDataError,
    ManyIDSInBackend,
    NetworkRetryableError,
    NoExternalId,
)

from .common import ImportCase, listener_components


class TestImport(ImportCase):
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
        binding = self.imported("7")
        written = []
        write = type(binding).write

        def noted(records, values):
            written.append(values)
            return write(records, values)

        self.patch(type(binding), "write", noted)
        self.source.add(7, years=37)
        self.import_record("7")
        self.assertEqual(binding.age, 37)
        self.assertEqual(written[0], {"age": 37})

    def test_an_import_without_a_change_writes_only_the_time(self):
        self.source.add(7)
        self.import_record("7")
        binding = self.imported("7")
        self.env.flush_all()
        written = []
        self.patch(
            type(binding.odoo_id), "write", lambda records, vals: written.append(vals)
        )
        self.import_record("7")
        self.assertFalse(written)

    def test_data_that_was_read_already_is_not_read_again(self):
        self.import_record("7", external_record={"title": "Given"})
        self.assertEqual(self.imported("7").name, "Given")
        self.assertFalse(self.source.reads)

    def test_a_record_that_is_gone_ends_with_a_sentence(self):
        self.assertIn("7", self.import_record("7"))
        self.assertFalse(self.imported("7"))

    def test_an_archived_backend_ends_with_a_sentence(self):
        self.shop.active = False
        self.assertIn("archived", self.import_record("7"))
        self.assertFalse(self.source.reads)

    def test_a_skipped_record_says_why(self):
        self.source.add(7)
        self.override(_must_skip=lambda importer: "guests stay outside")
        self.assertEqual(self.import_record("7"), "guests stay outside")
        self.override(_must_skip=lambda importer: True)
        self.assertIn("Skipped", self.import_record("7"))
        self.assertFalse(self.imported("7"))

    def test_what_is_up_to_date_is_not_mapped_unless_forced(self):
        self.source.add(7)
        self.import_record("7")
        self.override(_is_uptodate=lambda importer, binding: True)
        self.source.add(7, title="Changed")
        self.import_record("7")
        self.assertEqual(self.imported("7").name, "Contact 7")
        self.import_record("7", force=True)
        self.assertEqual(self.imported("7").name, "Changed")

    def test_hooks_run_in_their_order(self):
        order = []
        hooks = (
            "_import_data",
            "_must_skip",
            "_get_binding",
            "_before_import",
            "_import_dependencies",
            "_map_data",
            "_create_data",
            "_validate_data",
            "_create",
            "_after_import",
        )

        class Noted(Component):
            _inherit = "test.shop.contact.record.importer"

        for hook in hooks:

            def noted(importer, *args, hook=hook, **kwargs):
                order.append(hook)
                return getattr(super(Noted, importer), hook)(*args, **kwargs)

            setattr(Noted, hook, noted)
        self.build(Noted)
        self.source.add(7)
        self.import_record("7")
        self.assertEqual(tuple(order), hooks)

    def test_listeners_do_not_hear_an_import(self):
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
        self.assertTrue(heard)
        self.assertTrue(all(heard))

    def test_the_entry_point_of_bindings_runs_their_importer(self):
        self.source.add(7)
        self.assertTrue(self.model.import_record(self.shop, "7"))
        self.assertTrue(self.imported("7"))


class TestDependencies(ImportCase):
    def test_a_dependency_is_imported_first(self):
        self.source.add(1)
        self.source.add(2, friend="1")
        self.import_record("2")
        self.assertEqual(self.imported("2").friend_id, self.imported("1"))

    def test_a_dependency_that_odoo_has_is_not_read(self):
        self.source.add(1)
        self.import_record("1")
        self.source.add(2, friend="1")
        self.source.reads.clear()
        self.import_record("2")
        self.assertEqual(self.source.reads, ["2"])

    def test_always_brings_a_dependency_up_to_date(self):
        self.override(
            _import_dependencies=lambda importer: importer._import_dependency(
                importer.external_record.get("friend"),
                "connector.test.binding",
                always=True,
            )
        )
        self.source.add(1)
        self.import_record("1")
        self.source.add(1, title="Changed")
        self.source.add(2, friend="1")
        self.import_record("2")
        self.assertEqual(self.imported("1").name, "Changed")

    def test_a_circle_of_dependencies_ends(self):
        self.source.add(1, friend="2")
        self.source.add(2, friend="3")
        self.source.add(3, friend="1")
        self.import_record("1")
        self.assertTrue(all(self.imported(id_) for id_ in "123"))
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 3)


class TestMatching(ImportCase):
    def setUp(self):
        super().setUp()
        self.override(
            _match_existing=lambda importer: importer.env[
                "connector.test.contact"
            ].search([("email", "=", importer.external_record["mail"])])
        )
        self.source.add(7, mail="ada@example.com")

    def test_a_record_that_was_there_before_is_adopted(self):
        ada = self.contact("Ada", email="ada@example.com", weight=50)
        self.import_record("7")
        self.assertEqual(self.imported("7").odoo_id, ada)
        self.assertEqual((ada.name, ada.weight), ("Contact 7", 50))
        self.assertEqual(self.env["connector.test.contact"].search_count([]), 1)

    def test_without_a_match_a_record_is_created(self):
        self.contact("Grace", email="grace@example.com")
        self.import_record("7")
        self.assertEqual(self.env["connector.test.contact"].search_count([]), 2)

    def test_several_matches_are_an_error_that_names_them(self):
        twins = self.contact("Ada", email="ada@example.com")
        twins += self.contact("Ada L.", email="ada@example.com")
        with self.assertRaises(ManyIDSInBackend) as raised:
            self.import_record("7")
        for twin in twins:
            self.assertIn(f"{twin.name} ({twin.id})", str(raised.exception))

    def test_a_record_that_is_linked_with_another_id_is_an_error(self):
        ada = self.binding("Ada", email="ada@example.com", external_id="5")
        with self.assertRaisesRegex(ManyIDSInBackend, f"7.*{ada.odoo_id.id}.*5"):
            self.import_record("7")

    def test_of_two_in_a_chunk_that_match_the_same_record_one_is_set_apart(self):
        self.contact("Ada", email="ada@example.com")
        self.source.add(8, mail="ada@example.com")
        result = self.component("record.importer").run_chunk(["7", "8"])
        self.assertIn("Record 8 failed", result)
        self.assertTrue(self.imported("7"))

    def test_a_binding_that_waits_for_its_export_is_adopted(self):
        waiting = self.binding("Ada", email="ada@example.com")
        self.import_record("7")
        self.assertEqual(self.imported("7"), waiting)

    def test_records_of_a_chunk_are_adopted_too(self):
        ada = self.contact("Ada", email="ada@example.com")
        self.source.add(8, mail="grace@example.com")
        self.component("record.importer").run_chunk(["7", "8"])
        self.assertEqual(self.imported("7").odoo_id, ada)
        self.assertEqual(self.imported("8").name, "Contact 8")


class TestWhatUsersDid(ImportCase):
    """What users did and the backend does not know yet is not undone by an import."""

    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.source.add(7, years=1)
        self.import_record("7")
        self.ada = self.imported("7")

    def imports(self):
        """Both ways to import the record, each undone afterwards."""
        for way in (
            lambda: self.import_record("7"),
            lambda: self.component("record.importer").run_chunk(["7"]),
        ):
            with self.cr.savepoint() as savepoint:
                yield way()
                savepoint.rollback()
            self.env.invalidate_all()

    def test_a_record_that_a_user_deleted_is_not_brought_back(self):
        self.ada.odoo_id.unlink()
        for result in self.imports():
            self.assertRegex(result, "deleted in Odoo|1 skipped")
            self.assertFalse(self.imported("7"))

    def test_it_is_imported_again_when_the_delete_is_done(self):
        self.ada.odoo_id.unlink()
        self.jobs("export_delete_record").state = "done"
        for _result in self.imports():
            self.assertTrue(self.imported("7"))

    def test_a_field_that_a_user_changed_keeps_its_value(self):
        self.ada.odoo_id.age = 77
        self.cr.flush()
        self.source.add(7, title="Changed there", years=2)
        for _result in self.imports():
            self.assertEqual((self.ada.name, self.ada.age), ("Changed there", 77))

    def test_a_record_that_waits_for_its_export_as_a_whole_keeps_all(self):
        self.env["connector.export.change"]._note(self.ada)
        self.cr.flush()
        self.source.add(7, title="Changed there")
        for _result in self.imports():
            self.assertEqual(self.ada.name, "Contact 7")

    def test_a_connector_may_decide_otherwise(self):
        self.override(_fields_to_keep=lambda importer, binding: set())
        self.ada.odoo_id.age = 77
        self.cr.flush()
        for _result in self.imports():
            self.assertEqual(self.ada.age, 1)


class TestChunk(ImportCase):
    def test_records_are_created_updated_and_left_alone(self):
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.source.add(2, title="Changed")
        self.source.add(3)
        result = self.run_chunk("1", "2", "3", "4")
        self.assertEqual(
            [self.imported(id_).name for id_ in "123"],
            ["Contact 1", "Changed", "Contact 3"],
        )
        for count in ("1 created", "1 updated", "1 unchanged", "1 gone"):
            self.assertIn(count, result)
        self.assertFalse(self.jobs("import_record"))

    def test_an_id_that_is_named_twice_is_imported_once(self):
        self.source.add(1)
        self.assertIn("1 created", self.run_chunk("1", "1"))

    def test_an_adapter_that_can_read_many_is_asked_once(self):
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

    def test_a_shared_dependency_is_imported_once(self):
        self.source.add(1)
        self.source.add(*range(2, 12), friend="1")
        self.run_chunk(*(str(id_) for id_ in range(2, 12)))
        self.assertEqual(self.source.reads.count("1"), 1)
        friends = {self.imported(str(id_)).friend_id for id_ in range(2, 12)}
        self.assertEqual(friends, {self.imported("1")})

    def test_a_record_that_is_a_dependency_of_its_chunk_is_imported_once(self):
        self.source.add(1, friend="3")
        self.source.add(2)
        self.source.add(3, friend="1")  # and in a circle
        result = self.run_chunk("1", "2", "3")
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 3)
        self.assertEqual(self.imported("3").friend_id.name or False, False)
        self.assertEqual(self.imported("1").friend_id, self.imported("3"))
        self.assertIn("3 created", result)

    def test_a_dependency_may_come_before_who_needs_it(self):
        self.source.add(1)
        self.source.add(2, friend="1")
        self.run_chunk("1", "2")
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 2)
        self.assertEqual(self.imported("2").friend_id, self.imported("1"))

    def test_ids_may_be_numbers_here_and_text_there(self):
        self.source.add(1, friend=2)
        self.source.add(2, friend=1)
        self.run_chunk("1", "2", 1)
        self.import_record("1")
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 2)

    def test_a_record_that_cannot_be_read_is_set_apart(self):
        def _import_data(importer):
            if importer.external_id == "2":
                raise ValueError("broken answer")
            return importer.backend_adapter.read(importer.external_id)

        self.override(_import_data=_import_data)
        self.source.add(1, 3)
        result = self.run_chunk("1", "2", "3", force=True)
        self.assertTrue(self.imported("1") and self.imported("3"))
        self.assertIn("broken answer", result)
        self.assertEqual(self.jobs("import_record").kwargs, {"force": True})

    def test_a_backend_that_is_down_makes_the_chunk_wait_as_a_whole(self):
        def _import_data(importer):
            raise NetworkRetryableError("no answer")

        self.override(_import_data=_import_data)
        with self.assertRaises(NetworkRetryableError):
            self.run_chunk("1", "2")
        self.assertFalse(self.jobs("import_record"))

    def test_a_dependency_that_odoo_had_is_still_updated(self):
        self.source.add(1, 2)
        self.run_chunk("1")
        self.source.add(1, title="Changed")
        self.source.add(2, friend="1")
        self.run_chunk("2", "1")
        self.assertEqual(self.imported("1").name, "Changed")

    def test_queries_do_not_grow_with_the_records(self):
        def queries(ids):
            self.source.add(*ids)
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.run_chunk(*map(str, ids))
            return self.cr.sql_log_count - before

        queries(range(1000, 1010))  # caches
        few, many = queries(range(10)), queries(range(100, 200))
        self.assertLessEqual(many, few + 2)
        self.env.invalidate_all()
        again = queries(range(100, 200))  # nothing has changed
        self.assertLessEqual(again, 10)

    def test_what_the_records_refer_to_is_looked_up_at_once(self):
        class FriendMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [
                ("title", "name"),
                ("friend", "friend_id"),
                (external_to_m2o("parent", "connector.test.binding"), "parent_id"),
                (convert("years", int), "age"),
            ]

        self.build(FriendMapper)
        self.override(_import_dependencies=lambda importer: None)
        self.patch(binder_module, "PREFETCH_LIMIT", 50)  # fewer than there are
        # another contact is meant by each
        friends = [self.binding(f"F{n}", external_id=f"f{n}") for n in range(60)]

        def queries(*ids):
            for id_ in ids:
                self.source.add(id_, friend=f"f{id_}", parent=f"f{id_ + 30}")
            self.env.flush_all()
            self.env.invalidate_all()
            self.cr.postcommit.clear()  # as for another job
            before = self.cr.sql_log_count
            self.run_chunk(*map(str, ids))
            return self.cr.sql_log_count - before

        queries(29)  # caches
        few, many = queries(0, 1), queries(*range(2, 29))
        self.assertLessEqual(many, few)
        for number in range(29):
            contact = self.imported(str(number))
            self.assertEqual(contact.friend_id, friends[number])
            self.assertEqual(contact.parent_id, friends[number + 30].odoo_id)

    def test_references_that_cannot_be_looked_up_are_told_of_their_record(self):
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
        written = []

        def write(bindings, vals):
            written.extend(bindings)
            return models.BaseModel.write(bindings, vals)

        self.patch(self.registry["connector.test.binding"], "write", write)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertTrue(self.imported("1").sync_date and self.imported("2").sync_date)
        self.assertFalse(written)

    def test_bindings_that_a_connector_creates_in_its_own_way_are_dated(self):
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

    def test_a_binder_of_the_connectors_own_binds_each(self):
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

    def test_a_bad_record_is_set_apart_and_tried_alone(self):
        self.source.add(1, 2, 3)
        self.source.add(2, title="Unmappable")
        result = self.run_chunk("1", "2", "3")
        self.assertTrue(self.imported("1") and self.imported("3"))
        self.assertFalse(self.imported("2"))
        self.assertIn("2 created", result)
        self.assertIn("this one cannot be mapped", result)
        job = self.jobs("import_record")
        self.assertEqual(job.args, [self.shop, "2"])

    def test_a_record_that_the_database_refuses_is_set_apart(self):
        """What was created together with it is created without it."""

        def _validate_data(importer, values):
            if importer.external_id == "2":
                values["backend_id"] = 0

        self.override(_validate_data=_validate_data)
        self.source.add(1, 2, 3)
        with self.assertLogs("odoo.sql_db", "ERROR"):
            result = self.run_chunk("1", "2", "3")
        self.assertTrue(self.imported("1") and self.imported("3"))
        self.assertIn("2 created", result)
        self.assertIn("Record 2 failed", result)
        self.assertEqual(len(self.jobs("import_record")), 1)

    def test_what_a_failed_record_has_written_is_undone(self):
        def _after_import(importer, binding):
            binding.weight = 99
            if importer.external_id == "2":
                raise ValueError("too late")

        self.override(_after_import=_after_import)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertEqual(self.imported("1").weight, 99)
        self.assertFalse(self.model.search([("name", "=", "Contact 2")]))

    def test_a_dependency_that_was_undone_is_imported_again(self):
        def _after_import(importer, binding):
            if importer.external_id == "2":
                raise ValueError("too late")

        self.override(_after_import=_after_import)
        self.source.add(1)
        self.source.add(2, 3, friend="1")
        self.run_chunk("2", "3")
        self.assertEqual(self.imported("3").friend_id, self.imported("1"))

    def test_a_record_that_has_to_wait_is_tried_alone(self):
        def _validate_data(importer, values):
            if importer.external_id == "2":
                raise NoExternalId("later")

        self.override(_validate_data=_validate_data)
        self.source.add(1, 2)
        self.run_chunk("1", "2")
        self.assertTrue(self.imported("1"))
        self.assertEqual(self.jobs("import_record").args, [self.shop, "2"])

    def test_skipped_and_up_to_date_records_are_counted(self):
        self.source.add(1, 2, 3)
        self.run_chunk("1")
        self.override(
            _must_skip=lambda importer: importer.external_id == "2",
            _is_uptodate=lambda importer, binding: True,
        )
        result = self.run_chunk("1", "2", "3")
        for count in ("1 created", "1 unchanged", "1 skipped"):
            self.assertIn(count, result)

    def test_a_create_of_the_connectors_own_is_called_for_each(self):
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

    def test_invalid_data_is_set_apart(self):
        def _validate_data(importer, values):
            if not values.get("email"):
                raise InvalidDataError("no mail address")

        self.override(_validate_data=_validate_data)
        self.source.add(1, mail="ada@example.com")
        self.source.add(2)
        result = self.run_chunk("1", "2")
        self.assertRegex(result, "Record 2 failed.*: no mail address")


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
    def checkpoint(self, filters=None):
        return self.env["connector.checkpoint"]._of(
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
        other = self.shop.create({"name": "Other Shop"})
        self.model.import_changes(self.shop)
        checkpoints = self.env["connector.checkpoint"]
        self.assertFalse(checkpoints._of(other, "connector.test.binding").moment)
        self.assertFalse(checkpoints._of(self.shop, "connector.test.other").moment)

    def test_runs_with_other_filters_do_not_make_each_other_skip_records(self):
        self.model.import_changes(self.shop, {"color": "red"})
        self.model.import_changes(self.shop, {"color": "blue"})
        self.assertEqual(self.source.searches[-1], {"color": "blue"})

    def test_a_backend_that_is_archived_does_not_move_it(self):
        self.shop.active = False
        self.assertIn("archived", self.model.import_changes(self.shop))
        self.assertFalse(self.checkpoint().moment)

    def test_a_run_that_fails_does_not_move_it(self):
        self.model.import_changes(self.shop)
        moment = self.checkpoint().moment

        def search(importer, filters):
            yield "1"
            raise ValueError("the connection broke")

        class Override(Component):
            _inherit = "test.shop.contact.batch.importer"
            _search = search

        self.build(Override)
        with self.assertRaises(ValueError):
            self.model.import_changes(self.shop)
        self.assertEqual(self.checkpoint().moment, moment)
