# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deletes on backends of what is gone in Odoo, and of nothing else."""

from contextlib import suppress

from odoo import api

from odoo.addons.component.core import Component
from odoo.addons.connector.jobs.deletes import waiting_deletes
from odoo.addons.connector.jobs.outcome import SKIPPED

from .common import noted_queries, override
from .listener_cases import ListenerCase, delete_components


class RemovalCase(ListenerCase):
    def setUp(self):
        super().setUp()
        self.build(*delete_components(self.server))

    def deleted(self):
        """Return the external ids that jobs will delete, at the transaction's end."""
        self.end_transaction()
        jobs = self.jobs("export_delete_record")
        many = self.jobs("export_delete_records")
        return sorted(
            [job.args[1] for job in jobs]
            + [id_ for job in many for id_, *_more in job.args[1]]
        )

    def remove(self, records):
        """Delete rows by SQL alone."""
        self.env.flush_all()
        self.env.cr.execute(
            f"DELETE FROM {records._table} WHERE id = ANY(%s)", [records.ids]
        )
        self.env.invalidate_all()

    def refuse(self, *models_):
        """Let Odoo refuse to delete records, after the listeners were notified."""

        @api.ondelete(at_uninstall=False)
        def _unlink_refuse(records):
            raise ValueError("It is needed.")

        for name in models_:
            cls = self.registry[name]
            methods = [*self.env[name]._ondelete_methods, _unlink_refuse]
            self.patch(cls, "_ondelete_methods", methods)


class TestLinkedAgain(RemovalCase):
    """The id of a deleted record is linked again before a job has deleted it."""

    def linked_again(self, exported):
        """Delete records and link their ids with others; return the only job."""
        exported.unlink()
        self.end_transaction()
        for external_id in self.server.records:
            self.binding(external_id=external_id)
        [job] = self.jobs("export_delete_record") + self.jobs("export_delete_records")
        return job

    def test_it_is_not_deleted(self):
        job = self.linked_again(self.exported())
        result = job.records.export_delete_record(*job.args)
        self.assertIn("record 7 is linked with a record of Odoo again", result)
        self.assertEqual(result.kind, SKIPPED)
        self.assertIn("7", self.server.records)

    def test_of_many_those_that_are_linked_are_not_deleted(self):
        ids = [str(number) for number in range(8)]
        self.server.records.update({id_: {} for id_ in ids})
        bindings = [self.binding(external_id=id_) for id_ in ids]
        job = self.linked_again(self.env["connector.test.binding"].union(*bindings))
        freed = self.env["connector.test.binding"].search([("external_id", "=", "3")])
        freed.with_context(connector_no_export=True).external_id = False
        job.records.export_delete_records(*job.args)
        self.assertEqual([*self.server.records], [id_ for id_ in ids if id_ != "3"])

    def test_a_record_that_odoo_keeps_is_deleted(self):
        """A listener has asked for that, such as that of a record that is archived."""
        ada = self.exported()
        ada._event("on_record_unlink").notify(ada)
        self.end_transaction()
        job = self.jobs("export_delete_record")
        job.records.export_delete_record(*job.args)
        self.assertFalse(self.server.records)


class TestRefusedDeletes(RemovalCase):
    def test_a_delete_that_odoo_refused(self):
        for name in ("connector.test.binding", "connector.test.contact"):
            with self.subTest(name):
                ada = self.exported()
                self.refuse(name)
                record = ada if name == ada._name else ada.odoo_id
                with suppress(ValueError):
                    record.unlink()
                self.assertTrue(ada.exists())
                self.assertFalse(self.deleted())

    def test_a_delete_that_a_foreign_key_refuses(self):
        ada = self.exported()
        self.cr.execute(
            "CREATE TABLE connector_test_order (contact_id int"
            " REFERENCES connector_test_contact ON DELETE RESTRICT)"
        )
        self.cr.execute(
            "INSERT INTO connector_test_order VALUES (%s)", [ada.odoo_id.id]
        )
        with (
            self.assertLogs("odoo.sql_db", "ERROR"),
            suppress(Exception),
            self.cr.savepoint(),
        ):
            ada.odoo_id.unlink()
        self.assertTrue(ada.exists())
        self.assertFalse(self.deleted())

    def test_a_delete_that_is_rolled_back(self):
        ada = self.exported()
        for flush in (True, False):
            with self.subTest(flush=flush):
                savepoint = self.cr.savepoint(flush=flush)
                ada.odoo_id.unlink()
                savepoint.rollback()
                savepoint.close(rollback=False)
                self.env.invalidate_all()
                self.assertTrue(ada.exists())
                self.assertFalse(self.deleted())

    def test_a_delete_after_one_that_was_refused(self):
        ada = self.exported()
        with self.cr.savepoint() as savepoint:
            ada.odoo_id.unlink()
            savepoint.rollback()
        self.env.invalidate_all()
        ada.odoo_id.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_a_delete_that_fails_after_the_rows_are_gone(self):
        def unlink(contacts):
            original(contacts)
            raise ValueError("too late")

        original = self.registry["connector.test.contact"].unlink
        self.patch(self.registry["connector.test.contact"], "unlink", unlink)
        ada = self.exported()
        with suppress(ValueError):
            ada.odoo_id.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_a_savepoint_between_the_listener_and_the_refusal(self):
        ada = self.exported()

        class Another(Component):
            _name = "test.shop.savepoint.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["connector.test.contact"]

            def on_record_unlink(self, record):
                with self.env.cr.savepoint():
                    pass

        self.build(Another)
        self.refuse("connector.test.contact")
        with suppress(ValueError):
            ada.odoo_id.unlink()
        self.assertFalse(self.deleted())

    def test_jobs_that_a_savepoint_undid_are_made_again(self):
        ada = self.exported()
        ada.odoo_id.unlink()
        with self.cr.savepoint(flush=False) as savepoint:
            self.assertEqual(self.deleted(), ["7"])
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertFalse(self.deleted())
        self.cr.postcommit.clear()  # The cron runs in another transaction.
        self.changes.delay_deletes_of_removed()
        self.assertEqual(self.deleted(), ["7"])

    def test_of_many_those_that_are_gone(self):
        bindings = self.model.concat(*(self.exported() for _n in range(8)))
        for number, binding in enumerate(bindings):
            binding.with_context(connector_no_export=True).external_id = f"x{number}"
        with self.cr.savepoint() as savepoint:
            bindings[:4].odoo_id.unlink()
            savepoint.rollback()
        self.env.invalidate_all()
        bindings[2:].odoo_id.unlink()
        self.assertEqual(self.deleted(), [f"x{n}" for n in range(2, 8)])


class TestRemovedBindings(RemovalCase):
    def test_the_hook_sees_the_binding_before_it_is_deleted(self):
        seen = []

        def _delete_arguments(listener, binding):
            seen.append((binding.exists(), binding.name, binding.note))
            return self.shop, binding.external_id, binding.note

        self.build(
            override(
                "test.shop.contact.export.listener", _delete_arguments=_delete_arguments
            )
        )
        ada = self.exported(note="v1")
        ada.odoo_id.unlink()
        self.end_transaction()
        self.assertEqual(seen, [(ada, "Ada", "v1")])
        job = self.jobs("export_delete_record")
        self.assertEqual(job.args, [self.shop, "7", "v1"])

    def test_a_record_that_is_deleted_and_created_again(self):
        ada = self.exported()
        contact = ada.odoo_id
        ada.unlink()
        again = self.binding(odoo_id=contact.id, external_id="7")
        self.assertFalse(self.deleted())
        again.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_the_other_backend_may_have_the_same_id(self):
        other = self.shop.create({"name": "Other"})
        ada = self.exported()
        self.binding(odoo_id=ada.odoo_id.id, external_id="7", backend_id=other.id)
        ada.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_rows_that_other_code_deletes_by_sql(self):
        ada, grace = self.exported(), self.exported()
        grace.with_context(connector_no_export=True).external_id = "8"
        self.remove(ada)
        self.remove(grace.odoo_id)
        self.assertFalse(self.deleted())
        self.env.ref("connector.ir_cron_removals").ir_actions_server_id.run()
        self.assertEqual(self.deleted(), ["7", "8"])

    def test_rows_that_sql_deletes_before_the_orm_deletes_more(self):
        ada = self.exported()
        contact = ada.odoo_id
        self.remove(ada)
        contact.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_the_hook_reads_the_columns_of_a_row_that_sql_deleted(self):
        def _delete_arguments(listener, binding):
            return self.shop, binding.external_id, binding.note, binding.create_date

        self.build(
            override(
                "test.shop.contact.export.listener", _delete_arguments=_delete_arguments
            )
        )
        ada = self.exported(note="v1")
        created = ada.create_date
        self.remove(ada)
        self.changes.delay_deletes_of_removed()
        job = self.jobs("export_delete_record")
        self.assertEqual(job.args, [self.shop, "7", "v1", created])

    def test_an_import_skips_what_sql_deleted(self):
        ada = self.exported()
        self.remove(ada)
        waiting = waiting_deletes(self.shop, ada._name, ["7", "8"])
        self.assertEqual(waiting, {"7"})

    def test_a_cascade_to_a_binding_that_alone_is_listened_to(self):
        self.build(
            override(
                "test.shop.contact.export.listener",
                _apply_on=["connector.test.binding"],
            )
        )
        ada = self.exported()
        ada.odoo_id.unlink()
        self.assertEqual(self.deleted(), ["7"])

    def test_a_cascade_to_contacts_that_alone_are_listened_to(self):
        self.build(
            override(
                "test.shop.contact.export.listener",
                _apply_on=["connector.test.contact"],
            )
        )
        ada, grace = self.exported(), self.exported()
        self.remove(ada.odoo_id)
        self.remove(grace)  # Its contact stays.
        self.changes.delay_deletes_of_removed()
        self.assertEqual(self.deleted(), ["7"])

    def test_a_backend_that_is_deleted_deletes_no_records(self):
        ada = self.exported()
        self.cr.execute(
            "ALTER TABLE connector_test_binding"
            " DROP CONSTRAINT connector_test_binding_backend_id_fkey,"
            " ADD FOREIGN KEY (backend_id) REFERENCES connector_test_shop"
            " ON DELETE CASCADE"
        )
        self.shop.unlink()
        self.assertFalse(ada.exists())
        self.changes.delay_deletes_of_removed()
        self.assertFalse(self.deleted())

    def test_what_the_connector_deletes_is_left_to_it(self):
        for key in ("connector_no_export", "no_connector_export"):
            for wrapped in (True, False):
                with self.subTest(key=key, wrapped=wrapped):
                    ada = self.exported()
                    record = ada.odoo_id if wrapped else ada
                    record.with_context(**{key: True}).unlink()
                    self.changes.delay_deletes_of_removed()
                    self.assertFalse(self.deleted())

    def test_a_user_s_delete_within_a_connector_s_counts(self):
        ada, grace = self.exported(), self.exported()
        grace.with_context(connector_no_export=True).external_id = "8"

        def unlink(contacts):
            if contacts.env.context.get("connector_no_export"):
                grace.odoo_id.unlink()
            return original(contacts)

        original = self.registry["connector.test.contact"].unlink
        self.patch(self.registry["connector.test.contact"], "unlink", unlink)
        ada.odoo_id.with_context(connector_no_export=True).unlink()
        self.assertEqual(self.deleted(), ["8"])

    def test_a_connector_without_a_listener_or_a_deleter_deletes_nothing(self):
        ada = self.exported()
        self.build(override("test.shop.contact.deleter", _usage="another"))
        self.remove(ada)
        self.changes.delay_deletes_of_removed()
        self.assertFalse(self.deleted())
        self.assertFalse(self.changes.search([]))

    def test_the_method_of_another_connector_makes_no_deletes(self):
        """One that deletes without our deleter, with ``export_delete_record``."""
        self.patch(
            self.registry["connector.test.numbered"],
            "export_delete_record",
            lambda *args: None,
        )
        self.test_a_connector_without_a_listener_or_a_deleter_deletes_nothing()

    def test_a_listener_that_keeps_a_record_is_asked_once(self):
        asked = []

        def on_record_unlink(listener, record):
            asked.append(record._name)

        self.build(
            override(
                "test.shop.contact.export.listener", on_record_unlink=on_record_unlink
            )
        )
        self.exported().odoo_id.unlink()
        self.exported().unlink()
        self.assertFalse(self.deleted())
        self.assertEqual(asked, ["connector.test.contact", "connector.test.binding"])

    def test_scripts_of_an_update_delete_nothing(self):
        ada = self.exported()
        self.remove(ada)
        self.patch(self.registry, "updated_modules", ["connector_shop"])
        self.changes._register_hook()
        self.changes.delay_deletes_of_removed()
        self.assertFalse(self.deleted())

    def test_what_is_removed_after_an_update_is_not_forgotten(self):
        """Odoo calls the hook again when somebody adds a field."""
        self.patch(self.registry, "updated_modules", ["connector_cafe"])
        self.changes._register_hook()
        self.remove(self.exported())
        self.changes._register_hook()
        self.changes.delay_deletes_of_removed()
        self.assertEqual(self.deleted(), ["7"])

    def test_a_table_that_is_emptied_deletes_nothing(self):
        """TRUNCATE is for administrators, who tidy up."""
        self.exported()
        self.env.flush_all()
        self.cr.execute("TRUNCATE connector_test_binding CASCADE")
        self.env.invalidate_all()
        self.changes.delay_deletes_of_removed()
        self.assertFalse(self.deleted())

    def test_a_connector_that_breaks_blocks_no_cron(self):
        def to_external(binder, binding, wrap=False):
            raise ValueError("broken")

        ada = self.exported()
        self.build(override("test.shop.binder", to_external=to_external))
        self.remove(ada)
        with self.assertLogs("odoo.addons.connector", "ERROR") as logs:
            self.changes.delay_deletes_of_removed()
        self.assertIn("will not be deleted", logs.output[0])
        self.assertFalse(self.changes.search([]))

    def test_many_rows_that_sql_deleted_cost_few_queries(self):
        counts = []
        for count in (10, 30):
            bindings = self.model.concat(*(self.exported() for _n in range(count)))
            for number, binding in enumerate(bindings):
                binding.with_context(connector_no_export=True).external_id = number
            self.remove(bindings)
            with noted_queries() as queries:
                self.changes.delay_deletes_of_removed()
            counts.append(len(queries))
            self.assertEqual(len(self.deleted()), count)
            self.jobs("export_delete_records").unlink()
        self.assertLessEqual(counts[1], counts[0])

    def test_one_row_that_breaks_stops_no_other(self):
        def to_external(binder, binding, wrap=False):
            if binding == ada:
                raise ValueError("broken")
            return "8"

        ada, grace = self.exported(), self.exported()
        self.build(override("test.shop.binder", to_external=to_external))
        self.remove(ada + grace)
        with self.assertLogs("odoo.addons.connector", "ERROR") as logs:
            self.changes.delay_deletes_of_removed()
        self.assertEqual(len(logs.output), 1, "\n".join(logs.output))
        self.assertEqual(self.deleted(), ["8"])
