"""``postgres_supervisor.py LOCK COMMAND...``: end a server with its last user.

Runs COMMAND, as ``nobody`` if we are root, and waits for the lock on the file LOCK.
All commands that use the server share that lock. When the last of them is gone,
whether it ended, failed or was killed, the supervisor gets the lock and stops the
server.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path


def main(lock, *command):
    """Run a server until no command uses it, and return its exit code."""
    from environment.embedded_server import as_server
    from environment.processes import die_with_parent

    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, signal.SIGINT),
        **as_server(),
    )
    threading.Thread(target=_stop_unused, args=(lock, server), daemon=True).start()
    return server.wait()


def _stop_unused(lock, server):
    # Held until this process ends: a command that comes now waits, and starts a new
    # server.
    users = os.open(lock, os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.exit(main(*sys.argv[1:]))
