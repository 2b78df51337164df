"""Locks between commands that run at the same time in one checkout."""

import contextlib
import fcntl
import os

from . import folders
from .console import Problem, say


@contextlib.contextmanager
def setting_up():
    """Let only one command at a time change what the others build on.

    :raise Problem: when the state folder belongs to another user
    """
    folders.STATE.mkdir(exist_ok=True)
    if folders.STATE.stat().st_uid != os.geteuid():
        raise Problem(
            f"{folders.STATE} belongs to the user {folders.STATE.owner()}: run this as "
            "that user, or remove the folder first."
        )
    with alone(folders.STATE, "command that sets up"):
        yield


@contextlib.contextmanager
def alone(folder, command):
    """Let only one run of a command work in a folder; others wait.

    :param folder: a folder, which is created if it is not there
    :param command: what people call, to tell them that we wait
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "running.lock").open("w") as lock:
            if not try_lock(lock, fcntl.LOCK_EX):
                say(f"  Another {command} is running here; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            # ./dev/clean may have removed it in the meantime, with all that was built.
            if os.fstat(lock.fileno()).st_nlink:
                yield
                return


def try_lock(file, kind):
    """Take a lock if no other lock excludes it.

    :param kind: ``fcntl.LOCK_EX`` or ``fcntl.LOCK_SH``
    :return: whether it was taken
    """
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
