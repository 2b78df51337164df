# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The job that goes on with the records that another job could not handle."""

import re
from datetime import timedelta

from odoo.addons.queue_job.job import Job

from ..exception import AccessRefusedError, RetryableJobError
from ..tools.locks import contention_wait, try_lock_rows
from ..tools.translatable import TranslatableText, language_of, translatable
from .methods import job_method
from .states import STARTED, WAIT_DEPENDENCIES

#: Seconds until the work goes on after an error that names none, outside of jobs.
DEFAULT_SECONDS = 10
#: Options of a job that the one for the rest shares.
SHARED = ("channel", "max_retries", "priority")


def current_job(env):
    """Return the ``queue.job`` that an environment works in, empty outside of jobs."""
    jobs = env["queue.job"].sudo()
    # queue_job sets job_uuid in the context of the job's records only.
    for each in (env, *env.transaction.envs):
        uuid = each.context.get("job_uuid")
        if uuid:
            return jobs.search([("uuid", "=", uuid)])
    return jobs


def running_job(env):
    """Return the ``queue.job`` that runs now; see :func:`current_job`."""
    return current_job(env).filtered(lambda job: job.state == STARTED)


def wait_after(error):
    """Return after how many seconds the work goes on that an error has stopped."""
    if isinstance(error, AccessRefusedError):
        return 0  # Waiting does not help: a person has to do something.
    return getattr(error, "seconds", None) or DEFAULT_SECONDS


def continue_job(job, rest, seconds, **options):
    """Delay a job like the present one for the records that it has not handled.

    It calls the same method with the same arguments, except for the records. It has the
    channel, the priority and the attempts of the present job. The jobs of a graph that
    wait for the present job wait for it, too.

    :param job: the present ``queue.job``
    :param rest: the records, or the entries of the argument that lists the records
    :param seconds: until the job may run
    :param options: other options of the job
    :return: the new ``queue.job``
    :raise RetryableJobError: when another transaction changes the waiting jobs
    """
    present = Job.load(job.env, job.uuid)
    method = job_method(present.method_name)
    records, args, kwargs = method.for_others(present, rest)
    delayed = records.with_delay(
        **{
            **{name: job[name] for name in SHARED},
            "eta": timedelta(seconds=seconds),
            "description": _description(job, len(rest)),
            **options,
        }
    )
    new = getattr(delayed, present.method_name)(*args, **kwargs)
    new = job.search([("uuid", "=", new.uuid)])
    if job.graph_uuid:
        _let_dependents_wait(job, new)
    return new


def _description(job, count):
    """Return the description of the present job with another number of records."""
    terms = job.sudo().name_terms
    if terms and "count" in terms.get("args", ()):
        terms["args"]["count"] = count
        return TranslatableText(terms, language_of(job.env))
    number = rf"\b{job.record_count}\b"
    description, found = re.subn(number, str(count), job.name, count=1)
    return description if found else f"{job.name} ({count})"


def _let_dependents_wait(job, new):
    """Let the jobs that wait for a job wait for another one of its graph, too."""
    waiting = job.dependent_ids.filtered(lambda each: each.state == WAIT_DEPENDENCIES)
    if not try_lock_rows(waiting):
        message = translatable(job.env)._(
            "Another job changes the jobs that wait for this one."
        )
        raise RetryableJobError(message, contention_wait(), ignore_retry=True)
    new.write(
        {
            "graph_uuid": job.graph_uuid,
            "dependencies": {
                "depends_on": [],
                "reverse_depends_on": waiting.mapped("uuid"),
            },
        }
    )
    for each in waiting:
        depends_on = [*each.dependencies["depends_on"], new.uuid]
        each.dependencies = {**each.dependencies, "depends_on": depends_on}
