# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures of backends, in a handful of grouped queries.

The number of queries depends on the models of bindings that are installed, not on the
number of backends, of records or of jobs.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import fields
from odoo.tools import SQL

from ...jobs.methods import direction_of
from ...jobs.states import DONE, FAILED, FINISHED, PENDING, STARTED
from ...tools.bindings import (
    backend_field,
    binding_models,
    is_archived,
    stored_external_field,
)
from .sentences import Cause, Facts, zone_of

DAYS = 14  #: of the history
#: Age after which a create counts as unconfirmed.
UNCONFIRMED_AFTER = timedelta(minutes=1)
#: How long a job may wait until it is asked whether a runner works at all.
STUCK_AFTER = timedelta(minutes=5)

#: An unfinished job. The index on queue_job has the same words.
UNFINISHED_JOB = SQL("backend_id IS NOT NULL AND state NOT IN %s", FINISHED)
#: Records that a job counts for.
RECORDS = SQL("SUM(GREATEST(record_count, 1))")


class Reference(NamedTuple):
    """A backend."""

    model: str
    id: int


@dataclass
class KindFigures:
    """The figures of a kind of record: of a model of bindings."""

    linked: int = 0
    never: int = 0  #: were never exported
    waiting: int = 0
    running: int = 0
    failed: int = 0
    unconfirmed: int = 0  #: it is unknown whether the backend has created them
    conflicts: int = 0  #: both sides have changed them, and a person has to decide


@dataclass
class BackendFigures:
    """The figures of a backend."""

    facts: Facts = field(default_factory=Facts)
    kinds: dict = field(default_factory=dict)  #: :class:`KindFigures` by model
    next_run: datetime | None = None
    done: Counter = field(default_factory=Counter)  #: records by ``date``
    failed: Counter = field(default_factory=Counter)  #: records by ``date``

    def kind(self, model):
        return self.kinds.setdefault(model, KindFigures())


class Figures:
    """Reads the figures of backends, with the rights of the system."""

    def __init__(self, env, references):
        self.env = env
        self.references = references
        self.by_backend = {reference: BackendFigures() for reference in references}
        self.ids = defaultdict(list)
        for model, id_ in references:
            self.ids[model].append(id_)
        self.kinds = {model: binding_models(env, model) for model in self.ids}
        self.now = fields.Datetime.now()

    def read(self):
        """Return the figures."""
        self.env.flush_all()
        if self.references:
            self._read_backends()
            self._read_bindings()
            self._read_jobs()
            self._read_last_success()
            self._read_unconfirmed()
            self._read_conflicts()
            self._read_next_runs()
            self._read_history()
            self._find_stuck()
        return self.by_backend

    def _select(self, query):
        """Yield the rows of a query, whose first columns name the backend."""
        for model, id_, *values in self.env.execute_query(query):
            if figures := self.by_backend.get(Reference(model, id_)):
                yield figures, *values

    @property
    def _backend_condition(self):
        """Return the condition that selects the backends."""
        return SQL(" OR ").join(
            SQL("(backend_model = %s AND backend_id = ANY(%s))", model, ids)
            for model, ids in self.ids.items()
        )

    def _read_backends(self):
        for model, ids in self.ids.items():
            for backend in self.env[model].browse(ids).exists():
                facts = self.by_backend[Reference(model, backend.id)].facts
                facts.name = backend.display_name
                facts.is_archived = is_archived(backend)

    def _read_bindings(self):
        for model, kinds in self.kinds.items():
            for kind in kinds:
                self._read_kind(model, kind)

    def _read_kind(self, model, kind):
        # Archived bindings count, too: they are linked. It also saves a join with the
        # records that the bindings wrap.
        bindings = self.env[kind].with_context(active_test=False)
        to_backend = backend_field(self.env, kind, model)
        external = self._external_field(model, kind)
        aggregates = ["__count", f"{external}:count"] if external else ["__count"]
        domain = [(to_backend, "in", self.ids[model])]
        for backend, total, *counts in bindings._read_group(
            domain, [to_backend], aggregates
        ):
            linked = sum(counts)
            figures = self.by_backend[Reference(model, backend.id)]
            counted = figures.kind(kind)
            counted.linked, counted.never = linked, total - linked
            figures.facts.linked += linked
            figures.facts.never += total - linked

    def _external_field(self, model, kind):
        backend = self.env[model].browse(self.ids[model][:1])
        return stored_external_field(backend, kind)

    def _read_jobs(self):
        query = SQL(
            "SELECT backend_model, backend_id, model_name, method_name, state,"
            " CASE WHEN state = %(failed)s OR eta IS NOT NULL THEN cause END,"
            " COALESCE(is_unanswered AND eta IS NOT NULL, false), %(records)s,"
            " MIN(date_created),"
            " MIN(GREATEST(date_created, eta)) FILTER ("
            "  WHERE state = %(pending)s AND (eta IS NULL OR eta <= %(now)s))"
            " FROM queue_job WHERE %(unfinished)s AND (%(backend_condition)s)"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7",
            records=RECORDS,
            failed=FAILED,
            pending=PENDING,
            now=self.now,
            unfinished=UNFINISHED_JOB,
            backend_condition=self._backend_condition,
        )
        for figures, *row in self._select(query):
            self._add_jobs(figures, *row)

    def _add_jobs(
        self,
        figures,
        kind,
        method_name,
        state,
        cause,
        is_unanswered,
        records,
        first,
        runnable,
    ):
        facts, counted = figures.facts, figures.kind(kind)
        direction = direction_of(method_name)
        cause = Cause(direction, cause or "")
        if state == FAILED:
            counted.failed += records
            facts.failed[cause] += records
            return
        if cause.text:
            facts.retried[cause] += records
        if is_unanswered:
            facts.silent_since = _earlier(facts.silent_since, first)
        if state != STARTED:
            counted.waiting += records
            facts.waiting[direction] += records
            facts.stuck_since = _earlier(facts.stuck_since, runnable)
            return
        counted.running += records
        if cause.text:  # Another attempt: the records have not got further yet.
            facts.waiting[direction] += records
        else:
            facts.running += records

    def _read_last_success(self):
        query = SQL(
            "SELECT backend.model, backend.id, last.date_done"
            " FROM (VALUES %(backends)s) AS backend(model, id)"
            " CROSS JOIN LATERAL ("
            "  SELECT date_done FROM queue_job"
            "  WHERE backend_model = backend.model AND backend_id = backend.id"
            "  AND backend_id IS NOT NULL AND state = %(done)s"
            "  AND date_done IS NOT NULL"
            "  ORDER BY date_done DESC LIMIT 1"
            " ) AS last",
            backends=SQL(", ").join(
                SQL("(%s, %s)", model, id_) for model, id_ in self.references
            ),
            done=DONE,
        )
        for figures, moment in self._select(query):
            facts = figures.facts
            facts.last_success = moment
            if facts.silent_since:  # The jobs may have waited before that, too.
                facts.silent_since = max(facts.silent_since, moment)

    def _read_unconfirmed(self):
        begun = self.env["connector.create.intent"]._read_group(
            [
                ("begun", "<", self.now - UNCONFIRMED_AFTER),
                ("backend_model", "in", list(self.ids)),
            ],
            ["model_name"],
        )
        for (kind,) in begun:
            if kind in self.env:
                for figures, records in self._select(self._unconfirmed_of(kind)):
                    figures.kind(kind).unconfirmed += records
                    figures.facts.unconfirmed += records

    def _unconfirmed_of(self, kind):
        """Return the query for the creates of a kind that are not confirmed.

        As long as a create is not confirmed, its binding keeps the external id that it
        had before.
        """
        external = next(
            (
                self._external_field(model, kind)
                for model, kinds in self.kinds.items()
                if kind in kinds
            ),
            None,
        )
        is_unconfirmed = SQL("TRUE")
        if external and not self.env[kind]._fields[external].inherited:
            is_unconfirmed = SQL(
                "(binding.id IS NULL OR NULLIF(binding.%s::text, '')"
                " IS NOT DISTINCT FROM intent.previous_external_id)",
                SQL.identifier(external),
            )
        return SQL(
            "SELECT intent.backend_model, intent.backend_id, COUNT(*)"
            " FROM connector_create_intent AS intent"
            " LEFT JOIN %s AS binding ON binding.id = intent.res_id"
            " WHERE intent.model_name = %s AND intent.begun < %s AND %s"
            " GROUP BY 1, 2",
            SQL.identifier(self.env[kind]._table),
            kind,
            self.now - UNCONFIRMED_AFTER,
            is_unconfirmed,
        )

    def _read_conflicts(self):
        query = SQL(
            "SELECT backend_model, backend_id, model_name, COUNT(DISTINCT res_id)"
            " FROM connector_conflict WHERE state = 'open' AND (%s) GROUP BY 1, 2, 3",
            self._backend_condition,
        )
        for figures, kind, records in self._select(query):
            if kind in self.env:
                figures.kind(kind).conflicts += records
                figures.facts.conflicts += records

    def _read_next_runs(self):
        models = {
            *self.kinds,
            *(kind for kinds in self.kinds.values() for kind in kinds),
        }
        crons = self.env["ir.cron"].search([("model_id.model", "in", list(models))])
        for model, kinds in self.kinds.items():
            backends = self.env[model].browse(self.ids[model]).exists()
            for cron in crons:
                if cron.model_id.model in (model, *kinds):
                    for backend in backends.served_by(cron):
                        figures = self.by_backend[Reference(model, backend.id)]
                        figures.next_run = _earlier(figures.next_run, cron.nextcall)

    def _read_history(self):
        done = SQL("backend_id IS NOT NULL AND state = %s", DONE)
        for figures, day, records in self._per_day(SQL("date_done"), done):
            figures.done[day] = records
        failed = SQL("%s AND state = %s", UNFINISHED_JOB, FAILED)
        for figures, day, records in self._per_day(SQL("date_started"), failed):
            figures.failed[day] = records

    def _per_day(self, moment, condition):
        """Return the records of jobs, by the day of a moment of them."""
        return self._select(
            SQL(
                "SELECT backend_model, backend_id,"
                " (%(moment)s AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,"
                " %(records)s"
                " FROM queue_job WHERE %(condition)s"
                " AND %(moment)s >= %(since)s AND (%(backend_condition)s)"
                " GROUP BY 1, 2, 3",
                moment=moment,
                zone=zone_of(self.env),
                records=RECORDS,
                condition=condition,
                since=self.now - timedelta(days=DAYS),
                backend_condition=self._backend_condition,
            )
        )

    def _find_stuck(self):
        """Keep since when jobs wait only where no runner starts any."""
        limit = self.now - STUCK_AFTER
        waiting = [
            figures.facts
            for figures in self.by_backend.values()
            if figures.facts.stuck_since
        ]
        long = [facts for facts in waiting if facts.stuck_since < limit]
        works = not long or self._runner_works(limit)
        for facts in waiting:
            if works or facts not in long:
                facts.stuck_since = None

    def _runner_works(self, since):
        """Return whether jobs run, or have begun since a moment."""
        for figures in self.by_backend.values():
            facts = figures.facts
            if facts.running or (facts.last_success and facts.last_success > since):
                return True
        query = SQL(
            "SELECT EXISTS (SELECT 1 FROM queue_job WHERE state = %(started)s)"
            " OR EXISTS ("
            "  SELECT 1 FROM queue_job_channel AS channel CROSS JOIN LATERAL ("
            "   SELECT 1 FROM queue_job AS job"
            "   WHERE job.channel = channel.complete_name"
            "   AND job.date_done > %(since)s LIMIT 1) AS done)"
            " OR EXISTS (SELECT 1 FROM queue_job"
            "  WHERE state = %(failed)s AND date_started > %(since)s)",
            started=STARTED,
            failed=FAILED,
            since=since,
        )
        [(works,)] = self.env.execute_query(query)
        return works


def _earlier(one, other):
    return min(filter(None, (one, other)), default=None)
