# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What happened while a backend was archived is done when it is active again."""

from .import_cases import ImportJobsCase
from .listener_cases import ManyCase
from .webhooks import WebhookCase


class Archiving:
    """Mixin of a test whose shop is archived for a while."""

    def set_active(self, active):
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).active = active


class TestExportsOfArchived(Archiving, ManyCase):
    def setUp(self):
        super().setUp()
        self.edit(self.ids, age=1)
        self.set_active(False)
        self.run_only_job()

    def test_changes_that_waited(self):
        self.assertFalse(self.jobs())
        self.set_active(True)
        self.run_only_job()
        self.assertEqual(self.sent(self.ids[4]), {"years": 1})
        self.assertFalse(self.waiting_changes())

    def test_changes_in_the_meantime(self):
        self.edit(self.ids[:1], name="Changed")
        self.run_only_job()
        self.set_active(True)
        for job in self.jobs():
            self.run_job(job["uuid"])
        self.assertEqual(self.sent(self.ids[0]), {"title": "Changed", "years": 1})
        self.assertFalse(self.waiting_changes())

    def test_deletes(self):
        with self.transaction() as env:
            self.browse(env, self.ids[:1]).odoo_id.unlink()
        self.run_only_job("export_delete_record")
        self.assertIn(f"x{self.ids[0]}", self.server.records)
        self.set_active(True)
        self.run_only_job("export_delete_record")
        self.assertNotIn(f"x{self.ids[0]}", self.server.records)

    def test_other_jobs_do_not_run_again(self):
        self.set_active(True)
        self.run_only_job()
        self.set_active(False)
        self.set_active(True)
        self.assertFalse(self.jobs())

    def test_a_backend_that_was_not_archived(self):
        self.set_active(True)
        self.run_only_job()
        self.set_active(True)
        self.assertFalse(self.jobs())


class TestImportsOfArchived(Archiving, ImportJobsCase):
    def test_imports_that_waited(self):
        self.source.add(1, 2)
        uuid = self.delay_import("1", "2")
        self.set_active(False)
        self.assertIn("is archived", self.run_job(uuid)["result"])
        self.set_active(True)
        self.assertEqual(self.run_job(uuid)["outcome_counts"], {"created": 2})
        self.assertEqual(self.names().keys(), {"1", "2"})


class TestDeliveriesOfArchived(Archiving, WebhookCase):
    def test_deliveries_in_the_meantime(self):
        self.source.add("7")
        self.set_active(False)
        self.announce("7")
        self.run_jobs()
        self.set_active(True)
        self.run_jobs()
        self.assertEqual(self.names().keys(), {"7"})
