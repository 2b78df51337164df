# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios of imports."""

from .card import scenario
from .tools import BATCH_IMPORTER, IMPORTER, ConformanceTools


class ImportScenarios(ConformanceTools):
    """Scenarios of imports."""

    @scenario(IMPORTER)
    def test_import(self):
        """A record is imported, and imported again when it has changed."""
        ada = self.add("Ada")
        self.assert_done(self.import_(ada))
        self.assert_same_on_both_sides("Ada")
        self.records.change(ada, "Ada King")
        self.assert_done(self.import_(ada))
        self.assert_same_on_both_sides("Ada King")

    @scenario(IMPORTER)
    def test_gone_read(self):
        """An import of a record that is gone on the backend makes no record."""
        ada = self.records.add("Ada")
        self.records.remove(ada)
        self.assert_done(self.import_(ada))
        self.assert_same_on_both_sides()

    @scenario(IMPORTER)
    def test_bad_import(self):
        """A record that cannot be imported fails alone, with its id."""
        ada = self.add("Ada")
        bad = self.records.add_bad("Bad")
        bob = self.add("Bob")
        self.import_together(ada, bad, bob)
        texts = sorted(self.texts().values())
        self.expect(texts == ["Ada", "Bob"], f"Odoo has {texts}.")
        self.assert_one_failed("import_chunk", str(bad))

    @scenario(IMPORTER, BATCH_IMPORTER)
    def test_paging(self):
        """No record is missed when records change while their pages are read."""
        records, interrupted = self.records, []
        texts = [f"Ada {number}" for number in range(2 * records.page_size + 1)]
        first, *others = [self.add(text) for text in texts]

        def change():
            interrupted.append(True)
            records.change(first, "Ada King")

        records.between_pages(change)
        self.delay("import_batch")
        self.settle()
        self.assert_nothing_failed()
        known = self.texts()
        missed = [id_ for id_ in map(str, [first, *others]) if id_ not in known]
        self.expect(not missed, f"The import missed the records {missed}.")
        if not interrupted:
            self.skipTest("The connector reads all records with one call.")
        self.delay("import_batch")
        self.settle()
        self.assert_same_on_both_sides("Ada King", *texts[1:])

    @scenario(IMPORTER, BATCH_IMPORTER)
    def test_cursor(self):
        """A record that changes at the very instant of the cursor is imported."""
        self.require_cursor()
        ada = self.add("Ada")
        self.import_changes()
        self.assert_same_on_both_sides("Ada")
        self.records.change(ada, "Ada King", self.cursor())
        self.import_changes()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada King")

    def require_cursor(self):
        """Skip the test if the connector does not find changes."""
        with self.transaction() as env:
            if not getattr(self._component(env, BATCH_IMPORTER), "finds_changes", True):
                self.skipTest("The connector does not import changes by a cursor.")

    def cursor(self):
        """Return the moment since which the next import asks for changes.

        :return: ``None`` when the connector stores another cursor than a moment
        :rtype: datetime | None
        """
        with self.transaction() as env:
            importer = self._component(env, BATCH_IMPORTER)
            overlap = getattr(importer, "_overlap_minutes", 0)
            checkpoints = env["connector.checkpoint"]
            domain = checkpoints._domain_of(self.backend(env), self.binding_model)
            return checkpoints.search(domain).since(overlap)
