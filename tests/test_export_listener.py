# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo import sql_db
from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping, only_create
from odoo.addons.connector.exception import LimitReachedError
from odoo.addons.connector.jobs.deletes import waiting_deletes
from odoo.addons.connector.jobs.methods import changes_job_key
from odoo.addons.connector.tools.locks import try_lock_rows

from .common import (
    BulkExports,
    RealJobsCase,
    Transaction,
    listener_components,
    noted_queries,
    override,
)
from .listener_cases import ListenerCase, ManyCase


class TestChanges(ListenerCase):
    def test_nothing_is_noted_of_no_bindings(self):
        self.changes.note(self.env["connector.test.binding"])
        self.end_transaction()
        self.assertFalse(self.changes.search([]) or self.jobs())

    def test_a_new_binding_is_exported_whole(self):
        ada = self.binding("Ada")
        self.end_transaction()
        self.assertEqual(self.jobs().records, ada)
        self.assertIsNone(self.changes.search([]).changed_fields())

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
        for age in range(100):
            ada.odoo_id.age = age + 1
            self.end_transaction()
        self.assertEqual(len(self.jobs()), 1)
        ada.export_changes()
        self.assertEqual(len(self.server.calls), 1)
        self.assertEqual(self.server.records["7"], {"title": "Ada L.", "years": 100})

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
        self.assertIsNone(self.changes.search([]).changed_fields())

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
        self.assertIsNone(self.changes.search([]).changed_fields())

    def test_archived_bindings_are_exported_with_their_records(self):
        ada = self.exported(active=False)
        ada.odoo_id.name = "Ada L."
        self.end_transaction()
        self.assertEqual(self.jobs().records, ada)
        ada.odoo_id.unlink()
        self.end_transaction()
        self.assertEqual(self.jobs("export_delete_record").args, [self.shop, "7"])

    def test_what_another_hook_writes_at_the_end_is_exported_too(self):
        ada = self.exported()
        ada.name = "Ada L."
        self.cr.precommit.add(lambda: ada.odoo_id.write({"age": 37}))
        self.end_transaction()
        self.end_transaction()
        self.assertEqual(self.changes.search([]).changed_fields(), ["age", "name"])

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
        # The change is the only way.
        for name in ("export_now", "import_now"):
            with self.assertRaises(AccessError):
                act = getattr(self.env["connector.link"].with_user(user), name)
                act(ada._name, ada.id)
        for name in ("export_changes", "export_record", "export_chunk"):
            with self.assertRaises(AccessError):
                get_public_method(ada.with_user(user), name)

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
        self.end_transaction()
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
        domain = [("state", "=", "pending"), ("method_name", "=", "export_changes")]
        return [job["uuid"] for job in self.jobs(domain)]

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


class TestQueriesOfMany(ManyCase):
    count = 0

    def backend_values(self, remote):
        return {**super().backend_values(remote), "chunk_size": 10}

    def extra_queries(self, work):
        """Return how many queries the listener adds to a piece of work."""
        counts = []
        for context in ({"connector_no_export": True}, {}):
            with self.transaction() as env:
                env = env(context=context)
                model = env["connector.test.binding"]
                before = sql_db.sql_counter
                work(model, bool(context))
                env.cr.commit()
                counts.append(sql_db.sql_counter - before)
        return counts[1] - counts[0]

    def assert_flat(self, make_work, method):
        extra, jobs = [], []
        for count in (10, 10, 30):  # the first one fills caches
            self.forget()
            extra.append(self.extra_queries(make_work(count)))
            jobs.append(len(self.jobs(method)))
        self.assertEqual(jobs, [1, 1, 3])
        self.assertLessEqual(extra[2], extra[1])

    def test_a_mass_edit(self):
        def edit(count):
            ids = self.exported(count)
            return lambda model, plain: model.browse(ids).odoo_id.write({"age": plain})

        self.assert_flat(edit, "export_changes")

    def test_many_edits_of_one_record_each(self):
        def edit(count):
            ids = self.exported(count)

            def work(model, plain):
                for contact in model.browse(ids).odoo_id:
                    contact.age = 1 + plain

            return work

        self.assert_flat(edit, "export_changes")

    def test_a_mass_create(self):
        def create(count):
            values = {"backend_id": self.shop_id}
            return lambda model, plain: model.create(
                [{**values, "name": str(n)} for n in range(count)]
            )

        self.assert_flat(create, "export_changes")

    def test_a_mass_delete(self):
        def delete(count):
            ids = {plain: self.exported(count) for plain in (True, False)}
            return lambda model, plain: model.browse(ids[plain]).unlink()

        self.assert_flat(delete, "export_delete_records")

    def test_a_mass_delete_of_contacts(self):
        def delete(count):
            ids = {plain: self.exported(count) for plain in (True, False)}
            return lambda model, plain: model.browse(ids[plain]).odoo_id.unlink()

        self.assert_flat(delete, "export_delete_records")


class TestChangesOfMany(ManyCase):
    def test_one_record_has_a_job_with_a_key_of_its_own(self):
        self.edit(self.ids[:1], age=1)
        [job] = self.jobs()
        self.assertEqual(job["records"].ids, self.ids[:1])
        self.assertEqual(
            job["identity_key"],
            changes_job_key("connector.test.binding", self.ids[0]),
        )
        self.assertEqual(job["name"], "Export what has changed in a record")

    def test_a_few_records_have_a_job_each(self):
        self.edit(self.ids[:5], age=1)
        self.assertEqual(sorted(job["records"].id for job in self.jobs()), self.ids[:5])

    def test_chunks_have_the_size_that_the_backend_wants(self):
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).chunk_size = 7
        self.edit(self.ids, age=1)
        sizes = sorted(len(job["records"]) for job in self.jobs())
        self.assertEqual(sizes, [5, 7])

    def test_each_record_is_exported_with_its_own_fields(self):
        with self.transaction() as env:
            bindings = self.browse(env, self.ids)
            bindings[:6].odoo_id.age = 7
            bindings[3:9].odoo_id.email = "a@example.com"
            bindings[9:].write({"name": "New"})
        self.assertIn("12 exported", self.run_only_job()["result"])
        age, mail = {"years": 7}, {"mail": "a@example.com"}
        self.assertEqual(
            [self.sent(id_) for id_ in self.ids],
            [age] * 3 + [age | mail] * 3 + [mail] * 3 + [{"title": "New"}] * 3,
        )
        self.assertFalse(self.waiting_changes())

    def test_further_changes_join_the_job_of_a_chunk_that_waits(self):
        self.edit(self.ids, age=1)
        self.edit(self.ids[3:4], age=2)
        self.edit(self.ids, email="a@example.com")
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[3]), {"years": 2, "mail": "a@example.com"})
        self.assertFalse(self.waiting_changes())
        self.edit(self.ids, age=3)
        self.assertEqual(len(self.jobs()), 1)

    def test_changes_of_one_transaction_join_its_own_jobs(self):
        with self.transaction() as env:
            contacts = self.browse(env, self.ids).odoo_id
            contacts.age = 1
            env.cr.flush()
            contacts[:8].age = 2
            contacts[8].age = 2
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[8]), {"years": 2})

    def test_jobs_that_a_savepoint_undid_are_made_again(self):
        with self.transaction() as env:
            contacts = self.browse(env, self.ids).odoo_id
            with env.cr.savepoint() as savepoint:
                contacts.age = 1
                env.cr.flush()
                savepoint.rollback()
            contacts.age = 2
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[0]), {"years": 2})

    def test_two_backends_have_jobs_of_their_own(self):
        with self.transaction() as env:
            other = env["connector.test.shop"].create({"name": "Other"})
            bindings = self.browse(env, self.ids)
            twins = bindings.with_context(connector_no_export=True).create(
                [
                    {"backend_id": other.id, "odoo_id": contact.id}
                    for contact in bindings.odoo_id
                ]
            )
            twin_ids = twins.ids
        self.edit(self.ids, age=1)
        chunks = sorted(job["records"].ids for job in self.jobs())
        self.assertEqual(chunks, [self.ids, twin_ids])

    def test_a_record_that_was_deleted_stops_no_other(self):
        self.edit(self.ids, age=1)
        with self.transaction() as env:
            gone = self.browse(env, self.ids[4:5])
            gone.with_context(connector_no_export=True).unlink()
        self.assertIn("11 exported", self.run_only_job()["result"])
        self.assertFalse(self.waiting_changes() or self.jobs())

    def test_a_record_that_is_locked_has_a_job_of_its_own(self):
        self.edit(self.ids, age=1)
        with self.transaction() as env:
            try_lock_rows(self.browse(env, self.ids[4:5]))
            self.assertIn("11 exported", self.run_only_job()["result"])
        self.assertEqual(self.waiting_changes(), self.ids[4:5])
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 1})
        self.assertFalse(self.waiting_changes())

    def test_a_record_that_fails_has_a_job_of_its_own(self):
        def _update(exporter, data):
            if failing and exporter.binding.id == self.ids[4]:
                raise ValueError("broken")
            exporter.backend_adapter.write(exporter.external_id, data)

        failing = [True]
        self.override(_update=_update)
        self.edit(self.ids, age=1)
        result = self.run_only_job()["result"]
        self.assertIn("11 exported, 1 failed", result)
        self.assertEqual(self.waiting_changes(), self.ids[4:5])
        self.edit(self.ids[4:5], email="a@example.com")
        failing.clear()
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 1, "mail": "a@example.com"})

    def test_skipped_records_keep_their_changes(self):
        self.override(_has_to_skip=lambda exporter: exporter.binding.id == self.ids[4])
        self.edit(self.ids, age=1)
        self.assertIn("11 exported, 1 skipped", self.run_only_job()["result"])
        self.assertEqual(self.waiting_changes(), self.ids[4:5])
        self.assertFalse(self.jobs())

    def test_an_archived_backend_keeps_all_changes(self):
        self.edit(self.ids, age=1)
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).active = False
        self.assertIn("archived", self.run_only_job()["result"])
        self.assertEqual(self.waiting_changes(), self.ids)

    def test_without_a_batch_exporter_each_record_has_a_job(self):
        self.build(override("test.shop.contact.batch.exporter", _usage="another"))
        self.edit(self.ids, age=1)
        self.run_only_job()
        self.assertEqual(sorted(job["records"].id for job in self.jobs()), self.ids)
        for job in self.jobs():
            self.run_job(job["uuid"])
        self.assertEqual(self.sent(self.ids[4]), {"years": 1})
        self.assertFalse(self.waiting_changes())

    def test_the_export_record_of_a_connector_gets_the_fields_of_each_record(self):
        exported = {}

        def export_record(binding, fields=None):
            exported[binding.id] = fields

        self.edit(self.ids[:8], age=1)
        self.edit(self.ids[:4], name="New")
        with patch.object(
            self.registry["connector.test.binding"], "export_record", export_record
        ):
            self.run_only_job()
        self.assertEqual(
            exported,
            dict.fromkeys(self.ids[:4], ["age", "name"])
            | dict.fromkeys(self.ids[4:8], ["age"]),
        )
        self.assertFalse(self.waiting_changes())


class TestChangesOfManyTogether(BulkExports, ManyCase):
    """The shop takes many records with one call."""

    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def test_each_record_is_exported_with_its_own_fields(self):
        with self.transaction() as env:
            bindings = self.browse(env, self.ids)
            bindings.odoo_id.age = 7
            bindings[3:].odoo_id.email = "a@example.com"
        self.assertIn("12 exported", self.run_only_job()["result"])
        self.assertEqual(self.many_calls, [("write", 12)])
        self.assertEqual(self.sent(self.ids[0]), {"years": 7})
        self.assertEqual(self.sent(self.ids[3]), {"years": 7, "mail": "a@example.com"})
        self.assertFalse(self.waiting_changes())

    def test_a_record_that_is_refused_has_a_job_of_its_own(self):
        with self.transaction() as env:
            contacts = self.browse(env, self.ids).odoo_id
            contacts.age = 7
            contacts[4].name = "Refused"
        self.assertIn("11 exported, 1 failed", self.run_only_job()["result"])
        self.assertEqual(self.waiting_changes(), self.ids[4:5])
        [job] = self.jobs()
        self.assertEqual(job["records"].ids, self.ids[4:5])

    def test_a_change_while_the_job_runs_is_exported_by_another_job(self):
        self.edit(self.ids, age=1)
        write_one = self.write_one

        def edit_meanwhile(external_id, data):
            self.write_one = write_one
            self.edit(self.ids[4:5], age=2)
            return write_one(external_id, data)

        self.write_one = edit_meanwhile
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 1})
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 2})
        self.assertFalse(self.waiting_changes())


class TestManyWhileJobsRun(ManyCase):
    """No order of a transaction and the job of a chunk loses a change."""

    def test_a_change_that_lands_while_the_job_runs(self):
        self.edit(self.ids, age=1)
        original = self.server.write

        def write(external_id, data):
            original(external_id, data)
            if external_id == f"x{self.ids[4]}" and data["years"] == 1:
                self.edit(self.ids[2:7], age=2)  # sent already, and not yet

        with patch.object(self.server, "write", write):
            self.run_only_job()
            for job in self.jobs():
                self.run_job(job["uuid"])
        self.assertEqual(
            [self.sent(id_)["years"] for id_ in self.ids], [1, 1, *[2] * 5, *[1] * 5]
        )
        self.assertFalse(self.waiting_changes())

    def test_a_change_that_saw_the_job_wait_and_commits_after_it(self):
        """Its snapshot is older than the start of the job, its commit younger."""
        self.edit(self.ids, age=1)
        with Transaction(self.registry) as env:
            late = self.browse(env, self.ids[:8]).odoo_id
            self.assertEqual(late[0].age, 1)  # the snapshot
            self.assertEqual(self.run_only_job()["state"], "done")
            late.email = "a@example.com"
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[0]), {"years": 1, "mail": "a@example.com"})
        self.assertFalse(self.waiting_changes())

    def test_the_job_waits_for_a_transaction_that_relies_on_it(self):
        self.edit(self.ids, age=1)
        with Transaction(self.registry) as env:
            self.browse(env, self.ids[4:5]).odoo_id.email = "a@example.com"
            env.cr.flush()  # stored, and relying on the job that waits
            job = self.run_only_job()
            self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertFalse(self.sent(self.ids[0]))
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 1, "mail": "a@example.com"})
        self.assertFalse(self.waiting_changes() or self.jobs())

    def test_a_change_that_is_rolled_back_makes_no_job(self):
        with Transaction(self.registry) as env:
            self.browse(env, self.ids).odoo_id.age = 1
            env.cr.flush()
            env.cr.rollback()
        self.assertFalse(self.jobs() or self.waiting_changes())


class TestDeletesOfMany(ManyCase):
    def delete(self, ids, wrapped=False):
        with self.transaction() as env:
            bindings = self.browse(env, ids)
            (bindings.odoo_id if wrapped else bindings).unlink()

    def waiting(self):
        """Return the ids whose deletes an import knows of."""
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            ids = [f"x{id_}" for id_ in self.ids]
            return waiting_deletes(shop, "connector.test.binding", ids)

    def test_many_deletes_have_one_job(self):
        self.delete(self.ids, wrapped=True)
        self.assertFalse(self.jobs("export_delete_record"))
        self.assertEqual(self.waiting(), {f"x{id_}" for id_ in self.ids})
        self.run_only_job("export_delete_records")
        self.assertFalse(self.server.records)
        self.assertFalse(self.waiting())

    def test_a_few_deletes_have_a_job_each(self):
        self.delete(self.ids[:5])
        self.assertEqual(len(self.jobs("export_delete_record")), 5)
        self.assertEqual(self.waiting(), {f"x{id_}" for id_ in self.ids[:5]})

    def test_a_delete_that_fails_stops_no_other(self):
        kept = f"x{self.ids[4]}"
        self.server.records[kept]["title"] = "Kept"
        self.delete(self.ids)
        result = self.run_only_job("export_delete_records")["result"]
        self.assertIn("11 processed, 1 failed", result)
        self.assertEqual(list(self.server.records), [kept])
        self.assertEqual(self.waiting(), {kept})
        self.server.records[kept].clear()
        self.run_only_job("export_delete_record")
        self.assertFalse(self.server.records)

    def test_each_delete_that_fails_gets_its_job(self):
        kept = [f"x{self.ids[number]}" for number in (4, 5, 9)]
        for external_id in kept:
            self.server.records[external_id]["title"] = "Kept"
        self.delete(self.ids)
        result = self.run_only_job("export_delete_records")["result"]
        self.assertIn("9 processed, 3 failed", result)
        self.assertEqual(len(self.jobs("export_delete_record")), 3)
        self.assertEqual(self.waiting(), set(kept))

    def test_arguments_that_a_connector_adds_cost_no_query_for_each_record(self):
        def _delete_arguments(listener, binding):
            return (*super(own, listener)._delete_arguments(binding), binding.note)

        name = "test.shop.contact.export.listener"
        own = override(name, _delete_arguments=_delete_arguments)
        self.build(own)
        counts = []
        for ids in (self.ids, self.exported(60)):
            with noted_queries() as queries:
                self.delete(ids)
            counts.append(len(queries))
        self.assertLessEqual(counts[1] - counts[0], 4)

    def test_a_job_that_was_interrupted_deletes_the_others(self):
        self.delete(self.ids)
        for id_ in self.ids[:4]:
            del self.server.records[f"x{id_}"]
        result = self.run_only_job("export_delete_records")["result"]
        self.assertIn("12 processed", result)
        self.assertFalse(self.server.records)

    def test_a_connector_that_breaks_blocks_no_delete(self):
        def to_external(binder, binding, wrap=False):
            if binding.id == self.ids[4]:
                binder.env.cr.execute("SELECT 1/0")
            return f"x{binding.id}"

        self.build(override("test.shop.binder", to_external=to_external))
        with (
            self.assertLogs("odoo.addons.connector", "ERROR") as logs,
            self.assertLogs("odoo.sql_db", "ERROR"),
        ):
            self.delete(self.ids)
        self.assertEqual(len(logs.output), 1)
        others = {f"x{id_}" for id_ in self.ids if id_ != self.ids[4]}
        self.assertEqual(self.waiting(), others)
        self.assertFalse(self.read("connector.test.binding", []))

    def test_chunks_are_deleted_in_the_channel_of_single_deletes(self):
        with self.transaction() as env:
            channel = env["queue.job.channel"].create(
                {"name": "shop", "parent_id": env.ref("queue_job.channel_root").id}
            )
            env["queue.job.function"].create(
                {
                    "model_id": env["ir.model"]._get("connector.test.binding").id,
                    "method": "export_delete_record",
                    "channel_id": channel.id,
                }
            )
        self.addCleanup(self.remove_channel, channel.id)
        self.delete(self.ids)
        [job] = self.jobs("export_delete_records")
        self.assertEqual(job["channel"], "root.shop")

    def remove_channel(self, channel_id):
        with self.transaction() as env:
            channel = env["queue.job.channel"].browse(channel_id)
            channel.job_function_ids.unlink()
            channel.unlink()


class TestLimitsOfMany(ManyCase):
    """The shop admits few calls in a window."""

    count = 100

    def setUp(self):
        super().setUp()
        self.asked = self.left = 0
        limited = override("test.shop.adapter")
        for name in ("write", "delete"):

            def method(adapter, *args, name=name):
                self.call()
                return getattr(super(limited, adapter), name)(*args)

            setattr(limited, name, method)
        self.build(limited)

    def call(self):
        self.asked += 1
        if not self.left:
            raise LimitReachedError("Too many calls.", seconds=30)
        self.left -= 1

    def run_windows(self, method):
        """Run the jobs of a method, each once in a window; return how many ran."""
        for number in range(10):
            self.left = 40
            jobs = self.jobs(method)
            if not jobs:
                return number
            for job in jobs:
                self.run_job(job["uuid"])

    def test_changes_are_exported_once_and_then_forgotten(self):
        self.edit(self.ids, age=1)
        [job] = self.jobs()
        self.left = 40
        result = self.run_job(job["uuid"])["result"]
        self.assertIn("40 exported.\n60 go on in another job after 30 s", result)
        self.assertEqual(len(self.waiting_changes()), 60)
        self.edit(self.ids[-5:], email="a@example.com")  # joins the job that waits
        self.assertEqual(len(self.jobs()), 1)
        self.assertEqual(self.run_windows("export_changes"), 2)
        self.assertFalse(self.waiting_changes())
        self.assertLessEqual(self.asked, 110)
        self.assertEqual(len(self.server.calls), 100)
        self.assertEqual(self.sent(self.ids[-1]), {"years": 1, "mail": "a@example.com"})

    def test_the_only_record_that_is_left_has_the_job_that_changes_wait_for(self):
        self.edit(self.ids[:10], age=1)
        [job] = self.jobs()
        self.left = 9
        self.run_job(job["uuid"])
        self.edit(self.ids[:10], age=2)
        jobs = self.jobs()
        self.assertEqual(sorted(len(job["records"]) for job in jobs), [1, 9])

    def test_deletes_get_on_in_each_window(self):
        with self.transaction() as env:
            self.browse(env, self.ids).unlink()
        self.assertEqual(self.run_windows("export_delete_records"), 3)
        self.assertFalse(self.server.records)
        self.assertLessEqual(self.asked, 110)

    def test_a_delete_that_fails_in_each_attempt_has_one_job(self):
        self.server.records[f"x{self.ids[4]}"]["title"] = "Kept"
        with self.transaction() as env:
            self.browse(env, self.ids[:10]).unlink()
        [job] = self.jobs("export_delete_records")
        for _attempt in range(2):
            self.left = 40
            self.run_job(job["uuid"])
            self.try_job(self.only_delete()["uuid"])

    def only_delete(self):
        domain = [("method_name", "=", "export_delete_record")]
        [job] = RealJobsCase.jobs(self, domain)
        return job


class TestListenersOfConnectors(ListenerCase):
    """A connector decides for each record, and gets one record at a time."""

    def override(self, **hooks):
        self.build(override("test.shop.contact.export.listener", **hooks))

    def many(self):
        bindings = self.model.concat(*(self.exported() for _n in range(7)))
        return bindings

    def test_its_bindings(self):
        asked = []

        def _bindings(listener, record):
            asked.append(record.ensure_one())
            return record.shop_bind_ids[:1] if "shop_bind_ids" in record else record

        self.override(_bindings=_bindings)
        bindings = self.many()
        bindings.odoo_id.age = 37
        self.assertEqual(asked[-7:], list(bindings.odoo_id))
        self.end_transaction()
        self.assertEqual(len(self.jobs()), 1)

    def test_its_exported_fields(self):
        asked = []

        def _exported_fields(listener, binding, fields):
            asked.append((binding.ensure_one(), fields))
            return {"name"} if binding.age > 3 else set()

        self.override(_exported_fields=_exported_fields)
        bindings = self.many()
        for age, binding in enumerate(bindings):
            binding.odoo_id.age = age
        self.assertEqual(asked[-7:], [(binding, ["age"]) for binding in bindings])
        self.end_transaction()
        self.assertEqual(self.noted(), [["name"]] * 3)

    def test_its_arguments_of_deletes(self):
        asked = []

        def _delete_arguments(listener, binding):
            asked.append(binding.ensure_one())
            return (self.shop, f"x{binding.id}", binding.age)

        self.override(_delete_arguments=_delete_arguments)
        bindings = self.many()
        bindings.age = 3
        ids = bindings.ids
        bindings.unlink()
        self.assertEqual([each.id for each in asked], ids)
        self.end_transaction()
        self.assertEqual(
            self.jobs("export_delete_records").args,
            [self.shop, [[f"x{id_}", 3] for id_ in ids]],
        )

    def test_it_deletes_on_the_backend_what_is_archived(self):
        def on_record_write(listener, record, fields=None):
            if "active" in fields and not record.active:
                listener.on_record_unlink(record)

        self.override(on_record_write=on_record_write)
        ada = self.exported()
        ada.active = False
        self.end_transaction()
        self.assertEqual(self.jobs("export_delete_record").args, [self.shop, "7"])
        self.assertTrue(ada.exists())

    def test_it_names_the_bindings_of_a_contact_that_is_deleted(self):
        parent = self.components["connector.export.listener"].on_record_unlink

        def on_record_unlink(listener, record):
            for binding in record.shop_bind_ids.with_context(by_hand=True):
                parent(listener, binding)

        self.override(on_record_unlink=on_record_unlink)
        self.exported().odoo_id.unlink()
        self.end_transaction()
        self.assertEqual(self.jobs("export_delete_record").args, [self.shop, "7"])
