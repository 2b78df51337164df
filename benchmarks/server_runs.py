"""Works that a real Odoo with queue_job's runner takes part in."""

from environment import OdooServer, databases

from . import processes

CHANNELS = 4
#: a process for each job that runs; no other requests come
WORKERS = CHANNELS


class JobServer(OdooServer):
    """Odoo as in production: processes, and a runner that gives them jobs."""

    def __init__(self, contender, database):
        super().__init__(
            database,
            options=[
                contender.addons_path(),
                f"--workers={WORKERS}",
                "--max-cron-threads=0",
            ],
            name=f"benchmark-{contender.name}-server",
            variables={"ODOO_QUEUE_JOB_CHANNELS": f"root:{CHANNELS}"},
        )

    def start(self):
        super().start()
        self.wait_for_runner()
        return self


def run_on_copy(contender, template, works, profile=0):
    """Do works in a fresh process, while a server runs on the same copy."""
    with (
        databases.temporary(template, "benchmark") as database,
        JobServer(contender, database),
    ):
        return processes.run(contender, database, works, profile)
