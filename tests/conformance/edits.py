# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios in which people edit one record on both sides."""

from ...components.merge.fields import merged_fields
from .card import scenario
from .tools import (
    EXPORTER,
    IMPORTER,
    LISTENER,
    READING,
    VERSIONS,
    ConformanceTools,
)


class EditScenarios(ConformanceTools):
    """Scenarios in which people edit one record on both sides."""

    @scenario(EXPORTER, IMPORTER, READING, LISTENER)
    def test_edits_of_two_fields(self):
        """Edits of two fields, one in Odoo and one on the backend, are both kept."""
        self.require_other_field()
        for text, synchronise in (
            ("Ada", self.import_first),
            ("Bob", self.export_first),
        ):
            binding_id = self.exported(text)
            external_id = self.external_id(binding_id)
            other = f"{text.lower()}@example.com"  # The field may be for addresses.
            self.edit(binding_id, f"{text} King")
            self.records.change_other(external_id, other)
            synchronise(external_id)
            self.assert_merged(binding_id, f"{text} King", other)

    @scenario(EXPORTER, IMPORTER, READING, LISTENER)
    def test_edits_of_one_field(self):
        """Of two edits of one field, that one stays that the policy names."""
        for policy in ("odoo", "backend", "ask"):
            effective = self.choose_policy(policy)
            binding_id = self.exported(f"Ada {policy}")
            external_id = self.external_id(binding_id)
            self.edit(binding_id, f"King {policy}")
            self.records.change(external_id, f"Byron {policy}")
            self.import_first(external_id)
            texts = f"King {policy}", f"Byron {policy}"
            self.assert_settled(binding_id, *texts, effective)

    @scenario(EXPORTER, LISTENER)
    def test_edit_during_export(self):
        """An edit in Odoo during the call of an export is exported afterwards."""
        self.require_wrapped()
        ada = self.exported("Ada")
        self.edit(ada, "Ada Byron")
        self.records.during_write(lambda: self.edit(ada, "Ada King"))
        self.settle()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada King")

    @scenario(EXPORTER, IMPORTER, READING, LISTENER, VERSIONS)
    def test_change_during_export(self):
        """A change on the backend during the call of an export is not overwritten."""
        effective = self.choose_policy("ask")
        ada = self.exported("Ada")
        external_id = self.external_id(ada)
        self.edit(ada, "Ada King")
        self.records.during_write(lambda: self.records.change(external_id, "Ada Byron"))
        self.settle()
        self.assert_nothing_failed()
        self.assert_settled(ada, "Ada King", "Ada Byron", effective)

    # -- the steps

    def import_first(self, external_id):
        """Import a record before jobs export what users have changed."""
        self.try_job(self.delay("import_record", external_id))
        self.settle()

    def export_first(self, external_id):
        """Import a record after jobs have exported what users have changed."""
        self.settle()
        self.import_(external_id)
        self.settle()

    def choose_policy(self, policy):
        """Set the policy of the backend.

        :return: the policy of the text: a connector may have one of its own; ``None``
            if the connector does not merge it
        """
        with self.transaction() as env:
            self.backend(env).write({"conflict_policy": policy})
            importer = self._component(env, IMPORTER)
            if self.text_field in merged_fields(importer):
                return importer._conflict_policy({self.text_field})
        return None

    # -- what must be so

    def assert_merged(self, binding_id, text, other):
        """Fail unless both sides have both texts of a record."""
        here, there = self._both_sides(binding_id)
        self.expect(
            here == there == (text, other),
            f"Both sides must have {(text, other)}; the backend has {there}, and Odoo "
            f"has {here}.",
        )

    def assert_settled(self, binding_id, ours, theirs, policy):
        """Fail unless a policy has settled two edits of one text.

        :param ours: the text that a user wrote in Odoo
        :param theirs: the text that another client wrote on the backend
        :param policy: what :meth:`choose_policy` returned
        """
        external_id = str(self.external_id(binding_id))
        here, there = self.texts()[external_id], self.records.texts()[external_id]
        settled = {"odoo": [(ours, ours)], "backend": [(theirs, theirs)], "ask": []}
        allowed = settled.get(policy, [(ours, ours), (theirs, theirs)])
        if self.text_field in self.open_conflict(binding_id):
            allowed = [(ours, theirs)] if policy not in ("odoo", "backend") else []
        self.expect(
            (here, there) in allowed,
            f"A user wrote {ours}, and another client wrote {theirs}. By the policy "
            f"{policy}, Odoo has {here}, and the backend has {there}.",
        )

    def open_conflict(self, binding_id):
        """Return the fields of a record about which a person has to decide.

        :rtype: set[str]
        """
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            conflicts = env["connector.conflict"].sudo()
            return conflicts.open_fields(binding).get(binding_id, set())

    def _both_sides(self, binding_id):
        external_id = self.external_id(binding_id)
        [values] = self.read(self.binding_model, [("id", "=", binding_id)])
        here = values[self.text_field], values[self.other_field] or ""
        there = (
            self.records.texts()[str(external_id)],
            self.records.other_text(external_id) or "",
        )
        return here, there
