"""The door of the chaos test into Odoo's database, as if it were one more host.

It loads Odoo's registry into this process, and so works while the Odoo that is
tested is dead. It runs no jobs.
"""

import contextlib
import logging
import time

import psycopg2
from environment import folders, odoo_process, processes

from . import paths
from .postgres_server import DATABASE

ITEMS = "chaos.item"
BINDINGS = "chaos.item.binding"
FORMAT = "%(asctime)s %(process)d %(levelname)s chaos %(name)s: %(message)s"
TO_RUN = ("wait_dependencies", "pending", "enqueued", "started")


class OdooDatabase:
    """Transactions on the database, with all models of Odoo."""

    def open(self):
        """Load Odoo; takes a few seconds."""
        self._write_log()
        from odoo.modules.registry import Registry
        from odoo.tools import config

        config.parse_config(
            [
                *("-c", str(folders.ODOO_CONF), "-d", DATABASE),
                odoo_process.addons_path(paths.ADDONS),
            ],
            setup_logging=False,
        )
        self.registry = Registry(DATABASE)

    @property
    def log(self):
        """Return the path of the log file."""
        return processes.log_file("chaos-jobs")

    @contextlib.contextmanager
    def transaction(self):
        """Return an ``Environment`` in a transaction that is committed at the end."""
        from odoo import SUPERUSER_ID, api

        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def user_does(self, work, patience=60):
        """Do something as a user would: again when it meets others' work.

        :param work: function that gets the ``Environment``; done in one transaction
        :param patience: seconds
        :return: what ``work`` returns
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                with self.transaction() as env:
                    return work(env)
            except psycopg2.Error as error:
                if not _passes(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def rows(self, query, *parameters):
        """Return the rows of a query, as tuples."""

        def work(env):
            env.cr.execute(query, parameters)
            return env.cr.fetchall()

        return self.user_does(work)

    def wake_runner(self):
        """Let the runner look for dead jobs, as it would in a minute at the latest."""
        self.user_does(lambda env: env.cr.execute("NOTIFY queue_job, 'chaos'"))

    def unfinished_jobs(self):
        """Return how many jobs are not at their end."""
        query = "SELECT count(*) FROM queue_job WHERE state IN %s"
        return self.rows(query, TO_RUN)[0][0]

    def cancel_jobs(self):
        """Cancel all jobs that are not at their end."""
        self.user_does(
            lambda env: env.cr.execute(
                "UPDATE queue_job SET state = 'cancelled' WHERE state IN %s",
                [TO_RUN],
            )
        )

    def last_job(self):
        """Return the id of the youngest job, 0 without any."""
        return self.rows("SELECT coalesce(max(id), 0) FROM queue_job")[0][0]

    def _write_log(self):
        handler = logging.FileHandler(self.log, mode="w")
        handler.setFormatter(logging.Formatter(FORMAT))
        logging.basicConfig(level=logging.INFO, handlers=[handler])


def _passes(error):
    """Return whether others were quicker, or the server is restarting."""
    # what psycopg2 raises as DatabaseError itself is a connection that is gone
    passing = (psycopg2.OperationalError, psycopg2.InterfaceError)
    return isinstance(error, passing) or type(error) is psycopg2.DatabaseError
