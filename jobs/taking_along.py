# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job for one record takes along others that wait for the same kind of work.

A job that is taken along stays pending, and so occupies no channel. It has a start
date, and lets the runner wait until :data:`LEASE_SECONDS` are over: if the process
dies, it then runs by itself. Its identity key is taken off until then, since a
job that has begun must not keep others from being made.

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
from ..tools.text import storable
from .methods import job_method
from .states import DONE, ENQUEUED, PENDING, WAITING

#: How long a job that was taken along waits for the one that has taken it. The runner
#: may need as long to notice that a process has died.
LEASE_SECONDS = 30
#: Columns that are the same in a job and in those that it takes along, as are its
#: environment and its arguments. An index has the first ones.
INDEXED = ("backend_model", "backend_id", "model_name")
IN_COMMON = ("method_name", "channel", "priority", "user_id", "company_id", "run_id")
#: The condition that a row of ``queue_job`` belongs to a job that was taken along; with
#: ``NULL``, it does not.
IS_TAKEN = SQL("date_started IS NOT NULL AND eta > now() AT TIME ZONE 'UTC'")

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
    lease: object  #: when it runs by itself (``datetime``)

    @classmethod
    def of(cls, id_, key, records, args, kwargs, *others):
        """Return the job of a row, with its columns of JSON as text."""
        record_id = next(iter(json.loads(records)["ids"]), None)
        return cls(id_, key, record_id, json.loads(args), json.loads(kwargs), *others)

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
        #: whether the work has failed for all together, perhaps because of one of them
        self.is_suspicious = False

    def take(self, limit):
        """Take along jobs that wait for the same kind of work, the oldest first.

        :param limit: how many at the most
        :rtype: list[TakenJob]
        """
        with self._transaction(self._query(limit)) as cr:
            self.jobs = [TakenJob.of(*row) for row in sorted(cr.fetchall())]
        return list(self.jobs)

    def done(self, results):
        """Store that jobs are done, except for those that were begun elsewhere.

        :param results: the result of each :class:`TakenJob`
        """
        if not results:
            return
        rows = [
            (
                job.id,
                storable(str(result or "")) or None,
                job.identity_key,
                _counts(result),
            )
            for job, result in results.items()
        ]
        values = SQL(
            "state = %s, result = given.text, outcome_counts = given.more::jsonb,"
            " identity_key = given.key, date_done = now() AT TIME ZONE 'UTC',"
            " exec_time = EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - date_started),"
            " retry = retry + 1, eta = NULL, exc_name = NULL, exc_info = NULL,"
            " cause = NULL, cause_class = NULL, is_unanswered = FALSE",
            DONE,
        )
        with self._transaction(self._update(rows, values)) as cr:
            if any(job.has_cause for job in results):
                self.env(cr=cr)["connector.cause"].schedule_check()
        self._forget(results)

    def give_back(self, seconds=0):
        """Let the jobs that are left wait again, as before they were taken along.

        :param seconds: until they may run
        """
        eta = SQL("NULL")
        if seconds:
            # After the job that has met the reason, which takes them along again.
            eta = SQL("now() AT TIME ZONE 'UTC' + %s * interval '1s'", seconds + 1)
        values = SQL("eta = %s, date_started = NULL, worker_pid = 0", eta)
        self._release(self.jobs, values)

    def leave_alone(self, jobs):
        """Let each of these jobs run by itself, and no other one take it along.

        :param jobs: several :class:`TakenJob`
        """
        self._release(jobs, SQL("eta = NULL"))

    def _release(self, jobs, values):
        if jobs:
            rows = [(job.id, None, job.identity_key, None) for job in jobs]
            values = SQL("identity_key = given.key, %s", values)
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
        def of_taker(column):
            return SQL("(SELECT %s FROM taker)", SQL.identifier(column))

        in_common = SQL(" AND ").join(
            SQL(
                "%s IS NOT DISTINCT FROM %s",
                SQL.identifier("job", column),
                of_taker(column),
            )
            for column in IN_COMMON
        )
        return SQL(
            """
            WITH taker AS MATERIALIZED (
                SELECT * FROM queue_job WHERE uuid = %(uuid)s AND kept_data IS NULL
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
                eta = now() AT TIME ZONE 'UTC' + %(lease)s * interval '1s',
                identity_key = NULL
            FROM waiting WHERE job.id = waiting.id
            RETURNING job.id, waiting.identity_key, waiting.records #>> '{}',
                waiting.args #>> '{}', waiting.kwargs #>> '{}',
                waiting.cause IS NOT NULL, job.eta
            """,
            uuid=self.uuid,
            pending=PENDING,
            own=list(job_method(self.method_name).own_options),
            in_common=in_common,
            limit=limit,
            pid=os.getpid(),
            lease=LEASE_SECONDS,
            **{column: of_taker(column) for column in INDEXED},
            **{column: _json(column) for column in ("records", "args", "kwargs")},
        )

    def _update(self, rows, values):
        """Return the query that changes the rows of jobs that are still taken."""
        ids, texts, keys, more = (list(column) for column in zip(*rows, strict=True))
        return SQL(
            "UPDATE queue_job AS job SET %s"
            " FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[])"
            " AS given(id, text, key, more)"
            " WHERE job.id = given.id AND job.state IN %s AND job.eta = %s",
            values,
            ids,
            texts,
            keys,
            more,
            WAITING,
            self.jobs[0].lease,
        )


def _json(column):
    """Return the JSON of a column of queue_job, which is a text within JSON.

    It is ``NULL`` where PostgreSQL may refuse to read it, because of NUL or of one half
    of a surrogate pair: an id that a backend sends may have them.
    """
    return SQL(
        r"(CASE WHEN %(text)s !~ '\\u(0000|d[89a-f])' THEN %(text)s::jsonb END)",
        text=SQL("(%s #>> '{}')", SQL.identifier(column)),
    )


def _counts(result):
    counts = getattr(result, "counts", None)
    return json.dumps(counts) if counts else None


@contextmanager
def taking_along(job):
    """Let a job take others along; those that it does not complete wait again.

    :param job: the ``Job`` that is about to run
    """
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
    """Return the :class:`Taker` of the running job, once.

    :param method_name: the method of the job
    :return: ``None`` if another method runs, or the job takes none along
    """
    taker = _TAKER.get()
    if not taker or taker.method_name != method_name:
        return None
    _TAKER.set(None)  # Methods that it calls work for its own record.
    return taker


@cache
def counts_each_job(channel):
    """Return whether a channel counts each job, since it is throttled or sequential.

    :param channel: full name of the channel
    """
    names = f"{channel}."
    return any(
        (config.get("throttle") or config.get("sequential"))
        and names.removeprefix("root.").startswith(
            f"{config['name']}.".removeprefix("root.")
        )
        for config in ChannelManager.parse_simple_config(_channels())
    )


def settle_stale_request(env, job_uuid):
    """Undo that the runner has enqueued a job which another one had taken along.

    The runner does not look at the job again before it enqueues it.

    :return: whether the job must not run now, and whether it was interrupted
    :rtype: tuple[bool, bool]
    """
    env.cr.execute(
        SQL(
            "SELECT state, date_done IS NOT NULL, %s, date_started IS NOT NULL"
            " FROM queue_job WHERE uuid = %s",
            IS_TAKEN,
            job_uuid,
        )
    )
    state, is_done, is_taken, has_begun = env.cr.fetchone() or (None,) * 4
    if state == DONE:
        return True, False
    if state != ENQUEUED or not has_begun:
        return False, False
    if not is_done and not is_taken:
        return False, True
    query = SQL(
        "UPDATE queue_job SET state = CASE WHEN date_done IS NULL THEN %s ELSE %s END"
        " WHERE uuid = %s AND state = %s",
        PENDING,
        DONE,
        job_uuid,
        ENQUEUED,
    )
    with env.registry.cursor() as cr:
        cr.execute(SQL("%s; %s", READ_COMMITTED, query))
    return True, False
