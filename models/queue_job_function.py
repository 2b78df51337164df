# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from odoo.addons.queue_job.models.queue_job_function import regex_job_function_name

from ..transactions import commits_enabled

MAY_COMMIT = ("external.binding", "connector.backend")


class QueueJobFunction(models.Model):
    _inherit = "queue.job.function"

    def job_config(self, name):
        """Let the jobs on bindings and backends commit, whatever else is configured.

        What a backend knows must not be lost when the job fails later, and queue_job
        forbids commits unless the job function allows them. It then runs the method
        on a cursor of its own, so that a commit does not release the lock by which
        a job of a dead process is recognised (OCA/queue#889, OCA/connector#522).

        :param name: name of the job function, as ``<shop.res.partner>.export_record``
        :return: the configuration of the job function
        """
        config = super().job_config(name)
        if config.allow_commit or not commits_enabled() or not self.synchronizes(name):
            return config
        return config._replace(allow_commit=True)

    @api.private
    def synchronizes(self, name):
        """Return whether a job function belongs to a binding or a backend.

        Its jobs may commit, and may run a second time after an interruption.

        :param name: name of the job function
        :rtype: bool
        """
        match = regex_job_function_name.match(name)
        model_class = match and self.env.registry.get(match[1])
        return bool(model_class) and issubclass(
            model_class, tuple(self.env.registry[parent] for parent in MAY_COMMIT)
        )
