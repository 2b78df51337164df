"""The measurements of the screens, with few records: what they count."""

import sys
import unittest

from environment import databases, folders

sys.path.append(str(folders.CHECKOUT))

from benchmarks import processes, screens  # noqa: E402
from benchmarks.contenders import OURS  # noqa: E402
from benchmarks.templates import SHORT_PARTNERS, Template  # noqa: E402

BINDINGS = 10_000


class TestScreens(unittest.TestCase):
    def test_their_queries_do_not_grow_with_records_jobs_and_backends(self):
        template = Template(OURS, SHORT_PARTNERS).prepare()
        with databases.temporary(template, "benchmark-screens-test") as database:
            few, many = self.count(database), self.count(database)
        self.assertEqual(few, many)

    def count(self, database):
        """Make bindings, jobs and 20 backends, and count the queries of each screen."""
        fill = ("crowd.fill", BINDINGS)
        requests = [(f"screens.{name}", 1) for name in screens.REQUESTS]
        found = processes.do(OURS, database, [fill, *requests])
        return {name: found[name]["queries"] for name, _repeat in requests}
