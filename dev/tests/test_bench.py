"""The measurements of the screens, with few records: what they count."""

import unittest

from environment import databases

from benchmarks import processes, screens
from benchmarks.contenders import OURS
from benchmarks.templates import SHORT_PARTNERS, prepare

BINDINGS = 10_000


class TestScreens(unittest.TestCase):
    def test_their_queries_do_not_grow_with_records_jobs_and_backends(self):
        template = prepare(OURS, SHORT_PARTNERS)
        few, many = (self.count(template, fills) for fills in (1, 2))
        self.assertEqual(few, many)

    def count(self, template, fills):
        """Make bindings, jobs and backends, and count the queries of each screen.

        :param fills: how often; there are 20 more backends each time
        """
        works = [("crowd.fill", BINDINGS)] * fills
        works += [(f"screens.{name}", 1) for name in screens.REQUESTS]
        with databases.temporary(template, "benchmark-screens-test") as database:
            found = processes.do(OURS, database, works)
        return {name: found[f"screens.{name}"]["queries"] for name in screens.REQUESTS}
