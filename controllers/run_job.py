# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import time
from contextlib import contextmanager, suppress
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api

from odoo.addons.component.exception import ComponentException
from odoo.addons.queue_job.controllers import main
from odoo.addons.queue_job.exception import NoSuchJobError
from odoo.addons.queue_job.job import DONE, STARTED, Job

from ..exception import FailedJobError, RetryableJobError
from ..jobs.causes import cause_of
from ..jobs.closing import close_failures_before, noting_records
from ..jobs.scope import is_lost, is_unavailable
from ..jobs.taking_along import counts_each_job, settle_stale_request, taking_along
from ..jobs.visibility import NOT_YET, attempt, visibility_of
from ..models import screen_updates as updates
from ..tools.clocks import is_recent
from ..tools.locks import contention_wait
from ..tools.transactions import commit_if_allowed, commits_enabled
from ..tools.translatable import translatable

_logger = logging.getLogger(__name__)

#: How old a job may be, so that a lost connection counts no attempt.
UNCOUNTED = timedelta(hours=1)
#: Seconds that a job waits for PostgreSQL to accept connections again.
RECONNECT_SECONDS = 60


class RunJobController(main.RunJobController):
    """Run the jobs of connectors again whose connection to PostgreSQL was cut.

    queue_job retries a job after a conflict between transactions (OCA/queue#142). After
    a lost connection it fails the job, which then waits for a person. A job on a
    binding or a backend may run twice, so that nobody has to decide about it.
    """

    @classmethod
    def _acquire_job(cls, env, job_uuid):
        try:
            must_wait, was_interrupted = settle_stale_request(env, job_uuid)
            job = None if must_wait else super()._acquire_job(env, job_uuid)
            if job and env["connector.backend.state"].holds_back(job):
                return None
            if job:
                job.connector_is_alone = was_interrupted
            return job
        except psycopg2.Error:
            if _is_alive(env.cr):
                raise
            _give_back(env, job_uuid)
            return None

    @classmethod
    def _try_perform_job(cls, env, job):
        job.connector_error = None
        perform = super()._try_perform_job
        try:
            with attempt(env.cr), cls._within_run(env, job):
                cls._perform(perform, env, job)
        except psycopg2.Error as error:
            # The connection was cut before the job began.
            if not is_lost(error) or not cls._synchronizes(env, job):
                raise
            job.state = _give_back(env, job.uuid, error)

    @classmethod
    def _perform(cls, perform, env, job):
        try:
            perform(env, job)
        except Exception as error:
            # queue_job stores only the message of an error after which it retries.
            job.connector_error = error
            if not cls._synchronizes(env, job):
                raise
            if isinstance(error, ComponentException):
                error.args = (str(error),)  # queue_job stores the first: a usage.
            cls._end_attempt(env, job, error)

    @classmethod
    def _synchronizes(cls, env, job):
        return env["queue.job.function"].synchronizes(job.job_function_name)

    @classmethod
    def _end_attempt(cls, env, job, error):
        """Decide what follows the error of an attempt: raise it, or retry the job."""
        if is_lost(error) or not _is_alive(env.cr):
            job.state = _give_back(env, job.uuid, error)
            return
        is_last = job.max_retries and job.retry >= job.max_retries
        if visibility := visibility_of(env, error):
            if visibility == NOT_YET:
                job.retry -= 1  # Such an attempt does not count.
            elif is_last:
                raise error
            message = cause_of(job.env, error)
        elif not is_unavailable(error):
            raise error
        elif is_last:
            raise FailedJobError(str(error)) from error
        else:
            message = translatable(env)._("The database accepted no connection.")
        raise RetryableJobError(message, seconds=contention_wait()) from error

    @classmethod
    @contextmanager
    def _within_run(cls, env, job):
        """Let what the job delays belong to its run, and let it take jobs along."""
        is_alone = getattr(job, "connector_is_alone", True)
        with env["queue.job"].within_run_of(job.db_record()):
            if is_alone or not commits_enabled() or counts_each_job(job.channel):
                yield
            else:
                with taking_along(job):
                    yield

    @classmethod
    def _runjob(cls, env, job):
        run, registry = super()._runjob, env.registry
        if not cls._synchronizes(env, job):
            return run(env, job)
        with noting_records() as synchronised:
            try:
                _close_failures_after_work(job, synchronised)
                updates.notify_screens(registry)
                run(env, job)
            except psycopg2.Error as error:
                # The connection was cut while queue_job stored how the attempt ended.
                if _is_alive(env.cr) and not is_lost(error):
                    raise
                _give_back(env, job.uuid, error)
            finally:
                if not job.connector_has_closed:
                    is_done = job.state == DONE and not job.connector_error
                    close_failures_before(job, is_done, synchronised)
                updates.notify_screens(registry)

    @classmethod
    def _enqueue_dependent_jobs(cls, env, job):
        if job.state == DONE:
            commit_if_allowed(env)  # To see what the job has added to its graph.
            super()._enqueue_dependent_jobs(env, job)


def _close_failures_after_work(job, synchronised):
    """Let a job close failures when its work is committed, before it is done.

    If the process dies in between, the job runs again, and closes them then.

    :param synchronised: the list of what it has synchronised
    """
    work, job.connector_has_closed = job.perform, False

    def perform():
        work()
        if job.job_config.allow_commit:
            close_failures_before(job, True, synchronised)
            job.connector_has_closed = True

    job.perform = perform


def _is_alive(cr):
    """Return whether the connection of a cursor still works."""
    try:
        cr.execute("SELECT 1", log_exceptions=False)
    except psycopg2.Error:  # An aborted transaction refuses the query, too.
        return not cr.closed
    return True


def _give_back(env, job_uuid, error=None):
    """Let a job run again that has lost a connection, without counting an attempt.

    :param error: the error of the attempt, if it has begun
    :return: the state of the job now, ``None`` when it was deleted
    """
    env.cr.clear()  # The lost job must not write what it had not flushed.
    with suppress(psycopg2.Error):
        env.cr.rollback()  # This releases the lock of the job, if it is still held.
    deadline = time.monotonic() + RECONNECT_SECONDS
    while True:
        try:
            with env.registry.cursor() as cr:
                fresh = api.Environment(cr, SUPERUSER_ID, {})
                return _make_pending(fresh, job_uuid, error)
        except psycopg2.Error:
            # The server may be restarting. Odoo's pool may offer lost connections, too.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _make_pending(env, job_uuid, error):
    """Make a started job pending, unless another worker runs it by now.

    The runner finds jobs whose lock is gone after ten seconds, and counts an attempt.
    """
    try:
        job = Job.load(env, job_uuid)
    except NoSuchJobError:
        return None
    job.connector_error = error
    if job.state == STARTED and job.lock():
        message = translatable(env)._("The connection to the database was lost.")
        _logger.info("Job %s lost its connection; it runs again", job_uuid)
        if not is_recent(job.date_created, UNCOUNTED):
            # Something ends its connection each time: the job fails in the end.
            job.retry += 1
            if job.max_retries and job.retry >= job.max_retries:
                job.set_failed(exc_name="LostConnection", exc_message=message)
                job.store()
                return job.state
        job.postpone(result=message, seconds=contention_wait())
        job.set_pending(reset_retry=False)
        job.store()
    return job.state
