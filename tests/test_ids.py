# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An external id is the same as number and as text, in the form that came first."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.locking import ImportLocks
from odoo.addons.connector.exception import JobError
from odoo.addons.connector.jobs.deletes import waiting_deletes
from odoo.addons.connector.tools.locks import pg_try_advisory_lock

from .common import ImportCase, listener_components


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
