"""Odoo with queue_job's runner, to be killed and started again."""

import contextlib
import os
import signal
from pathlib import Path

from environment import OdooServer, odoo_process

from . import paths
from .postgres_server import DATABASE

CHANNELS = "root:8,root.four:4"


class OdooHost(OdooServer):
    """A process of Odoo that works on the queue, eight jobs at a time."""

    def __init__(self):
        super().__init__(
            DATABASE,
            options=[odoo_process.addons_path(paths.ADDONS), "--max-cron-threads=0"],
            name="chaos-odoo",
            variables={
                "ODOO_QUEUE_JOB_CHANNELS": CHANNELS,
                "CHAOS_STEPS": str(paths.STEPS),
            },
        )

    def start_again(self):
        """Start again after a death."""
        self.kill()  # what it may have left
        self.start()

    @contextlib.contextmanager
    def several_processes(self, count, requests):
        """Have several processes work, each of which ends after some requests.

        :param count: how many
        :param requests: after how many
        """
        options = self.options
        self.kill()
        self.options = [*options, f"--workers={count}", f"--limit-request={requests}"]
        self.start()
        try:
            yield
        finally:
            self.kill()
            self.options = options

    def kill_one_process(self, chance):
        """Kill one of several processes; Odoo starts another one in its place.

        :param chance: ``random.Random``
        """
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        with contextlib.suppress(ProcessLookupError):  # It has ended by itself.
            os.kill(chance.choice([*map(int, children.split())]), signal.SIGKILL)
