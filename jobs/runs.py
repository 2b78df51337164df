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
    """Return the id of the run that the present work for a backend belongs to.

    :param backend_model: name of the model of the backend
    :param backend_id: id of the backend
    :return: ``None`` outside of a run, or when the run is one of another backend
    :rtype: int | None
    """
    run = _PRESENT.get()
    if run and (run.backend_model, run.backend_id) == (backend_model, backend_id):
        return run.id
    return None


@contextmanager
def within_run(run):
    """Let all jobs that are delayed within belong to a run.

    :param run: the :class:`Run`, or ``None`` for none
    """
    token = _PRESENT.set(run)
    try:
        yield
    finally:
        _PRESENT.reset(token)
