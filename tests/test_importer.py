# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Simultaneous imports of one record, in real transactions."""

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.connector.tools.locks import CONTENTION_WAIT

from .common import (
    RealJobsCase,
    ShopSource,
    Transaction,
    import_components,
    override,
)


class TestExportInAnImport(RealJobsCase):
    def test_an_export_in_a_hook_breaks_no_chunk(self):
        source = ShopSource()
        source.add(1, 2, 3)
        self.build(*import_components(source))

        def _after_import(importer, binding):
            if importer.external_id == "2":
                raise ValueError("too late")
            importer.component(usage="record.exporter").run(binding)

        self.build(
            override("test.shop.contact.record.importer", _after_import=_after_import)
        )
        self.server.records.update({"1": {}, "2": {}, "3": {}})
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            bindings = env["connector.test.binding"]
            uuid = bindings.with_delay().import_chunk(shop, ["1", "2", "3"]).uuid
        job = self.run_job(uuid)
        self.assertEqual(job["state"], "done")
        self.assertTrue(job["result"].startswith("2 created, 1 failed."))
        found = self.read("connector.test.binding", [])
        self.assertEqual({each["external_id"] for each in found}, {"1", "3"})


class TestLockImport(RealJobsCase):
    def setUp(self):
        super().setUp()

        class ContactImporter(Component):
            _name = "test.shop.contact.importer"
            _inherit = ["base.importer", "base.test.shop"]
            _apply_on = ["connector.test.binding"]
            _usage = "record.importer"

            def run(self, external_id):
                self._lock_import(external_id)
                binding = self.binder.to_internal(external_id)
                if not binding:
                    with self._retry_unique_violation():
                        binding = self.model.create(
                            {"backend_id": self.backend_record.id, "name": "Ada"}
                        )
                    self.binder.bind(external_id, binding)
                return binding

        self.build(ContactImporter)

    def importer(self, env):
        shop = env["connector.test.shop"].browse(self.shop_id)
        with shop.work_on("connector.test.binding") as work:
            return work.component(usage="record.importer")

    def take_snapshot(self, env):
        env["connector.test.binding"].search_count([])

    def assert_retries_soon(self, importer, external_id="7"):
        with self.assertRaises(RetryableJobError) as raised:
            importer.run(external_id)
        self.assertTrue(raised.exception.ignore_retry)
        self.assertLessEqual(raised.exception.seconds, max(CONTENTION_WAIT))

    def count(self):
        return len(self.read("connector.test.binding", []))

    def test_two_simultaneous_imports_make_one_record(self):
        with Transaction(self.registry) as first:
            self.importer(first).run("7")
            with Transaction(self.registry) as second:
                self.assert_retries_soon(self.importer(second))
                second.cr.rollback()
        self.assertEqual(self.count(), 1)

    def test_an_import_committed_after_our_snapshot_is_not_repeated(self):
        with Transaction(self.registry) as late:
            self.take_snapshot(late)
            with Transaction(self.registry) as quick:
                self.importer(quick).run("7")
            self.assert_retries_soon(self.importer(late))
            late.cr.rollback()
            self.assertTrue(self.importer(late).run("7"))
        self.assertEqual(self.count(), 1)

    def test_both_snapshots_may_be_older_than_both_imports(self):
        with Transaction(self.registry) as one, Transaction(self.registry) as other:
            self.take_snapshot(one)
            self.take_snapshot(other)
            self.importer(one).run("7")
            self.assert_retries_soon(self.importer(other))
            one.cr.commit()
            self.assert_retries_soon(self.importer(other))
            other.cr.rollback()
        self.assertEqual(self.count(), 1)

    def test_other_records_are_imported_at_the_same_time(self):
        with Transaction(self.registry) as one, Transaction(self.registry) as other:
            self.importer(one).run("7")
            self.importer(other).run("8")
        self.assertEqual(self.count(), 2)

    def test_the_same_id_of_another_backend_is_another_record(self):
        with self.transaction() as env:
            other_shop = env["connector.test.shop"].create({"name": "Other"}).id
        with Transaction(self.registry) as one, Transaction(self.registry) as other:
            self.importer(one).run("7")
            self.shop_id = other_shop
            self.importer(other).run("7")
        self.assertEqual(self.count(), 2)
