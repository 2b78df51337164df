"""``./dev/test``: the tests of the addons inside Odoo, and those of ``dev/tests``."""

import unittest
from collections import Counter

from . import addons, console, databases, folders, odoo_process, processes, servers
from .console import plural, say, step
from .odoo_log import OdooLog

OWN = "dev"
LOG = "odoo-tests"
# Seconds that a test may take without a word; one that waits for ever is stopped.
PATIENCE = 180


class Tally:
    """What ran: ``areas`` counts by area, ``failures`` has the details by name."""

    def __init__(self):
        self.areas = {}
        self.failures = {}

    def total(self, kind):
        """The number of tests that "passed" or were "skipped"."""
        return sum(area[kind] for area in self.areas.values())

    def add(self, other):
        """Take in the results of another run."""
        self.areas.update(other.areas)
        self.failures.update(other.failures)


def run(selected):
    """Run tests, and print what came of it.

    :param selected: names of addons, "dev" for ``dev/tests``, or test tags of Odoo
        such as ``/connector:TestBinder``; all tests when empty
    :return: the exit code, 0 when all is well
    """
    known = [*addons.names(), OWN]
    tags = [each for each in selected if each not in known]
    chosen = [each for each in known if each in selected] or ([] if tags else known)
    modules = [each for each in chosen if each != OWN]
    tally = Tally()
    databases.dependencies()
    if modules or tags:
        tags += [f"/{module}" for module in modules]
        tally.add(_odoo_tests(modules or addons.names(), tags))
    if OWN in chosen:
        tally.add(_own_tests())
    return _report(tally)


def _odoo_tests(modules, tags):
    log = OdooLog()
    template = databases.dependencies()
    with (
        databases.temporary(template) as database,
        step(f"Test {', '.join(modules)}") as shown,
    ):

        def hear(line):
            if log.feed(line):
                shown.count(len(log.started), "test")

        code = processes.listen(
            odoo_process.command(
                *("-d", database, "-i", ",".join(modules)),
                *("--test-tags", ",".join(tags), "--stop-after-init"),
                *("--http-port", servers.free_port()),
            ),
            log=LOG,
            hear=hear,
            patience=PATIENCE,
            env=odoo_process.variables(),
        )
    return _tally_of(log, code)


def _tally_of(log, code):
    if code < 0:
        log.failed.setdefault(log.last or "Odoo.starts", []).append(
            f"Odoo was killed by the signal {-code}. That happens when it says nothing "
            f"for {PATIENCE} seconds; the end of the log shows what it waited for."
        )
    tally = Tally()
    tally.areas = log.areas()
    tally.failures = {name: "\n".join(lines) for name, lines in log.failed.items()}
    if log.trouble:
        tally.failures["Odoo's log has no warnings and errors"] = "\n".join(log.trouble)
    if code and not tally.failures:
        tally.failures["Odoo ends well"] = f"It ended with the code {code}."
    if not log.started:
        tally.failures["Odoo finds tests"] = "No test ran: is the selection right?"
    return tally


def _own_tests():
    suite = unittest.defaultTestLoader.discover(str(folders.DEV / "tests"))
    with step("Test dev") as shown:
        result = _Result(shown)
        suite.run(result)
    if not result.testsRun:
        result.tally.failures["dev has tests"] = "None was found in dev/tests."
    return result.tally


class _Result(unittest.TestResult):
    """Counts the tests of dev by their modules."""

    def __init__(self, shown):
        super().__init__()
        self.tally = Tally()
        self._shown = shown

    def startTest(self, test):
        super().startTest(test)
        self._shown.count(self.testsRun, "test")

    def addSuccess(self, test):
        self._count(test, "passed")

    def addSkip(self, test, reason):
        self._count(test, "skipped")

    def addFailure(self, test, error):
        self._fail(test, error)

    def addError(self, test, error):
        self._fail(test, error)

    def addSubTest(self, test, subtest, error):
        if error:
            self._fail(test, error)

    def _fail(self, test, error):
        name = f"{OWN}.{test.id()}"
        if name not in self.tally.failures:
            self._count(test, "failed")
        self.tally.failures[name] = self._exc_info_to_string(error, test)

    def _count(self, test, kind):
        area = f"{OWN}.{type(test).__module__.rpartition('.')[2]}"
        self.tally.areas.setdefault(area, Counter())[kind] += 1


def _report(tally):
    say()
    for area, counted in tally.areas.items():
        text = ", ".join(f"{counted[kind]} {kind}" for kind in sorted(counted)[::-1])
        say(f"  {area} {'.' * max(console.WIDTH - len(area), 3)} {text}")
    for name, details in tally.failures.items():
        say(f"\nFAILED  {name}")
        say("\n".join(f"    {line}" for line in details.split("\n") if line.strip()))
    if tally.failures:
        say("\nFailed are:")
        say("\n".join(f"  {name}" for name in tally.failures))
        log = processes.shown(processes.log_file(LOG))
        say(f"\nThe whole log of Odoo is in {log}.")
    if tally.total("skipped"):
        say(f"\n{plural(tally.total('skipped'), 'test')} skipped.")
    say(f"\n{tally.total('passed')} passed, {len(tally.failures)} failed")
    return 1 if tally.failures or not tally.total("passed") else 0
