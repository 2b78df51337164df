"""Odoo with queue_job's runner, to be killed and started again."""

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
