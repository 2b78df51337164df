# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Work that must not change anything, in Odoo or on a backend."""

from contextlib import contextmanager
from functools import partial
from weakref import WeakSet

from odoo.tools.misc import Callbacks

from ..exception import ReadOnlyError

#: Callbacks that the end of a transaction runs.
HOOKS = ("precommit", "postcommit", "prerollback", "postrollback")
#: Cursors within :meth:`ReadOnly.trial`.
_TRIALS = WeakSet()


class ReadOnly:
    """A context in which PostgreSQL refuses every write, and which leaves no trace.

    PostgreSQL refuses row locks as well. Commits are refused, since they would end the
    context. The transaction can write again afterwards.
    """

    def __init__(self, env):
        self.env = env

    def __enter__(self):
        cr = self.env.cr
        self._savepoint = cr.savepoint()
        self._refuse_writes()
        # A cursor has no hook that runs at commits only: what is to run before a commit
        # also runs at each savepoint. In jobs, queue_job has replaced the method, too.
        self._commit = vars(cr).get("commit")
        cr.commit = self._refuse_commit
        # A refusal is for the reader: the log needs neither it nor the values.
        cr.execute = partial(cr.execute, log_exceptions=False)
        return self

    def __exit__(self, *error):
        cr = self.env.cr
        del cr.commit, cr.execute
        if self._commit:
            cr.commit = self._commit
        # Values that were read and computed within must not be stored afterwards.
        self._savepoint.close(rollback=True)

    @contextmanager
    def trial(self):
        """Let a step write, and undo it at its end.

        The step cannot commit. What it leaves for the end of the transaction, such as
        e-mails to deliver, is dropped. Only numbers of sequences are used up, since no
        rollback gives them back. The step waits for a lock for one second.
        """
        cr = self.env.cr
        hooks = {name: getattr(cr, name) for name in HOOKS}
        self._savepoint.rollback()
        vars(cr).update({name: Callbacks() for name in HOOKS})
        _TRIALS.add(cr)
        try:
            cr.execute("SET LOCAL lock_timeout = '1s'")
            yield
            cr.flush()
            cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            _TRIALS.discard(cr)
            self.recover()
            vars(cr).update(hooks)
            # They may have what only the trial had.
            self.env.registry.reset_changes()

    def recover(self):
        """Accept queries again after an error of the database."""
        self._savepoint.rollback()
        self._refuse_writes()

    def _refuse_writes(self):
        # It holds until the savepoint is rolled back.
        self.env.cr.execute("SET TRANSACTION READ ONLY")

    def _refuse_commit(self):
        raise ReadOnlyError(self.env._("A preview or a comparison cannot commit."))


def is_trial(env):
    """Return whether everything that is written now is undone."""
    return env.cr in _TRIALS


def is_read_only(env):
    """Return whether PostgreSQL refuses every write now."""
    env.cr.execute("SHOW transaction_read_only")
    return env.cr.fetchone() == ("on",)


def reader_of(work):
    """Return the environment of the user who reads the texts of a work.

    A connector may work in another language, such as that of its company.
    """
    return getattr(work, "reader", work.env)


@contextmanager
def read_only_work(backend, model_name, reader=None):
    """Start a work that can change nothing, in Odoo or on the backend.

    :param reader: ``Environment`` of the user who reads the texts; that of the backend
        without one
    :return: context manager that gives the work context; its attribute ``read_only`` is
        the :class:`ReadOnly`
    """
    reader = reader or backend.env
    with (
        ReadOnly(backend.env) as read_only,
        backend.work_on(model_name, read_only=read_only, reader=reader) as work,
    ):
        yield work
