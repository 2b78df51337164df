"""Reading Odoo's log: which tests ran, which failed, and what else went wrong."""

import re
from collections import Counter

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<message>.*)"
)
TEST_LOGGER = re.compile(r"^odoo\.addons\.(?P<addon>\w+)\.tests\.(?P<module>\w+)")
STARTED = re.compile(r"Starting (?P<test>\S+\.\w+) \.\.\.")
SKIPPED = re.compile(r"skipped (?P<test>\S+\.\w+) : (?P<reason>.*)")
FAILED = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(?P<test>\S+\.\w+)(?:\s|$)")
# Not a test but what surrounds a class of tests; its logger is not the tests' own.
CLASS_FAILED = re.compile(r"ERROR: (?P<test>\w+ \((?P<class>odoo\.addons\..+)\))")
# Odoo sums up its tests in the log, as errors when some failed: known by then.
SUMMARY = re.compile(r"\d+ fail\w+, \d+ error|At least one test failed")
TROUBLE = ("WARNING", "ERROR", "CRITICAL")


class OdooLog:
    """What a run of Odoo with tests said, fed line by line.

    ``started`` has the names of all tests, ``last`` the latest of them, ``skipped``
    their reasons, ``failed`` the lines of their tracebacks; ``trouble`` lists all other
    warnings and errors. A name begins with its area: the addon, and the module of its
    tests.
    """

    def __init__(self):
        self.started = set()
        self.last = None
        self.skipped = {}
        self.failed = {}
        self.trouble = []
        self._continued = None

    def feed(self, line):
        """Take in the next line.

        :return: the area of the test that it starts, if it does
        """
        record = RECORD.match(line)
        if not record:
            if self._continued:
                self._continued(line)
            return None
        self._continued = None
        area = self._area(record["logger"])
        message = record["message"].rstrip()
        started = area and STARTED.match(message)
        if started:
            self.last = f"{area}.{started['test']}"
            self.started.add(self.last)
            return area
        skipped = area and SKIPPED.match(message)
        if skipped:
            self.skipped[f"{area}.{skipped['test']}"] = skipped["reason"]
        elif record["level"] in TROUBLE and not SUMMARY.search(message):
            self._note_trouble(area, line, message)
        return None

    def passed(self):
        """How many tests ran to a good end."""
        return len(self.started - self.failed.keys() - self.skipped.keys())

    def areas(self):
        """For each area the numbers of tests that passed, failed, were skipped."""
        table = {}
        for name in sorted(self.started | self.failed.keys()):
            kind = "failed" if name in self.failed else "passed"
            kind = "skipped" if name in self.skipped else kind
            area = ".".join(name.split(".")[:2])
            table.setdefault(area, Counter())[kind] += 1
        return table

    @staticmethod
    def _area(logger):
        found = TEST_LOGGER.match(logger)
        return found and f"{found['addon']}.{found['module']}"

    def _note_trouble(self, area, line, message):
        in_test = area and FAILED.match(message)
        around = CLASS_FAILED.match(message)
        if around:
            area = self._area(around["class"])
        failed = in_test or around
        if failed:
            lines = self.failed.setdefault(f"{area}.{failed['test']}", [])
        else:
            lines = self.trouble
            lines.append(line)
        self._continued = lines.append
