# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios of unusual external ids."""

from unittest import SkipTest

from .card import scenario
from .tools import DELETER, EXPORTER, IMPORTER, ConformanceTools


class IdScenarios(ConformanceTools):
    """Scenarios of unusual external ids, in each direction that a connector has."""

    @scenario()
    def test_id_zero(self):
        """A record may have the external id 0."""
        self.use_id("zero")

    @scenario()
    def test_id_negative(self):
        """A record may have a negative external id."""
        self.use_id("negative")

    @scenario()
    def test_id_unicode(self):
        """A record may have an external id with any characters."""
        self.use_id("unicode")

    @scenario()
    def test_id_long(self):
        """A record may have a very long external id."""
        self.use_id("long")

    def use_id(self, kind):
        """Let a record have an unusual id, in each direction.

        :param kind: a key of ``ids`` of the face
        """
        if kind not in self.records.ids:
            self.skipTest("The backend gives no such ids.")
        external_id = self.records.ids[kind]
        skipped = []
        for use in (self.export_with_id, self.import_with_id):
            try:
                use(external_id)
            except SkipTest as skip:
                skipped.append(str(skip))
        if len(skipped) == 2:
            self.skipTest(" ".join(skipped))

    def export_with_id(self, external_id):
        """Create, change and delete a record that gets an id from the backend."""
        self.require(EXPORTER, DELETER)
        self.records.give_id(external_id)
        ada = self.exported("Ada")
        bound = self.external_id(ada)
        self.expect(bound == str(external_id), f"{external_id} is bound as {bound}.")
        self.edit(ada, "Ada King", silently=True)
        self.assert_done(self.export(ada))
        self.assert_same_on_both_sides("Ada King")
        self.delete(ada, silently=True)
        self.delay("export_delete_record", external_id)
        self.assert_done(self.run_jobs())
        self.assert_same_on_both_sides()

    def import_with_id(self, external_id):
        """Import a record with an id, and import it again when it has changed."""
        self.require(IMPORTER)
        self.add("Bob", external_id)
        self.assert_done(self.import_(external_id))
        self.assert_same_on_both_sides("Bob")
        self.records.change(external_id, "Bobby")
        self.assert_done(self.import_(external_id))
        self.assert_same_on_both_sides("Bobby")
