# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The run that the present work belongs to.

A run is what somebody or a schedule has started. Its jobs are those that it delays, and
those that these delay. An environment cannot carry the run: a connector may work in any
environment.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Run(NamedTuple):
    """A run, as the work that belongs to it needs it."""

    id: int  #: id of the ``connector.run.start``; ``None`` outside of any run
    backend_model: str
    backend_id: int


_PRESENT = ContextVar("connector_run", default=None)


def present_run(backend_model, backend_id):
    """Return the id of the run of a backend that the present work belongs to."""
    run = _PRESENT.get()
    return run.id if run and run[1:] == (backend_model, backend_id) else None


@contextmanager
def within_run(run):
    """Let all jobs that are delayed within belong to a run, or to none."""
    token = _PRESENT.set(run)
    try:
        yield
    finally:
        _PRESENT.reset(token)
