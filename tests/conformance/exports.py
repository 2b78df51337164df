# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios of exports."""

from threading import Timer

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.queue_job.job import FAILED

from ...tools.locks import try_lock_rows
from .card import scenario
from .records import sample
from .tools import (
    BATCH_EXPORTER,
    DELETER,
    EXPORTER,
    LISTENER,
    MATCHING,
    ConformanceTools,
)

#: Seconds within which a job runs again that could not get a lock.
SOON = 10
#: Seconds after which a lock is released that a job waits for.
RELEASED_AFTER = 5


class ExportScenarios(ConformanceTools):
    """Scenarios of exports."""

    @scenario(EXPORTER)
    def test_export(self):
        """A record is created on the backend, and changed there."""
        [ada] = self.bind("Ada")
        self.assert_done(self.export(ada))
        self.assert_same_on_both_sides("Ada")
        self.edit(ada, "Ada King", silently=True)
        self.assert_done(self.export(ada))
        self.assert_same_on_both_sides("Ada King")

    @scenario(EXPORTER, LISTENER)
    def test_listener(self):
        """A change by a user is exported."""
        ada = self.exported("Ada")
        self.edit(ada, "Ada King")
        self.settle()
        self.assert_same_on_both_sides("Ada King")

    @scenario(EXPORTER, LISTENER, DELETER)
    def test_delete(self):
        """A record that a user deletes is deleted on the backend."""
        ada = self.exported("Ada")
        self.exported("Bob")
        self.delete(ada)
        self.settle()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Bob")

    @scenario(EXPORTER)
    def test_create_retried(self):
        """A create that does not reach the backend is retried."""
        self.records.lose_request()
        [ada] = self.bind("Ada")
        [job] = self.export(ada)
        self.assert_retried(job)
        self.settle()
        self.assert_same_on_both_sides("Ada")

    @scenario(EXPORTER)
    def test_answer_lost(self):
        """A create whose answer is lost makes no second record on the backend."""
        self.records.lose_answer()
        [ada] = self.bind("Ada")
        self.export(ada)
        self.expect(self.records.texts(), "The connector did not create the record.")
        self.settle()
        self.assert_same_on_both_sides("Ada")

    @scenario(EXPORTER)
    def test_create_of_parts(self):
        """A create of several calls that is interrupted makes no double and no half."""
        self.require_parts()
        names = []
        for lose in (self.records.lose_part_request, self.records.lose_part_answer):
            lose()
            names.append(f"Ada {len(names)}")
            [ada] = self.bind(names[-1], values=self.part_values)
            [job] = self.export(ada)
            self.assert_retried(job)
            self.settle()
            self.assert_nothing_failed()
            self.assert_same_on_both_sides(*names)
            parts = self.records.count_parts()
            message = f"{len(names)} records have {parts} parts on the backend."
            self.expect(parts == len(names), message)

    @scenario(EXPORTER, MATCHING)
    def test_match(self):
        """A record that the backend has already is linked, and not created again."""
        [ada] = self.bind("Ada", values=self.match_values)
        self.assert_done(self.export(ada))
        external_id = self.external_id(ada)
        self.unbind(ada)
        self.assert_done(self.export(ada))
        self.assert_same_on_both_sides("Ada")
        linked = self.external_id(ada)
        self.expect(linked == external_id, f"It is linked with {linked}.")

    @scenario(EXPORTER, MATCHING)
    def test_match_linked(self):
        """A second record with the same key fails, and changes nothing."""
        values = sample({**self.record_values, **self.match_values})
        try:
            ada, second = self.bind("Ada", "Ada", values=values)
        except (UserError, IntegrityError):
            self.skipTest("Odoo refuses two records with the same values.")
        self.assert_done(self.export(ada))
        before = self.records.texts(), self.records.count_changes()
        [job] = self.export(second)
        self.expect(job["state"] == FAILED, self.job_message(job))
        after = self.records.texts(), self.records.count_changes()
        self.expect(after == before, "The second record has changed the backend.")

    @scenario(EXPORTER)
    def test_contention(self):
        """A record that another transaction has locked is exported soon afterwards."""
        [ada] = self.bind("Ada")
        begun = fields.Datetime.now()
        with self.transaction() as env:
            self.assertTrue(try_lock_rows(env[self.binding_model].browse(ada)))
            # A job that waits for the lock must not wait for ever.
            release = Timer(RELEASED_AFTER, env.cr.rollback)
            release.start()
            self.addCleanup(release.cancel)
            [job] = self.export(ada)
            release.cancel()
            release.join()
            exported = self.records.texts()
        self.expect(not exported, "The locked record was exported.")
        self.assert_retried(job)
        self.expect(job["retry"] == 0, "The wait for the lock counts an attempt.")
        seconds = (job["eta"] - begun).total_seconds()
        self.expect(seconds <= SOON, f"The job runs again after {seconds} s only.")
        self.settle()
        self.assert_same_on_both_sides("Ada")

    @scenario(EXPORTER)
    def test_gone_write(self):
        """A change of a record that is gone on the backend does not pass unnoticed."""
        ada = self.exported("Ada")
        self.edit(ada, "Ada Byron", silently=True)
        self.assert_done(self.export(ada))  # Odoo knows the version that is lost.
        self.records.remove(self.external_id(ada))
        self.edit(ada, "Ada King", silently=True)
        [job] = self.export(ada)
        if job["state"] == FAILED:
            name = job["exc_name"].rpartition(".")[2]
            self.expect(name == "IDMissingInBackend", self.job_message(job))
        else:  # The connector creates it again.
            self.assert_same_on_both_sides("Ada King")

    @scenario(EXPORTER, DELETER)
    def test_gone_delete(self):
        """A delete of a record that is gone on the backend is done."""
        external_id = self.external_id(self.exported("Ada"))
        self.records.remove(external_id)
        self.delay("export_delete_record", external_id)
        self.assert_done(self.run_jobs())

    @scenario(EXPORTER, BATCH_EXPORTER)
    def test_bad_export(self):
        """A record that the backend refuses fails alone, with its name."""
        self.records.refuse("Refused")
        ids = self.bind("Ada", "Refused", "Bob")
        self.delay("export_chunk", ids=ids)
        self.settle()
        texts = sorted(self.records.texts().values())
        self.expect(texts == ["Ada", "Bob"], f"The backend has {texts}.")
        self.assert_one_failed("export_chunk", "Refused")
        bound = [self.external_id(id_) is not None for id_ in ids]
        self.expect(bound == [True, False, True], "The wrong records are bound.")
