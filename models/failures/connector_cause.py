# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...jobs.causes import MISSING, STORED_CAUSE
from ...jobs.states import FAILED, FINISHED
from ..screen_updates import Throttle

#: Seconds until the causes are looked at after a job has failed. Failures of the
#: meantime are seen then, too.
DELAY = 10
#: Days that a cause is kept when no job has it any more.
KEPT = 30
#: Open activities of a backend. A backend whose messages have words that differ from
#: record to record must not make an activity for each record.
MOST_ACTIVITIES = 10

ACTIVITY = "mail.mail_activity_data_todo"
#: The fields that a cause has in common with its failures.
KEY = ("backend_model", "backend_id", "model_name", "cause")

_throttle = Throttle(DELAY / 2)


class ConnectorCause(models.Model):
    """A cause of failures that somebody was told about.

    A scheduled action makes one activity for each new cause, and closes it when no
    job has the cause any more. So no job waits for another one.
    """

    _name = "connector.cause"
    _description = "Cause of Connector Failures"
    _inherit = ["connector.backend.reference", "mail.thread", "mail.activity.mixin"]
    _rec_name = "cause"

    cause = fields.Char(string="Text of the Cause", required=True, readonly=True)
    sentence = fields.Char(string="Cause", compute="_compute_sentence")
    is_open = fields.Boolean(default=True, readonly=True)
    is_announced = fields.Boolean(
        readonly=True, help="Somebody was told about it since it is open."
    )
    failure_id = fields.Many2one(
        "connector.failure", compute="_compute_failure", string="Failures"
    )
    record_count = fields.Integer(compute="_compute_failure", string="Records")
    remedy = fields.Text(compute="_compute_failure")

    _one_per_cause = models.Constraint(
        "unique(backend_model, backend_id, model_name, cause)",
        "The cause is known already.",
    )

    @api.depends("cause", "failure_id")
    @api.depends_context("uid", "lang")
    def _compute_sentence(self):
        for cause in self:
            sentence = self.env["connector.failure"]._sentence(cause.cause)
            cause.sentence = cause.failure_id.sentence or sentence

    @api.depends("sentence")
    def _compute_display_name(self):
        for cause in self:
            cause.display_name = cause.sentence

    def _compute_failure(self):
        for cause in self:
            failure = self.env["connector.failure"].search(
                [(name, "=", cause[name]) for name in KEY], limit=1
            )
            cause.failure_id = failure
            cause.record_count = failure.record_count
            cause.remedy = failure.remedy

    @api.private
    def schedule_check(self):
        """Look at the causes in some seconds."""
        cron = self.env.ref("connector.ir_cron_causes", raise_if_not_found=False)
        if cron and _throttle.admits(self.env.cr.dbname):
            cron.sudo()._trigger(at=fields.Datetime.now() + timedelta(seconds=DELAY))

    @api.model
    def _check(self):
        """Tell people about new causes, and close those that are gone."""
        self.env["queue.job"].let_go_on()  # The runner fails jobs without the ORM.
        causes = self.sudo()
        known = {_key(cause): cause for cause in causes.search([])}
        # Somebody has to act.
        failed = self.env["connector.failure"].sudo()
        failed = failed.search(
            ["|", ("failed_jobs", ">", 0), ("cause_class", "=", MISSING)]
        )
        for key, failures in failed.grouped(_key).items():
            if failures[0]._backend():
                cause = known.get(key) or causes._make(failures[0])
                if not cause.is_open:
                    cause.is_open = True
                cause._announce(failures)
        unfinished = causes._unfinished()
        for key, cause in known.items():
            if cause.is_open and not (key in unfinished and cause._backend()):
                cause._close()

    def _close(self):
        self.write({"is_open": False, "is_announced": False})
        self.activity_feedback(
            [ACTIVITY], feedback=self.env._("Solved: no job has this cause any more.")
        )

    def _make(self, failure):
        return self.with_context(mail_create_nolog=True).create(
            {
                **{name: failure[name] for name in KEY},
                "company_id": failure.company_id.id,
            }
        )

    def _unfinished(self):
        """Return the keys of the causes that unfinished jobs have."""
        self.env["queue.job"].flush_model()
        return set(
            self.env.execute_query(
                SQL(
                    "SELECT DISTINCT backend_model, backend_id, model_name, %s"
                    " FROM queue_job WHERE backend_id IS NOT NULL AND (state = %s"
                    "  OR (cause IS NOT NULL AND state NOT IN %s))",
                    STORED_CAUSE,
                    FAILED,
                    FINISHED,
                )
            )
        )

    def _announce(self, failures):
        """Make an activity for the person who looks after the backend, if none was.

        :param failures: the failures of the cause, one for each class
        """
        if self.is_announced:
            self._update_count(failures)
            return
        user = self._responsible()
        if not user or self._has_enough_activities():
            return
        self.is_announced = True
        self.activity_schedule(
            ACTIVITY,
            user_id=user.id,
            summary=self._of_reader(user)._summary(failures),
            note=failures[0].with_context(lang=user.lang).remedy,
        )

    def _of_reader(self, user):
        """Return the cause as a user may read it, who may not read each record."""
        return self.with_user(user).with_context(lang=user.lang)

    def _update_count(self, failures):
        for activity in self.activity_search([ACTIVITY]):
            summary = self._of_reader(activity.user_id)._summary(failures)
            if activity.summary != summary:
                activity.summary = summary

    def _summary(self, failures):
        return self.env._(
            "%(backend)s: %(sentence)s (records: %(count)s)",
            backend=self.backend_name,
            sentence=self.sentence,
            count=sum(failures.mapped("record_count")),
        )

    def _has_enough_activities(self):
        others = [
            ("backend_model", "=", self.backend_model),
            ("backend_id", "=", self.backend_id),
            ("is_announced", "=", True),
        ]
        return self.search_count(others) >= MOST_ACTIVITIES

    def _responsible(self):
        """Return who is told: the responsible person, or who has made the backend.

        queue_job would tell all managers of jobs. So somebody has to be told although
        nobody was named.
        """
        backend = self._backend()
        state = self.env["connector.backend.state"].of(backend)
        user = state.user_id or backend.sudo().create_uid
        if user.active and self.with_user(user).has_access("read"):
            return user
        return self.env["res.users"]

    def action_open_failures(self):
        """Show the failures that have the cause."""
        self.ensure_one().check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.sentence,
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
    return tuple(record[name] for name in KEY)
