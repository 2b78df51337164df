# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job for one record takes along others that wait for the same kind of work.

A job that is taken along stays pending, and so occupies no channel. It has a start
date, and lets the runner wait for :data:`LEASE_SECONDS`. When they are over, the worker
that is to run it looks for the lock of the job that has taken it: as long as that one
is at work, the lease is renewed. If the process has died, the job runs by itself.

Its row keeps in ``kept_data`` who has taken it, and its identity key. The key is taken
off until then, since a job that has begun must not keep others from being made.

A pending job with a start date was interrupted. It takes no other job along, and none
takes it: one of them may have killed the process. So does a job that has kept what it
has read (``kept_data``): it goes on where it stopped.
"""

import json
import os
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import NamedTuple

import psycopg2

from odoo.tools import SQL

from odoo.addons.queue_job.jobrunner.channels import ChannelManager
from odoo.addons.queue_job.jobrunner.runner import _channels

from ..exception import RetryableJobError
from ..tools.text import as_jsonb, storable
from ..tools.translatable import terms_of
from .methods import job_method
from .outcome import counts_of
from .states import CANCELLED, DONE, ENQUEUED, FINISHED, PENDING, STARTED, WAITING

#: After how many seconds the runner starts a job that was taken along. It runs then
#: if the process of the other one has died.
LEASE_SECONDS = 30
#: Columns that are the same in a job and in those that it takes along, as are its
#: environment and its arguments. An index has the first ones.
INDEXED = ("backend_model", "backend_id", "model_name")
IN_COMMON = ("method_name", "channel", "priority", "user_id", "company_id", "run_id")
#: Key of ``kept_data`` in the row of a job that was taken along: the job that has
#: taken it (``by``), when that one began (``begun``), and the identity key (``key``).
TAKEN = "taken"
#: The run of a job that has taken along the job of a row of ``queue_job``.
TAKER_OF_ROW = SQL(
    "SELECT taker.id FROM queue_job AS taker"
    " WHERE taker.id = (queue_job.kept_data #>> '{taken,by}')::int"
    " AND to_jsonb(taker.date_started) = queue_job.kept_data #> '{taken,begun}'"
    " AND taker.state = %s",
    STARTED,
)
#: The condition that a row of ``queue_job`` belongs to a job that was taken along, and
#: that the one that has taken it runs.
IS_TAKEN = SQL("EXISTS (%s)", TAKER_OF_ROW)
#: The state in which a row of ``queue_job`` has ended, NULL if the job is to run.
#: Somebody has cancelled it or marked it as done, or another job has done its work.
ENDED = SQL(
    "CASE WHEN date_cancelled IS NOT NULL THEN %s"
    " WHEN date_done IS NOT NULL THEN %s END",
    CANCELLED,
    DONE,
)

#: Until jobs are retried after an error that names no seconds.
RETRY_SECONDS = 10

#: Rows that others have just changed are then read again, and raise no error.
READ_COMMITTED = SQL("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

_TAKER = ContextVar("connector_taker", default=None)


class TakenJob(NamedTuple):
    """A job that was taken along."""

    id: int
    identity_key: str | None
    record_id: int | None  #: of a job on a record
    args: list  #: positional arguments; records as their JSON
    kwargs: dict  #: keyword arguments, also
    has_cause: bool  #: whether an earlier attempt failed

    @classmethod
    def of(cls, id_, key, records, args, kwargs, has_cause):
        """Return the job of a row, with its columns of JSON as text."""
        record_id = next(iter(json.loads(records)["ids"]), None)
        return cls(id_, key, record_id, json.loads(args), json.loads(kwargs), has_cause)

    def __hash__(self):
        return self.id


class Taker:
    """The jobs that a running job has taken along.

    :param job: the running ``Job``; the transaction of its environment is not used
    """

    def __init__(self, job):
        self.env = job.env
        self.uuid = job.uuid
        self.method_name = job.method_name
        self.jobs = []  #: the :class:`TakenJob` that are neither done nor given back
        self.kept_data = {}  #: what jobs keep when they run by themselves, by the job
        self._mark = None  # what the rows of the jobs keep of their taker
        #: whether the work has failed for all together, perhaps because of one of them
        self.is_suspicious = False

    def take(self, limit):
        """Take along jobs that wait for the same kind of work, the oldest first."""
        with self._transaction(self._query(limit)) as cr:
            rows = sorted(cr.fetchall())
        self.jobs = [TakenJob.of(*row) for _mark, *row in rows]
        self._mark = rows[0][0] if rows else None
        return list(self.jobs)

    def done(self, results):
        """Store that jobs are done, except for those that were begun elsewhere."""
        if not results:
            return
        rows = [
            (
                job.id,
                storable(str(result or "")) or None,
                job.identity_key,
                _counts_and_terms(result),
            )
            for job, result in results.items()
        ]
        values = SQL(
            "state = %s, result = given.text,"
            " outcome_counts = NULLIF(given.more::jsonb -> 'counts', 'null'),"
            " outcome_terms = jsonb_build_object('result',"
            " given.more::jsonb -> 'terms'),"
            " identity_key = given.key, date_done = now() AT TIME ZONE 'UTC',"
            " exec_time = EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - date_started),"
            " retry = retry + 1, eta = NULL, exc_name = NULL, exc_info = NULL,"
            " cause = NULL, cause_class = NULL, is_unanswered = FALSE,"
            " kept_data = NULL",
            DONE,
        )
        with self._transaction(self._update(rows, values)) as cr:
            if any(job.has_cause for job in results):
                self.env(cr=cr)["connector.cause"].schedule_check()
        self._forget(results)

    def give_back(self, seconds=0):
        """Let the jobs that are left wait again, as before they were taken along."""
        eta = SQL("NULL")
        if seconds:
            # After the job that has met the reason, which takes them along again.
            eta = SQL("now() AT TIME ZONE 'UTC' + %s * interval '1s'", seconds + 1)
        values = SQL("eta = %s, date_started = NULL, worker_pid = 0", eta)
        self._release(self.jobs, values)

    def leave_alone(self, jobs):
        """Let each of these jobs run by itself, and no other one take it along."""
        self._release(jobs, SQL("eta = NULL"))

    def _release(self, jobs, values):
        if jobs:
            rows = [
                (job.id, None, job.identity_key, json.dumps(self.kept_data.get(job)))
                for job in jobs
            ]
            restored = SQL(
                "identity_key = given.key,"
                " kept_data = NULLIF(given.more::jsonb, 'null')"
            )
            values = SQL("%s, %s", restored, values)
            with self._transaction(self._update(rows, values)):
                self._forget(jobs)

    def _forget(self, jobs):
        gone = set(jobs)
        self.jobs = [job for job in self.jobs if job not in gone]

    @contextmanager
    def _transaction(self, query):
        """Send a query in a transaction of its own, which gives the cursor."""
        with self.env.registry.cursor() as cr:
            cr.execute(SQL("%s; %s", READ_COMMITTED, query))
            yield cr

    def _query(self, limit):
        return SQL(
            """
            WITH taker AS MATERIALIZED (
                SELECT *, jsonb_build_object('by', id, 'begun', date_started) AS mark
                FROM queue_job WHERE uuid = %(uuid)s AND kept_data IS NULL
            ),
            waiting AS (
                SELECT * FROM queue_job AS job
                WHERE state = %(pending)s AND backend_model = %(backend_model)s
                    AND backend_id = %(backend_id)s AND model_name = %(model_name)s
                    AND record_count = 1 AND graph_uuid IS NULL
                    AND date_started IS NULL AND kept_data IS NULL
                    AND (eta IS NULL OR eta <= now() AT TIME ZONE 'UTC')
                    AND %(in_common)s
                    AND %(records)s - 'ids' = (SELECT %(records)s - 'ids' FROM taker)
                    AND %(args)s - 1 = (SELECT %(args)s - 1 FROM taker)
                    AND %(kwargs)s - %(own)s::text[]
                        = (SELECT %(kwargs)s - %(own)s::text[] FROM taker)
                ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            )
            UPDATE queue_job AS job
            SET date_started = now() AT TIME ZONE 'UTC', worker_pid = %(pid)s,
                eta = %(lease_end)s, identity_key = NULL,
                kept_data = jsonb_build_object('taken', taker.mark
                    || jsonb_build_object('key', waiting.identity_key))
            FROM waiting, taker WHERE job.id = waiting.id
            RETURNING taker.mark::text, job.id, waiting.identity_key,
                waiting.records #>> '{}', waiting.args #>> '{}',
                waiting.kwargs #>> '{}', waiting.cause IS NOT NULL
            """,
            uuid=self.uuid,
            pending=PENDING,
            own=list(job_method(self.method_name).own_options),
            in_common=SQL(" AND ").join(map(_is_in_common, IN_COMMON)),
            limit=limit,
            pid=os.getpid(),
            lease_end=_lease_end(),
            **{column: _of_taker(column) for column in INDEXED},
            **{column: _json(column) for column in ("records", "args", "kwargs")},
        )

    def _update(self, rows, values):
        """Return the query that changes the rows of jobs that are still taken."""
        ids, texts, keys, more = (list(column) for column in zip(*rows, strict=True))
        return SQL(
            "UPDATE queue_job AS job SET %s"
            " FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[])"
            " AS given(id, text, key, more)"
            " WHERE job.id = given.id AND job.state IN %s"
            " AND job.kept_data -> 'taken' @> %s::jsonb",
            values,
            ids,
            texts,
            keys,
            more,
            WAITING,
            self._mark,
        )


def _of_taker(column):
    return SQL("(SELECT %s FROM taker)", SQL.identifier(column))


def _is_in_common(column):
    of_job = SQL.identifier("job", column)
    return SQL("%s IS NOT DISTINCT FROM %s", of_job, _of_taker(column))


def _json(column):
    """Return the JSON of a column of queue_job, which is a text within JSON."""
    return as_jsonb(SQL("(%s #>> '{}')", SQL.identifier(column)))


def _counts_and_terms(result):
    counts, terms = counts_of(result) or None, storable(terms_of(result or ""))
    return json.dumps({"counts": counts, "terms": terms})


def _lease_end():
    return SQL("now() AT TIME ZONE 'UTC' + %s * interval '1s'", LEASE_SECONDS)


@contextmanager
def taking_along(job):
    """Let a job take others along; those that it does not complete wait again."""
    taker = Taker(job)
    token = _TAKER.set(taker)
    error = None
    try:
        yield
    except Exception as caught:
        error = caught
        raise
    finally:
        _TAKER.reset(token)
        # If the database does not answer, their lease ends.
        with suppress(psycopg2.Error):
            if isinstance(error, RetryableJobError):
                taker.give_back(error.seconds or RETRY_SECONDS)
            elif taker.is_suspicious:
                taker.leave_alone(taker.jobs)
            else:
                taker.give_back()


def present_taker(method_name):
    """Return the :class:`Taker` of the job that runs a method, once, or ``None``."""
    taker = _TAKER.get()
    if not taker or taker.method_name != method_name:
        return None
    _TAKER.set(None)  # Methods that it calls work for its own record.
    return taker


@cache
def counts_each_job(channel):
    """Return whether a channel counts each job, since it is throttled or sequential."""
    names = f"{channel}."
    return any(
        (config.get("throttle") or config.get("sequential"))
        and names.removeprefix("root.").startswith(
            f"{config['name']}.".removeprefix("root.")
        )
        for config in ChannelManager.parse_simple_config(_channels())
    )


def settle_stale_request(env, job_uuid):
    """Decide about a job that the runner has enqueued.

    The runner does not look at the job again before it enqueues it. Somebody may have
    cancelled it, and another job may have taken it along.

    :return: whether the job must not run now, and whether it was interrupted
    :rtype: tuple[bool, bool]
    """
    env.cr.execute(
        SQL(
            "SELECT state, date_started IS NOT NULL,"
            " (%s) IS NOT NULL OR kept_data ? %s FROM queue_job WHERE uuid = %s",
            ENDED,
            TAKEN,
            job_uuid,
        )
    )
    state, has_begun, may_be_taken = env.cr.fetchone() or (None,) * 3
    if state in FINISHED:
        return True, False
    if state != ENQUEUED or not (has_begun or may_be_taken):
        return False, False
    if not may_be_taken:
        return False, True
    env.cr.rollback()  # to see later what is changed now
    with env.registry.cursor() as cr:
        return _settle(cr, job_uuid)


def _settle(cr, job_uuid):
    query = SQL(
        "SELECT %s, kept_data ? %s FROM queue_job"
        " WHERE uuid = %s AND state = %s FOR UPDATE",
        ENDED,
        TAKEN,
        job_uuid,
        ENQUEUED,
    )
    cr.execute(SQL("%s; %s", READ_COMMITTED, query))
    ended, is_taken = cr.fetchone() or (DONE, False)
    if ended:
        values = SQL("state = %s", ended)
    elif not is_taken:
        return False, True
    elif _taker_is_at_work(cr, job_uuid):
        _renew_lease(cr, job_uuid)
        return True, False
    else:
        values = SQL(
            "identity_key = kept_data #>> '{taken,key}', kept_data = NULL, eta = NULL"
        )
    cr.execute(
        SQL(
            "UPDATE queue_job SET %s WHERE uuid = %s AND state = %s",
            values,
            job_uuid,
            ENQUEUED,
        )
    )
    return bool(ended), not ended


def _taker_is_at_work(cr, job_uuid):
    """Return whether the process is alive that has taken a job along."""
    cr.execute(
        SQL(
            "SELECT queue_job_id FROM queue_job_lock WHERE queue_job_id IN"
            " (SELECT (%s) FROM queue_job WHERE uuid = %s)",
            TAKER_OF_ROW,
            job_uuid,
        )
    )
    taker = cr.fetchone()
    if not taker:
        return False
    # Like queue_job, which locks this row while the job runs.
    cr.execute(
        SQL(
            "SELECT 1 FROM queue_job_lock WHERE queue_job_id = %s"
            " FOR NO KEY UPDATE SKIP LOCKED",
            taker[0],
        )
    )
    return not cr.rowcount


def _renew_lease(cr, job_uuid):
    """Let a job wait again, and all that the same job has taken along."""
    same = SQL(" AND ").join(
        SQL("job.%s = asked.%s", SQL.identifier(name), SQL.identifier(name))
        for name in INDEXED
    )
    cr.execute(
        SQL(
            """
            UPDATE queue_job SET state = %(pending)s, eta = %(lease_end)s
            WHERE id IN (
                SELECT job.id FROM queue_job AS job, queue_job AS asked
                WHERE asked.uuid = %(uuid)s AND %(same)s
                    AND (job.state = %(pending)s OR job.id = asked.id)
                    AND job.kept_data #> '{taken,by}' = asked.kept_data #> '{taken,by}'
                FOR UPDATE OF job SKIP LOCKED
            )
            """,
            uuid=job_uuid,
            same=same,
            pending=PENDING,
            lease_end=_lease_end(),
        )
    )
