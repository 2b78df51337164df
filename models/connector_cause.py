# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from ..job_states import FAILED, FINISHED
from ..updates import Throttle
from .connector_failure import UNKNOWN

#: Seconds until the causes are looked at after a job has failed. Failures of the
#: meantime are seen then, too.
DELAY = 10
#: Days that a cause is kept when no job has it any more.
KEPT = 30

_throttle = Throttle(DELAY / 2)


class ConnectorCause(models.Model):
    """A cause of failures that somebody was told about.

    A scheduled action makes one activity for each new cause, and closes it when no
    job has the cause any more. So no job waits for another one.
    """

    _name = "connector.cause"
    _description = "Cause of Failures"
    _inherit = ["connector.backend.reference", "mail.thread", "mail.activity.mixin"]
    _rec_name = "cause"

    cause = fields.Char(required=True, readonly=True)
    is_open = fields.Boolean(default=True, readonly=True)
    failure_id = fields.Many2one(
        "connector.failure", compute="_compute_failure", string="Failures"
    )
    record_count = fields.Integer(compute="_compute_failure", string="Records")
    remedy = fields.Text(compute="_compute_failure")

    _one_per_cause = models.Constraint(
        "unique(backend_model, backend_id, model_name, cause)",
        "The cause is known already.",
    )

    def _compute_failure(self):
        for cause in self:
            failure = self.env["connector.failure"].search(
                [
                    *self._domain_of(cause._reference(), cause.model_name),
                    ("cause", "=", cause.cause),
                ],
                limit=1,
            )
            cause.failure_id = failure
            cause.record_count = failure.record_count
            cause.remedy = failure.remedy

    def _reference(self):
        return self.env[self.backend_model].browse(self.backend_id)

    @api.private
    def look_soon(self):
        """Look at the causes in some seconds."""
        if _throttle.admits(self.env.cr.dbname):
            at = fields.Datetime.now() + timedelta(seconds=DELAY)
            self.env.ref("connector.ir_cron_causes").sudo()._trigger(at=at)

    @api.model
    def _look_after(self):
        """Tell people about new causes, and close those that are gone."""
        causes = self.sudo()
        failures = (
            self.env["connector.failure"].sudo().search([("failed_jobs", ">", 0)])
        )
        known = {cause._key(): cause for cause in causes.search([])}
        for failure in failures:
            if failure.backend_model not in self.env or not failure._backend():
                continue
            cause = known.get(_key(failure)) or causes._make(failure)
            if not (cause.is_open and cause.activity_ids):
                cause.is_open = True
                cause._announce(failure)
        unfinished = causes._unfinished()
        for cause in known.values():
            if cause.is_open and cause._key() not in unfinished:
                cause.is_open = False
                cause.activity_feedback(
                    ["mail.mail_activity_data_todo"],
                    feedback=self.env._("Solved: no job has this cause any more."),
                )

    def _make(self, failure):
        return self.create(
            {
                "backend_model": failure.backend_model,
                "backend_id": failure.backend_id,
                "model_name": failure.model_name,
                "company_id": failure.company_id.id,
                "cause": failure.cause,
            }
        )

    def _key(self):
        return _key(self)

    def _unfinished(self):
        """Return the keys of the causes that unfinished jobs have."""
        self.env["queue.job"].flush_model()
        return set(
            self.env.execute_query(
                SQL(
                    "SELECT DISTINCT backend_model, backend_id, model_name,"
                    " COALESCE(cause, exc_name, %s) FROM queue_job"
                    " WHERE backend_id IS NOT NULL AND state NOT IN %s"
                    " AND (state = %s OR cause IS NOT NULL)",
                    UNKNOWN,
                    FINISHED,
                    FAILED,
                )
            )
        )

    def _announce(self, failure):
        """Make an activity for the person who looks after the backend."""
        user = self._responsible(failure._backend())
        if not user:
            return
        cause, failure = (each.with_context(lang=user.lang) for each in (self, failure))
        cause.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=cause.env._(
                "%(backend)s: %(count)s records failed",
                backend=failure.backend_name,
                count=failure.record_count,
            ),
            note=Markup("<p>%s</p><p>%s</p>") % (failure.sentence, failure.remedy),
        )

    def _responsible(self, backend):
        """Return who is told: the responsible person, or who has made the backend."""
        state = self.env["connector.backend.state"].sudo().of(backend)
        user = state.user_id or backend.sudo().create_uid
        can_see = user.active and user.has_group("connector.group_connector_user")
        if user.id == SUPERUSER_ID or not can_see:
            return self.env["res.users"]
        return user

    def action_open_failures(self):
        """Show the failures that have the cause."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.cause,
            "res_model": "connector.failure",
            "view_mode": "form" if self.failure_id else "list,form",
            "res_id": self.failure_id.id,
        }

    @api.autovacuum
    def _gc_solved(self):
        """Delete the causes that no job has had for a long time."""
        limit = self.env.cr.now() - timedelta(days=KEPT)
        self.search([("is_open", "=", False), ("write_date", "<", limit)]).unlink()


def _key(record):
    return record.backend_model, record.backend_id, record.model_name, record.cause
