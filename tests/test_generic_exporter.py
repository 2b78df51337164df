# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest import TestCase

from psycopg2 import IntegrityError

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.exception import (
    InvalidDataError,
    RetryableJobError,
)

from .common import ShopCase


class ExporterCase(ShopCase):
    def export(self, binding, *args, **kwargs):
        return self.component("record.exporter").run(binding, *args, **kwargs)


class TestExport(ExporterCase):
    def test_a_new_record_is_created_and_bound(self):
        ada = self.binding("Ada", email="ada@example.com", age=36)
        result = self.export(ada)
        self.assertEqual(self.server.calls, [("create", 1)])
        self.assertEqual(
            self.server.records["1"],
            {"title": "Ada", "mail": "ada@example.com", "years": 36},
        )
        self.assertEqual(ada.external_id, "1")
        self.assertTrue(ada.sync_date)
        self.assertIn("1", result)

    def test_a_known_record_is_updated_with_the_fields_that_changed(self):
        ada = self.binding("Ada", age=36)
        self.export(ada)
        ada.write({"name": "Ada L.", "age": 37})
        self.export(ada, fields=["age"])
        self.assertEqual(self.server.calls, [("create", 1), ("write", "1")])
        self.assertEqual(
            self.server.records["1"], {"title": "Ada", "mail": False, "years": 37}
        )

    def test_no_more_is_read_than_is_mapped(self):
        self.override(_export_dependencies=lambda exporter: None)
        ada = self.binding("Ada", weight=60)
        read = []
        self.server.before_create = lambda data: read.extend(ada.odoo_id._cache)
        self.env.flush_all()
        self.env.invalidate_all()
        self.export(ada)
        self.assertIn("name", read)
        self.assertNotIn("weight", read)

    def test_fields_are_ignored_for_a_new_record(self):
        self.export(self.binding("Ada", age=36), fields=["age"])
        self.assertEqual(
            self.server.records["1"], {"title": "Ada", "mail": False, "years": 36}
        )

    def test_fields_can_be_given_by_position(self):
        ada = self.binding("Ada", external_id="7")
        self.server.records["7"] = {}
        self.export(ada, ["name"])
        self.assertEqual(self.server.records["7"], {"title": "Ada"})

    def test_an_id_of_zero_is_kept_and_updated(self):
        self.server.next_id = 0
        ada = self.binding("Ada")
        self.export(ada)
        self.assertEqual(ada.external_id, "0")
        self.export(ada)
        self.assertEqual(self.server.calls, [("create", 0), ("write", "0")])

    def test_hooks_read_the_binding_and_its_external_id(self):
        seen = []

        class Override(Component):
            _inherit = "test.shop.contact.exporter"

            def _map_data(self):
                seen.append((self.binding, self.external_id))
                return super()._map_data()

        self.build(Override)
        ada = self.binding("Ada", external_id="7")
        self.server.records["7"] = {}
        self.export(ada)
        self.assertEqual(seen, [(ada, "7")])

    def test_an_adapter_that_returns_no_id_is_an_error_and_nothing_is_bound(self):
        for no_id in (None, False, True, ""):
            self.override(_create=lambda exporter, data, no_id=no_id: no_id)
            ada = self.binding("Ada")
            # Odoo's assertRaises() would roll back what was written.
            with self.subTest(no_id=no_id), TestCase.assertRaises(self, AssertionError):
                self.export(ada)
            self.assertFalse(ada.external_id or ada.sync_date)


class TestHooks(ExporterCase):
    def test_data_is_validated_before_it_is_sent(self):
        def refuse(exporter, data):
            raise InvalidDataError(f"no {sorted(data)}")

        self.override(_validate_create_data=refuse, _validate_update_data=refuse)
        for external_id in (False, "7"):
            with self.assertRaisesRegex(InvalidDataError, "title"):
                self.export(self.binding("Ada", external_id=external_id))
        self.assertFalse(self.server.calls)

    def test_after_export_the_id_is_bound(self):
        seen = []
        self.override(
            _after_export=lambda exporter: seen.append(exporter.binding.external_id)
        )
        self.export(self.binding("Ada"))
        self.assertEqual(seen, ["1"])

    def test_run_passes_its_arguments_on_and_returns_the_result(self):
        self.override(_run=lambda exporter, *args, **kwargs: (args, kwargs))
        ada = self.binding("Ada", external_id="7")
        self.assertEqual(self.export(ada, 1, two=2), ((1,), {"two": 2}))

    def test_an_overridden_run_sets_the_external_id(self):
        def _run(exporter, fields=None):
            exporter.external_id = 77

        self.override(_run=_run)
        ada = self.binding("Ada")
        self.export(ada)
        self.assertEqual(ada.external_id, "77")


class TestLateJobs(ExporterCase):
    """Jobs may run long after they were created."""

    def test_a_deleted_record_is_not_exported(self):
        ada = self.binding("Ada")
        ada.unlink()
        self.assertIn("deleted", self.export(ada))
        self.assertIn("deleted", ada.export_record())

    def test_a_user_needs_no_right_on_the_backend(self):
        user = new_test_user(self.env, "plain", groups="base.group_user")
        for model in ("binding", "contact"):  # but not connector.test.shop
            self.env["ir.model.access"].create(
                {
                    "name": model,
                    "model_id": self.env["ir.model"]._get(f"connector.test.{model}").id,
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                }
            )
        ada = self.binding("Ada").with_user(user)
        with ada.sudo().backend_id.with_user(user).work_on(ada._name) as work:
            work.component(usage="record.exporter").run(ada)
        self.assertEqual(ada.external_id, "1")

    def test_nothing_is_exported_to_an_archived_backend(self):
        self.shop.active = False
        ada = self.binding("Ada")
        self.assertIn("Corner Shop", self.export(ada))
        self.assertFalse(self.server.calls)

    def test_the_entry_point_of_bindings_runs_their_exporter(self):
        ada = self.binding("Ada", age=36)
        self.assertIn("1", ada.export_record())
        ada.write({"age": 37, "email": "ada@example.com"})
        ada.export_record(fields=["age"])
        self.assertEqual(
            self.server.records["1"], {"title": "Ada", "mail": False, "years": 37}
        )


class TestOverriddenRun(ExporterCase):
    def test_a_record_whose_id_an_override_clears_is_created_again(self):
        class Forgetful(Component):
            _inherit = "test.shop.contact.exporter"

            def _run(self, fields=None):
                self.external_id = None
                return super()._run(fields=fields)

        self.build(Forgetful)
        ada = self.binding("Ada", external_id="7")
        self.export(ada)
        self.assertEqual(self.server.calls, [("create", 1)])
        self.assertEqual(ada.external_id, "1")


class TestDependencies(ExporterCase):
    def tree(self):
        root = self.contact("Root")
        middle = self.contact("Middle", parent_id=root.id)
        return root, middle, self.binding("Leaf", parent_id=middle.id)

    def titles(self):
        return [record["title"] for record in self.server.records.values()]

    def test_a_binding_that_waits_for_its_export_is_used(self):
        _root, middle, leaf = self.tree()
        waiting = self.binding(odoo_id=middle.id, active=False)
        self.export(leaf)
        self.assertTrue(waiting.external_id)
        self.assertEqual(middle.with_context(active_test=False).shop_bind_ids, waiting)

    def test_a_dependency_may_be_a_binding(self):
        self.override(
            _export_dependencies=lambda exporter: exporter._export_dependency(
                exporter.binding.friend_id, "connector.test.binding"
            )
        )
        grace = self.binding("Grace")
        self.export(self.binding("Ada", friend_id=grace.id))
        self.assertEqual(self.titles(), ["Grace", "Ada"])
        self.export(self.binding("Mary", friend_id=grace.id))
        self.assertEqual(self.titles(), ["Grace", "Ada", "Mary"])
        self.assertEqual(self.server.calls, [("create", n) for n in (1, 2, 3)])

    def test_nothing_happens_without_a_relation(self):
        self.override(
            _default_binding_field=None,
            _export_dependencies=lambda exporter: exporter._export_dependency(
                exporter.binding.parent_id, "connector.test.binding"
            ),
        )
        self.export(self.binding("Ada"))
        self.assertEqual(self.titles(), ["Ada"])

    def test_the_field_usage_and_values_of_the_binding_can_be_given(self):
        used = []

        class OtherExporter(Component):
            _name = "test.shop.other.exporter"
            _inherit = "test.shop.contact.exporter"
            _usage = "other.exporter"

            def run(self, binding, *args, **kwargs):
                used.append(binding)
                return super().run(binding, *args, **kwargs)

        def _export_dependencies(exporter):
            exporter._export_dependency(
                exporter.binding.parent_id,
                "connector.test.binding",
                component_usage="other.exporter",
                binding_field="shop_bind_ids",
                binding_extra_vals={"note": "made for an export"},
            )

        self.build(OtherExporter)
        self.override(
            _default_binding_field=None, _export_dependencies=_export_dependencies
        )
        parent = self.contact("Parent")
        self.export(self.binding("Ada", parent_id=parent.id))
        self.assertEqual(used, [parent.shop_bind_ids])
        self.assertEqual(used[0].note, "made for an export")

    def test_an_unset_binding_field_is_an_error_that_says_what_to_set(self):
        self.override(_default_binding_field=None)
        parent = self.contact("Parent")
        with self.assertRaisesRegex(ValueError, "_default_binding_field"):
            self.export(self.binding("Ada", parent_id=parent.id))

    def test_the_create_of_a_binding_tells_listeners_not_to_export(self):
        heard = []

        class BindingListener(Component):
            _name = "test.shop.binding.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["connector.test.binding"]

            def on_record_create(self, record, fields=None):
                heard.append(self.no_connector_export(record))

        ada = self.binding("Ada", parent_id=self.contact("Parent").id)
        self.build(BindingListener)
        self.export(ada)
        self.assertEqual(heard, [True])

    def test_the_context_of_a_new_binding_does_not_reach_the_export(self):
        contexts = []
        self.override(
            _has_to_skip=lambda exporter: contexts.append(exporter.binding.env.context)
        )
        ada = self.binding("Ada", parent_id=self.contact("Parent").id)
        self.export(ada)
        self.assertEqual(contexts, [self.env.context] * 2)

    def test_a_dependency_that_another_job_is_binding_is_retried(self):
        """The other job holds the lock under which it creates the binding."""
        ada = self.binding("Ada", parent_id=self.contact("Parent").id)
        locks = []

        class Spy(AbstractComponent):
            _inherit = "base.connector"

            def advisory_lock_or_retry(self, lock, retry_seconds=1):
                locks.append(lock)
                return super().advisory_lock_or_retry(lock, retry_seconds)

        self.build(Spy)
        with self.cr.savepoint() as savepoint:
            self.export(ada)
            savepoint.rollback()
        self.env.invalidate_all()
        with self.registry.cursor() as other_cr:
            other = self.shop.with_env(self.env(cr=other_cr))
            self.component("record.locker", shop=other).advisory_lock_or_retry(locks[0])
            with self.assertRaises(RetryableJobError) as raised:
                self.export(ada)
            self.assertTrue(raised.exception.ignore_retry)
            self.assertLessEqual(raised.exception.seconds, 5)

    @mute_logger("odoo.sql_db")
    def test_a_unique_violation_retries_within_seconds_without_using_a_try(self):
        ada = self.binding("Ada")
        exporter = self.component("record.exporter")
        with (
            self.assertRaises(RetryableJobError) as raised,
            self.cr.savepoint(),
            exporter._retry_unique_violation(),
        ):
            self.binding(odoo_id=ada.odoo_id.id)
        self.assertTrue(raised.exception.ignore_retry)
        self.assertLessEqual(raised.exception.seconds, 5)

    @mute_logger("odoo.sql_db")
    def test_other_violations_are_not_hidden(self):
        exporter = self.component("record.exporter")
        with (
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
            exporter._retry_unique_violation(),
        ):
            self.env["connector.test.binding"].create({"name": "No backend"})
