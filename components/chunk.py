# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A chunk of records, which an error of the job may interrupt.

What is done stays done and is counted. Another job goes on with the rest, after the
time that the error names. If nothing was done, the job itself is retried, or fails.
"""

import random
import time
from datetime import timedelta

from odoo.addons.queue_job.job import Job

from ..exception import RetryableJobError
from ..jobs.outcome import POSTPONED, NothingToDo, Outcome, Report
from ..jobs.rest import continue_job, running_job, wait_after
from ..jobs.scope import BACKEND, CONFLICT, JOB, is_lost, scope_of
from ..jobs.visibility import visibility_of
from ..tools.locks import contention_wait
from ..tools.transactions import commit_on_success
from ..tools.translatable import translatable

#: Records in a row at which a backend has to fail, so that it cannot be the records.
MOST_FAILURES = 3
#: Attempts to delay the jobs of a chunk.
MOST_TRIES = 10


class Chunk:
    """The records of a chunk, and the error that has interrupted them.

    :param items: list of :class:`~.item.Item`
    """

    def __init__(self, env, items):
        self.env = env
        self.job = running_job(env)
        # Not to be read when the connection is lost.
        self._job_id = self.job.id
        self._call = self.job.model_name, self.job.method_name
        # A record at which the backend never answers must not come first each time.
        first = self.job.retry % len(items) if items else 0
        self.items = items[first:] + items[:first]
        self.interruption = None  #: the error of the job, once there was one
        #: whether each record needs calls before many are sent with one
        self.needs_many_calls = False
        self._failures = []  # items in a row at which the backend has failed
        self._last_error = None  # how it failed at the last one
        self._stopped = False

    def run_each(self, items, step):
        """Run a step for each item, until an error interrupts the chunk.

        An item that ends with the step stops no other one.

        :return: the items that go on
        """
        self._stopped = False
        going_on = []
        for item in items:
            if self._goes_on(item, step):
                going_on.append(item)
            if self._stopped:
                break
        if self._failures and len(self._failures) == len(items):
            self.interrupt(self._last_error, self._failures)
        return going_on

    def _goes_on(self, item, step):
        try:
            step(item)
        except NothingToDo as nothing:
            item.outcome = nothing.outcome
            return False
        except Exception as error:
            self.fail(item, error)
            return False
        self._failures.clear()
        return True

    def fail(self, item, error):
        """End the synchronisation of a record with an error, or interrupt the chunk."""
        scope = scope_of(error)
        if scope == BACKEND:
            self._failures.append(item)
            self._last_error = error
        else:
            self._failures.clear()
        if scope == JOB or len(self._failures) == MOST_FAILURES:
            self.interrupt(error, [item, *self._failures])
            return
        if scope == CONFLICT or visibility_of(self.env, error):
            message = translatable(self.env)._(
                "Another transaction has just changed the same data."
            )
            item.outcome, item.error = Outcome(POSTPONED, message), None
        else:
            item.fail(error)

    def interrupt(self, error, items=()):
        """Interrupt the chunk with an error that concerns the whole job.

        :param items: items with which another job has to go on, too
        """
        self.interruption = self.interruption or error
        self._stopped = True
        for item in items:
            item.reopen()
        self._failures.clear()

    @property
    def rest(self):
        """The items that another job has to go on with."""
        return [item for item in self.items if item.is_open]

    def settle(self, report, call=None, rest_of=None):
        """Delay the jobs for what was not done, count, and commit.

        :param report: called without arguments; it delays the jobs
        :param call: see :meth:`delay_rest`; without it, a job that has lost its
            connection to PostgreSQL begins again with all records
        :param rest_of: called with a list of items; returns the rest for ``call``
        :return: what ``report`` returns
        :raise Exception: the error that has interrupted the chunk, if nothing was done
        """
        if self.interruption and len(self.rest) == len(self.items):
            raise self.interruption
        if self.interruption and is_lost(self.interruption):
            if call == self._call:
                self._hand_over(rest_of)
            raise self.interruption
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                with commit_on_success(self.env):  # The next chunk may roll back.
                    outcome = report()
                if isinstance(outcome, Outcome):  # A connector's own may be a text.
                    outcome.left = [item.id for item in self.items if not item.is_done]
                return outcome
            except RetryableJobError:
                # Another chunk is changing the jobs that wait for both.
                if not tries_left:
                    raise
                time.sleep(random.uniform(0.05, 0.2))

    def delay_rest(self, report, call, rest, otherwise, **options):
        """Delay the job that goes on with the rest, and report that.

        :param report: the :class:`~..jobs.outcome.Report` of the chunk
        :param call: name of the model and of the method that jobs for such chunks call
        :param rest: the records of the rest, or what the method gets in their place
        :param otherwise: called with the options of a job, if the present job does not
            call that method: it delays the job, and returns it
        :param options: options of the job
        :return: the ``queue.job``, ``None`` if ``otherwise`` does not return it
        """
        seconds = wait_after(self.interruption)
        if call == self._call:
            job = continue_job(self.job, rest, seconds, **options)
        else:
            delayed = otherwise(eta=timedelta(seconds=seconds), **options)
            job = self.job.search([("uuid", "=", delayed.uuid)]) if delayed else None
        report.add_rest(len(rest), self.interruption, seconds)
        return job

    def _hand_over(self, rest_of):
        """End the present job and delay the rest, with another connection.

        Ours is lost. The job is not given back, as it is done.
        """
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr)
            present = env["queue.job"].sudo().browse(self._job_id)
            report, seconds = Report(env), contention_wait()
            left = [item for item in self.items if not item.is_done]
            for item in self.items:
                if item.is_done:
                    report.add(item.outcome)
            continue_job(present, rest_of(left), seconds)
            report.add_rest(len(left), self.interruption, seconds)
            job = Job.load(env, present.uuid)
            done = len(self.items) - len(left)
            job.set_done(report.text([], translatable(env)._("%s done", done)))
            job.store()
