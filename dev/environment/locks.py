"""Locks between commands that run at the same time in one checkout."""

import contextlib
import fcntl
import os
import pwd

from . import folders
from .console import Problem, say


@contextlib.contextmanager
def setting_up():
    """Only one command at a time changes what the others build on.

    :raise Problem: when another user has made the state folder
    """
    folders.STATE.mkdir(exist_ok=True)
    owner = folders.STATE.stat().st_uid
    if owner != os.geteuid():
        raise Problem(
            f"{folders.STATE} belongs to the user {_name(owner)}: run this as that "
            "user, or remove the folder first."
        )
    with contextlib.ExitStack() as held:
        lock = held.enter_context(_open_lock())
        if not try_lock(lock, fcntl.LOCK_EX):
            say("  Another command is setting up; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.fstat(lock.fileno()).st_nlink:
                # ./dev/clean has removed it meanwhile, and with it what was made.
                lock = held.enter_context(_open_lock())
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_lock():
    folders.STATE.mkdir(exist_ok=True)
    return (folders.STATE / "set-up.lock").open("w")


def _name(uid):
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return uid


def try_lock(file, kind):
    """Take a lock if nobody holds one against it.

    :param kind: ``fcntl.LOCK_EX`` or ``fcntl.LOCK_SH``
    :return: whether it was taken
    """
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
