# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Death of the process that works on a job, at any of its steps."""

from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import get_ident
from unittest.mock import patch

from requests import Session

from odoo.sql_db import Cursor


class Killed(BaseException):
    """The process is dead; nothing that it has not committed remains."""


@contextmanager
def killed_at(step):
    """Kill the work of this thread at a step, if it has so many.

    A step is the moment before or after a call to the backend or a commit. After its
    death, work can neither call the backend nor commit.

    :param step: number of the step, from 0 on
    """
    thread, left = get_ident(), iter(range(step))

    def go_on():
        if get_ident() == thread and next(left, None) is None:
            raise Killed

    def between_steps(method):
        @wraps(method)
        def act(*args, **kwargs):
            go_on()
            result = method(*args, **kwargs)
            go_on()
            return result

        return act

    with ExitStack() as stack:
        for cls, name in ((Session, "send"), (Cursor, "commit")):
            method = between_steps(getattr(cls, name))
            stack.enter_context(patch.object(cls, name, method))
        yield
