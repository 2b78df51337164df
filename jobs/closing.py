# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job that is done closes the earlier failures that it has made up for.

A record that failed and is synchronised later, by whichever job, needs nobody any more.
A failed job for this record alone becomes done; one for many keeps the others. The same
holds for a search that failed, when the next one finds what it was to find. A job whose
own method a connector defines makes up for the same call only.

A job may synchronise other records than its own: those on which they depend, or the
record of the backend before an export. They count, too, also if the job fails in the
end.
"""

import json
import logging
from collections import defaultdict
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from inspect import signature
from typing import NamedTuple

import psycopg2.errors

from odoo.models import BaseModel
from odoo.tools import SQL

from odoo.addons.queue_job.fields import JobEncoder

from ..tools.bindings import is_archived
from ..tools.transactions import commits_enabled
from ..tools.translatable import translatable
from .facts import told
from .keys import EXTERNAL, keys_of
from .methods import job_method
from .outcome import CREATED, DELAYED, FAILED, POSTPONED, SETTLED, Outcome
from .states import DONE, PENDING, WAIT_DEPENDENCIES, WAITS_FOR_OTHERS
from .states import FAILED as FAILED_STATE
from .taking_along import READ_COMMITTED

_logger = logging.getLogger(__name__)

#: Methods that do the same for a record.
SAME_WORK = (
    ("export_record", "export_chunk", "export_changes"),
    ("import_record", "import_chunk", "import_announced", "import_missing"),
    ("export_delete_record", "export_delete_records"),
    ("compare_sides", "compare_chunk", "compare_found"),
)
#: Arguments of searches that do not say what is searched for.
NOT_SEARCHED = ("backend", "chunk_size", "after_id")
#: How many records of a failed job were done since, until now.
SETTLED_BEFORE = SQL("COALESCE((outcome_counts ->> %s)::int, 0)", SETTLED)
#: What the present job has synchronised, and committed: list of :class:`Synchronised`.
_SYNCHRONISED = ContextVar("connector_synchronised", default=None)
#: Types that contain names of fields; a job has a list.
NAMES = (list, tuple, set, frozenset)
#: Up to this many records, PostgreSQL leaves out the jobs whose texts do not name them.
MOST_TEXTS = 10
#: How long a job waits for others that close failures, or for a person.
MOST_WAIT = "2s"
#: The columns of a failed job that the queries select.
COLUMNS = SQL(
    "failed.id, failed.model_name, failed.method_name,"
    " failed.records #>> '{}', failed.args #>> '{}', failed.kwargs #>> '{}'"
)


class Work(NamedTuple):
    """The method of a job, and the records for which it was called or is done."""

    method: str
    keys: tuple = ()  #: of its records
    #: names of the fields that are exported; ``None`` for all that are to be exported
    fields: tuple | None = None
    call: dict | None = None  #: what else the method gets, by the name of the argument

    @classmethod
    def of(cls, model, method, ids, args, kwargs):
        """Return the work of a job.

        :param model: recordset of its model
        :param args: its arguments as JSON has them, as are ``kwargs``
        """
        keys = keys_of(method, ids, args, kwargs)
        if not (keys and any(method in methods for methods in SAME_WORK)):
            return cls(method, tuple(keys), call=_call(model, method, args, kwargs))
        fields = None
        if method in SAME_WORK[0]:
            fields = kwargs.get("fields") or next(iter(args), None)
        # A connector's own method may have other arguments.
        fields = tuple(fields) if fields and isinstance(fields, NAMES) else None
        return cls(method, tuple(keys), fields)

    @property
    def methods(self):
        """The methods that may have failed at the same work."""
        same = (methods for methods in SAME_WORK if self.method in methods)
        return next(same, (self.method,))

    def reported_by(self, result, prefix=""):
        """Return what was done of this work; ``None`` if others go on with all of it.

        :param prefix: begins the keys of the records
        """
        if not isinstance(result, Outcome) or not self.keys:
            return self
        if result.left is not None:
            left = {f"{prefix}{id_}" for id_ in result.left}
            return self._replace(
                keys=tuple(key for key in self.keys if key not in left)
            )
        if result.kind in (DELAYED, FAILED, POSTPONED):
            return None
        return self._replace(fields=None) if result.kind == CREATED else self

    def is_part_of(self, other):
        """Return whether another work covers the records of this one."""
        return self.methods == other.methods and {*self.keys} <= {*other.keys}

    def left_of(self, failed):
        """Return the keys of the records of a failed work that this one has not done.

        :return: ``None`` if it is another work
        """
        if self.method == "compare_sides":
            return ()  # All records are compared again.
        if failed.call != self.call:
            return None
        if self.fields and not (failed.fields and {*failed.fields} <= {*self.fields}):
            return None
        if self.method == "export_changes" and failed.fields:
            return None  # They were not noted as changes.
        left = tuple(key for key in failed.keys if key not in {*self.keys})
        return None if failed.keys and left == failed.keys else left


def _call(model, method, args, kwargs):
    """Return what the method of a job gets, by the name of the argument."""
    try:
        bound = signature(getattr(model, method)).bind(*args, **kwargs).arguments
    except (AttributeError, TypeError):
        bound = {"args": args, **kwargs}
    return {
        name: value
        for name, value in bound.items()
        if value is not None
        and not (job_method(method).prepares and name in NOT_SEARCHED)
    }


class Synchronised(NamedTuple):
    """The record of a backend with which a synchronizer is done."""

    place: tuple  #: model and id of the backend, and model of the record
    work: Work


@contextmanager
def noting_records():
    """Give the list of all :class:`Synchronised` within; see :func:`note_record`."""
    token = _SYNCHRONISED.set([])
    try:
        yield _SYNCHRONISED.get()
    finally:
        _SYNCHRONISED.reset(token)


def note_record(synchronizer, work, result, is_committed=False):
    """Note that a record was synchronised, in a job or as a part of one.

    :param is_committed: whether it stays if the transaction is rolled back
    """
    noted, work = _SYNCHRONISED.get(), work.reported_by(result)
    if noted is None or work is None:
        return
    backend = synchronizer.backend_record
    place = backend._name, backend.id, synchronizer.model._name
    note = partial(noted.append, Synchronised(place, work))
    if is_committed:
        note()
    else:
        synchronizer.env.cr.postcommit.add(note)


def close_failures_before(job, is_done, others):
    """Close the failures that a job has made up for, with what it has committed.

    It uses a transaction of its own, and never raises an error: what was done is done.

    :param is_done: whether the job itself is done
    :param others: what :func:`noting_records` gives
    """
    with _harmless():
        own = told(_done_work, job) if is_done else None
        groups = defaultdict(list, {((), own.methods): [own]} if own else {})
        for place, work in others:
            if not (own and place[2] == job.model_name and work.is_part_of(own)):
                groups[place, work.methods].append(work)
        backends = {place[:2] for place, _methods in groups if place}
        # A job that fails may leave a transaction that accepts no query.
        if groups and (not is_done or _any_failed(job, backends)):
            _close_failures(job.env, job.uuid, groups)


def _any_failed(job, backends):
    """Return whether any job has failed for the backend of a job, or for others.

    Usually none has, and no other transaction is needed.
    """
    # The limit makes PostgreSQL look at each backend by the index of what fails there,
    # and not at the failures of all backends.
    query = """
        SELECT EXISTS (SELECT FROM (
                SELECT backend_model, backend_id FROM queue_job WHERE uuid = %s
                UNION ALL SELECT * FROM unnest(%s::text[], %s::int[])
            ) AS backend, LATERAL (SELECT FROM queue_job AS job
                WHERE job.backend_model = backend.backend_model
                AND job.backend_id = backend.backend_id AND job.state = %s
                LIMIT 1) AS failed)
    """
    names, ids = zip(*backends, strict=True) if backends else ((), ())
    values = job.uuid, [*names], [*ids], FAILED_STATE
    [(is_any,)] = job.env.execute_query(SQL(query, *values))
    return is_any


def close_failures_of_taken(taker, model, results):
    """Close the failures that jobs have made up for which were taken along."""
    works = []
    for job, result in results.items():
        ids = [job.record_id] if job.record_id else []
        work = Work.of(model, taker.method_name, ids, job.args, job.kwargs)
        if done := work.reported_by(result):
            works.append(done)
    with _harmless():
        if works:
            _close_failures(taker.env, taker.uuid, {((), works[0].methods): works})


@contextmanager
def _harmless():
    try:
        yield
    except psycopg2.Error as error:
        kind = type(error).__name__
        _logger.info("Earlier failures stay open because of %s", kind)


def _done_work(job):
    """Return what a job has done; ``None`` if others go on with all of it."""
    records, result, method = job.recordset, job.result, job.method_name
    backend = next(iter(job.args), None)
    is_undone = isinstance(backend, BaseModel) and is_archived(backend)
    if is_undone or method in ("compare_chunk", "compare_found"):
        return None
    args, kwargs = (
        json.loads(json.dumps(each, cls=JobEncoder)) for each in (job.args, job.kwargs)
    )
    work = Work.of(records, method, records.ids, args, kwargs)
    return work.reported_by(result, "" if records.ids else EXTERNAL)


def _close_failures(env, job_uuid, groups):
    """Close the failures that jobs have made up for.

    :param job_uuid: of a job; failures of jobs that began later stay
    :param groups: what it, and others of its kind, have done: lists of :class:`Work` by
        their place, empty for that of the job, and their methods
    """
    with _transaction(env) as cr:
        for (place, _methods), works in groups.items():
            _close(env(cr=cr), job_uuid, works, place)


@contextmanager
def _transaction(env):
    if not commits_enabled():
        yield env.cr
        return
    with env.registry.cursor() as cr:
        cr.execute(READ_COMMITTED)
        cr.execute(SQL("SET LOCAL lock_timeout = %s", MOST_WAIT))
        yield cr


def _close(env, job_uuid, works, place):
    env.cr.execute(_failed_jobs(job_uuid, works, place))
    if found := _left_of_failed(env, works, env.cr.fetchall()):
        rows = _locked(env.cr, [id_ for id_, *_job in found])
        found = _left_of_failed(env, works, rows)
    closed = [id_ for id_, _job, left in found if not left]
    kept = [(id_, *_only(left, *job), len(left)) for id_, job, left in found if left]
    if kept:
        env.cr.execute(_keep_records(kept))
    if closed:
        env.cr.execute(_make_done(closed, job_uuid, env))
        env.cr.execute(_let_dependents_go_on(closed))
    if closed or kept:
        env["connector.cause"].schedule_check()


def _left_of_failed(env, works, rows):
    """Return what works have left of failed jobs.

    :param rows: the ``COLUMNS`` of the jobs
    :return: tuples of the id, the method and the arguments of a job, and the keys that
        are left, without the jobs that did other work
    """
    found = []
    for id_, model_name, method, *texts in rows:
        records, args, kwargs = map(json.loads, texts)
        failed = Work.of(env[model_name], method, records["ids"], args, kwargs)
        left = _left_by(works, failed)
        if left is not None:
            found.append((id_, (method, records, args, kwargs), left))
    return found


def _locked(cr, ids):
    """Lock failed jobs, and return their ``COLUMNS`` as they are now.

    Chunks that end at the same time lock other jobs than these, or keep what is left of
    the same job one after the other.
    """
    query = SQL(
        "SELECT %s FROM queue_job AS failed WHERE id = ANY(%s) AND state = %s"
        " ORDER BY id FOR NO KEY UPDATE OF failed",
        COLUMNS,
        ids,
        FAILED_STATE,
    )
    try:
        with cr.savepoint(flush=False):
            cr.execute(query, log_exceptions=False)
            return cr.fetchall()
    except (psycopg2.errors.DeadlockDetected, psycopg2.errors.LockNotAvailable):
        cr.execute(SQL("%s SKIP LOCKED", query))
        return cr.fetchall()


def _left_by(works, failed):
    """Return the keys that no work has done; ``None`` if all works are others."""
    left = None
    for work in works:
        left_by_one = work.left_of(failed)
        if left_by_one is not None:
            failed = failed._replace(keys=left_by_one)
            left = left_by_one
            if not left:
                break
    return left


def _failed_jobs(job_uuid, works, place):
    """Return the query for the failed jobs with which the works are compared."""
    texts = {key.removeprefix(EXTERNAL) for work in works for key in work.keys}
    names_one = SQL("TRUE")
    if 0 < len(texts) <= MOST_TEXTS and works[0].method not in SAME_WORK[-1]:
        names_one = SQL(
            "EXISTS (SELECT FROM unnest(%s::text[]) AS text WHERE"
            " strpos(concat(failed.records #>> '{}', failed.args #>> '{}',"
            "  failed.kwargs #>> '{}'), text) > 0)",
            [json.dumps(text)[1:-1] for text in texts],
        )
    names = ("backend_model", "backend_id", "model_name")
    values = place or (SQL.identifier("done", name) for name in names)
    columns = (SQL.identifier("failed", name) for name in names)
    return SQL(
        """
        SELECT %(columns)s FROM queue_job AS done
        JOIN queue_job AS failed ON %(is_of_place)s
        WHERE done.uuid = %(uuid)s AND failed.id != done.id
            AND failed.backend_id IS NOT NULL AND failed.state = %(failed)s
            AND failed.method_name = ANY(%(methods)s)
            AND COALESCE(failed.date_started, failed.date_created)
                <= COALESCE(done.date_started, done.date_created)
            AND %(names_one)s
        """,
        columns=COLUMNS,
        is_of_place=SQL(" AND ").join(
            SQL("%s = %s", *each) for each in zip(columns, values, strict=True)
        ),
        uuid=job_uuid,
        failed=FAILED_STATE,
        methods=list(works[0].methods),
        names_one=names_one,
    )


def _only(keys, method, records, args, kwargs):
    """Return the columns of a job, as texts, for some of its records."""
    wanted = {*keys}
    if records["ids"]:
        records["ids"] = [id_ for id_ in records["ids"] if str(id_) in wanted]
    else:
        name = job_method(method).ids_argument
        place, holder = (1, args) if len(args) > 1 else (name, kwargs)
        holder[place] = [
            each
            for each in holder[place]
            if wanted.intersection(keys_of(method, (), [None, [each]], {}))
        ]
    return tuple(json.dumps(value) for value in (records, args, kwargs))


def _keep_records(rows):
    """Return the query that leaves failed jobs those records that still fail."""
    ids, *texts, counts = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE queue_job SET records = to_jsonb(given.records),
            args = to_jsonb(given.args), kwargs = to_jsonb(given.kwargs),
            record_count = given.count,
            outcome_counts = jsonb_build_object(%(settled)s,
                %(before)s + record_count - given.count)
        FROM unnest(%(ids)s::int[], %(records)s::text[], %(args)s::text[],
            %(kwargs)s::text[], %(counts)s::int[])
            AS given(id, records, args, kwargs, count)
        WHERE queue_job.id = given.id
        """,
        settled=SETTLED,
        before=SETTLED_BEFORE,
        ids=ids,
        counts=counts,
        **dict(zip(("records", "args", "kwargs"), texts, strict=True)),
    )


def _make_done(ids, job_uuid, env):
    """Return the query that makes failed jobs done. How they failed stays there."""
    text = translatable(env)._("Another job has done it since:")
    return SQL(
        """
        UPDATE queue_job SET state = %(done)s, date_done = now() AT TIME ZONE 'UTC',
            cause = NULL, cause_class = NULL, is_unanswered = FALSE, kept_data = NULL,
            record_count = %(count)s,
            outcome_counts = jsonb_build_object(%(settled)s, %(count)s),
            result = concat(%(text)s, ' ', other.name, ' (', other.uuid, ')'),
            outcome_terms = jsonb_build_object('result', jsonb_build_array(
                %(terms)s::jsonb, ' ', COALESCE(other.terms, to_jsonb(other.name)),
                concat(' (', other.uuid, ')')))
        FROM (
            SELECT name, name_terms AS terms, uuid FROM queue_job WHERE uuid = %(uuid)s
        ) AS other
        WHERE id = ANY(%(ids)s)
        """,
        done=DONE,
        settled=SETTLED,
        count=SQL("(COALESCE(record_count, 1) + %s)", SETTLED_BEFORE),
        text=text,
        terms=json.dumps(text.terms),
        uuid=job_uuid,
        ids=ids,
    )


def _let_dependents_go_on(ids):
    """Return the query that lets the jobs run that have waited for jobs."""
    return SQL(
        """
        UPDATE queue_job SET state = %(pending)s
        WHERE state = %(waiting)s
            AND graph_uuid IN (SELECT graph_uuid FROM queue_job WHERE id = ANY(%(ids)s))
            AND NOT %(waits)s
            AND NOT EXISTS (
                SELECT FROM connector_backend_state AS card
                WHERE card.backend_model = queue_job.backend_model
                    AND card.backend_id = queue_job.backend_id
                    AND card.paused_since IS NOT NULL)
        """,
        pending=PENDING,
        waiting=WAIT_DEPENDENCIES,
        waits=WAITS_FOR_OTHERS,
        ids=ids,
    )
