"""Locks between commands that run at the same time in one checkout."""

import contextlib
import fcntl
import os

from . import folders
from .console import Problem, say
from .permissions import user_name


@contextlib.contextmanager
def setting_up():
    """Let only one command at a time change what the others build on.

    :raise Problem: when the state folder belongs to another user
    """
    folders.STATE.mkdir(exist_ok=True)
    owner = folders.STATE.stat().st_uid
    if owner != os.geteuid():
        raise Problem(
            f"{folders.STATE} belongs to the user {user_name(owner)}: run this as that "
            "user, or remove the folder first."
        )
    with contextlib.ExitStack() as held:
        lock = held.enter_context(_open_lock())
        if not try_lock(lock, fcntl.LOCK_EX):
            say("  Another command is setting up; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.fstat(lock.fileno()).st_nlink:
                # ./dev/clean has removed it in the meantime, with all that was built.
                lock = held.enter_context(_open_lock())
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_lock():
    folders.STATE.mkdir(exist_ok=True)
    return (folders.STATE / "set-up.lock").open("w")


@contextlib.contextmanager
def alone(folder, command):
    """Let only one run of a command work in a folder; others wait.

    :param folder: a folder, which is created if it is not there
    :param command: what people call, to tell them that we wait
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running.lock").open("w") as lock:
        if not try_lock(lock, fcntl.LOCK_EX):
            say(f"  Another {command} is running here; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
