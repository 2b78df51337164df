"""The PostgreSQL server: the one that PGHOST names, or an embedded one."""

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import build_cache, embedded_server, folders, locks, processes
from .console import Problem

DATA = folders.POSTGRES / "data"
USERS_LOCK = folders.POSTGRES / "users.lock"
MAX_SOCKET_PATH = 107


def is_external():
    """Return whether the surroundings name a server that is to be used."""
    ours = str(socket_folder())
    names = ("PGHOST", "PGHOSTADDR", "PGSERVICE")
    return any(os.environ.get(name, ours) not in ("", ours) for name in names)


def connect(database="postgres"):
    """Connect to the running server; each statement is committed.

    :raise psycopg2.OperationalError: when there is no server or no such database
    """
    # Imported late: this module is loaded before the virtual environment is there.
    import psycopg2

    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def answers():
    """Return whether the server that PGHOST names lets us in."""
    import psycopg2

    try:
        connect().close()
    except psycopg2.OperationalError:
        return False
    return True


@contextlib.contextmanager
def variables(socket):
    """Let PGHOST and its like lead to an embedded server within a ``with`` block.

    They do so for this process and for all that it starts.

    :param socket: the folder of the server's socket
    """
    ours = {
        "PGHOST": str(socket),
        "PGPORT": "5432",
        "PGUSER": embedded_server.SUPERUSER,
    }
    names = (*ours, "PGDATABASE", "PGPASSWORD", "PGSSLMODE", "PGHOSTADDR", "PGSERVICE")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def running_postgres():
    """Have the server for as long as the ``with`` block lasts.

    Within the block PGHOST and its like lead there. Commands that run at the same
    time share one server; it stops with the last of them, however that ends (see
    postgres_supervisor.py). A server that the surroundings name is used as it is.

    :raise Problem: when the server does not start
    """
    if not is_external():
        with variables(socket_folder()), _shared_server():
            yield
    elif answers():
        yield
    else:
        raise Problem(
            "The PostgreSQL server that PGHOST names does not let us in: correct "
            "the PG... variables, or unset them to have an embedded one."
        )


@contextlib.contextmanager
def _shared_server():
    """Be one of the embedded server's users; start it if it is not running."""
    folders.POSTGRES.mkdir(parents=True, exist_ok=True)
    with USERS_LOCK.open("w") as users:
        with (folders.POSTGRES / "start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            # Waits while the server of those before us is stopping.
            fcntl.flock(users, fcntl.LOCK_SH)
            _make_socket_folder()
            if not answers():
                _start()
        try:
            yield
        finally:
            last = locks.try_lock(users, fcntl.LOCK_EX)
            if not last:
                # Others use it; or its supervisor was quicker, and is stopping it.
                last = not locks.try_lock(users, fcntl.LOCK_SH)
    if last:
        _wait_for_end()


def _start():
    """Start the server, which ends when no command holds ``USERS_LOCK`` any more."""
    embedded_server.create(DATA)
    embedded_server.forget_dead_server(DATA, socket_folder())
    program = Path(__file__).with_name("postgres_supervisor.py")
    server = embedded_server.command(DATA, socket_folder())
    log = processes.log_file("postgres")
    with log.open("w") as output:
        supervisor = subprocess.Popen(
            [sys.executable, program, USERS_LOCK, *server],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    embedded_server.wait_until_up(supervisor, answers, log)


def _wait_for_end(seconds=20):
    """Wait until the server, which no command uses any more, has stopped."""
    deadline = time.monotonic() + seconds
    while (DATA / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    socket = socket_folder()
    if socket.parent != folders.POSTGRES:
        with contextlib.suppress(OSError):
            socket.rmdir()


def is_in_use():
    """Return whether a command uses the embedded server."""
    if not USERS_LOCK.exists():
        return False
    with USERS_LOCK.open() as users:
        return not locks.try_lock(users, fcntl.LOCK_EX)


def socket_folder():
    """Return the folder of the socket.

    It lies with the data, or elsewhere if that path is too long.
    """
    folder = folders.POSTGRES / "socket"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
        key = build_cache.fingerprint(str(folders.CHECKOUT), os.geteuid())
        folder = Path(tempfile.gettempdir()) / f"connector-dev-{key}"
    return folder


def _make_socket_folder():
    """Make the folder of the socket, which only we and the server may enter.

    :raise Problem: when another user has made it
    """
    folder = socket_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.lstat().st_uid not in (os.geteuid(), embedded_server.server_uid()):
        raise Problem(f"{folder} belongs to another user: remove it, and try again.")
    embedded_server.hand_over(folder)
