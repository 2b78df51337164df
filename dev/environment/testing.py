"""``./dev/test``: the tests of the addons inside Odoo, and those of ``dev/tests``."""

import json
import unittest
from collections import Counter

from . import addons, console, databases, folders, odoo_process, processes, servers
from .console import plural, say, step
from .odoo_log import STARTED, TestRun

OWN = "dev"
LOG = "odoo-tests"
# Seconds that a test may take without a word; one that waits for ever is stopped.
PATIENCE = 180

#: Makes an API key of the administrator.
API_KEY = """
import json
from datetime import datetime, timedelta
keys = env["res.users.apikeys"].with_user(env.ref("base.user_admin")).sudo()
key = keys._generate("rpc", "Tests", datetime.now() + timedelta(days=1))
env.cr.commit()
print("ANSWER", json.dumps(key))
"""

#: Whether the tests of dev try all cases instead of a sample.
exhaustive = False


class Tally:
    """Results of a run.

    ``areas`` counts by area, ``failures`` has the details by name, ``skipped`` the
    reasons of tests of dev.
    """

    def __init__(self):
        self.areas = {}
        self.failures = {}
        self.skipped = set()

    def total(self, kind):
        """Return the number of tests that "passed" or were "skipped"."""
        return sum(area[kind] for area in self.areas.values())


def run(selected):
    """Run tests, and print what came of it.

    :param selected: names of addons, "dev" for ``dev/tests``, "dev.test_package" for
        one module of them, or test tags of Odoo such as ``/connector:TestBinder``; all
        tests when empty
    :return: the exit code, 0 when all is well
    """
    modules, own, tags = addons.names(), _own_areas(), []
    if selected:
        selected = {*selected, *(own if OWN in selected else ())} - {OWN}
        tags = [each for each in selected if each not in (*modules, *own)]
        modules = [each for each in modules if each in selected]
        own = [each for each in own if each in selected]
    tally = Tally()
    databases.dependencies()
    for apart in addons.APART:
        its_tags = [tag for tag in tags if tag.startswith(f"/{apart}")]
        tags = [tag for tag in tags if tag not in its_tags]
        if apart in modules:
            its_tags.append(f"/{apart}")
            modules.remove(apart)
        if its_tags:
            _run_apart(tally, apart, its_tags)
    if modules or tags:
        tags += [f"/{module}" for module in modules]
        _run_in_odoo(tally, modules or addons.together(), tags)
    for area in own:
        _run_own(tally, area)
    return _report(tally)


def _run_apart(tally, module, tags):
    """Run the tests of an example in a database of its own, beside another Odoo.

    The other Odoo has what the example needs, but none of our addons.
    """
    template = databases.dependencies(module)
    with databases.temporary(template, "other") as other:
        key = odoo_process.answer_of(API_KEY, other)
        server = servers.OdooServer(other, name="other-odoo")
        with server:
            variables = {"OTHER_ODOO": json.dumps([server.url, other, key])}
            _run_in_odoo(tally, [module], tags, template, variables)


def _run_in_odoo(tally, modules, tags, template=None, variables=None):
    with (
        databases.temporary(template or databases.dependencies()) as database,
        step(f"Test {', '.join(modules)}") as shown,
    ):
        count = 0

        def hear(line):
            nonlocal count
            if STARTED.search(line):
                count += 1
                shown.count(count, "test")

        code = processes.listen(
            odoo_process.command(
                *("-d", database, "-i", ",".join(modules)),
                *("--test-tags", ",".join(tags), "--stop-after-init"),
                *("--http-port", servers.free_port()),
                # Tests with HTTP compile all scripts; Debian's package lacks a file.
                "--log-handler=odoo.addons.base.models.assetsbundle:CRITICAL",
            ),
            log=LOG,
            hear=hear,
            patience=PATIENCE,
            env=odoo_process.variables(**(variables or {})),
        )
    with processes.log_file(LOG).open(errors="replace") as log:
        _read(tally, TestRun(log), code)


def _read(tally, run, code):
    """Take in what Odoo's log tells of its tests."""
    if code < 0:
        run.failed.setdefault(run.last or "Odoo.starts", []).append(
            f"Odoo was killed by the signal {-code}. That happens when it says nothing "
            f"for {PATIENCE} seconds; the end of the log shows what it waited for."
        )
    tally.areas.update(run.areas())
    failures = {name: "\n".join(lines) for name, lines in run.failed.items()}
    if run.trouble:
        failures["Odoo's log has no warnings and errors"] = "\n".join(run.trouble)
    if code and not failures:
        failures["Odoo ends well"] = f"It ended with the code {code}."
    if not run.started:
        failures["Odoo finds tests"] = "No test ran: is the selection right?"
    tally.failures.update(failures)


def _own_areas():
    paths = (folders.DEV / "tests").glob("test_*.py")
    return sorted(f"{OWN}.{path.stem}" for path in paths)


def _run_own(tally, area):
    """Run the tests of a module of dev."""
    pattern = f"{area.partition('.')[2]}.py"
    suite = unittest.defaultTestLoader.discover(str(folders.DEV / "tests"), pattern)
    with step(f"Test {area}"):
        result = suite.run(unittest.TestResult())
    broken = [*result.failures, *result.errors]
    failures = {f"{OWN}.{_whole(test).id()}": details for test, details in broken}
    tally.failures.update(failures)
    tally.skipped |= {reason for _test, reason in result.skipped}
    counted = Counter(failed=len(failures), skipped=len(result.skipped))
    not_passed = {_whole(test) for test, _ in [*broken, *result.skipped]}
    # setUpClass may be among them, which is not a test that ran
    counted["passed"] = result.testsRun - sum(
        isinstance(test, unittest.TestCase) for test in not_passed
    )
    tally.areas[area] = counted


def _whole(test):
    """Return the test that a subtest is a part of, or the test itself."""
    return getattr(test, "test_case", test)


def _report(tally):
    say()
    for area, counted in tally.areas.items():
        text = ", ".join(
            f"{counted[kind]} {kind}" for kind in sorted(+counted, reverse=True)
        )
        say(f"  {area} {'.' * max(console.WIDTH - len(area), 3)} {text}")
    for name, details in tally.failures.items():
        say(f"\nFAILED  {name}")
        say("\n".join(f"    {line}" for line in details.split("\n") if line.strip()))
    if tally.failures:
        say("\nThese tests failed:")
        say("\n".join(f"  {name}" for name in tally.failures))
        log = processes.shown(processes.log_file(LOG))
        say(f"\nThe whole log of Odoo is in {log}.")
    if tally.total("skipped"):
        say(f"\n{plural(tally.total('skipped'), 'test')} skipped.")
        say("\n".join(f"  {reason}" for reason in sorted(tally.skipped)))
    say(f"\n{tally.total('passed')} passed, {len(tally.failures)} failed")
    return 1 if tally.failures or not tally.total("passed") else 0
