# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.tests import new_test_user

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping, only_create

from .common import RealJobsCase, ShopCase, Transaction, listener_components


class ListenerCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.changes = self.env["connector.export.change"]

    def end_transaction(self):
        """Do what happens at the end of a transaction, short of the commit."""
        self.cr.flush()

    def jobs(self, method="export_changes"):
        return self.env["queue.job"].search(
            [
                ("model_name", "=", "connector.test.binding"),
                ("method_name", "=", method),
            ]
        )

    def exported(self, **values):
        """A binding that the shop has, and whose creation is forgotten."""
        binding = self.binding(external_id="7", **values)
        self.server.records["7"] = {}
        self.end_transaction()
        self.jobs().unlink()
        self.changes.search([]).unlink()
        return binding

    def noted(self):
        return self.changes.search([]).mapped("field_names")


class TestChanges(ListenerCase):
    def test_a_new_binding_is_exported_whole(self):
        ada = self.binding("Ada")
        self.end_transaction()
        self.assertEqual(self.jobs().records, ada)
        self.assertIsNone(self.changes.search([])._changed_fields())

    def test_a_change_of_the_binding_or_of_its_record_is_exported(self):
        ada = self.exported()
        ada.odoo_id.name = "Ada L."
        ada.write({"age": 37})
        self.end_transaction()
        self.assertEqual(self.jobs().records, ada)
        self.assertEqual(self.noted(), [["age", "name"]])

    def test_many_writes_of_one_transaction_make_one_job(self):
        ada = self.exported()
        for age in range(500):
            ada.odoo_id.age = age + 1
        self.end_transaction()
        self.assertEqual(len(self.jobs()), 1)
        self.assertEqual(self.noted(), [["age"]])

    def test_writes_while_a_job_waits_make_none(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.end_transaction()
        for age in range(1000):
            ada.odoo_id.age = age + 1
            self.end_transaction()
        self.assertEqual(len(self.jobs()), 1)
        ada.export_changes()
        self.assertEqual(len(self.server.calls), 1)
        self.assertEqual(self.server.records["7"], {"title": "Ada L.", "years": 1000})

    def test_one_call_carries_every_field_that_changed(self):
        ada = self.exported(age=36)
        ada.name = "Ada L."
        self.end_transaction()
        ada.age = 37
        self.end_transaction()
        ada.export_changes()
        self.assertEqual(self.server.calls, [("write", "7")])
        self.assertEqual(self.server.records["7"], {"title": "Ada L.", "years": 37})
        self.assertFalse(self.changes.search([]))
        self.assertIn("earlier", ada.export_changes())
        self.assertEqual(len(self.server.calls), 1)

    def test_changes_stay_when_their_export_fails(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.end_transaction()
        with (
            patch.object(self.server, "write", side_effect=ValueError("broken")),
            self.assertRaises(ValueError),
        ):
            ada.export_changes()
        self.assertEqual(self.noted(), [["name"]])

    def test_fields_that_are_not_exported_do_not_count(self):
        ada = self.exported()
        ada.write({"weight": 7, "note": "private"})
        self.end_transaction()
        self.assertFalse(self.jobs())

    def test_a_mapping_method_that_does_not_say_what_it_reads_counts_for_all(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            def anything(self, record):
                return {"kg": record.weight}

        self.build(Mapper)
        ada = self.exported()
        ada.weight = 7
        self.end_transaction()
        self.assertIsNone(self.changes.search([])._changed_fields())

    def test_mapping_methods_say_what_they_read(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            @changed_by("weight")
            def kilograms(self, record):
                return {"kg": record.weight}

            @mapping
            @only_create
            def source(self, record):
                return {"source": "odoo"}

        self.build(Mapper)
        ada = self.exported()
        ada.note = "private"
        self.end_transaction()
        self.assertFalse(self.jobs())
        ada.weight = 7
        self.end_transaction()
        self.assertEqual(self.noted(), [["weight"]])

    def test_what_a_connector_writes_is_not_exported(self):
        ada = self.exported()
        for key in ("connector_no_export", "no_connector_export"):
            ada.with_context(**{key: True}).write({"name": key})
            ada.with_context(**{key: True}).copy({"odoo_id": self.contact().id})
        self.end_transaction()
        self.assertFalse(self.jobs())

    def test_a_row_that_does_not_say_what_it_reads_counts_for_all(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [(lambda self, record, to_attr: record.weight, "kg")]

        self.build(Mapper)
        ada = self.exported()
        ada.weight = 7
        self.end_transaction()
        self.assertIsNone(self.changes.search([])._changed_fields())

    def test_archived_bindings_are_exported_with_their_records(self):
        ada = self.exported(active=False)
        ada.odoo_id.name = "Ada L."
        self.end_transaction()
        self.assertEqual(self.jobs().records, ada)
        ada.odoo_id.unlink()
        self.assertEqual(self.jobs("export_delete_record").args, [self.shop, "7"])

    def test_what_another_hook_writes_at_the_end_is_exported_too(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.cr.precommit.add(lambda: ada.odoo_id.write({"age": 37}))
        self.end_transaction()
        self.end_transaction()
        self.assertEqual(self.changes.search([])._changed_fields(), ["age", "name"])

    def test_a_record_without_an_export_mapper_is_no_obstacle_to_users(self):
        class NoMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            _usage = "another.usage"

        self.build(NoMapper)
        ada = self.exported()
        ada.odoo_id.name = "Ada L."
        self.end_transaction()
        self.assertFalse(self.jobs())

    def test_changes_wait_while_the_record_is_not_to_be_exported(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.end_transaction()
        self.shop.active = False
        ada.export_changes()
        self.assertEqual(self.noted(), [["name"]])
        self.shop.active = True
        ada.age = 37
        self.end_transaction()
        ada.export_changes()
        self.assertEqual(self.server.records["7"], {"title": "Ada L.", "years": 37})
        self.assertFalse(self.noted())

    def test_a_user_without_rights_on_bindings_can_change_records(self):
        ada = self.exported()
        user = new_test_user(self.env, "plain", groups="base.group_user")
        self.env["ir.model.access"].create(
            {
                "name": "contacts",
                "model_id": self.env["ir.model"]._get("connector.test.contact").id,
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
                "perm_write": True,
            }
        )
        self.env.invalidate_all()
        ada.odoo_id.with_user(user).name = "Ada L."
        self.end_transaction()
        job = self.jobs()
        self.assertEqual(job.user_id, user)
        job.records.export_changes()
        self.assertEqual(self.server.records["7"], {"title": "Ada L."})

    def test_changes_of_what_is_gone_are_cleaned_up(self):
        ada, grace = self.exported(), self.binding("Grace")
        ada.name = "Ada L."
        self.end_transaction()
        self.changes.create({"model_name": "uninstalled.model", "res_id": 7})
        ada.with_context(connector_no_export=True).unlink()
        self.changes._gc_orphans()
        self.assertEqual(self.changes.search([]).mapped("res_id"), grace.ids)

    def test_a_write_that_is_rolled_back_makes_no_job(self):
        ada = self.exported()
        with self.cr.savepoint() as savepoint:
            ada.name = "Ada L."
            savepoint.rollback()
        self.end_transaction()
        self.assertFalse(self.jobs() or self.noted())

    def test_a_change_before_a_savepoint_outlives_its_rollback(self):
        ada = self.exported()
        ada.name = "Ada L."
        with self.cr.savepoint() as savepoint:
            ada.age = 37
            savepoint.rollback()
        self.end_transaction()
        self.assertEqual(self.noted(), [["name"]])

    def test_a_record_without_binding_is_nobodys_business(self):
        self.contact("Unbound").name = "Changed"
        self.end_transaction()
        self.assertFalse(self.jobs())

    def test_a_record_on_two_backends_is_exported_to_both(self):
        ada = self.exported()
        other = self.shop.create({"name": "Other Shop"})
        twin = self.binding(odoo_id=ada.odoo_id.id, backend_id=other.id)
        self.end_transaction()
        self.jobs().unlink()
        ada.odoo_id.name = "Ada L."
        self.end_transaction()
        self.assertEqual({job.records for job in self.jobs()}, {ada, twin})


class TestDeletes(ListenerCase):
    def deletes(self):
        return self.jobs("export_delete_record")

    def test_a_deleted_binding_is_deleted_on_the_backend(self):
        self.exported().unlink()
        self.assertEqual(self.deletes().args, [self.shop, "7"])

    def test_a_deleted_record_is_deleted_on_the_backend(self):
        self.exported().odoo_id.unlink()
        self.assertEqual(self.deletes().args, [self.shop, "7"])

    def test_what_was_never_exported_is_not(self):
        self.binding().unlink()
        self.assertFalse(self.deletes())

    def test_what_a_connector_deletes_is_not(self):
        self.exported().with_context(connector_no_export=True).unlink()
        self.assertFalse(self.deletes())

    def test_a_delete_is_not_blocked_by_the_connector(self):
        class BrokenBinder(Component):
            _inherit = "test.shop.binder"

            def to_external(self, binding, wrap=False):
                self.env.cr.execute("SELECT 1/0")

        ada = self.exported()
        self.build(BrokenBinder)
        with (
            self.assertLogs("odoo.addons.connector", "ERROR") as logs,
            self.assertLogs("odoo.sql_db", "ERROR"),
        ):
            ada.unlink()
        self.assertIn("will not be deleted", logs.output[0])
        self.assertFalse(ada.exists())

    def test_a_change_of_a_record_that_is_gone_ends_with_a_sentence(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.end_transaction()
        ada.with_context(connector_no_export=True).unlink()
        self.assertIn("deleted", ada.export_changes())


class TestChangesWhileJobsRun(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.addCleanup(self.forget_changes)
        [self.ada] = self.bindings("Ada")
        with self.transaction() as env:
            env["queue.job"].search([("model_name", "like", "connector.test")]).unlink()
            env["connector.export.change"].search([]).unlink()

    def forget_changes(self):
        with self.transaction() as env:
            env["connector.export.change"].search([]).unlink()

    def write(self, **values):
        with self.transaction() as env:
            env["connector.test.binding"].browse(self.ada).write(values)

    def write_contact(self, **values):
        """As users do: the binding itself is locked while it is exported."""
        with self.transaction() as env:
            env["connector.test.binding"].browse(self.ada).odoo_id.write(values)

    def waiting(self):
        return [
            job["uuid"]
            for job in self.read(
                "queue.job",
                [("state", "=", "pending"), ("method_name", "=", "export_changes")],
            )
        ]

    def test_a_write_that_lands_while_the_job_runs_is_exported_by_a_later_job(self):
        self.write(name="First")
        [uuid] = self.waiting()
        self.server.before_create = lambda data: self.write_contact(name="Second")
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.server.records["1"]["title"], "First")
        [later] = self.waiting()
        self.assertEqual(self.run_job(later)["state"], "done")
        self.assertEqual(self.server.records["1"]["title"], "Second")
        self.assertFalse(self.read("connector.export.change", []))

    def test_a_write_that_saw_the_job_wait_is_not_lost_when_it_commits_later(self):
        """Its snapshot is older than the start of the job, its commit younger."""
        self.write(name="First")
        [uuid] = self.waiting()
        with Transaction(self.registry) as env:
            late = env["connector.test.binding"].browse(self.ada).odoo_id
            self.assertEqual(late.name, "First")  # the snapshot
            env["queue.job"].search_count([("state", "=", "pending")])
            self.assertEqual(self.run_job(uuid)["state"], "done")
            late.age = 37
        [later] = self.waiting()
        self.run_job(later)
        self.assertEqual(self.server.records["1"]["years"], 37)

    def test_a_job_waits_for_a_transaction_that_is_committing_a_change(self):
        self.write(name="First")
        [uuid] = self.waiting()
        with Transaction(self.registry) as env:
            env["connector.test.binding"].browse(self.ada).write({"age": 37})
            env.cr.flush()  # stored, and relying on the job that waits
            job = self.run_job(uuid)
            self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertEqual(self.waiting(), [uuid])
        self.run_job(uuid)
        self.assertEqual(self.server.records["1"]["years"], 37)
        self.assertFalse(self.waiting())

    def test_a_write_that_is_rolled_back_makes_no_job(self):
        with Transaction(self.registry) as env:
            env["connector.test.binding"].browse(self.ada).write({"age": 37})
            env.cr.rollback()
        self.assertFalse(self.waiting())
