"""Reading Odoo's log: which tests ran, which failed, and what else went wrong."""

import re
from collections import Counter

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<message>.*)"
)
TEST_LOGGER = re.compile(r"^odoo\.addons\.(?P<addon>\w+)\.tests\.(?P<module>\w+)")
STARTED = re.compile(r"Starting (?P<test>\S+\.\w+) \.\.\.")
SKIPPED = re.compile(r"skipped (?P<test>\S+\.\w+) : ")
FAILED = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(?P<test>\S+\.\w+)(?:\s|$)")
# Not a test but what surrounds a class of tests; its logger is not the tests' own.
CLASS_FAILED = re.compile(r"ERROR: (?P<test>\w+ \((?P<class>odoo\.addons\..+)\))")
# Odoo sums up its tests in the log, as errors when some failed: known by then.
SUMMARY = re.compile(r"\d+ fail\w+, \d+ error|At least one test failed")
TROUBLE = ("WARNING", "ERROR", "CRITICAL")


def records(lines):
    """Split a log into its records.

    :param lines: strings
    :return: for each record its match of :data:`RECORD`, and a list of its lines,
        which may have a traceback
    """
    found = []
    for line in lines:
        line = line.rstrip("\n")
        record = RECORD.match(line)
        if record:
            found.append((record, [line]))
        elif found:
            found[-1][1].append(line)
    return found


def trouble(lines):
    """Return the warnings and errors of a log, each as one text."""
    return [
        "\n".join(text) for record, text in records(lines) if record["level"] in TROUBLE
    ]


def brief(entry):
    """Return the first and the last line of a record, without date and process."""
    lines = [line for line in entry.split("\n") if line.strip()]
    record = RECORD.match(lines[0])
    first = f"{record['level']} {record['logger']}: {record['message'].strip()}"
    return first if len(lines) == 1 else f"{first} ... {lines[-1].strip()}"


class TestRun:
    """The tests that a log tells of.

    ``started`` and ``skipped`` have the names of tests, ``last`` is the latest of them.
    ``failed`` maps names to tracebacks. ``trouble`` lists other warnings and errors.
    A name begins with its area: the addon, and the module of its tests.

    :param lines: those of the log
    """

    def __init__(self, lines):
        self.started, self.skipped = set(), set()
        self.last = None
        self.failed = {}
        self.trouble = []
        for record, text in records(lines):
            self._read(record, text)

    def areas(self):
        """Return for each area how many tests passed, failed, were skipped."""
        table = {}
        for name in sorted(self.started | self.failed.keys()):
            kind = "skipped" if name in self.skipped else "passed"
            kind = "failed" if name in self.failed else kind
            area = ".".join(name.split(".")[:2])
            table.setdefault(area, Counter())[kind] += 1
        return table

    def _read(self, record, text):
        area, message = _area(record["logger"]), record["message"]
        if area and (started := STARTED.match(message)):
            self.last = f"{area}.{started['test']}"
            self.started.add(self.last)
        elif area and (skipped := SKIPPED.match(message)):
            self.skipped.add(f"{area}.{skipped['test']}")
        elif area and (failed := FAILED.match(message)):
            self._fail(f"{area}.{failed['test']}", text)
        elif around := CLASS_FAILED.match(message):
            self._fail(f"{_area(around['class'])}.{around['test']}", text)
        elif record["level"] in TROUBLE and not SUMMARY.search(message):
            self.trouble.append("\n".join(text))

    def _fail(self, name, text):
        self.failed.setdefault(name, []).extend(text[1:])


def _area(logger):
    found = TEST_LOGGER.match(logger)
    return found and f"{found['addon']}.{found['module']}"
