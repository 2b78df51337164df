# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.connector.locks import CONTENTION_WAIT, try_lock_rows

from .common import ShopCase


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

    def test_the_caller_chooses_the_wait_and_whether_it_costs_a_try(self):
        try_lock_rows(self.theirs)
        error = self.lock_error(seconds=60, ignore_retry=False)
        self.assertEqual((error.seconds, error.ignore_retry), (60, False))
