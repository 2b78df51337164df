# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.models.ir_model import cancel_jobs_of

from .common import ShopCase, noted_queries


class TestRelatedAction(ShopCase):
    def job(self, records):
        job = records.with_delay().export_record()
        return self.env["queue.job"].search([("uuid", "=", job.uuid)])

    def action(self, records, **kwargs):
        return self.job(records).related_action_unwrap_binding(**kwargs)

    def test_it_opens_the_record_behind_the_binding(self):
        ada = self.binding()
        self.assertEqual(
            self.action(ada),
            {
                "name": "Contact of the tests",
                "type": "ir.actions.act_window",
                "view_type": "form",
                "view_mode": "form",
                "res_model": "connector.test.contact",
                "res_id": ada.odoo_id.id,
            },
        )

    def test_it_opens_the_binding_when_it_wraps_nothing(self):
        model = self.env["connector.test.numbered"]
        binding = model.create({"shop": self.shop.id})
        action = self.action(binding)
        self.assertEqual(action["res_model"], "connector.test.numbered")
        self.assertEqual(action["res_id"], binding.id)

    def test_it_opens_nothing_when_there_are_several(self):
        self.assertIsNone(self.action(self.binding("Ada") + self.binding("Grace")))

    def test_it_opens_nothing_when_the_record_is_gone(self):
        ada = self.binding()
        job = self.job(ada)
        ada.unlink()
        self.assertIsNone(job.related_action_unwrap_binding())

    def test_it_asks_the_binder_of_the_given_usage(self):
        class OtherBinder(Component):
            _name = "test.shop.other.binder"
            _inherit = "test.shop.binder"
            _usage = "other.binder"

            def unwrap_binding(self, binding):
                return super().unwrap_binding(binding).parent_id

        self.build(OtherBinder)
        parent = self.contact("Parent")
        ada = self.binding("Ada", parent_id=parent.id)
        action = self.action(ada, component_usage="other.binder")
        self.assertEqual(action["res_id"], parent.id)

    def test_a_job_function_can_name_it(self):
        self.env["queue.job.function"].create(
            {
                "model_id": self.env["ir.model"]._get("connector.test.binding").id,
                "method": "export_record",
                "related_action": {"func_name": "related_action_unwrap_binding"},
            }
        )
        ada = self.binding()
        action = self.job(ada).open_related_action()
        self.assertEqual(action["res_id"], ada.odoo_id.id)

    def test_the_model_of_jobs_belongs_to_the_addon_too(self):
        """Connectors refer to it in their data."""
        model = self.env.ref("connector.model_queue_job")
        self.assertEqual(model.model, "queue.job")


class TestUninstalledModel(ShopCase):
    def test_jobs_of_a_model_that_is_uninstalled_are_cancelled_with_a_sentence(self):
        states = ("pending", "failed", "done", "started")
        jobs = self.env["queue.job"]
        for state in states:
            job = self.binding(state).with_delay().export_record()
            jobs |= jobs.search([("uuid", "=", job.uuid)])
            jobs[-1:].state = state
        other = self.env["res.partner"].with_delay().search([])
        other = jobs.search([("uuid", "=", other.uuid)])
        # queue_job itself can no longer load this one
        jobs[0].with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).method_name = "gone"
        cancel_jobs_of(self.env, ["connector.test.binding"])
        self.assertEqual(
            jobs.mapped("state"), ["cancelled", "cancelled", "done", "started"]
        )
        self.assertIn("uninstalled", jobs[0].result)
        self.assertEqual(other.state, "pending")


class TestNames(ShopCase):
    def name(self, call):
        return call(self.model.with_delay()).db_record().name

    def test_a_job_is_named_after_its_record_and_its_backend(self):
        ada = self.binding("Ada")
        for method in ("export_record", "export_changes"):
            job = getattr(ada.with_delay(), method)().db_record()
            self.assertEqual(job.name, "Export Ada to Corner Shop")
        self.assertEqual(
            self.name(lambda model: model.import_record(self.shop, "A7")),
            "Import record A7 from Corner Shop",
        )
        self.assertEqual(
            self.name(lambda model: model.export_delete_record(self.shop, "A7")),
            "Delete record A7 on Corner Shop",
        )

    def test_a_job_that_prepares_others_is_named_after_its_backend(self):
        self.assertEqual(
            self.name(lambda model: model.import_changes(self.shop)),
            "Find what to import from Corner Shop",
        )
        self.assertEqual(
            self.name(lambda model: model.export_batch(self.shop)),
            "Find what to export to Corner Shop",
        )

    def test_a_name_that_is_not_in_memory_is_not_read(self):
        ada = self.binding("Ada")
        self.env.flush_all()
        self.env.invalidate_all()
        with noted_queries() as queries:
            job = ada.with_delay().export_record().db_record()
        self.assertEqual(job.name, "Export a record to the backend")
        self.assertFalse([query for query in queries if "test_contact" in query])

    def test_a_connector_names_its_jobs_itself(self):
        job = self.binding("Ada").with_delay(description="Send").export_record()
        self.assertEqual(job.db_record().name, "Send")


class TestRecordsOfJobs(ShopCase):
    def test_a_job_opens_the_record_that_its_binding_wraps(self):
        ada = self.binding("Ada")
        job = ada.with_delay().export_record().db_record()
        action = job.open_related_action()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (ada.odoo_id._name, ada.odoo_id.id)
        )

    def test_a_job_of_many_opens_their_bindings(self):
        bindings = self.binding("Ada") + self.binding("Bob")
        job = bindings.with_delay().export_chunk().db_record()
        action = job.open_related_action()
        self.assertEqual(self.model.search(action["domain"]), bindings)


class TestJobConfig(ShopCase):
    connector_commits = True

    def config(self, model, method="export_record"):
        functions = self.env["queue.job.function"]
        return functions.job_config(functions.job_function_name(model, method))

    def test_jobs_on_bindings_and_backends_may_commit(self):
        for model in (
            "connector.test.binding",
            "connector.test.numbered",
            "connector.test.shop",
        ):
            self.assertTrue(self.config(model).allow_commit)
            self.assertTrue(self.config(model, "any_method").allow_commit)

    def test_jobs_on_other_models_may_not(self):
        self.assertFalse(self.config("connector.test.contact").allow_commit)
        self.assertFalse(self.config("res.partner").allow_commit)

    def test_jobs_are_retried_after_growing_waits(self):
        pattern = self.config("connector.test.binding").retry_pattern
        longest = [longest for _shortest, longest in pattern.values()]
        self.assertEqual(longest, sorted(longest))
        self.assertLess(longest[0], 60)
        self.assertFalse(self.config("res.partner").retry_pattern)

    def test_names_that_mean_nothing_are_no_problem(self):
        functions = self.env["queue.job.function"]
        for name in ("<uninstalled.model>.export_record", "nonsense", ""):
            self.assertFalse(functions.job_config(name).allow_commit)

    def test_a_job_function_record_keeps_the_rest_of_its_settings(self):
        function = self.env["queue.job.function"].create(
            {
                "model_id": self.env["ir.model"]._get("connector.test.binding").id,
                "method": "export_record",
                "channel_id": self.env["queue.job.channel"]
                .create(
                    {
                        "name": "shop",
                        "parent_id": self.env.ref("queue_job.channel_root").id,
                    }
                )
                .id,
                "retry_pattern": {1: 60},
            }
        )
        self.assertFalse(function.allow_commit)
        config = self.config("connector.test.binding")
        self.assertTrue(config.allow_commit)
        self.assertEqual(config.channel, "root.shop")
        self.assertEqual(config.retry_pattern, {1: 60})
        self.assertEqual(config.job_function_id, function.id)


class TestJobConfigInTests(ShopCase):
    def test_a_test_that_does_not_ask_runs_jobs_in_its_own_transaction(self):
        functions = self.env["queue.job.function"]
        config = functions.job_config("<connector.test.binding>.export_record")
        self.assertFalse(config.allow_commit)
