# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from copy import deepcopy

from odoo.tests import BaseCase

from odoo.addons.component.core import Component

from ..jobs.outcome import (
    CREATED,
    DELAYED,
    GONE,
    SKIPPED,
    UPDATED,
    Message,
    Outcome,
    outcome_of,
)
from .common import ShopCase


class TestOutcome(BaseCase):
    def test_an_outcome_is_its_text_and_counts_one_record(self):
        outcome = Outcome(CREATED, "Exported.")
        self.assertEqual((outcome, outcome.kind), ("Exported.", CREATED))
        self.assertIs(type(outcome.message), str)
        self.assertEqual(outcome.counts, {CREATED: 1})

    def test_an_outcome_without_a_text_is_one(self):
        self.assertTrue(Outcome(SKIPPED, ""))

    def test_a_copy_has_the_same_kind_and_counts(self):
        copy = deepcopy(Outcome(CREATED, "2 created.", {CREATED: 2}))
        found = (copy, copy.kind, copy.counts)
        self.assertEqual(found, ("2 created.", CREATED, {CREATED: 2}))

    def test_jobs_that_do_the_work_count_no_record(self):
        self.assertFalse(Outcome(DELAYED, "2 jobs.").counts)

    def test_an_outcome_with_the_text_of_another_one_keeps_its_counts(self):
        many = Message("2 created, 1 updated.", {CREATED: 2, UPDATED: 1})
        self.assertEqual(Outcome(DELAYED, many).counts, {CREATED: 2, UPDATED: 1})

    def test_outcomes_are_joined_line_by_line(self):
        many = [Outcome(CREATED, "One."), Outcome(CREATED, "Two."), "A plain text."]
        joined = Outcome.join(many)
        self.assertEqual(joined, "One.\nTwo.\nA plain text.")
        self.assertEqual(joined.counts, {CREATED: 2})
        self.assertEqual(Message.join(many).counts, {CREATED: 2})

    def test_the_outcome_of_a_message_is_what_it_counts(self):
        for counts, kind in (
            ({GONE: 1}, GONE),
            ({CREATED: 1, UPDATED: 1}, UPDATED),
            ({}, UPDATED),
        ):
            with self.subTest(counts):
                self.assertEqual(outcome_of(Message("Done.", counts)).kind, kind)

    def test_a_plain_text_does_not_say_what_was_done(self):
        for text, message in (("Done.", "Done."), (None, "")):
            with self.subTest(text):
                outcome = outcome_of(text)
                self.assertEqual((outcome.message, outcome.kind), (message, UPDATED))


class TestOutcomeOfExporters(ShopCase):
    def test_an_exporter_that_returns_another_text_keeps_its_outcome(self):
        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _has_to_skip(self):
                return self.binding.name == "Private"

            def run(self, binding, *args, **kwargs):
                return str(super().run(binding, *args, **kwargs)) + " Really."

        self.build(Exporter)
        for name, kind in (("Private", SKIPPED), ("Ada", CREATED)):
            outcome = self.binding(name).export_record()
            self.assertEqual((outcome.kind, outcome.counts), (kind, {kind: 1}))

    def test_an_exporter_that_runs_again_forgets_its_outcome(self):
        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _run(self, fields=None):
                if self.external_id:
                    return "A plain text."
                return super()._run(fields)

        self.build(Exporter)
        binding, exporter = self.binding(), self.component("record.exporter")
        self.assertEqual(exporter.run(binding).kind, CREATED)
        self.assertEqual(exporter.run(binding), "A plain text.")
        self.assertIsNone(exporter.outcome)
