# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...jobs import outcome
from ...jobs.causes import STORED_CAUSE
from ...jobs.states import (
    CANCELLED,
    DONE,
    ENQUEUED,
    FAILED,
    PENDING,
    STARTED,
    UNFINISHED,
    WAITING,
)
from ..screen_actions import RELOAD, notification, window_action

#: States of jobs that run, or will run as soon as there is capacity.
READY = (PENDING, ENQUEUED, STARTED)
#: The columns that count records of jobs that are done, by the outcomes that they sum.
COUNTED = {
    "created": (outcome.CREATED,),
    "linked": (outcome.ADOPTED,),
    "updated": (outcome.UPDATED,),
    "deleted": (outcome.DELETED,),
    "unchanged": (outcome.UNCHANGED,),
    "skipped": (outcome.SKIPPED, outcome.GONE),
    "retried_alone": (outcome.FAILED, outcome.POSTPONED),
}


class ConnectorRun(models.Model):
    """A synchronisation that a user or a schedule has started, and its progress.

    All figures are derived from the jobs of the run when they are read. Each job writes
    only its own row, so no job waits for another one on a counter.

    A job stores how many records it handles. A job that only delays others handles
    none. A record that fails in the job of a chunk, or is locked, is *retried alone*,
    by a job of its own. If a chunk is interrupted, another job goes on with the records
    that it has left. The chunk does not settle these records, so each counts once, as a
    record of its later job::

        handled = records of the done jobs - those that other jobs got
        to_do   = records of the jobs that wait or run
        failed  = records of the failed jobs
        cancelled = records of the cancelled jobs
        records = handled + to_do + failed + cancelled

    ``created``, ``linked``, ``updated``, ``deleted``, ``unchanged`` and ``skipped`` are
    the outcomes of the handled records. Their sum is less than ``handled`` when a
    connector's own method returns no outcome, or when records were deleted before
    their chunk ran. ``retried_alone`` is a part of no sum.
    """

    _name = "connector.run"
    _description = "Run"
    _inherit = "connector.backend.reference"
    _auto = False
    _order = "started desc, id desc"
    _rec_name = "title"
    _depends = {
        "connector.run.start": ["source", "started"],
        "connector.backend.state": ["paused_since"],
        "queue.job": ["outcome_counts", "record_count", "run_id", "state"],
    }

    title = fields.Char(compute="_compute_title", string="Run")
    direction = fields.Selection("_directions", readonly=True)
    state_id = fields.Many2one(
        "connector.backend.state", string="State of the Backend", readonly=True
    )
    model_id = fields.Many2one("ir.model", string="Kind of Record", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    cron_id = fields.Many2one("ir.cron", string="Scheduled Action", readonly=True)
    source = fields.Char(readonly=True, help="The file whose records are imported.")
    origin = fields.Char(
        string="Started by",
        compute="_compute_origin",
        compute_sudo=True,
        help="The user or the scheduled action that started the run.",
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("paused", "Paused"),
            ("done", "Done"),
            ("failed", "Some failed"),
            ("cancelled", "Cancelled"),
        ],
        readonly=True,
    )
    started = fields.Datetime(readonly=True)
    ended = fields.Datetime(
        readonly=True, help="When the last job ended; empty while jobs wait or run."
    )
    duration = fields.Float(
        readonly=True, aggregator="avg", help="Hours from the start to the end."
    )
    speed = fields.Float(
        string="Records per Second",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Includes the time that the jobs have waited.",
    )
    records = fields.Integer(readonly=True, help="Records that the run found.")
    handled = fields.Integer(readonly=True, help="Records whose jobs are done.")
    to_do = fields.Integer(readonly=True, help="Records whose jobs wait or run.")
    progress = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Percentage of the records whose jobs no longer wait or run.",
    )
    created = fields.Integer(readonly=True)
    linked = fields.Integer(
        readonly=True, help="Records that both sides had already, and that are linked."
    )
    updated = fields.Integer(readonly=True)
    deleted = fields.Integer(readonly=True)
    unchanged = fields.Integer(readonly=True)
    skipped = fields.Integer(readonly=True)
    retried_alone = fields.Integer(
        readonly=True,
        help="Records that failed or were locked when they were synchronised together "
        "with others. A separate job handles each of them again.",
    )
    failed = fields.Integer(
        readonly=True,
        help="Records whose jobs have failed, until somebody retries them.",
    )
    cancelled = fields.Integer(
        readonly=True, help="Records whose jobs somebody has cancelled."
    )
    waiting_jobs = fields.Integer(readonly=True, help="Jobs that have not begun.")
    failed_jobs = fields.Integer(readonly=True)
    is_empty = fields.Boolean(
        readonly=True, help="The run has found nothing to do, and all went well."
    )
    troubled_jobs = fields.Integer(
        readonly=True, help="Jobs that have failed, or are retried after an error."
    )

    @api.model
    def _directions(self):
        direction = self.env["connector.run.start"]._fields["direction"]
        return direction._description_selection(self.env)

    @property
    def _table_query(self):
        # LATERAL: a page of runs sums up the jobs of these runs only. LEFT: nothing is
        # summed up to count the runs.
        return SQL(
            """
            SELECT start.*, kind.id AS model_id, card.id AS state_id, job.*,
                result.state, records, ended, seconds / 3600 AS duration,
                handled / greatest(seconds, 1) AS speed,
                CASE
                    WHEN records > 0 THEN 100.0 * (records - to_do) / records
                    WHEN ended IS NULL THEN 0
                    ELSE 100
                END AS progress,
                NOT EXISTS (
                    SELECT FROM queue_job WHERE run_id = start.id
                    AND (record_count > 0 OR state != %(done)s)
                ) AS is_empty
            FROM connector_run_start AS start
            LEFT JOIN ir_model AS kind ON kind.model = start.model_name
            LEFT JOIN connector_backend_state AS card
                ON card.backend_model = start.backend_model
                AND card.backend_id = start.backend_id
            LEFT JOIN LATERAL (%(jobs)s) AS job ON TRUE
            CROSS JOIN LATERAL (
                SELECT handled + to_do + failed + cancelled AS records,
                    CASE
                        WHEN waiting_jobs > 0 AND card.paused_since IS NOT NULL
                            THEN 'paused'
                        WHEN ready_jobs > 0 OR (waiting_jobs > 0 AND failed_jobs = 0)
                            THEN 'running'
                        WHEN failed_jobs > 0 THEN 'failed'
                        WHEN cancelled_jobs > 0 THEN 'cancelled'
                        ELSE 'done'
                    END AS state
            ) AS result
            CROSS JOIN LATERAL (
                SELECT CASE WHEN result.state NOT IN ('running', 'paused')
                    THEN greatest(started, latest) END AS ended
            ) AS finish
            CROSS JOIN LATERAL (
                SELECT extract(epoch FROM
                    coalesce(ended, now() AT TIME ZONE 'UTC') - started
                )::float AS seconds
            ) AS time
            """,
            done=DONE,
            jobs=self._query_of_jobs(),
        )

    def _query_of_jobs(self):
        delayed = _count(*COUNTED["retried_alone"], outcome.DELAYED)
        return SQL(
            """
            SELECT greatest(max(date_started), max(date_done), max(date_cancelled))
                    AS latest,
                count(*) FILTER (WHERE state IN %(waiting)s) AS waiting_jobs,
                count(*) FILTER (WHERE state IN %(ready)s) AS ready_jobs,
                count(*) FILTER (WHERE state = 'failed') AS failed_jobs,
                count(*) FILTER (WHERE state = 'cancelled') AS cancelled_jobs,
                count(*) FILTER (
                    WHERE state = 'failed' OR state IN %(waiting)s AND cause IS NOT NULL
                ) AS troubled_jobs,
                %(handled)s AS handled,
                %(to_do)s AS to_do,
                %(failed)s AS failed,
                %(cancelled)s AS cancelled,
                %(outcomes)s
            FROM queue_job
            WHERE run_id = start.id
            """,
            waiting=WAITING,
            ready=READY,
            handled=SQL(
                "%s + %s",
                _sum(SQL("greatest(record_count - (%s), 0)", delayed), DONE),
                # Other jobs have done them since.
                _sum(_count(outcome.SETTLED), *UNFINISHED),
            ),
            to_do=_sum(SQL("record_count"), *WAITING, STARTED),
            failed=_sum(SQL("record_count"), FAILED),
            cancelled=_sum(SQL("record_count"), CANCELLED),
            outcomes=SQL(", ").join(
                SQL("%s AS %s", _sum(_count(*kinds), DONE), SQL.identifier(name))
                for name, kinds in COUNTED.items()
            ),
        )

    @api.depends("direction", "model_id", "backend_model", "backend_id", "source")
    def _compute_title(self):
        directions = dict(self._directions())
        for run in self:
            kind = run.model_id.sudo().name
            parts = [directions.get(run.direction), kind, run.backend_name, run.source]
            run.title = " · ".join(part for part in parts if part)

    @api.depends("user_id", "cron_id")
    def _compute_origin(self):
        for run in self:
            run.origin = run.cron_id.name or run.user_id.name

    # -- buttons

    def action_open_jobs(self):
        """Show the jobs of the run."""
        self.ensure_one().check_access("read")
        return window_action(
            self.env,
            "queue_job.action_queue_job",
            self.env._("Jobs of %s", self.title),
            domain=[("run_id", "=", self.id)],
            context={},
        )

    def action_open_failures(self):
        """Show the causes why jobs of the run have failed, or are retried."""
        self.ensure_one().check_access("read")
        self.env["queue.job"].flush_model()
        causes = self.env.execute_query(
            SQL(
                "SELECT DISTINCT %s FROM queue_job WHERE run_id = %s AND (state = %s"
                " OR cause IS NOT NULL AND state IN %s)",
                STORED_CAUSE,
                self.id,
                FAILED,
                WAITING,
            )
        )
        domain = [
            *self._domain_of(self._backend(), self.model_name),
            ("cause", "in", [cause for (cause,) in causes]),
        ]
        failures = "connector.connector_failure_action"
        return window_action(self.env, failures, domain=domain)

    def action_cancel(self):
        """Cancel the jobs that have not begun; those that run end normally."""
        self.check_access("write")
        jobs = self.env["queue.job"].sudo()
        waiting = jobs.search([("run_id", "in", self.ids), ("state", "in", WAITING)])
        if not waiting:
            raise UserError(
                self.env._("All jobs have begun already. They will end normally.")
            )
        waiting.button_cancelled()
        message = self.env._(
            "Cancelled jobs: %s. Jobs that have begun end normally.", len(waiting)
        )
        return notification(message, following=RELOAD)


def _sum(value, *states):
    """Return the SQL of a sum over the jobs in some states."""
    return SQL("coalesce(sum(%s) FILTER (WHERE state IN %s), 0)::int", value, states)


def _count(*kinds):
    """Return the SQL of the number of records of a job that had some outcomes."""
    return SQL(" + ").join(
        SQL("coalesce((outcome_counts ->> %s)::int, 0)", kind) for kind in kinds
    )
