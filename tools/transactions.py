# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""When a synchronisation commits, and what it undoes when a step fails."""

import threading
from contextlib import contextmanager
from weakref import WeakSet

from odoo import modules, tools
from odoo.tools import SQL

#: Cursors within :func:`without_commits`.
_WITHOUT_COMMITS = WeakSet()


def commits_enabled():
    """Return whether synchronisations may commit.

    They may, except under the test runner, where a commit would outlive the test. A
    test that manages its own transactions enables commits with the class attribute
    ``connector_commits = True``.

    :rtype: bool
    """
    test = modules.module.current_test
    if test or tools.config["test_enable"]:
        return getattr(test, "connector_commits", False)
    return True


def commit_if_allowed(env):
    """Commit what was done so far, where this is possible.

    Data that the backend already has must not be lost when a later step fails. The
    commit releases the locks of the transaction.

    :param env: ``Environment`` whose transaction is committed
    :return: ``False`` where commits are disabled (see :func:`commits_enabled`) or
        forbidden: queue_job forbids them in jobs on models that are neither a binding
        nor a backend. The caller's commit then stores the work.
    :rtype: bool
    """
    if not may_commit(env):
        env.flush_all()
        return False
    env.cr.commit()  # pylint: disable=invalid-commit
    return True


def roll_back_if_allowed(env):
    """Roll back, so that the next query sees what others have committed.

    :param env: ``Environment`` whose transaction is rolled back
    :return: ``False`` where commits are disabled or forbidden: nothing is rolled back
    :rtype: bool
    """
    if not may_commit(env):
        return False
    env.cr.rollback()
    return True


def may_commit(env):
    """Return whether :func:`commit_if_allowed` commits.

    :param env: ``Environment`` of the transaction
    :rtype: bool
    """
    # queue_job (in a job) and Odoo's test case forbid commits by putting another
    # function over the method of the cursor.
    forbidden = getattr(env.cr.commit, "__func__", None) is not type(env.cr).commit
    return commits_enabled() and not forbidden and env.cr not in _WITHOUT_COMMITS


@contextmanager
def new_transaction(env):
    """Open a transaction of its own, which sees everything that is committed by now.

    The transaction is committed at the end, independently of the caller's; after an
    error it is rolled back. Where commits are disabled (see :func:`commits_enabled`),
    the caller's transaction is used instead.

    :param env: ``Environment`` that gives the user and the context
    :return: context manager that gives an ``Environment``
    """
    if not commits_enabled():
        yield env
        return
    with env.registry.cursor() as cr:
        yield env(cr=cr)


@contextmanager
def separate_transaction(env):
    """Use the connection of an environment for a short transaction of its own.

    Unlike :func:`new_transaction`, it needs no second connection. The transaction of
    ``env`` is rolled back before it, so it must not have written anything. Where
    commits are disabled or forbidden, that transaction is used instead.

    :param env: ``Environment`` whose connection is used
    :return: context manager that gives the same ``Environment``
    """
    roll_back_if_allowed(env)
    with commit_on_success(env):
        yield env


def search_committed(model, domain, field="id"):
    """Search as a transaction that starts now would.

    Odoo's transactions are REPEATABLE READ: they see the database as it was at their
    first query. The last holder of an advisory lock may have committed exactly the
    record that this transaction is about to create a second time
    (OCA/connector-magento#165). Only another transaction can see it.

    :param model: empty recordset of the model to search, with the user and the context
    :param domain: domain to search with
    :param field: name of the field whose values are returned
    :return: values of the records that are found; none where commits are disabled (see
        :func:`commits_enabled`)
    :rtype: list
    """
    if not commits_enabled():
        return []
    with new_transaction(model.env) as env:
        return model.with_env(env).search(domain).mapped(field)


@contextmanager
def rollback_on_error(env):
    """Run a step and roll it back if it fails.

    Where commits are allowed, everything that is not committed yet is rolled back with
    the step.

    :param env: ``Environment`` to work in
    """
    if not may_commit(env):
        with env.cr.savepoint():
            yield
        return
    try:
        yield
    except BaseException:
        env.cr.rollback()
        raise


@contextmanager
def commit_on_success(env):
    """Run a step, and commit it or roll it back at its end.

    :param env: ``Environment`` to work in
    """
    with rollback_on_error(env):
        yield
        commit_if_allowed(env)


@contextmanager
def commit_on_write(env):
    """Run a step, and commit it if it has written anything, or roll it back.

    A commit makes the ORM read again what it had read for other records. A step that
    only reads must not cost that.

    :param env: ``Environment`` to work in
    """
    queries = env.cr.sql_log_count
    with rollback_on_error(env):
        yield
        env.flush_all()
        if env.cr.sql_log_count != queries and _has_written(env.cr):
            commit_if_allowed(env)


class Steps:
    """Run steps one after the other, and undo only the one that fails.

    Where commits are allowed, a step that has written anything is committed. Otherwise,
    it ends with a savepoint. A step that only reads costs nothing.

    :param env: ``Environment`` to work in
    """

    def __init__(self, env):
        self.env = env
        self._savepoint = None
        self._has_written = False

    def __enter__(self):
        if not may_commit(self.env):
            self._savepoint = self.env.cr.savepoint()
        # Odoo calls these functions after each query of the thread.
        self._hooks = vars(threading.current_thread()).setdefault("query_hooks", [])
        self._hooks.append(self._note)
        return self

    def __exit__(self, error, *_details):
        self._hooks.remove(self._note)
        if self._savepoint:
            self._savepoint.close(rollback=error is not None)

    def _note(self, cr, query, *_details):
        if cr is self.env.cr and not query.lstrip().startswith("SELECT"):
            self._has_written = True

    @contextmanager
    def step(self):
        """Run one step."""
        try:
            yield
            self.env.flush_all()
            if self._has_written:
                self._keep()
        except BaseException:
            (self._savepoint or self.env.cr).rollback()
            raise
        finally:
            self._has_written = False

    def _keep(self):
        if self._savepoint:
            name = SQL.identifier(self._savepoint.name)
            query = SQL("RELEASE SAVEPOINT %s; SAVEPOINT %s", name, name)
            self.env.cr.execute(query)
        else:
            commit_if_allowed(self.env)


def _has_written(cr):
    # PostgreSQL assigns an id to a transaction when it writes or locks for the first
    # time.
    cr.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    return cr.fetchone()[0]


@contextmanager
def without_commits(env):
    """Let nothing commit, since a commit would end the savepoints of the caller.

    :param env: ``Environment`` of the transaction
    """
    if env.cr in _WITHOUT_COMMITS:
        yield
        return
    _WITHOUT_COMMITS.add(env.cr)
    try:
        yield
    finally:
        _WITHOUT_COMMITS.discard(env.cr)
