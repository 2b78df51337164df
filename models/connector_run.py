# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..job_states import WAITING
from ..outcome import (
    ADOPTED,
    CREATED,
    DELETED,
    FAILED,
    GONE,
    POSTPONED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
)
from .connector_run_start import BOTH, COMPARE, EXPORT, IMPORT

#: The columns that count records, by the outcomes that they add up.
COUNTED = {
    "created": (CREATED,),
    "linked": (ADOPTED,),
    "updated": (UPDATED,),
    "deleted": (DELETED,),
    "unchanged": (UNCHANGED,),
    "skipped": (SKIPPED, GONE),
    "set_apart": (FAILED, POSTPONED),
}
RUNNING = "running"
DONE = "done"
TROUBLED = "failed"
CANCELLED = "cancelled"


class ConnectorRun(models.Model):
    """How far what somebody or a schedule has started has come.

    All figures are derived from the jobs of the run, so that no job waits for another
    one. A chunk sets apart a record that fails in it: a job of its own, in the same
    run, tries that record again. The record counts once, as a record of that job:

    * all records = records of all jobs - records set apart by jobs that are done;
    * handled records = records of done jobs - records that these have set apart.
    """

    _name = "connector.run"
    _description = "Run"
    _inherit = "connector.backend.reference"
    _auto = False
    _order = "started desc, id desc"
    _rec_name = "title"

    title = fields.Char(compute="_compute_title", string="Run")
    direction = fields.Selection(
        [
            (IMPORT, "Import"),
            (EXPORT, "Export"),
            (BOTH, "Both directions"),
            (COMPARE, "Comparison"),
        ],
        readonly=True,
    )
    kind = fields.Char(
        compute="_compute_kind", string="Kind of Record", help="What is synchronised."
    )
    user_id = fields.Many2one("res.users", string="Started by", readonly=True)
    cron_id = fields.Many2one("ir.cron", string="Scheduled Action", readonly=True)
    origin = fields.Char(compute="_compute_origin", string="Started by whom or what")
    state = fields.Selection(
        [
            (RUNNING, "Running"),
            (DONE, "Done"),
            (TROUBLED, "Some failed"),
            (CANCELLED, "Cancelled"),
        ],
        readonly=True,
    )
    started = fields.Datetime(readonly=True)
    ended = fields.Datetime(readonly=True, help="When the last job ended.")
    duration = fields.Float(
        readonly=True, aggregator="avg", help="Minutes from the start to the end."
    )
    speed = fields.Float(
        string="Records a Second", readonly=True, aggregator="avg", digits=(16, 1)
    )
    records = fields.Integer(readonly=True, help="Records that the run found.")
    handled = fields.Integer(readonly=True, help="Records whose jobs are done.")
    progress = fields.Float(readonly=True, aggregator="avg", help="In per cent.")
    created = fields.Integer(readonly=True)
    linked = fields.Integer(
        readonly=True, help="Records that both sides had already, and that are linked."
    )
    updated = fields.Integer(readonly=True)
    deleted = fields.Integer(readonly=True)
    unchanged = fields.Integer(readonly=True)
    skipped = fields.Integer(readonly=True)
    set_apart = fields.Integer(
        readonly=True,
        help="Records that failed within a chunk. A job of its own tries each again.",
    )
    failed = fields.Integer(readonly=True, help="Records whose jobs have failed.")
    waiting_jobs = fields.Integer(readonly=True, help="Jobs that have not begun.")

    @property
    def _table_query(self):
        # Lateral: a list of 80 runs reads the jobs of these runs only.
        return SQL(
            """
            SELECT run.id, run.backend_model, run.backend_id, run.model_name,
                   run.company_id, run.direction, run.user_id, run.cron_id,
                   run.started, job.waiting_jobs, job.failed,
                   CASE WHEN job.unfinished > 0 THEN %(running)s
                        WHEN job.failed_jobs > 0 THEN %(troubled)s
                        WHEN job.cancelled_jobs > 0 THEN %(cancelled)s
                        ELSE %(done)s END AS state,
                   CASE WHEN job.unfinished = 0
                        THEN GREATEST(job.ended, run.started) END AS ended,
                   EXTRACT(EPOCH FROM seconds.passed) / 60 AS duration,
                   job.records - job.set_apart AS records,
                   job.done_records - job.set_apart AS handled,
                   CASE WHEN job.unfinished = 0 AND job.failed_jobs = 0 THEN 100
                        ELSE 100.0 * (job.done_records - job.set_apart)
                             / GREATEST(job.records - job.set_apart, 1)
                   END AS progress,
                   (job.done_records - job.set_apart) / GREATEST(
                       EXTRACT(EPOCH FROM seconds.passed), 1) AS speed,
                   %(counts)s
            FROM connector_run_start AS run
            CROSS JOIN LATERAL (
                SELECT COUNT(*) FILTER (
                           WHERE state NOT IN ('done', 'cancelled', 'failed')
                       ) AS unfinished,
                       COUNT(*) FILTER (WHERE state IN %(waiting)s) AS waiting_jobs,
                       COUNT(*) FILTER (WHERE state = 'failed') AS failed_jobs,
                       COUNT(*) FILTER (WHERE state = 'cancelled') AS cancelled_jobs,
                       COALESCE(SUM(record_count) FILTER (
                           WHERE state != 'cancelled'), 0) AS records,
                       COALESCE(SUM(record_count) FILTER (
                           WHERE state = 'done'), 0) AS done_records,
                       COALESCE(SUM(record_count) FILTER (
                           WHERE state = 'failed'), 0) AS failed,
                       MAX(COALESCE(date_done, date_cancelled)) AS ended,
                       %(sums)s
                FROM queue_job WHERE run_id = run.id
            ) AS job
            CROSS JOIN LATERAL (
                SELECT CASE WHEN job.unfinished > 0
                            THEN (now() AT TIME ZONE 'UTC') - run.started
                            ELSE GREATEST(job.ended, run.started) - run.started
                       END AS passed
            ) AS seconds
            """,
            running=RUNNING,
            troubled=TROUBLED,
            cancelled=CANCELLED,
            done=DONE,
            waiting=WAITING,
            counts=SQL(", ").join(SQL.identifier("job", name) for name in COUNTED),
            sums=SQL(", ").join(
                SQL("COALESCE(SUM(%s), 0) AS %s", _sum(kinds), SQL.identifier(name))
                for name, kinds in COUNTED.items()
            ),
        )

    @api.depends("direction", "model_name", "backend_model", "backend_id")
    def _compute_title(self):
        directions = dict(self._fields["direction"]._description_selection(self.env))
        for run in self:
            parts = [directions.get(run.direction), run.kind, run.backend_name]
            run.title = " · ".join(part for part in parts if part)

    @api.depends("model_name")
    def _compute_kind(self):
        models_ = self.env["ir.model"].sudo()
        for run in self:
            run.kind = run.model_name and models_._get(run.model_name).name

    @api.depends("user_id", "cron_id")
    def _compute_origin(self):
        for run in self.sudo():
            run.origin = run.cron_id.name or run.user_id.name

    # -- buttons

    def action_open_jobs(self):
        """Show the jobs of the run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "queue_job.action_queue_job"
        )
        return {
            **action,
            "name": self.env._("Jobs of %s", self.title),
            "domain": [("run_id", "=", self.id)],
            "context": {},
        }

    def action_open_failures(self):
        """Show the jobs of the run that failed."""
        action = self.action_open_jobs()
        domain = [*action["domain"], ("state", "=", "failed")]
        name = self.env._("Failed jobs of %s", self.title)
        return {**action, "name": name, "domain": domain}

    def action_cancel(self):
        """Cancel the jobs that have not begun; those that run end normally."""
        self.check_access("read")
        self.env["connector.backend.state"].check_access("write")
        jobs = (
            self.env["queue.job"]
            .sudo()
            .search([("run_id", "in", self.ids), ("state", "in", WAITING)])
        )
        if not jobs:
            raise UserError(self.env._("Nothing waits: all jobs have begun."))
        result = self.env._("Cancelled by %s", self.env.user.name)
        jobs._change_job_state("cancelled", result=result)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s jobs were cancelled.", len(jobs)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


def _sum(kinds):
    """Return the SQL that adds up the counts of some outcomes of a finished job."""
    return SQL(" + ").join(
        SQL("COALESCE((outcome_counts ->> %s)::int, 0)", kind) for kind in kinds
    )
