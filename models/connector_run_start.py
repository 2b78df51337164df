# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models

from ..jobs.methods import BOTH, COMPARE, EXPORT, IMPORT, direction_of
from ..jobs.runs import Run, present_run, within_run


class ConnectorRunStart(models.Model):
    """The start of a synchronisation by a user or a schedule.

    It is written once, so that no job waits for another one. How far the run has come
    is derived from its jobs, see ``connector.run``.
    """

    _name = "connector.run.start"
    _description = "Start of a Run"
    _inherit = "connector.backend.reference"
    _order = "id desc"
    _log_access = False

    direction = fields.Selection(
        [
            (IMPORT, "Import"),
            (EXPORT, "Export"),
            (BOTH, "Both directions"),
            (COMPARE, "Comparison"),
        ],
        required=True,
        readonly=True,
    )
    started = fields.Datetime(
        required=True, readonly=True, default=lambda self: self.env.cr.now()
    )
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    cron_id = fields.Many2one(
        "ir.cron",
        string="Scheduled Action",
        readonly=True,
        ondelete="set null",
        help="The scheduled action that started the run; empty when a user did.",
    )
    source = fields.Char(readonly=True, help="The file whose records are imported.")
    job_uuid = fields.Char(
        readonly=True,
        index="btree_not_null",
        help="The job of a connector that started the run while it ran.",
    )

    # In the order of the list of runs, which then reads the jobs of one page only.
    _started_index = models.Index("(started DESC, id DESC)")

    @api.private
    def begin(self, backend, model_name, method_name=None, job_uuid=None):
        """Begin a run.

        :param model_name: name of the model of the bindings; ``False`` for all
        :param method_name: method of the job that begins it; by default a run in both
            directions begins
        :param job_uuid: UUID of the running job that begins it, if one does
        """
        progress_id = self.env.context.get("ir_cron_progress_id")
        progress = self.env["ir.cron.progress"].sudo().browse(progress_id)
        return self.sudo().create(
            {
                **self._values_of(backend, model_name),
                "direction": direction_of(method_name or "") or BOTH,
                "user_id": self.env.uid,
                "cron_id": progress.exists().cron_id.id,
                "job_uuid": job_uuid,
            }
        )

    @api.private
    @contextmanager
    def within(self, backend, model_name, method_name, job=None):
        """Let the jobs that are delayed within belong to a run.

        :param method_name: method of a job that would begin a run, if none is present
        :param job: the running ``queue.job``, empty outside jobs; its next attempt
            continues the run that it begins
        """
        if present_run(backend._name, backend.id):
            yield
            return
        uuid = job.uuid if job else None
        domain = [
            *self._domain_of(backend, model_name),
            ("job_uuid", "=", uuid),
            ("direction", "=", direction_of(method_name) or BOTH),
        ]
        # An earlier attempt of the job may have begun the run and committed it.
        start = uuid and self.sudo().search(domain, limit=1)
        start = start or self.begin(backend, model_name, method_name, uuid)
        with within_run(Run(start.id, backend._name, backend.id)):
            yield

    @api.autovacuum
    def _gc_old(self):
        """Delete the runs whose jobs were deleted, as long as queue_job keeps jobs."""
        days = self.env.ref("queue_job.channel_root").removal_interval
        jobs = self.env["queue.job"]._search([("run_id", "!=", False)])
        self.search(
            [
                ("started", "<", self.env.cr.now() - timedelta(days=days)),
                ("id", "not in", jobs.subselect("run_id")),
            ]
        ).unlink()
