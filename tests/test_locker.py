# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.connector.tools.locks import CONTENTION_WAIT, try_lock_rows

from .common import ShopCase, sent_locks


class TestLocker(ShopCase):
    def setUp(self):
        super().setUp()
        self.locker = self.component("record.locker")
        self.partner = self.env.ref("base.main_partner")
        self.other_cr = self.registry.cursor()
        self.addCleanup(self.other_cr.close)
        self.theirs = self.partner.with_env(self.env(cr=self.other_cr))

    def lock_error(self, **kwargs):
        with (
            self.assertLogs("odoo.addons.connector", logging.INFO) as logs,
            self.assertRaises(RetryableJobError) as raised,
        ):
            self.locker.lock(self.partner, **kwargs)
        self.assertEqual([record.levelname for record in logs.records], ["INFO"])
        self.assertFalse(logs.records[0].exc_info)
        return raised.exception

    def test_it_is_there_for_every_connector(self):
        self.assertEqual(self.locker._name, "base.record.locker")

    def test_locked_records_are_locked_for_others(self):
        self.locker.lock(self.partner)
        self.assertFalse(try_lock_rows(self.theirs))

    def test_a_locked_record_retries_within_seconds_without_using_a_try(self):
        try_lock_rows(self.theirs)
        error = self.lock_error()
        shortest, longest = CONTENTION_WAIT
        self.assertTrue(shortest <= error.seconds <= longest <= 5)
        self.assertTrue(error.ignore_retry)
        self.assertIn(str(self.partner.id), str(error))

    def test_the_statement_says_not_to_wait(self):
        try_lock_rows(self.theirs)
        with sent_locks() as statements:
            self.lock_error()
        statement = 'SELECT id FROM "res_partner" WHERE id IN %s FOR UPDATE NOWAIT'
        self.assertEqual(statements, [statement])
        self.assertTrue(self.partner.exists(), "the transaction accepts queries")

    def test_a_record_that_was_changed_is_retried_in_the_same_way(self):
        changed = self.theirs.create({"name": "Ada"})
        self.other_cr.commit()
        self.addCleanup(self.delete, changed)
        with self.registry.cursor() as cr:
            ours = changed.with_env(self.env(cr=cr))
            self.assertEqual(ours.name, "Ada")  # the snapshot
            changed.name = "Grace"
            self.other_cr.commit()
            with self.shop.with_env(ours.env).work_on("connector.test.binding") as work:
                self.locker = work.component(usage="record.locker")
                self.partner = ours
                with self.assertNoLogs("odoo.sql_db"):
                    error = self.lock_error()
            self.assertTrue(error.ignore_retry)
            self.assertTrue(ours.exists(), "the transaction accepts queries")

    def delete(self, records):
        records.unlink()
        self.other_cr.commit()

    def test_the_caller_chooses_the_wait_and_whether_it_costs_a_try(self):
        try_lock_rows(self.theirs)
        error = self.lock_error(seconds=60, ignore_retry=False)
        self.assertEqual((error.seconds, error.ignore_retry), (60, False))
