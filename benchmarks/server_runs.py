"""Works that a real Odoo with queue_job's runner takes part in."""

import time

from environment import OdooServer, Problem, databases

from . import processes

CHANNELS = 4
#: a process for each job that runs; nobody else asks anything
WORKERS = CHANNELS
RUNNER_IS_READY = "database connections ready"


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

    def wait(self):
        super().wait()
        deadline = time.monotonic() + self.patience
        while RUNNER_IS_READY not in self.log.read_text(errors="replace"):
            if time.monotonic() > deadline or not self.is_running():
                raise Problem("The runner of the queue does not start.")
            time.sleep(0.1)


def run_on_copy(contender, template, works, profile=0):
    """Do works in a fresh process, while a server runs on the same copy."""
    with (
        databases.temporary(template, "benchmark") as database,
        JobServer(contender, database),
    ):
        return processes.run(contender, database, works, profile)
