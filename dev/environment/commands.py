"""The commands of ``dev/``: from the command line to what does the work."""

import contextlib
import importlib
import shutil
import signal
import subprocess
import sys
import time

from . import (
    addons,
    databases,
    documentation,
    folders,
    linting,
    locks,
    odoo_process,
    odoo_source,
    postgres,
    processes,
    python_packages,
    testing,
)
from .console import Problem, complain, say
from .servers import OdooServer, Radicale, free_port

INTERRUPTED, TERMINATED = 130, 143


def main(name, *arguments):
    """Run a command, and return its exit code."""
    inside = name == python_packages.INSIDE
    if inside:
        name, *arguments = arguments
    command = COMMANDS[name]
    if {*arguments[:1]} & {"-h", "--help"} and command is not odoo:
        say(command.__doc__.replace("\n    ", "\n").strip())
        return 0
    # All three leave through each "finally" and stop what we started. A shell lets
    # commands that it starts in the background ignore the first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(TERMINATED))
    try:
        if command is not clean:
            with locks.setting_up():
                if not inside:
                    python_packages.prepare(odoo_source.prepare())
                    python_packages.enter([name, *arguments])
                addons.link()
                odoo_process.write_settings()
        return command(list(arguments))
    except (Problem, OSError) as problem:
        complain(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        complain("\nInterrupted. The next run goes on from here.")
        return INTERRUPTED


def test(arguments):
    """
    ./dev/test [--daily] [ADDON | dev | dev.MODULE | TAG]... [OPTIONS OF pytest]

    Runs the tests: all, or those of an addon (connector), of dev/tests (dev, or a
    module: dev.test_package), or those that tags of Odoo select
    (/connector:TestBinder). --daily adds those that take minutes. Options of pytest
    come last: -k binder, -x, --durations 10.
    """
    return testing.run(arguments)


def odoo(arguments):
    """
    ./dev/odoo ARGUMENTS

    Runs Odoo itself: ./dev/odoo --help, ./dev/odoo shell -d demo, ...
    """
    with postgres.running_postgres():
        # Ctrl-C is for Odoo, which is in our process group and gets it too.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        process = subprocess.Popen(
            odoo_process.command(*arguments),
            env=odoo_process.variables(),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            return process.wait()
        finally:
            process.terminate()
            process.wait()


def serve(arguments):
    """
    ./dev/serve [OPTIONS OF ODOO]

    Starts Odoo with the addons and demo data, and a CardDAV server with an address
    book that Odoo is connected to, until Ctrl-C. The database is kept; ./dev/clean
    gives a new one.
    """
    from demonstration.odoo_client import OdooClient
    from screens.world import connect

    with postgres.running_postgres(), Radicale(port=free_port(5232)) as cards:
        database = databases.kept_demo()
        with OdooServer(database, free_port(8069), arguments) as server:
            connect(OdooClient(server.url, database), cards)
            say(f"\n  Odoo      {server.url}/odoo/carddav-address-books")
            say("            (admin / admin)")
            say(f"  CardDAV   {cards.url}  ({cards.user} / {cards.password})")
            with contextlib.suppress(KeyboardInterrupt):
                say("\n  Ctrl-C stops both.")
                while server.is_running() and cards.is_running():
                    time.sleep(0.5)
                said = f"{processes.shown(server.log)}, {processes.shown(cards.log)}"
                raise Problem(f"A server ended; {said} say why.")
    say("\n  Stopped.")
    return 0


def demo(arguments):
    """
    ./dev/demo [--stay] [--many NUMBER | --with odoo]

    Shows what connectors do: an address book that is kept the same on both sides.
    With --stay the servers go on at the end, to look around, until Ctrl-C. With --many
    it imports that many cards into a new database, and measures. With --with odoo it
    connects a shop's Odoo with the company's instead.
    """
    return _main_of("demonstration", arguments)


def chaos(arguments):
    """
    ./dev/chaos [--short] [--only 1,3] [--seed NUMBER]

    Kills Odoo and lies to it, and looks whether the data suffered: all scenarios, or
    those that are named. --short takes less than eight minutes.
    """
    return _main_of("chaos", arguments)


def bench(arguments):
    """
    ./dev/bench [--short | --long | --screens [--plans]] [--only ROW,...] [--repeat 5]
                [--write] [--profile]

    Measures OCA's released connector and this one at the same work, in turn. --short
    only counts queries, and fails when they have grown; it takes a minute. --long goes
    up to 20,000 records. --screens times what people see, on a database of a million
    bindings, and --plans prints how PostgreSQL finds it. --only takes names of rows; a
    wrong one lists them. --write puts the results into docs/. --profile prints where
    the time goes.
    """
    return _main_of("benchmarks", arguments)


def _main_of(package, arguments):
    # chaos/ and benchmarks/ lie beside dev/
    sys.path.append(str(folders.CHECKOUT))
    return importlib.import_module(package).main(arguments)


def pictures(arguments):
    """
    ./dev/pictures [NAME]...

    Takes the pictures in docs/images, or those that are named: it tells the story of
    dev/screens/story.py in a browser, in windows 1300 and 390 pixels wide.
    """
    return _main_of("screens", arguments)


def translations(arguments):
    """
    ./dev/translations

    Writes the templates of all texts in i18n, and takes new texts into the translations
    beside them. Fails as long as texts are not translated.
    """
    with postgres.running_postgres():
        return importlib.import_module("environment.translations").update()


def docs(arguments):
    """
    ./dev/docs [OPTIONS OF sphinx-build]

    Builds the documentation in .dev/docs. Warnings are errors.
    """
    return documentation.build(arguments)


def lint(arguments):
    """
    ./dev/lint [OPTIONS OF ruff check]

    Looks for mistakes in the code with ruff and pylint-odoo, and for words in the texts
    that the glossary in environment/prose.py replaces.
    """
    return linting.run(arguments)


def clean(arguments):
    """
    ./dev/clean

    Removes all that these commands made: the folder .dev.
    """
    with locks.setting_up():
        if postgres.is_in_use():
            raise Problem("A command is still running here: stop it first.")
        shutil.rmtree(folders.STATE)
    say("  Removed .dev")
    return 0


COMMANDS = {
    each.__name__: each
    for each in (test, demo, docs, pictures, translations, chaos, bench, serve, odoo)
}
COMMANDS |= {"lint": lint, "clean": clean}
