# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ...jobs.causes import (
    CAUSE_CLASSES,
    DEVELOPER,
    INTERRUPTED,
    MISSING,
    RECORD,
    RETRIED,
    SETTINGS,
    STORED_CAUSE,
    UNKNOWN,
    without_secrets,
)
from ...jobs.facts import told
from ...jobs.keys import DIRECTION, HANDLED, KEYS, MOST_KEYS
from ...jobs.methods import job_method
from ...jobs.states import (
    FAILED,
    FAILING_ATTEMPTS,
    FINISHED,
    PENDING,
    WAIT_DEPENDENCIES,
    WAITS_FOR_OTHERS,
)
from ...jobs.taking_along import IS_TAKEN
from ...jobs.texts import (
    JobTexts,
    cause_terms,
    interrupted,
    job_name,
    record_ids_of,
    record_name,
    search_failed,
    shown_cause,
)
from ...tools.access import name_for_user
from ...tools.bindings import is_archived, model_label, wrapped_field
from ...tools.text import shortened
from ..screen_actions import RELOAD, archived_message, notification, window_action

#: How many jobs *Open the Records* looks at.
RECORDS_OF = 1000
#: How many jobs are shown with their records, and how many records of each.
SHOWN = 20
NAMED = 3
#: Characters that are shown of a place in a traceback, and of a message in the list.
PLACE_LENGTH = 300
LINE_LENGTH = 500
#: The jobs that fail.
FAILING_JOBS = SQL(
    """
    SELECT id, backend_model, backend_id, model_name, state, %(direction)s AS direction,
        %(handled)s AS handled,
        COALESCE(date_started, date_enqueued, date_created) AS seen,
        %(cause)s AS cause,
        CASE WHEN exc_name IN %(interrupted)s THEN %(settings)s
            WHEN state != %(failed)s AND cause_class IS DISTINCT FROM %(missing)s
                THEN %(wait)s
            ELSE COALESCE(cause_class, %(developer)s) END AS cause_class
    FROM queue_job
    WHERE backend_id IS NOT NULL AND (state = %(failed)s
        OR (cause IS NOT NULL AND state NOT IN %(finished)s
            AND (retry >= %(attempts)s OR cause_class = %(missing)s)))
    """,
    attempts=FAILING_ATTEMPTS,
    cause=STORED_CAUSE,
    developer=DEVELOPER,
    direction=DIRECTION,
    failed=FAILED,
    finished=FINISHED,
    handled=HANDLED,
    interrupted=INTERRUPTED,
    missing=MISSING,
    settings=SETTINGS,
    wait=RETRIED,
)
#: The columns that the jobs of a line have in common.
LINE = SQL("backend_model, backend_id, model_name, cause, cause_class")
#: The lines: the jobs that fail, by cause. Each record counts for the job that failed
#: last, unless a backend has too many.
LINES = SQL(
    """
    WITH line AS MATERIALIZED (
        SELECT %(line)s, MIN(id) AS id, COUNT(*) AS job_count,
            COUNT(*) FILTER (WHERE state = %(failed)s) AS failed_jobs,
            COALESCE(SUM(handled) FILTER (WHERE state = %(failed)s), 0) AS failed,
            COALESCE(SUM(handled) FILTER (WHERE state != %(failed)s), 0) AS retried,
            MAX(direction) FILTER (WHERE handled = 0) AS searched,
            MIN(seen) AS first_seen, MAX(seen) AS last_seen, MAX(id) AS example_id
        FROM (%(jobs)s) AS job GROUP BY %(line)s
    ),
    backend AS MATERIALIZED (
        SELECT backend_model, backend_id, SUM(failed) <= %(most)s AS has_few_failed,
            SUM(failed + retried) <= %(most)s AS has_few
        FROM line GROUP BY 1, 2 HAVING SUM(failed) <= %(most)s
    ),
    counted AS (
        SELECT %(line)s, COUNT(*) FILTER (WHERE state = %(failed)s) AS failed,
            COUNT(*) FILTER (WHERE state != %(failed)s) AS retried
        FROM (
            SELECT DISTINCT ON (backend_model, backend_id, model_name, direction, key)
                %(line)s, state
            FROM (
                SELECT job.*, method_name, records, args, kwargs
                FROM (%(jobs)s) AS job JOIN queue_job USING (id)
                JOIN backend ON backend.backend_model = job.backend_model
                    AND backend.backend_id = job.backend_id
                    AND (has_few OR job.state = %(failed)s)
            ) AS job %(keys)s
            ORDER BY backend_model, backend_id, model_name, direction, key,
                state = %(failed)s DESC, id DESC
        ) AS record GROUP BY %(line)s
    )
    SELECT %(line)s, id, job_count, failed_jobs, searched, first_seen, last_seen,
        example_id,
        (CASE WHEN has_few_failed THEN COALESCE(counted.failed, 0)
            ELSE line.failed END
        + CASE WHEN has_few THEN COALESCE(counted.retried, 0)
            ELSE line.retried END)::int AS record_count
    FROM line LEFT JOIN backend USING (backend_model, backend_id)
        LEFT JOIN counted USING (%(line)s)
    """,
    failed=FAILED,
    jobs=FAILING_JOBS,
    keys=KEYS,
    line=LINE,
    most=MOST_KEYS,
)


class ConnectorFailure(models.Model):
    """The failures of a backend that have the same cause.

    The jobs failed, or were retried several times and will be retried again. Figures
    are derived from the jobs.
    """

    _name = "connector.failure"
    _description = "Failures of One Cause"
    _inherit = "connector.backend.reference"
    _auto = False
    _order = "failed_jobs desc, job_count desc, id desc"
    _rec_name = "sentence"

    state_id = fields.Many2one(
        "connector.backend.state", string="State of the Backend", readonly=True
    )
    cause = fields.Char(string="Text of the Cause", readonly=True)
    sentence = fields.Char(
        string="Cause",
        compute="_compute_words",
        help="“…” stands for what differs from record to record.",
    )
    cause_class = fields.Selection(CAUSE_CLASSES, string="What to Do", readonly=True)
    remedy = fields.Text(compute="_compute_words")
    kind = fields.Char(string="Kind of Record", compute="_compute_kind")
    job_count = fields.Integer(string="Jobs", readonly=True)
    failed_jobs = fields.Integer(
        string="Need Action",
        readonly=True,
        help="Jobs that Odoo does not retry by itself.",
    )
    record_count = fields.Integer(string="Records", readonly=True)
    searched = fields.Char(
        readonly=True,
        help="Direction of the searches, and other jobs without records, among them.",
    )
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    example_id = fields.Many2one(
        "queue.job",
        string="One of the Jobs",
        readonly=True,
        groups=fields.NO_ACCESS,  # Its name contains that of a record.
    )
    example = fields.Text(compute="_compute_example")
    details = fields.Text(
        compute="_compute_example",
        help="What the developer of the connector needs.",
    )
    # Each text in it is escaped; to sanitise them takes seconds for some.
    records = fields.Html(
        string="Last Records", compute="_compute_records", sanitize=False
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT line.*, state.company_id, state.id AS state_id
            FROM (%s) AS line
            LEFT JOIN connector_backend_state AS state
                ON state.backend_model = line.backend_model
                AND state.backend_id = line.backend_id
            WHERE line.record_count > 0 OR line.searched IS NOT NULL
            """,
            LINES,
        )

    @api.depends("cause", "cause_class", "example_id", "record_count", "searched")
    @api.depends_context("uid", "lang")
    def _compute_words(self):
        remedies = self._remedies()
        of_one = self.filtered(lambda line: line.job_count == line.record_count == 1)
        examples = {failure: failure.sudo().example_id.id for failure in self}
        sentences = self.sentences(examples, of_one)
        for failure in self:
            key = failure.cause if failure.cause in INTERRUPTED else failure.cause_class
            failure.remedy = remedies.get(key)
            sentence = sentences.get(failure) or self._sentence(failure.cause)
            if not failure.record_count and failure.searched is not False:
                sentence = search_failed(self.env, failure.searched, sentence)
            failure.sentence = sentence

    @api.model
    @api.private
    def sentences(self, examples, of_one=()):
        """Return why jobs failed, in the language of the user.

        :param examples: the id of a job by any key
        :param of_one: the keys of causes of a single record, which is named if the
            user may read it and the cause is not for the developer
        :return: sentences by key, without the jobs that store no cause
        :rtype: dict
        """
        jobs = self.env["queue.job"].sudo().browse(examples.values())
        jobs.fetch(["cause", "cause_class", "exc_name", "outcome_terms"])
        jobs = dict(zip(examples, jobs, strict=True))
        named = {key: jobs[key] for key in of_one if jobs[key].cause_class != DEVELOPER}
        texts = JobTexts(self.env(su=False), named.values())
        return {
            key: self._sentence(
                texts.message(job)
                if key in named and texts.may_read(job)
                else shown_cause(self.env, job.outcome_terms)
            )
            for key, job in jobs.items()
            if cause_terms(job)
        }

    def _sentence(self, cause):
        if cause in INTERRUPTED:
            return interrupted(self.env)
        if cause == UNKNOWN:
            return self.env._("The cause is unknown.")
        return cause[:1].upper() + cause[1:]

    def _remedies(self):
        ask = self.env._(
            "Ask the administrator of Odoo why the server stopped: it was restarted, "
            "or had too little memory or time. Then retry."
        )
        return {
            **dict.fromkeys(INTERRUPTED, ask),
            RETRIED: self.env._(
                "No action needed: Odoo retries automatically. Retry now if you know "
                "that the cause is gone."
            ),
            MISSING: self.env._(
                "Create the missing records that the message lists. Odoo retries "
                "automatically. Retry now if you do not want to wait."
            ),
            RECORD: self.env._(
                "Correct the records as the message says, in Odoo or on the backend. "
                "Then retry."
            ),
            SETTINGS: self.env._(
                "Correct the settings of the backend, or make it work again. Check the "
                "connection. Then retry."
            ),
            DEVELOPER: self.env._(
                "Send the details below to the developer of the connector. Retry when "
                "the connector is corrected."
            ),
        }

    @api.depends("model_name")
    def _compute_kind(self):
        for failure in self:
            failure.kind = model_label(self.env, failure.model_name)

    @api.depends("example_id")
    @api.depends_context("uid", "lang")
    def _compute_example(self):
        texts = JobTexts(self.env, self.sudo().example_id)
        for failure in self:
            job = failure.sudo().example_id
            failure.example = texts.message(job) or failure.sentence
            lines = [
                f"{job.channel_method_name}: {self._sentence(failure.cause)}",
                texts.answer(job),
                job.exc_name,
                *_places(job.exc_info),
            ]
            failure.details = without_secrets("\n".join(filter(None, lines)))

    @api.depends("job_count")
    @api.depends_context("uid", "lang")
    def _compute_records(self):
        for failure in self:
            jobs = failure._jobs(limit=SHOWN)
            texts = JobTexts(self.env, jobs)
            failure.records = Markup("<ul>%s</ul>") % Markup().join(
                failure._line(job, texts) for job in jobs
            )

    def _line(self, job, texts):
        names = _names(self.env, job, texts.records)
        # The message of a programming error means nothing to other people.
        message = texts.message(job) if self.cause_class != DEVELOPER else ""
        if message in ("", self.cause, self.sentence):
            return Markup("<li>%s</li>") % names
        message = shortened(message, LINE_LENGTH)
        return Markup("<li><b>%s</b>: %s</li>") % (names, message)

    # -- buttons

    def action_retry(self):
        """Let all jobs with these causes run again, now."""
        self.env["connector.backend.state"].check_access("write")
        failures = self.exists()
        if not failures:
            raise UserError(
                self.env._("No job has this cause any more. Open the failures again.")
            )
        failures.check_access("read")
        # The jobs of an archived backend would end undone.
        archived = failures.filtered(
            lambda failure: (backend := failure._backend()) and is_archived(backend)
        )
        if archived == failures:
            raise UserError(archived_message(archived[0]._backend()))
        records = sum((failures - archived).mapped("record_count"))
        jobs = sum(failure._retry() for failure in failures - archived)
        self.env["connector.cause"].sudo().schedule_check()
        messages = [self._retried(records if jobs else 0, jobs)]
        messages += {archived_message(failure._backend()) for failure in archived}
        return notification(
            "\n".join(messages),
            "warning" if archived else "success",
            following=self._after_retry(),
        )

    def _retried(self, records, jobs):
        if records == 1:
            return self.env._("1 record is being retried.")
        if records:
            number = formatLang(self.env, records, digits=0)
            return self.env._("%s records are being retried.", number)
        return self.env._("Jobs that run again: %s.", jobs)

    def _after_retry(self):
        if not self.env.context.get("connector_leave_form"):
            return RELOAD
        # The form has nothing left to show.
        failures = "connector.connector_failure_action"
        return window_action(self.env, failures, target="main")

    def _retry(self):
        """Requeue the jobs with one query, as ``queue.job.requeue()`` does for each."""
        jobs = self.env["queue.job"].sudo()
        jobs.flush_model()
        backend = self._backend()
        is_paused = backend and self.env["connector.backend.state"].is_paused(backend)
        self.env.cr.execute(
            SQL(
                """
                UPDATE queue_job SET retry = 0, eta = NULL, worker_pid = NULL,
                    date_enqueued = NULL, date_started = NULL, date_done = NULL,
                    date_cancelled = NULL, exc_name = NULL, exc_message = NULL,
                    state = CASE WHEN %s OR %s THEN %s ELSE %s END
                WHERE id IN %s AND state IN %s AND (%s) IS NOT TRUE
                """,
                bool(is_paused),
                WAITS_FOR_OTHERS,
                WAIT_DEPENDENCIES,
                PENDING,
                self._jobs()._as_query(ordered=False).subselect(),
                (FAILED, PENDING),
                IS_TAKEN,
            )
        )
        count = self.env.cr.rowcount
        jobs.invalidate_model()
        return count

    def _jobs(self, limit=None):
        """Return the jobs that have the cause."""
        self.ensure_one()
        self.env["queue.job"].flush_model()
        query = SQL(
            """
            SELECT id FROM (%s) AS job
            WHERE backend_model = %s AND backend_id = %s AND model_name = %s
                AND cause = %s AND cause_class = %s
            ORDER BY id DESC LIMIT %s
            """,
            FAILING_JOBS,
            self.backend_model,
            self.backend_id,
            self.model_name,
            self.cause,
            self.cause_class,
            limit,
        )
        ids = [id_ for (id_,) in self.env.execute_query(query)]
        return self.env["queue.job"].sudo().browse(ids)

    def action_open_jobs(self):
        """Show the jobs that have the cause."""
        self.check_access("read")
        return window_action(
            self.env,
            "queue_job.action_queue_job",
            self.sentence,
            domain=[("id", "in", self._jobs().ids)],
            context={},
        )

    def _no_records(self, jobs):
        names = [name for job in jobs for name in _external_ids(job)]
        if not names:
            return self.env._("These jobs do not belong to single records.")
        return self.env._(
            "Odoo does not have these records. Look for them on %(backend)s: %(names)s",
            backend=self.backend_name,
            names=", ".join(map(str, names[:SHOWN])),
        )

    def action_open_records(self):
        """Show the Odoo records that the jobs are about."""
        self.check_access("read")
        jobs = self._jobs(limit=RECORDS_OF)
        ids = {id_ for job in jobs for id_ in record_ids_of(job)}
        bindings = self._existing(self.model_name, ids)
        if not bindings:
            raise UserError(self._no_records(jobs))
        name = wrapped_field(self.env, self.model_name)
        records = bindings.sudo()[name].with_env(self.env) if name else bindings
        return records.browse()._get_records_action(
            name=self.sentence,
            views=[(False, "list"), (False, "form")],
            domain=[("id", "in", records.ids)],
            context={"active_test": False},
        )


def _external_ids(job):
    method = job_method(job.method_name)
    return told(lambda: method.readable_ids(job.args, job.kwargs)) or []


def _names(env, job, records):
    """Return display names for the records of a job.

    :param records: those that the user may read, by model and id; the others are
        called by their id
    """
    ids = record_ids_of(job)
    shown = []
    for id_ in ids[:NAMED]:
        record = records.get((job.model_name, id_))
        shown.append(f"#{id_}" if record is None else name_for_user(record))
    if not ids:
        ids = _external_ids(job)
        shown = ids[:NAMED]
        if name := record_name(env, job):
            shown = [f"{ids[0]} ({name})"] if len(ids) == 1 else shown
    if not ids:
        return job_name(env, job)
    more = [f"+ {len(ids) - NAMED}"] if len(ids) > NAMED else []
    return ", ".join(map(str, shown + more))


def _places(traceback, count=12):
    """Return the last places that a traceback names, and their code, not its values."""
    places = re.findall(r'^  File ".*\n(?:    .*\n)?', traceback or "", re.MULTILINE)
    return [shortened(place.rstrip(), PLACE_LENGTH) for place in places[-count:]]
