# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from odoo.addons.queue_job.models.queue_job_function import regex_job_function_name

from ..jobs.methods import job_method
from ..tools.transactions import commits_enabled

MAY_COMMIT = ("external.binding", "connector.backend")
#: Seconds until a job is retried whose error tells no seconds, by its attempts. The
#: waits grow and differ, so that jobs do not overload a backend that was down.
RETRY_PATTERN = {1: (5, 15), 2: (30, 90), 3: (300, 900), 4: (1800, 3600)}


class QueueJobFunction(models.Model):
    _inherit = "queue.job.function"

    def job_config(self, name):
        """Let the jobs on bindings and backends commit, and retry them soon.

        They may commit whatever else is configured. They are retried after growing
        waits, unless another pattern is configured.

        What a backend knows must not be lost when the job fails later, and queue_job
        forbids commits unless the job function allows them. It then runs the method
        on a cursor of its own, so that a commit does not release the lock by which
        a job of a dead process is recognised (OCA/queue#889, OCA/connector#522).
        """
        config = super().job_config(name)
        if not self.synchronizes(name):
            return config
        return config._replace(
            allow_commit=config.allow_commit or commits_enabled(),
            retry_pattern=config.retry_pattern or RETRY_PATTERN,
        )

    @api.private
    def synchronizes(self, name):
        """Return whether a job function belongs to a binding or a backend.

        Its jobs may commit, and may run a second time after an interruption.
        """
        match = regex_job_function_name.match(name)
        model_class = match and self.env.registry.get(match[1])
        return bool(model_class) and issubclass(
            model_class, tuple(self.env.registry[parent] for parent in MAY_COMMIT)
        )

    @api.private
    def shared_channel(self, model, method_name):
        """Return the channel of a method whose jobs share that of another method.

        :return: ``None`` when a job function record configures the method itself
        """
        own, other = (
            self.job_config(self.job_function_name(model._name, name))
            for name in (method_name, job_method(method_name).channel_of)
        )
        return None if own.job_function_id else other.channel
