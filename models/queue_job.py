# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.component.exception import ComponentException
from odoo.addons.queue_job.models.queue_job import QueueJob as QueueJobBase

from ..components.importer.memory import RECORDS
from ..jobs.causes import CAUSE_CLASSES
from ..jobs.facts import facts_of, told
from ..jobs.keys import LEAVES_RECORDS, SYNCHRONISES
from ..jobs.methods import begins_run
from ..jobs.names import default_name, general_terms, name_of
from ..jobs.outcome import ARCHIVED
from ..jobs.runs import Run, present_run, within_run
from ..jobs.states import (
    DONE,
    FAILED,
    FINISHED,
    PENDING,
    STARTED,
    UNFINISHED,
    WAIT_DEPENDENCIES,
    WAITING,
)
from ..jobs.synchronisation import KEY
from ..jobs.taking_along import IS_TAKEN
from ..jobs.texts import job_name, job_result
from ..tools.bindings import backend_of, wrapped_field
from ..tools.text import storable
from ..tools.transactions import new_transaction


class WaitingJob(NamedTuple):
    """The call of a job that waits or runs."""

    ids: list[int]  #: of the records on which the method is called
    method: str
    args: tuple
    kwargs: dict


class QueueJob(models.Model):
    _inherit = "queue.job"

    _protected_fields = (
        *QueueJobBase._protected_fields,
        "backend_model",
        "backend_id",
        "run_id",
        "record_count",
        "outcome_counts",
        "cause",
        "cause_class",
        "is_unanswered",
        "name_terms",
        "outcome_terms",
    )

    record_keys = fields.Json(
        readonly=True,
        help="Identity keys of the jobs, one for each record, which this job replaces.",
    )

    backend_model = fields.Char(
        readonly=True, help="Model of the backend that the job works for."
    )
    backend_id = fields.Many2oneReference(
        string="Backend ID",
        model_field="backend_model",
        readonly=True,
        help="The backend that the job works for.",
    )
    run_id = fields.Many2one(
        "connector.run.start",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="What somebody or a schedule has started, and this job is a part of.",
    )
    record_count = fields.Integer(
        string="Records", readonly=True, help="How many records the job handles."
    )
    outcome_counts = fields.Json(
        readonly=True, help="How many records had which outcome."
    )
    cause = fields.Char(
        readonly=True,
        help="Why the last attempt failed. Failures with the same cause have the same "
        "text.",
    )
    cause_class = fields.Selection(CAUSE_CLASSES, string="What to Do", readonly=True)
    name_terms = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The name of the job, for readers of all languages.",
    )
    outcome_terms = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The result, or the cause and what the backend answered, for readers of "
        "all languages.",
    )
    title = fields.Char(
        compute="_compute_texts",
        help="The name of the job in the language of its reader.",
    )
    outcome_text = fields.Text(
        string="Outcome",
        compute="_compute_texts",
        help="The result in the language of its reader.",
    )
    kept_data = fields.Json(
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="What an interrupted job needs to go on where it stopped, such as what "
        "it has read of the backend. A job that fails forgets what it has read.",
    )
    is_unanswered = fields.Boolean(
        readonly=True,
        help="Whether the last attempt failed since the backend did not answer.",
    )

    _connector_unfinished_index = models.Index(
        "(backend_model, backend_id, model_name, state, id)"
        f" WHERE backend_id IS NOT NULL AND state NOT IN {FINISHED}"
    )
    # Thousands of jobs may wait while few fail.
    _connector_failing_index = models.Index(
        "(backend_model, backend_id, model_name) WHERE backend_id IS NOT NULL"
        f" AND (state = '{FAILED}' OR (cause IS NOT NULL AND state NOT IN {FINISHED}))"
    )
    # With what their history needs, so that it reads no rows of jobs.
    _connector_failed_index = models.Index(
        "(date_started) INCLUDE (backend_model, backend_id, method_name, record_count)"
        f" WHERE state = '{FAILED}'"
    )
    # With the number of records, so that a history needs no rows of jobs.
    _connector_done_index = models.Index(
        "(backend_model, backend_id, date_done) INCLUDE (record_count)"
        f" WHERE backend_id IS NOT NULL AND state = '{DONE}' AND {SYNCHRONISES.code}"
    )
    # Few chunks leave records to other jobs.
    _connector_left_index = models.Index(
        "(backend_model, backend_id, date_done)"
        f" WHERE backend_id IS NOT NULL AND state = '{DONE}' AND {LEAVES_RECORDS.code}"
    )
    # Not fastupdate: each search would read all keys that were added lately.
    _record_keys_index = models.Index(
        "USING gin (record_keys) WITH (fastupdate = off)"
        f" WHERE record_keys IS NOT NULL AND state IN {UNFINISHED}"
    )

    @api.model_create_multi
    @api.private
    def create(self, vals_list):
        for vals in vals_list:
            vals.update(self._connector_values(vals))
        return super().create([_storable(vals) for vals in vals_list])

    def _connector_values(self, vals):
        """Return what a new job of a connector shows to people, and its state."""
        records = vals.get("records")
        if not isinstance(records, models.BaseModel):
            return {}
        call = vals.get("method_name"), vals.get("args") or (), vals.get("kwargs") or {}
        facts = told(facts_of, records, *call)
        if not facts or not facts.backend:
            return {}
        backend = facts.backend
        company_id = told(lambda: backend.work_company().id)
        values = {
            "backend_model": backend._name,
            "backend_id": backend.id,
            "record_count": facts.record_count,
            "run_id": present_run(backend._name, backend.id),
            "company_id": company_id or vals.get("company_id"),
        }
        values["name_terms"] = getattr(vals.get("name"), "terms", None)
        if vals.get("name") == default_name(records, call[0]):
            name = told(name_of, records, *call, backend)
            values["name"] = name or vals["name"]
            values["name_terms"] = (
                name.terms if name else told(general_terms, self.env, call[0], backend)
            )
        own_run = not values["run_id"]
        if own_run and told(begins_run, backend, records._name, call[0]) is not False:
            starts = self.env["connector.run.start"]
            run = told(starts.begin, backend, records._name, call[0])
            values["run_id"] = run and run.id
        if vals["state"] == PENDING and self.env["connector.backend.state"].is_paused(
            backend
        ):
            values["state"] = WAIT_DEPENDENCIES
        return values

    @api.depends("name", "result")
    @api.depends_context("lang")
    def _compute_texts(self):
        for job in self:
            job.title = job_name(self.env, job)
            job.outcome_text = job_result(self.env, job)

    def write(self, vals):
        vals = _storable(vals)
        changes_failures = "state" in vals and any(
            job.backend_id and (job.cause or FAILED in (job.state, vals["state"]))
            for job in self.sudo()
        )
        if vals.get("state") in (*FINISHED, FAILED):
            self.sudo()._forget_kept_data(vals["state"])
        if vals.get("state") == FAILED and "cause" in vals:
            super().write({"cause": vals["cause"]})  # _message_post_on_failure reads it
        result = super().write(vals)
        if changes_failures:
            self.env["connector.cause"].schedule_check()
        if vals.get("state") == FAILED:
            keys = filter(None, self.sudo().mapped("identity_key"))
            if any(key.startswith(KEY) for key in keys):
                self.let_go_on()
        return result

    def _forget_kept_data(self, state):
        """Forget what jobs keep that end; a failed one may go on without the data.

        Nobody may ever look at a failed job, and its data may be large.
        """
        for job in self.filtered("kept_data"):
            kept = dict(job.kept_data) if state == FAILED else {}
            kept.pop(RECORDS, None)
            job.kept_data = kept if any(kept.values()) else False

    @api.autovacuum
    def _gc_kept_data(self):
        """Forget what was read by jobs that the runner has let fail, with SQL."""
        self.env.cr.execute(
            SQL(
                "UPDATE queue_job SET kept_data = kept_data - %s"
                " WHERE state = %s AND kept_data ? %s",
                RECORDS,
                FAILED,
                RECORDS,
            )
        )
        self.invalidate_model(["kept_data"])

    @api.private
    def let_go_on(self, keys=None):
        """Let the exports of synchronisations go on whose imports have ended.

        queue_job leaves a job waiting for ever whose predecessor fails. The records to
        export must not wait for the person who corrects the import.

        :param keys: identity keys of the jobs; by default all
        :return: the jobs that go on now; those of a paused backend wait for it
        """
        of_keys = ("identity_key", "=like", f"{KEY}%")
        if keys:
            of_keys = ("identity_key", "in", keys)
        domain = [
            of_keys,
            ("state", "=", WAIT_DEPENDENCIES),
            ("dependency_ids", "not any", [("state", "in", (*WAITING, STARTED))]),
        ]
        paused = self.env["connector.backend.state"]._paused_backends()
        ready = self.browse()
        for job in self.sudo().search(domain):
            # With its dependency, it would go on waiting when the backend is resumed.
            values = {"dependencies": {**job.dependencies, "depends_on": []}}
            if (job.backend_model, job.backend_id) not in paused:
                values["state"] = PENDING
                ready += job
            job.with_context(_job_edit_sentinel=self.EDIT_SENTINEL).write(values)
        return ready

    @api.private
    def run_skipped(self, backend):
        """Run the jobs again that did nothing, since their backend was archived.

        :param backend: record of the backend, which is active again
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE queue_job SET state = %s, retry = 0, eta = NULL,"
                " date_enqueued = NULL, date_started = NULL, date_done = NULL,"
                " result = NULL, outcome_terms = NULL, outcome_counts = NULL"
                " WHERE backend_model = %s AND backend_id = %s AND state = %s"
                " AND outcome_counts ? %s",
                PENDING,
                backend._name,
                backend.id,
                DONE,
                ARCHIVED,
            )
        )
        self.invalidate_model()

    def button_cancelled(self):
        """Leave jobs that another job has taken along to it, like those that run."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM queue_job WHERE id = ANY(%s) AND %s", self.ids, IS_TAKEN
            )
        )
        taken = self.browse(id_ for (id_,) in self.env.cr.fetchall())
        cancelled = self - taken
        result = super(QueueJob, cancelled).button_cancelled()
        self.env["connector.export.change"].note_cancelled(cancelled)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_note_changes(self):
        unfinished = self.filtered(lambda job: job.state not in FINISHED)
        self.env["connector.export.change"].note_cancelled(unfinished)

    def _message_post_on_failure(self):
        """Post a message for the first failure of a cause only.

        Thousands of records may fail for one cause. The overview, and an activity for
        the responsible person, tell about them (see ``connector.cause``).
        """
        first = self.filtered(lambda job: not job._has_failed_like_others())
        return super(QueueJob, first)._message_post_on_failure()

    def _has_failed_like_others(self):
        if not self.backend_id:
            return False
        others = [
            ("backend_model", "=", self.backend_model),
            ("backend_id", "=", self.backend_id),
            ("model_name", "=", self.model_name),
            ("state", "=", FAILED),
            ("cause", "=", self.cause),
            ("id", "!=", self.id),
        ]
        return bool(self.sudo().search(others, limit=1))

    @api.private
    def within_run_of(self, job):
        """Let the jobs that are delayed within belong to the run of a job."""
        run = job.run_id and Run(job.run_id.id, job.backend_model, job.backend_id)
        return within_run(run or None)

    @api.private
    def store_new(self, jobs):
        """Store new jobs with one query; ``Job.store()`` sends several for each."""
        context = {
            "_job_edit_sentinel": self.EDIT_SENTINEL,
            "tracking_disable": True,  # Nobody follows a new job, and it costs time.
        }
        self.sudo().with_context(**context).create(
            [job._store_values(create=True) for job in jobs]
        )

    @api.private
    def find_by_key(self, keys, states, only_current=False):
        """Return the query for jobs that have one of the keys, or for one record.

        Its rows are pairs of a key and the UUID of a job in one of the states.

        :param only_current: leave out the jobs that another transaction has changed
            since the snapshot of this one. Their state may be another one by now.
        :rtype: SQL
        """
        self.flush_model(["identity_key", "record_keys", "state"])
        # PostgreSQL writes into each version of a row who has replaced it. A
        # transaction reads that as it is now, also in a version of its old snapshot.
        current = SQL("xmax = 0") if only_current else SQL("TRUE")
        return SQL(
            "WITH asked AS MATERIALIZED (SELECT %(keys)s::text[] AS keys)"
            " SELECT identity_key, uuid FROM queue_job"
            " WHERE identity_key = ANY((SELECT keys FROM asked)::text[])"
            " AND state IN %(states)s AND %(current)s"
            " UNION SELECT key, uuid"
            " FROM queue_job, jsonb_array_elements_text(record_keys) AS key"
            " WHERE record_keys ?| (SELECT keys FROM asked)"
            " AND key = ANY((SELECT keys FROM asked)::text[])"
            " AND state IN %(states)s AND %(current)s",
            keys=list(keys),
            states=tuple(states),
            current=current,
        )

    @api.private
    def waiting_jobs(self, backend, model, methods, states):
        """Return jobs of a backend, as a transaction that begins now sees them.

        Jobs that wait for one that failed are left out.

        :param model: recordset of the model on which they work
        :param methods: names of the methods that they call
        :rtype: list[WaitingJob]
        """
        domain = [
            ("backend_model", "=", backend._name),
            ("backend_id", "=", backend.id),
            ("model_name", "=", model._name),
            ("method_name", "in", methods),
            ("state", "in", states),
            ("dependency_ids", "not any", [("state", "=", FAILED)]),
        ]
        names = ["records", "method_name", "args", "kwargs"]
        with new_transaction(self.env) as env:
            found = self.with_env(env).sudo().search_fetch(domain, names)
            return [call for job in found if (call := told(job._waiting_call))]

    def _waiting_call(self):
        return WaitingJob(self.records.ids, self.method_name, self.args, self.kwargs)

    def related_action_open_record(self):
        """Open the record behind the binding of a job of a connector."""
        records = self.records
        if (
            isinstance(records, self.env.registry["external.binding"])
            and len(records) == 1
        ):
            return self.related_action_unwrap_binding()
        return super().related_action_open_record()

    def related_action_unwrap_binding(self, component_usage="binder"):
        """Open the Odoo record behind the binding that the job works on.

        To be named as ``func_name`` in the related action of a job function.

        :param component_usage: usage of the binder
        :return: a window action on the record that the binding wraps, or on the
            binding when it wraps none; ``None`` when the record is gone or the job
            has several
        :rtype: dict | None
        """
        self.ensure_one()
        binding = self.records
        if len(binding) != 1 or not binding.exists():
            return None
        record = self._unwrap(binding, component_usage)
        if not record.exists():
            return None
        return {
            "name": record._description,
            "type": "ir.actions.act_window",
            "view_type": "form",
            "view_mode": "form",
            "res_model": record._name,
            "res_id": record.id,
        }

    def _unwrap(self, binding, component_usage):
        backend = told(backend_of, binding)
        if not backend or not hasattr(backend, "work_on"):
            return self._wrapped(binding)
        with backend.work_on(binding._name) as work:
            try:
                binder = work.component(usage=component_usage)
            except ComponentException:
                return self._wrapped(binding)
            try:
                model_name = binder.unwrap_model() or binding._name
            except ValueError:
                return binding
            record = binder.unwrap_binding(binding)
        if isinstance(record, models.BaseModel):
            return record
        return self.env[model_name].browse(record or ())

    def _wrapped(self, binding):
        name = wrapped_field(self.env, binding._name)
        return binding[name] if name else binding


def _storable(vals):
    """Return values whose texts, which may name a record of a backend, are storable."""
    return {
        # The arguments become JSON with escapes.
        name: value if name in ("args", "kwargs") else storable(value)
        for name, value in vals.items()
    }
