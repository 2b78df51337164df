"""``postgres_supervisor.py LOCK USER COMMAND...``: end a server with its last user.

Runs COMMAND, as the system user USER unless that is "", and waits for the lock on
the file LOCK. All who use the server share that lock. When the last of them is gone,
whether it ended, failed or was killed, the supervisor gets the lock and stops the
server.
"""

import fcntl
import os
import pwd
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path


def main(lock, user, *command):
    """Run a server until nobody uses it, and return its exit code."""
    from environment.processes import die_with_parent

    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, signal.SIGINT),
        **become(user),
    )
    threading.Thread(target=_stop_unused, args=(lock, server), daemon=True).start()
    return server.wait()


def become(user):
    """Options for ``subprocess.Popen`` that run a program as a user, "" for our own."""
    if not user:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _stop_unused(lock, server):
    # Held until the process ends: who comes now waits, and starts a server anew.
    users = os.open(lock, os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.exit(main(*sys.argv[1:]))
