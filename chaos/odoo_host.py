"""Odoo with queue_job's runner, to be killed and started again."""

import time

from environment import OdooServer, Problem

from . import paths
from .postgres_server import DATABASE

CHANNELS = "root:8,root.four:4"
RUNNER_IS_READY = "database connections ready"


class OdooHost(OdooServer):
    """A process of Odoo that works on the queue, eight jobs at a time."""

    def __init__(self):
        super().__init__(
            DATABASE,
            options=[paths.addons_path(), "--max-cron-threads=0"],
            name="chaos-odoo",
            variables={
                "ODOO_QUEUE_JOB_CHANNELS": CHANNELS,
                "CHAOS_STEPS": str(paths.STEPS),
            },
        )
        self.deaths = 0
        self._started_at = 0

    def start(self):
        self._started_at = self.log_size()
        return super().start()

    def wait_for_runner(self):
        """Wait until the runner of the queue looks for jobs."""
        deadline = time.monotonic() + self.patience
        while not self.said(RUNNER_IS_READY, self._started_at):
            if time.monotonic() > deadline or not self.is_running():
                raise Problem("The runner of the queue does not start.")
            time.sleep(0.05)

    def start_again(self):
        """Start anew after a death, and count that."""
        self.kill()  # what it may have left
        self.deaths += 1
        self.start()

    def log_size(self):
        """Where the log ends."""
        return self.log.stat().st_size if self.log.exists() else 0

    def said(self, text, since):
        """How often the log has a text.

        :param since: only what comes after this position
        """
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().count(text.encode())
