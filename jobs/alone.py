# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The job of one record that a chunk could not handle."""

from .runs import present_run
from .states import FAILED, RUNNABLE


def delay_alone(method, *args, key, options=None, **kwargs):
    """Delay a job for a record, unless one waits that does the same.

    A job that does the same and has failed is retried instead.

    :param method: method of a binding, or of an empty recordset of bindings
    :param args: arguments of the method, as are ``kwargs``
    :param key: identity key, the same for all jobs that do the same
    :param options: other options of the job
    """
    records = method.__self__
    jobs = records.env["queue.job"].sudo()
    same = jobs.search([("identity_key", "=", key), ("state", "in", RUNNABLE)])
    if not same:
        delayed = records.with_delay(identity_key=key, **options or {})
        getattr(delayed, method.__name__)(*args, **kwargs)
    elif all(job.state == FAILED for job in same):
        failed = same[0].with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL)
        failed.requeue()
        # Its record belongs to the run that has met it last.
        failed.run_id = present_run(failed.backend_model, failed.backend_id)
