"""Both addons, each in a database and a process of its own."""

import contextlib
import json
import subprocess
from pathlib import Path

from environment import databases, folders, odoo_process, processes
from environment.console import Problem

from benchmarks.contenders import Ours, Peer

ADDON = Path(__file__).with_name("addons") / "connector_compare"
WORKER = Path(__file__).with_name("worker.py")


class Side:
    """One of the two addons, which runs cases."""

    def __init__(self, contender):
        self.contender = contender

    @contextlib.contextmanager
    def running(self):
        """Run its process until the end of the ``with`` block."""
        name = f"compare-{self.contender.name}"
        with databases.temporary(self.contender.database(name), name) as database:
            settings = {
                "database": database,
                "addons_path": self.contender.addons_path(),
                "log": str(processes.log_file(f"{name}-odoo")),
                "in_test": self.contender.name == "ours",
            }
            self._log = processes.log_file(name)
            with self._log.open("w") as log:
                self._process = processes.start(
                    [folders.VENV_PYTHON, WORKER, json.dumps(settings)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=odoo_process.variables(),
                )
                try:
                    yield self
                finally:
                    processes.end(self._process)

    def ask(self, setup, operations):
        """Let it run a case; :meth:`answer` waits for the outcomes."""
        case = json.dumps({"setup": setup, "operations": operations})
        self._process.stdin.write(f"{case}\n")
        self._process.stdin.flush()

    def answer(self):
        """Return the outcomes of the last case: of its setup, and of each operation."""
        line = self._process.stdout.readline()
        if not line:
            raise Problem(f"A worker ended. Its log is {processes.shown(self._log)}.")
        return json.loads(line)


PEER, OURS = Side(Peer("peer", ADDON)), Side(Ours("ours", ADDON))
