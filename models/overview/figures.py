# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures of backends, in a handful of grouped queries.

The number of queries depends on the models of bindings that are installed, not on the
number of backends, of records or of jobs.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.tools import SQL

from ...jobs.causes import INTERRUPTED, SETTINGS, STORED_CAUSE, UNKNOWN
from ...jobs.keys import (
    DIRECTION,
    HANDLED,
    KEYS,
    LEAVES_RECORDS,
    LEFT,
    MOST_KEYS,
    SYNCHRONISES,
)
from ...jobs.methods import COMPARE, EXPORT, direction_of
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

#: Bindings of a kind from which on their number is kept until rows change.
LARGE = 100_000
#: Jobs from which on the history of the days before is kept, and for how long.
LARGE_HISTORY = 10_000
KEPT_SECONDS = 300
#: What took long to count, in this process.
_KEPT = {}

#: An unfinished job. The index on queue_job has the same words.
UNFINISHED_JOB = SQL("backend_id IS NOT NULL AND state NOT IN %s", FINISHED)
#: What people read about a job that failed, or that is tried again.
SHOWN_CAUSE = SQL(
    "CASE WHEN state = %s THEN %s WHEN eta IS NOT NULL THEN cause END",
    FAILED,
    STORED_CAUSE,
)


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
class Share:
    """Records of the unfinished jobs of a backend that have one thing in common."""

    kind: str  #: model of their bindings
    state: str  #: of their jobs
    cause: Cause  #: with the direction of the jobs, also without a text
    count: int
    day: date | None = None  #: when their jobs have begun, if they failed
    keys: set | None = None  #: of the records; ``None`` if they were not read

    @property
    def export_keys(self):
        return self.keys or set() if self.cause.direction == EXPORT else set()


@dataclass
class BackendFigures:
    """The figures of a backend."""

    facts: Facts = field(default_factory=Facts)
    kinds: dict = field(default_factory=dict)  #: :class:`KindFigures` by model
    next_run: datetime | None = None
    oldest: datetime | None = None  #: when the oldest job that did not fail was made
    done: Counter = field(default_factory=Counter)  #: records by ``date``
    failed: Counter = field(default_factory=Counter)  #: records by ``date``
    shares: list = field(default_factory=list)  #: :class:`Share`, each record once
    #: keys of the records by model of which it is unknown whether they were created
    unconfirmed: dict = field(default_factory=dict)
    needs_settings: bool = False  #: whether jobs fail until the settings are corrected
    examples: dict = field(default_factory=dict)  #: a job's id by the text of its cause
    counts_failed: bool = True  #: whether each record that failed counts once

    def count_jobs(self, *states):
        """Return how many records the shares have, of jobs in some states or in all."""
        return sum(
            share.count for share in self.shares if not states or share.state in states
        )

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
            self._read_jobs()
            self._read_records()
            self._read_unconfirmed()
            self._read_conflicts()
            self._count_records()
            self._read_kinds()
            self._read_last_success()
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
        return _condition(self.references)

    def _read_backends(self):
        for model, ids in self.ids.items():
            for backend in self.env[model].browse(ids).exists():
                facts = self.by_backend[Reference(model, backend.id)].facts
                facts.name = backend.display_name
                facts.is_archived = is_archived(backend)

    def _read_kinds(self):
        for model, kinds in self.kinds.items():
            for kind in kinds:
                linked, never = self._count_all_bindings(model, kind)
                if busy := self._busy_ids(model, kind):
                    of_busy = self._count_bindings(model, kind, [("id", "in", busy)])
                    never -= of_busy[1]
                for id_ in linked | never:
                    figures = self.by_backend[Reference(model, id_)]
                    counted = figures.kind(kind)
                    counted.linked, counted.never = linked[id_], never[id_]
                    figures.facts.linked += linked[id_]
                    figures.facts.never += never[id_]

    def _count_all_bindings(self, model, kind):
        """Count bindings; a large table again only when its rows have changed."""
        key = self.env.cr.dbname, model, kind, *self.ids[model]
        changes = self._count_changes(kind)
        kept = _KEPT.get(key)
        if kept and kept[0] == changes:
            return tuple(map(Counter, kept[1]))
        counts = self._count_bindings(model, kind)
        _KEPT.pop(key, None)
        if changes and sum(count.total() for count in counts) > LARGE:
            _KEPT[key] = changes, counts
        return tuple(map(Counter, counts))

    def _count_changes(self, kind):
        """Return how often rows of a table were changed, by PostgreSQL's statistics.

        :return: ``None`` if this transaction may have changed some
        """
        table = SQL("%s::regclass", self.env[kind]._table)
        [(changes,)] = self.env.execute_query(
            SQL(
                "SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN"
                " pg_stat_get_tuples_inserted(%(table)s)"
                " + pg_stat_get_tuples_updated(%(table)s)"
                " + pg_stat_get_tuples_deleted(%(table)s) END",
                table=table,
            )
        )
        return changes

    def _count_bindings(self, model, kind, domain=()):
        """Return how many are linked and how many are not, by the id of the backend."""
        # Archived bindings count, too: they are linked. It also saves a join with the
        # records that the bindings wrap.
        bindings = self.env[kind].with_context(active_test=False)
        to_backend = backend_field(self.env, kind, model)
        external = self._external_field(model, kind)
        aggregates = ["__count", f"{external}:count"] if external else ["__count"]
        domain = [(to_backend, "in", self.ids[model]), *domain]
        linked, never = Counter(), Counter()
        for backend, total, *counts in bindings._read_group(
            domain, [to_backend], aggregates
        ):
            linked[backend.id] = sum(counts)
            never[backend.id] = total - sum(counts)
        return linked, never

    def _busy_ids(self, model, kind):
        """Return the bindings that an unfinished export or create has."""
        keys = set()
        for reference, figures in self.by_backend.items():
            if reference.model == model:
                keys.update(figures.unconfirmed.get(kind, ()))
                keys.update(*(s.export_keys for s in figures.shares if s.kind == kind))
        return [int(key) for key in keys if key.isdecimal()]

    def _external_field(self, model, kind):
        backend = self.env[model].browse(self.ids[model][:1])
        return stored_external_field(backend, kind)

    def _read_jobs(self):
        """Read what the unfinished jobs do, and since when."""
        query = SQL(
            "SELECT backend_model, backend_id, model_name, method_name, state,"
            " %(cause)s, %(records)s > 0, SUM(%(records)s), COUNT(*),"
            " COALESCE(is_unanswered AND eta IS NOT NULL, false), MAX(id),"
            " bool_or(state = %(failed)s AND cause_class = %(settings)s),"
            " MIN(date_created), MIN(GREATEST(date_created, eta)) FILTER ("
            "  WHERE state = %(pending)s AND (eta IS NULL OR eta <= %(now)s))"
            " FROM queue_job WHERE %(unfinished)s AND (%(backend_condition)s)"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7, 10",
            cause=SHOWN_CAUSE,
            records=SQL("COALESCE(record_count, 1)"),
            failed=FAILED,
            settings=SETTINGS,
            pending=PENDING,
            now=self.now,
            unfinished=UNFINISHED_JOB,
            backend_condition=self._backend_condition,
        )
        for figures, *row in self._select(query):
            kind, method, state, cause, has_records, records, jobs, *others = row
            is_unanswered, last, needs_settings, first, runnable = others
            direction = direction_of(method)  # cheaper than in SQL, for each row
            share = self._share(kind, direction, state, cause, records)
            facts = figures.facts
            figures.needs_settings |= bool(needs_settings)
            figures.examples[share.cause.text] = last
            if is_unanswered:
                facts.silent_since = _earlier(facts.silent_since, first)
            if share.state != FAILED:
                figures.oldest = _earlier(figures.oldest, first)
            if share.state not in (STARTED, FAILED):
                facts.stuck_since = _earlier(facts.stuck_since, runnable)
            if has_records and direction != COMPARE:
                figures.shares.append(share)
            else:
                facts.add_searches(share.state == FAILED, share.cause, jobs)

    def _share(self, kind, direction, state, cause, count, day=None, keys=None):
        if cause in INTERRUPTED:
            cause = self.env["connector.failure"]._sentence(cause)
        text = "" if cause in (None, UNKNOWN) else cause
        return Share(kind, state, Cause(direction, text), count, day, keys)

    def _read_records(self):
        """Read the records of the jobs, each once, where they are not too many."""
        few, few_failed = [], []
        for reference, figures in self.by_backend.items():
            if figures.count_jobs() <= MOST_KEYS:
                few += [reference] if figures.shares else []
                figures.shares.clear()
            elif figures.count_jobs(FAILED) <= MOST_KEYS:
                few_failed.append(reference)
                figures.shares = [s for s in figures.shares if s.state != FAILED]
            else:
                figures.counts_failed = False
        if few or few_failed:
            condition = SQL(
                "(%s) OR state = %s AND (%s)",
                _condition(few),
                FAILED,
                _condition(few_failed),
            )
            for figures, *row, day, keys in self._select(self._records_of(condition)):
                share = self._share(*row, len(keys), day, {*keys})
                figures.shares.append(share)

    def _records_of(self, condition):
        """Return the query for the keys of records, in the worst of their states.

        :param condition: SQL that selects the jobs
        """
        return SQL(
            "SELECT backend_model, backend_id, model_name, direction, state, cause,"
            " day, array_agg(key) FROM ("
            "  SELECT DISTINCT ON (backend_model, backend_id, model_name, direction,"
            "   key) backend_model, backend_id, model_name, direction, state, key,"
            "   %(cause)s AS cause, %(day)s AS day FROM ("
            "    SELECT *, %(direction)s AS direction, %(handled)s AS handled"
            "    FROM queue_job WHERE %(unfinished)s AND (%(condition)s)"
            "   ) AS job %(keys)s"
            "  ORDER BY backend_model, backend_id, model_name, direction, key,"
            "   CASE state WHEN %(failed)s THEN 0 WHEN %(started)s THEN 2 ELSE 1 END,"
            "   id DESC"
            " ) AS record GROUP BY 1, 2, 3, 4, 5, 6, 7",
            direction=DIRECTION,
            cause=SHOWN_CAUSE,
            day=SQL(
                "CASE WHEN state = %s THEN %s END", FAILED, self._day("date_started")
            ),
            handled=HANDLED,
            unfinished=UNFINISHED_JOB,
            condition=condition,
            keys=KEYS,
            failed=FAILED,
            started=STARTED,
        )

    def _count_records(self):
        """Count each record in the worst of its states."""
        for figures in self.by_backend.values():
            for kind, keys in figures.unconfirmed.items():
                for share in figures.shares:
                    if share.kind == kind and share.state == FAILED:
                        keys -= share.export_keys
                figures.kind(kind).unconfirmed = len(keys)
                figures.facts.unconfirmed += len(keys)
            for share in figures.shares:
                if share.state != FAILED:
                    unconfirmed = figures.unconfirmed.get(share.kind, set())
                    share.count -= len(share.export_keys & unconfirmed)
                self._count_share(figures, share)

    def _count_share(self, figures, share):
        if not share.count:
            return
        facts, counted = figures.facts, figures.kind(share.kind)
        cause = share.cause
        if share.state == FAILED:
            counted.failed += share.count
            facts.failed[cause] += share.count
            figures.failed[share.day] += share.count
            return
        if cause.text:
            facts.retried[cause] += share.count
        if share.state != STARTED:
            counted.waiting += share.count
            facts.waiting[cause.direction] += share.count
            return
        counted.running += share.count
        if cause.text:  # Another attempt: the records have not got further yet.
            facts.waiting[cause.direction] += share.count
        else:
            facts.running += share.count

    def _read_last_success(self):
        query = SQL(
            "SELECT backend.model, backend.id, last.date_done"
            " FROM (VALUES %(backends)s) AS backend(model, id)"
            " CROSS JOIN LATERAL ("
            "  SELECT date_done FROM queue_job"
            "  WHERE backend_model = backend.model AND backend_id = backend.id"
            "  AND backend_id IS NOT NULL AND state = %(done)s AND %(synchronises)s"
            "  AND date_done IS NOT NULL"
            "  ORDER BY date_done DESC LIMIT 1"
            " ) AS last",
            backends=SQL(", ").join(SQL("(%s, %s)", *each) for each in self.references),
            done=DONE,
            synchronises=SYNCHRONISES,
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
            ["backend_model", "model_name"],
        )
        for model, kind in begun:
            if kind in self.env:
                for figures, ids in self._select(self._unconfirmed_of(model, kind)):
                    figures.unconfirmed[kind] = {str(id_) for id_ in ids}

    def _unconfirmed_of(self, model, kind):
        """Return the query for the creates of a kind that are not confirmed.

        As long as a create is not confirmed, its binding keeps the external id that it
        had before.
        """
        external = kind in self.kinds[model] and self._external_field(model, kind)
        is_unconfirmed = SQL("TRUE")
        if external and not self.env[kind]._fields[external].inherited:
            is_unconfirmed = SQL(
                "(binding.id IS NULL OR NULLIF(binding.%s::text, '')"
                " IS NOT DISTINCT FROM intent.previous_external_id)",
                SQL.identifier(external),
            )
        return SQL(
            "SELECT intent.backend_model, intent.backend_id, array_agg(intent.res_id)"
            " FROM connector_create_intent AS intent"
            " LEFT JOIN %s AS binding ON binding.id = intent.res_id"
            " WHERE intent.backend_model = %s AND intent.model_name = %s"
            " AND intent.begun < %s AND %s GROUP BY 1, 2",
            SQL.identifier(self.env[kind]._table),
            model,
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
        for model, kinds in self.kinds.items():
            backends = self.env[model].browse(self.ids[model]).exists()
            domain = [("model_id.model", "in", [model, *kinds])]
            for cron in self.env["ir.cron"].search(domain):
                for backend in backends.served_by(cron):
                    figures = self.by_backend[Reference(model, backend.id)]
                    figures.next_run = _earlier(figures.next_run, cron.nextcall)

    def _read_history(self):
        """Read the records that jobs were done with, or failed with, on each day."""
        zone, utc = ZoneInfo(zone_of(self.env)), ZoneInfo("UTC")
        today = self.now.replace(tzinfo=utc).astimezone(zone).date()
        midnight = datetime.combine(today, time.min, zone).astimezone(utc)
        midnight = midnight.replace(tzinfo=None)
        for reference, day, number, _jobs in (
            *self._kept_days(zone, today, midnight),
            *self._done_days(midnight),
        ):
            self.by_backend[reference].done[day] += number
        many = [ref for ref, each in self.by_backend.items() if not each.counts_failed]
        failed = SQL(
            "backend_id IS NOT NULL AND state = %s AND %s", FAILED, SYNCHRONISES
        )
        since = self.now - timedelta(days=DAYS)
        for reference, day, number, _jobs in self._per_day(
            "date_started", SQL("COALESCE(record_count, 1)"), failed, many, since
        ):
            self.by_backend[reference].failed[day] += number

    def _kept_days(self, zone, today, midnight):
        """Return the done records of the days before; many jobs are read seldom."""
        key = self.env.cr.dbname, zone.key, today, *self.references
        kept = _KEPT.get(key)
        if kept and kept[0] > monotonic():
            return kept[1]
        days = self._done_days(self.now - timedelta(days=DAYS), midnight)
        _KEPT.pop(key, None)
        if sum(jobs for *_day, jobs in days) > LARGE_HISTORY:
            _KEPT[key] = monotonic() + KEPT_SECONDS, days
        return days

    def _done_days(self, since, until=None):
        """Return what was done, less what was left to other jobs."""
        done = SQL("backend_id IS NOT NULL AND state = %s AND %s", DONE, SYNCHRONISES)
        if until:
            done = SQL("%s AND date_done < %s", done, until)
        return [
            row
            for records, condition in (
                (SQL("COALESCE(record_count, 1)"), done),
                (SQL("-(%s)", LEFT), SQL("%s AND %s", done, LEAVES_RECORDS)),
            )
            for row in self._per_day(
                "date_done", records, condition, self.references, since
            )
        ]

    def _per_day(self, moment, records, condition, references, since):
        """Return the backend, the day of a moment, its records, and its jobs.

        :param records: SQL of the number of records of a job
        """
        if not references:
            return []
        rows = self.env.execute_query(
            SQL(
                "SELECT backend_model, backend_id, %(day)s, SUM(%(records)s), COUNT(*)"
                " FROM queue_job WHERE %(condition)s AND %(moment)s >= %(since)s"
                " AND (%(backend_condition)s) GROUP BY 1, 2, 3",
                day=self._day(moment),
                records=records,
                condition=condition,
                moment=SQL.identifier(moment),
                since=since,
                backend_condition=_condition(references),
            )
        )
        return [(Reference(model, id_), *row) for model, id_, *row in rows]

    def _day(self, moment):
        """Return the SQL of the day of a moment, in the time zone of the user."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            SQL.identifier(moment),
            zone_of(self.env),
        )

    def _find_stuck(self):
        """Keep since when jobs wait only where no runner starts any."""
        limit = self.now - STUCK_AFTER
        facts = [figures.facts for figures in self.by_backend.values()]
        long = [each for each in facts if (each.stuck_since or limit) < limit]
        works = not long or self._runner_works(limit)
        for each in facts:
            if works or each not in long:
                each.stuck_since = None

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


def _condition(references):
    """Return the condition that selects the rows of backends."""
    ids = defaultdict(list)
    for model, id_ in references:
        ids[model].append(id_)
    conditions = [
        SQL("(backend_model = %s AND backend_id = ANY(%s))", model, of_model)
        for model, of_model in ids.items()
    ]
    return SQL(" OR ").join(conditions) if conditions else SQL("FALSE")


def _earlier(one, other):
    return min(filter(None, (one, other)), default=None)
