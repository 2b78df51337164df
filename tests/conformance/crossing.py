# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios in which an import and an export meet."""

from .card import scenario
from .tools import EXPORTER, IMPORTER, LISTENER, READING, ConformanceTools


class CrossingScenarios(ConformanceTools):
    """Scenarios in which an import and an export meet."""

    @scenario(EXPORTER, IMPORTER, READING)
    def test_crossing_create(self):
        """An import that finds a record of an unfinished export makes no double."""
        self.records.lose_answer()
        [ada] = self.bind("Ada")
        self.export(ada)
        created = next(iter(self.records.texts()), None)
        self.expect(created, "The connector did not create the record.")
        self.let_time_pass()
        self.try_job(self.delay("import_record", created))
        self.settle()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada")

    @scenario(EXPORTER, IMPORTER, READING, LISTENER)
    def test_crossing_changes(self):
        """An import does not overwrite a change that waits for its export."""
        ada = self.exported("Ada")
        self.edit(ada, "Ada King")
        self.records.change(self.external_id(ada), "Ada Byron")
        self.try_job(self.delay("import_record", self.external_id(ada)))
        self.settle()
        [text] = self.texts().values()
        self.expect(text == "Ada King", f"Ada King was overwritten with {text}.")

    @scenario(IMPORTER, LISTENER)
    def test_echo(self):
        """An import causes no export back to the backend."""
        ada = self.add("Ada")
        before = self.records.count_changes()
        self.import_(ada)
        self.records.change(ada, "Ada King")
        self.import_(ada)
        self.settle()
        self.assert_same_on_both_sides("Ada King")
        exports = self.jobs([("method_name", "like", "export")])
        names = [job["name"] for job in exports]
        self.expect(not names, f"The import has made jobs: {names}")
        changes = self.records.count_changes() - before
        self.expect(not changes, f"The import has changed the backend {changes} times.")
