# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Groups of the states that a ``queue.job`` can have."""

from odoo.tools import SQL

from odoo.addons.queue_job.job import (
    CANCELLED,
    DONE,
    ENQUEUED,
    FAILED,
    PENDING,
    STARTED,
    WAIT_DEPENDENCIES,
)

#: The job has not begun.
WAITING = (WAIT_DEPENDENCIES, PENDING, ENQUEUED)
#: The job is not running and may run later, after a failure by hand.
RUNNABLE = (*WAITING, FAILED)
#: The job has not reached its aim yet.
UNFINISHED = (*RUNNABLE, STARTED)
#: The job will not run again, unless somebody requeues it.
FINISHED = (DONE, CANCELLED)

#: The condition that a row of ``queue_job`` waits for other jobs, which are not done.
WAITS_FOR_OTHERS = SQL(
    """EXISTS (
        SELECT 1
        FROM json_array_elements_text(dependencies::json -> 'depends_on')
            AS needed(uuid)
        JOIN queue_job AS other ON other.uuid = needed.uuid
        WHERE other.state != %s
    )""",
    DONE,
)

#: Attempts after which a job that is retried counts as one that keeps failing.
FAILING_ATTEMPTS = 2
