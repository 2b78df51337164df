# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Groups of the states that a ``queue.job`` can have."""

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
