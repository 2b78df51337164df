"""A PostgreSQL server for the chaos test, which may be restarted at any moment.

Other commands share the server of the environment and must not suffer. What a
database of the chaos test begins with is prepared once, as a folder, and copied
for each run. With it goes a copy of the addons, so that they can be edited during a
run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from environment import (
    Problem,
    addons,
    build_cache,
    databases,
    embedded_server,
    odoo_process,
    postgres,
    processes,
)
from environment.console import step

from . import paths

DATABASE = "chaos"
SUPERUSER = embedded_server.SUPERUSER
# Unlike the environment's: what was committed is there after a crash of the server.
SETTINGS = {**embedded_server.SETTINGS, "synchronous_commit": "on"}


def prepare():
    """Have the folder of a server whose database has the addon of the chaos test.

    The server of the environment has to run.
    """
    base = databases.dependencies()
    prints = [build_cache.fingerprint_of(each, skip={"tests"}) for each in _addons()]
    key = build_cache.fingerprint(base, *prints)
    if not build_cache.is_current(paths.PREPARED, key):
        build_cache.build(paths.PREPARED, key, lambda folder: _fill(folder, base))


def _addons():
    return [addons.folder(addons.MAIN), paths.ADDON_FOLDER]


def _fill(folder, base):
    for addon in _addons():
        shutil.copytree(
            addon,
            folder / "addons" / addon.name,
            ignore=shutil.ignore_patterns("tests", "__pycache__"),
        )
    dump = folder / "dump"
    with databases.temporary(base, "chaos") as database:
        odoo_process.install(
            database,
            [paths.ADDON],
            "Install the addon of the chaos test",
            paths.addons_path(folder),
        )
        _run("pg_dump", "-Fc", "-Z0", "-f", dump, database)
    with step("Prepare PostgreSQL for the chaos test"):
        _create_cluster(folder / "data")
        with PostgresServer(folder / "data"):
            _run("createdb", DATABASE)
            _run("pg_restore", "--no-owner", "-d", DATABASE, dump)
    dump.unlink()


def _create_cluster(data):
    data.mkdir(mode=0o700)
    _hand_over(data)
    processes.run(
        [_program("initdb"), "-D", data, "-U", SUPERUSER]
        + ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
        log="chaos-initdb",
        doing="Creating PostgreSQL for the chaos test",
        **_as_server(),
    )


class PostgresServer:
    """A server in a ``with`` block, within which PGHOST leads there.

    :param data: its folder; by default a copy of the prepared one
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
        _hand_over(self._socket)
        self._around.enter_context(_variables(PGHOST=self._socket, PGUSER=SUPERUSER))
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()
        self._around.close()

    def start(self):
        """Start it, and wait until it answers."""
        settings = {**SETTINGS, "unix_socket_directories": f'"{self._socket}"'}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        log = processes.log_file("chaos-postgres")
        with log.open("a") as output:
            self.process = processes.start(
                [_program("postgres"), "-D", self.data, *options],
                stdout=output,
                stderr=output,
                **_as_server(),
            )
        deadline = time.monotonic() + 60
        while not postgres.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                where = processes.shown(log)
                raise Problem(
                    f"PostgreSQL of the chaos test does not start; see {where}."
                )
            time.sleep(0.05)

    def stop(self, number=signal.SIGINT):
        """Stop it at once, with all that is going on there.

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


@contextlib.contextmanager
def _variables(**wanted):
    ours = {**wanted, "PGPORT": "5432"}
    names = (*ours, "PGDATABASE", "PGPASSWORD", "PGSSLMODE", "PGHOSTADDR", "PGSERVICE")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ.update({name: str(value) for name, value in ours.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _run(program, *arguments):
    processes.run(
        [_program(program), *arguments],
        log=f"chaos-{program}",
        doing=f"Preparing the database of the chaos test with {program}",
    )


def _program(name):
    return embedded_server.programs() / name


def _as_server():
    # PostgreSQL refuses to run as root
    return {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}


def _hand_over(folder):
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
