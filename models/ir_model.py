# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models

from ..jobs.states import RUNNABLE

_logger = logging.getLogger(__name__)

ATTEMPTS = 5


class IrModel(models.Model):
    _inherit = "ir.model"

    def unlink(self):
        """Cancel the jobs of models that go: nothing could ever run them.

        That is done when they are gone, in a transaction of its own. An uninstallation
        must not fail because a runner is busy with the jobs.
        """
        names, registry = self.mapped("model"), self.env.registry
        result = super().unlink()
        self.env.cr.postcommit.add(lambda: _cancel_jobs(registry, names))
        return result


def _cancel_jobs(registry, model_names):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                cancel_jobs_of(env, model_names)
            return
        except psycopg2.OperationalError as error:
            _logger.info("Attempt %s to cancel jobs: %s", attempt, error)
    _logger.error("Jobs of %s are left, and nothing can run them", model_names)


def cancel_jobs_of(env, model_names):
    """Cancel the unfinished jobs of models that are uninstalled.

    :param model_names: names of the models
    """
    jobs = env["queue.job"].search(
        [("model_name", "in", model_names), ("state", "in", RUNNABLE)]
    )
    # not through queue_job, which loads a job and so needs the code of its method
    result = env._("Cancelled: its model was uninstalled.")
    while jobs:
        dependents = jobs.dependent_ids.filtered(lambda job: job.state in RUNNABLE)
        jobs.write(
            {
                "state": "cancelled",
                "date_cancelled": fields.Datetime.now(),
                "result": result,
            }
        )
        jobs = dependents - jobs
