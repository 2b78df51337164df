# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An external id is the same as number and as text, in the form that came first."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.locking import ImportLocks
from odoo.addons.connector.components.mapper import external_to_m2o
from odoo.addons.connector.exception import JobError
from odoo.addons.connector.jobs.deletes import waiting_deletes
from odoo.addons.connector.tools.external_id import is_external_id
from odoo.addons.connector.tools.locks import pg_try_advisory_lock

from .common import (
    ImportCase,
    batch_export_components,
    listener_components,
    override,
)


class TestIds(ImportCase):
    def test_read_many_gets_the_form_that_came_first_and_may_answer_in_the_other(self):
        """Ids are compared as text, whether they are numbers or texts."""
        asked = []

        class ManyAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                asked.append(external_ids)
                return {
                    int(id_) if isinstance(id_, str) else str(id_): {
                        "title": f"Contact {id_}"
                    }
                    for id_ in external_ids
                }

        self.build(ManyAdapter)
        result = self.run_chunk(1, "1", "2", 2, "3")
        self.assertEqual(asked, [[1, "2", "3"]])
        self.assertEqual(result, "3 created.")
        result = self.run_chunk("1", 1, "2")
        self.assertEqual(result, "2 unchanged.")
        self.assertFalse(self.jobs("import_record"))

    def test_the_adapter_reads_the_form_that_came_first(self):
        self.source.add(1, 2)
        self.run_chunk(1, "1", "2", 2)
        self.assertEqual(self.source.reads, [1, "2"])

    def lock_while_another_job_imports_1(self, external_ids):
        lock = f"import(connector.test.shop, {self.shop.id}, {self.model._name}, 1)"
        with self.registry.cursor() as cr:
            pg_try_advisory_lock(self.env(cr=cr), lock)
            return ImportLocks(self.component("record.importer")).lock(external_ids)

    def test_a_number_and_a_text_that_another_job_imports_are_one_record(self):
        self.source.add(1, 2)
        for given in ("1", 1):
            reasons = self.lock_while_another_job_imports_1([given, "2"])
            self.assertEqual(list(reasons), [given])

    def test_ids_that_are_given_twice_are_locked_in_the_form_that_came_first(self):
        reasons = self.lock_while_another_job_imports_1([1, "1"])
        self.assertEqual(list(reasons), [1])

    def test_a_dependency_that_is_named_as_number_and_as_text_is_read_once(self):
        self.source.add(1)
        self.source.add(2, friend=1)
        self.source.add(3, friend="1")
        self.run_chunk("2", "3")
        self.assertEqual(self.source.reads, ["2", "3", 1])
        self.assertEqual(self.imported(2).friend_id, self.imported(3).friend_id)

    def test_a_dependency_that_odoo_has_as_text_is_found_by_its_number(self):
        friend = self.binding(external_id="1")
        self.source.add(2, friend=1)
        self.import_record("2")
        self.assertEqual(self.source.reads, ["2"])
        self.assertEqual(self.imported(2).friend_id, friend)

    def test_many_bindings_are_found_by_each_form_that_was_given(self):
        ada = self.binding(external_id="1")
        binder = self.component("binder")
        self.assertEqual(binder.to_internal_many(["1", 1, 2]), {"1": ada, 1: ada})

    def test_a_chunk_that_cannot_be_read_together_is_read_one_by_one(self):
        class ManyAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                raise JobError("The answer is too large.")

        self.build(ManyAdapter)
        self.source.add(1, 2)
        self.assertEqual(self.run_chunk("1", "2"), "2 created.")


class TestDeletedIds(ImportCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.ada = self.binding("Ada", external_id="7")
        self.source.add(7)

    def test_a_record_that_a_user_deleted_is_known_as_number_and_as_text(self):
        self.ada.odoo_id.unlink()
        model_name = self.model._name
        for given in ("7", 7):
            self.assertEqual(waiting_deletes(self.shop, model_name, [given]), {given})
            importer = self.component("record.importer")
            self.assertEqual(importer.run_chunk([given]), "1 skipped.")
            self.assertFalse(self.imported("7"))
        both = waiting_deletes(self.shop, model_name, [7, "7"])
        self.assertEqual(both, {7}, "the form that came first")


class TestZero(ImportCase):
    """0 is an external id, since some backends count from there."""

    def number(self, **values):
        return self.env["connector.test.numbered"].create(
            {"shop": self.shop.id, **values}
        )

    def numbered(self, usage="binder"):
        return self.component(usage, "connector.test.numbered")

    def test_which_values_are_ids(self):
        for value in (0, "0", 0.0, 7, "a"):
            self.assertTrue(is_external_id(value), value)
        for value in (None, False, True, "", [], {}, ()):
            self.assertFalse(is_external_id(value), value)

    def test_relations_are_mapped(self):
        zero = self.binding("Zero", external_id="0")
        mapper = "test.shop.contact.import.mapper"
        rows = [("boss", "friend_id"), (external_to_m2o("club"), "club_id")]
        self.build(override(mapper, direct=rows))
        data = {"boss": 0, "club": 0}
        values = self.component("import.mapper").map_record(data).values()
        self.assertEqual((values["friend_id"], values["club_id"]), (zero.id,) * 2)
        data = {"boss": False, "club": []}
        values = self.component("import.mapper").map_record(data).values()
        self.assertEqual((values["friend_id"], values["club_id"]), (False, False))

    def test_relations_are_prefetched(self):
        self.binding("Zero", external_id="0")
        asked = []

        class Binder(Component):
            _inherit = "test.shop.binder"

            def prefetch_external_ids(self, external_ids):
                asked.extend(external_ids)
                return super().prefetch_external_ids(external_ids)

        mapper = "test.shop.contact.import.mapper"
        self.build(Binder, override(mapper, direct=[("boss", "friend_id")]))
        self.component("import.mapper").prefetch_bindings([{"boss": 0}])
        self.assertEqual(asked, [0])

    def test_binding_again_writes_only_the_date(self):
        for binding, expected in (
            (self.number(number=0), True),
            (self.number(), False),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertIs(self.numbered()._is_bound_to(0, binding), expected)

    def test_a_record_with_it_was_exported(self):
        class NumberedBatchExporter(Component):
            _name = "test.shop.numbered.batch.exporter"
            _inherit = "test.shop.contact.batch.exporter"
            _apply_on = ["connector.test.numbered"]

        self.build(*batch_export_components(), NumberedBatchExporter)
        self.number(number=0)
        never = self.number()
        lost = self.number(number=5)
        self.numbered()._unbind(lost)
        result = self.numbered("batch.exporter").run()
        self.assertEqual(result, "2 records to export, in 1 job.")
        jobs = self.env["queue.job"]
        job = jobs.search([("model_name", "=", never._name)], order="id desc", limit=1)
        self.assertEqual(job.records, never + lost)

    def test_a_comparison_finds_two_bindings_with_it(self):
        self.number(number=0)
        self.number(number=0)
        for _empty in range(2):
            self.number()
        lines = self.numbered("sides.comparison")._linked_twice()
        self.assertEqual([line["external_id"] for line in lines], [0])

    def test_the_job_is_named_after_it(self):
        job = self.model.with_delay().import_record(self.shop, 0).db_record()
        self.assertEqual(job.name, "Import record 0 from Corner Shop")

    def test_a_preview_shows_the_dependency(self):
        self.source.add(0, title="Zero")
        self.source.add(1, title="Ada", friend=0)
        preview = self.env["connector.preview"].preview(
            {
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                "model": self.model._name,
                "external_id": "1",
                "direction": "import",
            }
        )
        self.assertEqual(len(preview["dependencies"]), 1)
