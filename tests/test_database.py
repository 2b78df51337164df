# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.tests import BaseCase, TransactionCase

from odoo.addons.connector import database
from odoo.addons.connector.tools import locks, transactions
from odoo.addons.queue_job.controllers.main import _prevent_commit


class TestAdvisoryLock(TransactionCase):
    def setUp(self):
        super().setUp()
        self.other_cr = self.registry.cursor()
        self.addCleanup(self.other_cr.close)
        self.other_env = self.env(cr=self.other_cr)

    def test_another_transaction_does_not_get_the_same_lock(self):
        self.assertTrue(database.pg_try_advisory_lock(self.env, "order 7"))
        self.assertFalse(database.pg_try_advisory_lock(self.other_env, "order 7"))

    def test_the_same_transaction_gets_its_lock_again(self):
        self.assertTrue(database.pg_try_advisory_lock(self.env, "order 7"))
        self.assertTrue(database.pg_try_advisory_lock(self.env, "order 7"))

    def test_other_values_are_other_locks(self):
        self.assertTrue(database.pg_try_advisory_lock(self.env, "order 7"))
        self.assertTrue(database.pg_try_advisory_lock(self.other_env, "order 8"))

    def test_the_lock_ends_with_the_transaction(self):
        self.assertTrue(database.pg_try_advisory_lock(self.other_env, "order 7"))
        self.other_cr.rollback()
        self.assertTrue(database.pg_try_advisory_lock(self.env, "order 7"))

    def test_any_value_with_a_string_form_is_a_lock(self):
        for value in (7, None, ("import", 7), self.env.user, "Ünïcödé \U0001f512", ""):
            with self.subTest(value=value):
                self.assertTrue(database.pg_try_advisory_lock(self.env, value))
                self.assertFalse(database.pg_try_advisory_lock(self.other_env, value))


class TestAdvisoryKey(BaseCase):
    def test_the_key_is_the_same_in_every_process(self):
        self.assertEqual(locks._advisory_key("import(shop, 7)"), 7037531227175540243)

    def test_the_key_fits_into_a_bigint_and_rarely_meets_another(self):
        keys = {locks._advisory_key(value) for value in range(10000)}
        self.assertEqual(len(keys), 10000)
        self.assertTrue(all(-(2**63) <= key < 2**63 for key in keys))


class TestRowLocks(TransactionCase):
    """On rows of Odoo's own data, which other transactions see as well."""

    def setUp(self):
        super().setUp()
        self.other_cr = self.registry.cursor()
        self.addCleanup(self.other_cr.close)
        self.partner = self.env.ref("base.main_partner")
        self.partners = self.partner + self.env.ref("base.partner_root")
        self.theirs = self.partner.with_env(self.env(cr=self.other_cr))

    def test_rows_are_locked_for_others(self):
        self.assertTrue(locks.try_lock_rows(self.partners))
        self.assertFalse(locks.try_lock_rows(self.theirs))

    def test_one_locked_row_is_enough_to_fail(self):
        self.assertTrue(locks.try_lock_rows(self.theirs))
        self.assertFalse(locks.try_lock_rows(self.partners))

    def test_the_transaction_goes_on_after_a_lock_was_not_obtained(self):
        self.assertTrue(locks.try_lock_rows(self.theirs))
        self.assertFalse(locks.try_lock_rows(self.partner))
        self.assertTrue(self.partner.exists())

    def test_nothing_to_lock_is_locked(self):
        self.assertTrue(locks.try_lock_rows(self.env["res.partner"]))
        self.assertTrue(locks.try_lock_rows(self.env["res.partner"].new({})))

    def test_a_record_that_is_gone_is_no_obstacle(self):
        gone = self.env["res.partner"].create({"name": "Gone"})
        gone.unlink()
        self.assertTrue(locks.try_lock_rows(self.partner + gone))
        self.assertFalse(locks.try_lock_rows(self.theirs))

    def test_a_row_changed_after_our_snapshot_is_not_locked_nor_logged(self):
        theirs = self.theirs.create({"name": "Changed"})
        self.other_cr.commit()
        try:
            with self.registry.cursor() as cr:
                ours = theirs.with_env(self.env(cr=cr))
                self.assertTrue(ours.exists())  # the snapshot
                theirs.name = "Changed in the meantime"
                self.other_cr.commit()
                with self.assertNoLogs(level=logging.INFO):
                    self.assertFalse(locks.try_lock_rows(ours))
                cr.rollback()
        finally:
            theirs.unlink()
            self.other_cr.commit()


class TestSearchCommitted(TransactionCase):
    connector_commits = True

    def test_it_sees_what_was_committed_after_our_snapshot(self):
        with self.registry.cursor() as other_cr:
            self.env["res.partner"].search_count([])  # the snapshot
            theirs = self.env(cr=other_cr)["res.partner"].create({"name": "Newcomer"})
            domain = [("id", "=", theirs.id)]
            model = self.env["res.partner"]
            self.assertFalse(transactions.search_committed(model, domain))
            other_cr.commit()
            try:
                self.assertFalse(model.search(domain))
                self.assertEqual(
                    transactions.search_committed(model, domain), theirs.ids
                )
            finally:
                theirs.unlink()


class TestCommitIfAllowed(TransactionCase):
    def test_tests_do_not_commit(self):
        with self.registry.cursor() as cr:
            self.assertFalse(transactions.commit_if_allowed(self.env(cr=cr)))

    def test_pending_changes_reach_the_database_all_the_same(self):
        partner = self.env["res.partner"].create({"name": "Ada"})
        partner.name = "Grace"
        transactions.commit_if_allowed(self.env)
        self.env.cr.execute("SELECT name FROM res_partner WHERE id = %s", partner.ids)
        self.assertEqual(self.env.cr.fetchone(), ("Grace",))


class TestCommitIfAllowedForReal(TransactionCase):
    connector_commits = True

    def test_a_test_that_asks_for_it_commits(self):
        with self.registry.cursor() as cr:
            partner = self.env(cr=cr)["res.partner"].create({"name": "Durable"})
            try:
                self.assertTrue(transactions.commit_if_allowed(partner.env))
                cr.rollback()
                self.assertTrue(partner.exists())
            finally:
                partner.unlink()

    def test_where_a_job_may_not_commit_it_goes_on_without(self):
        with self.registry.cursor() as cr:
            with _prevent_commit(cr):
                self.assertFalse(transactions.commit_if_allowed(self.env(cr=cr)))
            self.assertTrue(transactions.commit_if_allowed(self.env(cr=cr)))

    def test_the_transaction_of_a_test_case_is_never_committed(self):
        self.assertFalse(transactions.commit_if_allowed(self.env))
