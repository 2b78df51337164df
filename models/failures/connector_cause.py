# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from ...jobs.causes import MISSING, STORED_CAUSE
from ...jobs.states import FAILED, FINISHED
from ..screen_actions import window_action
from ..screen_updates import Throttle

#: Seconds until the causes are looked at after a job has failed. Failures of the
#: meantime are seen then, too.
DELAY = 10
#: Days that a cause is kept when no job has it any more.
KEPT = 30
#: Causes that an activity describes.
DESCRIBED = 10

ACTIVITY = "mail.mail_activity_data_todo"
#: The fields that a cause has in common with its failures.
KEY = ("backend_model", "backend_id", "model_name", "cause")

_throttle = Throttle(DELAY / 2)


class ConnectorCause(models.Model):
    """A cause of failures that somebody was told about.

    A scheduled action makes one activity for a person and a day, for all causes that
    are new. It closes the activity when no job has one of them any more. So no job
    waits for another one.
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
    announced_by = fields.Integer(
        readonly=True, help="ID of the activity that tells about the cause."
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
            failures = self.env["connector.failure"].search(cause._domain_of_failures())
            cause.failure_id = failures[:1]
            cause.record_count = sum(failures.mapped("record_count"))
            cause.remedy = failures[:1].remedy

    def _domain_of_failures(self):
        """Return the domain of the failures of a cause, one for each class."""
        return [(name, "=", self[name]) for name in KEY]

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
        present = {}
        for key, failures in failed.grouped(_key).items():
            if failures[0]._backend():
                cause = known.get(key) or causes._make(failures[0])
                if not cause.is_open:
                    cause.is_open = True
                present[cause] = failures
        gone = causes.union(*known.values()) - causes.union(*present)
        unfinished = causes._unfinished()
        gone.filtered(
            lambda cause: (
                cause.is_open and not (_key(cause) in unfinished and cause._backend())
            )
        )._close()
        causes.union(*present)._announce(present)

    def _close(self):
        """Close causes, and the activities that tell about no other one."""
        ids = set(self.mapped("announced_by"))
        self.write({"is_open": False, "is_announced": False, "announced_by": 0})
        left = self.search([("announced_by", "in", [*ids])]).mapped("announced_by")
        activities = self.env["mail.activity"].browse(ids.difference(left, [0]))
        activities.exists().action_feedback(
            self.env._("Solved: no job has this cause any more.")
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
        """Tell the persons who look after the backends, each once a day.

        :param failures: the failures of each cause, one for each class
        """
        activities = self.env["mail.activity"]
        untold = self.filtered(lambda cause: not cause.is_announced)
        for user, new in untold.grouped(lambda cause: cause._responsible()).items():
            if not user:
                continue
            today = fields.Date.context_today(self.with_context(tz=user.tz))
            activity = activities.search(
                [
                    ("res_model", "=", self._name),
                    ("user_id", "=", user.id),
                    ("activity_type_id", "=", self.env.ref(ACTIVITY).id),
                    ("date_deadline", "=", today),
                ],
                limit=1,
            )
            if not activity:
                cause = new[0].with_context(lang=user.lang)
                activity = cause.activity_schedule(
                    ACTIVITY, user_id=user.id, date_deadline=today, note=""
                )
            new.write({"is_announced": True, "announced_by": activity.id})
        for id_, causes in self.grouped("announced_by").items():
            causes._describe(activities.browse(id_).exists(), failures)

    def _describe(self, activity, failures):
        """Let an activity tell about causes, as many failed by now."""
        if not activity:
            return
        user = activity.user_id  # who may not read each record
        causes = self.with_user(user).with_context(lang=user.lang)
        lines = [cause._summary(failures[cause]) for cause in causes]
        summary, note = lines[0], failures[causes[0]][0].with_env(causes.env).remedy
        if len(lines) > 1:
            summary = causes.env._(
                "%(causes)s problems of %(backends)s backends",
                causes=len(lines),
                backends=len(
                    {(cause.backend_model, cause.backend_id) for cause in self}
                ),
            )
            note = Markup("<ul>%s</ul>") % Markup().join(
                Markup("<li>%s</li>") % line for line in lines[:DESCRIBED]
            )
        if activity.summary != summary or len(lines) > 1:
            activity.write({"summary": summary, "note": note})

    def _summary(self, failures):
        count = sum(failures.mapped("record_count"))
        values = {
            "backend": self.backend_name,
            "sentence": failures[0].with_env(self.env).sentence,
        }
        if not count:
            return self.env._("%(backend)s: %(sentence)s", **values)
        return self.env._(
            "%(backend)s: %(sentence)s (records: %(count)s)", count=count, **values
        )

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
        domain = self._domain_of_failures()
        failures = self.env["connector.failure"].search(domain)
        if len(failures) == 1:
            return failures._get_records_action(name=self.sentence, context={})
        return window_action(
            self.env,
            "connector.connector_failure_action",
            self.sentence,
            domain=domain,
            context={},
        )

    @api.autovacuum
    def _gc_solved(self):
        """Delete the causes that no job has had for a long time."""
        limit = self.env.cr.now() - timedelta(days=KEPT)
        self.search([("is_open", "=", False), ("write_date", "<", limit)]).unlink()


def _key(record):
    return tuple(record[name] for name in KEY)
