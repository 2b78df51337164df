"""``./dev/test``: pytest on the tests of the addons, and on those of ``dev/tests``."""

import contextlib
import itertools
import json
import os
import re
import sys
import tempfile
import time

from . import (
    addons,
    databases,
    folders,
    odoo_log,
    odoo_process,
    postgres,
    processes,
    servers,
    vendure,
)
from .console import Problem, say

OWN = "dev"
OTHER_ODOO = "connector_odoo"  #: the example whose tests have a second Odoo
OWN_TESTS = folders.DEV / "tests"
#: Modules of it that take long. Each worker begins with one of them.
SLOW = ("test_screens", "test_tutorial", "test_scaffold")
DAILY, DAILY_TAG = "--daily", "breakages"
WORKERS, OWN_WORKERS = 2, 3  # many tests of dev wait for a server or a browser
#: How many parts of the tests run at a time. More of them make each other slow.
MOST_PARTS = 3
#: Seconds that a test may take, also one of those that take minutes; one that waits for
#: ever is stopped.
PATIENCE, DAILY_PATIENCE = 1200, 2400
#: Options of Odoo. With the first and the second nobody runs the jobs of the tests.
#: Tests with HTTP compile all scripts, of which Debian's package lacks one.
EXTRA = (
    "stop-after-init",
    "max-cron-threads=0",
    "log-handler=odoo.addons.base.models.assetsbundle:CRITICAL",
)
OPTION = re.compile("-[^/]")
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
#: Makes an API key of the administrator.
API_KEY = """
import json
from datetime import datetime, timedelta
keys = env["res.users.apikeys"].with_user(env.ref("base.user_admin")).sudo()
key = keys._generate("rpc", "Tests", datetime.now() + timedelta(days=1))
env.cr.commit()
print("ANSWER", json.dumps(key))
"""


def run(arguments):
    """Run tests, and print how many passed and failed.

    :param arguments: names of addons, "dev" for ``dev/tests``, "dev.test_package" for
        one module of them, and test tags of Odoo such as ``/connector:TestBinder``; all
        tests when there is none. Then options of pytest.
    :return: the exit code, 0 when all is well
    """
    if DAILY in arguments:
        os.environ["CONNECTOR_DAILY"] = "1"
    arguments = [each for each in arguments if each != DAILY]
    chosen = [*itertools.takewhile(lambda each: not OPTION.match(each), arguments)]
    options = arguments[len(chosen) :]
    found = parts(",".join(chosen))
    if vendure.EXAMPLE in found and (why := vendure.is_missing()):
        say(why)
        del found[vendure.EXAMPLE]
        if not found:
            return 0
    with postgres.running_postgres():
        if len(found) > 1:
            return _run_side_by_side(found, options)
        [(name, part)] = found.items()
        if name == OWN:
            return _run_own(part, options)
        return _run_in_odoo(name, part, options)


def parts(selected):
    """Return lists of what is selected, each to be tested in a process of its own.

    :return: for "dev", for an addon of :data:`addons.APART` and, by an empty name, for
        the others
    """
    found = {}
    for each in selected.split(",") if selected else [*addons.names(), OWN]:
        name = re.match(r"-?/?(\w*)", each)[1]
        part = name if name in (OWN, *addons.APART) else ""
        found.setdefault(part, []).append(each)
    return found


def _run_side_by_side(found, options):
    """Run each part in a process of its own, whose output is shown when it ends."""
    names = ", ".join(sum(found.values(), []))
    say(f"  Test {names}; what they say follows when they end.")
    program = [sys.executable, folders.DEV / "environment", "--inside", "test"]
    # Those of dev wait for servers most of the time, and take longest.
    behind = ["nice", "-n", "10"]
    passed = failed = 0
    with contextlib.ExitStack() as stack:
        running, waiting = {}, sorted(found, key=lambda name: name != OWN)
        while running or waiting:
            while waiting and len(running) < MOST_PARTS:
                name = waiting.pop(0)
                output = stack.enter_context(tempfile.TemporaryFile("w+"))
                command = [*program, *found[name], *options]
                if name != OWN:
                    command = [*behind, *command]
                process = processes.start(command, stdout=output, stderr=output)
                stack.callback(processes.end, process)
                running[process] = output
            time.sleep(0.2)
            for process in [each for each in running if each.poll() is not None]:
                output = running.pop(process)
                output.seek(0)
                text = output.read()
                say("\n" + SUMMARY.sub("", text).strip())
                counts = SUMMARY.findall(text) or [(0, 1)]
                passed += int(counts[-1][0])
                failed += int(counts[-1][1])
    say(f"\n{passed} passed, {failed} failed")
    return int(failed or not passed)


def _run_own(part, options):
    """Run the tests of ``dev/tests``."""
    names = [each.partition(".")[2] for each in part]
    if OWN in part:
        names = sorted(path.stem for path in OWN_TESTS.glob("test_*.py"))
        share = len(names) // OWN_WORKERS
        for number, name in enumerate(SLOW):
            names.remove(name)
            names.insert(number * share, name)
    files = [OWN_TESTS / f"{name}.py" for name in names]
    for file in files:
        if not file.is_file():
            raise Problem(f"There is no {processes.shown(file)}.")
    databases.demo()
    more = ["-p", "no:odoo", f"--numprocesses={OWN_WORKERS}"]
    return _pytest(OWN_TESTS, [*more, *files, *options], os.environ)


def _run_in_odoo(apart, part, options):
    """Run tests of addons, each worker in a database of its own."""
    modules = [each for each in part if each in addons.names()]
    modules = modules or ([apart] if apart else addons.together())
    tags = [f"/{each}" if each in modules else each for each in part]
    if os.environ.get("CONNECTOR_DAILY"):
        tags += [f"{DAILY_TAG}/{each}" for each in modules]
    with contextlib.ExitStack() as stack:
        template = databases.dependencies(apart)
        variables = odoo_process.variables()
        if apart == vendure.EXAMPLE:
            variables["VENDURE"] = stack.enter_context(_shops())
        elif apart == OTHER_ODOO:
            variables["OTHER_ODOO"] = stack.enter_context(_other_odoos(template))
        database = stack.enter_context(databases.temporary(template))
        title = f"Install {', '.join(modules)}"
        found = odoo_log.trouble(odoo_process.install(database, modules, title))
        variables["INSTALLATION_TROUBLE"] = "\n".join(found)
        return _pytest(
            folders.ADDONS,
            [f"--odoo-database={database}", "--odoo-http", "--odoo-log-level=info"]
            + [f"--odoo-extra={each}" for each in EXTRA]
            + [f"--odoo-tags={','.join(tags)}"]
            + [addons.folder(each) / "tests" for each in modules]
            + options,
            variables,
        )


@contextlib.contextmanager
def _shops():
    """Have a shop for each worker: the address and an API key of each, as JSON."""
    vendure.prepare()
    with contextlib.ExitStack() as stack:
        names = [f"vendure-{number}" for number in range(WORKERS)]
        shops = [stack.enter_context(vendure.Vendure(name=name)) for name in names]
        yield json.dumps([[it.url, vendure.ShopClient(it.url).key] for it in shops])


@contextlib.contextmanager
def _other_odoos(template):
    """Have a second Odoo, which has what an example needs but none of our addons.

    Each worker has a database of its own there.

    :return: its address, the database and an API key for each worker, as JSON
    """
    with contextlib.ExitStack() as stack:
        others = [
            stack.enter_context(databases.temporary(template, f"other{number}"))
            for number in range(WORKERS)
        ]
        keys = [odoo_process.answer_of(API_KEY, other) for other in others]
        server = servers.OdooServer(",".join(others), name="other-odoo")
        url = stack.enter_context(server).url
        yield json.dumps([[url, *each] for each in zip(others, keys, strict=True)])


def _pytest(root, arguments, variables):
    """Run pytest, whose output goes to the terminal, and return its exit code."""
    path = f"{postgres.program('psql').parent}{os.pathsep}{os.environ['PATH']}"
    process = processes.start(
        pytest_command(root, *arguments),
        env={**variables, "PATH": path, "PYTHONPATH": str(folders.DEV)},
    )
    try:
        return process.wait()
    finally:
        processes.end(process)


def pytest_command(root, *arguments):
    """Return the command line of pytest.

    :param root: the folder from which the names of tests begin
    """
    patience = DAILY_PATIENCE if os.environ.get("CONNECTOR_DAILY") else PATIENCE
    return [
        *(folders.VENV_PYTHON, "-m", "pytest", "-qq", "--no-header", "-rfE"),
        *("-c", os.devnull, f"--rootdir={root}", f"--confcutdir={root}"),
        # Not "loadscope": it waits forever after a test that hangs.
        *("--tb=short", f"--numprocesses={WORKERS}", "--dist=worksteal"),
        *("-p", "environment.pytest_plugin"),
        *("-p", "no:cacheprovider", "-p", "no:logging", "-p", "no:warnings"),
        *("-o", "verbosity_subtests=0", "-o", f"faulthandler_timeout={patience}"),
        *("-o", "faulthandler_exit_on_timeout=true"),
        *arguments,
    ]
