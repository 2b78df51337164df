# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks and commits: what a synchronisation asks of PostgreSQL.

No lock here ever waits. Who does not get it is told so at once and comes back
later, so that a worker is never blocked by another one's slow HTTP call.
"""

import hashlib
import random
from contextlib import contextmanager

import psycopg2.errors

from odoo import modules, tools
from odoo.tools import SQL

#: Shortest and longest wait after a moment of contention, in seconds. Spread at
#: random, so that jobs which met once do not meet again at the same instant.
CONTENTION_WAIT = (1, 3)


def contention_wait():
    """Seconds (``int``) after which a job that met a lock should try again."""
    return random.randint(*CONTENTION_WAIT)


def pg_try_advisory_lock(env, lock):
    """Take an advisory lock until the end of the transaction, without waiting.

    It protects what has no row yet, such as a record that is about to be imported.
    Taking the same lock again in the same transaction succeeds.

    :param env: ``Environment`` in whose transaction the lock is held
    :param lock: any value; its string form names the lock, and the same string
        gives the same key in every process and on every host
    :return: ``True`` when we hold the lock, ``False`` when another transaction does
    :rtype: bool

    See ``pg_try_advisory_xact_lock`` in PostgreSQL's *Advisory Lock Functions*.
    """
    env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", _advisory_key(lock)))
    return env.cr.fetchone()[0]


def _advisory_key(lock):
    # not hash(): Python salts it anew in each process
    digest = hashlib.sha1(str(lock).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def pg_try_advisory_locks(env, locks):
    """Take many advisory locks with one query, as :func:`pg_try_advisory_lock` one.

    :param env: ``Environment`` in whose transaction the locks are held
    :param locks: list of values
    :return: those of which another transaction holds the lock
    :rtype: list
    """
    by_key = {_advisory_key(lock): lock for lock in locks}
    if not by_key:
        return []
    env.cr.execute(
        SQL(
            "SELECT key FROM unnest(%s) AS key"
            " WHERE NOT pg_try_advisory_xact_lock(key)",
            list(by_key),
        )
    )
    return [by_key[key] for (key,) in env.cr.fetchall()]


def try_lock_rows(records):
    """Lock the rows of ``records`` until the end of the transaction, no waiting.

    :param records: recordset of any model; records that are gone are ignored
    :return: ``True`` when all are locked. ``False`` when another transaction holds
        one of them, or has changed it since our own transaction began: then the
        work has to start again in a new transaction.
    :rtype: bool
    """
    locked = lock_free_rows(records)
    if locked is None:
        return False
    others = set(records.ids) - set(locked.ids)
    return not others or not records.browse(others).exists()


def lock_free_rows(records):
    """Lock those rows of ``records`` that nobody else has, until the transaction ends.

    Odoo's own ``lock_for_update`` cannot tell a locked row from a deleted one, and
    leaves an error in the log when somebody changed the row after our snapshot.

    :param records: recordset of any model
    :return: the records that are locked; ``None`` when another transaction has changed
        one since our own began, which answers no more queries then
    """
    ids = [id_ for id_ in records.ids if id_]
    if not ids:
        return records.browse()
    try:
        records.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id IN %s FOR UPDATE SKIP LOCKED",
                SQL.identifier(records._table),
                tuple(ids),
            ),
            log_exceptions=False,
        )
    except psycopg2.errors.SerializationFailure:
        return None
    return records.browse([id_ for (id_,) in records.env.cr.fetchall()])


def search_committed(model, domain, field="id"):
    """Search as a transaction that starts now would see it.

    Odoo's transactions are REPEATABLE READ: they see the database as it was at their
    first query. After an advisory lock was obtained, its last holder may have
    committed exactly the record that we are about to create a second time
    (OCA/connector-magento#165), which only another transaction can tell us.

    :param model: empty recordset of the model to search; its user and context count
    :param domain: domain to search with
    :param field: name of the field whose values are wanted
    :return: values of the records that are found; none where nothing is ever
        committed (see :func:`commits_wanted`)
    :rtype: list
    """
    if not commits_wanted():
        return []
    with new_transaction(model.env) as env:
        return model.with_env(env).search(domain).mapped(field)


@contextmanager
def new_transaction(env):
    """Work in a transaction of its own, which sees all that is committed by now.

    It is committed at the end, whatever becomes of the one outside; with an error it
    is rolled back. Where nothing is ever committed (see :func:`commits_wanted`) it is
    the one outside.

    :param env: ``Environment`` to take the user and the context from
    :return: context manager that gives an ``Environment``
    """
    if not commits_wanted():
        yield env
        return
    with env.registry.cursor() as cr:
        yield env(cr=cr)


def commits_wanted():
    """Whether synchronisations make their work durable at once.

    They do, except under the test runner, where a commit would outlive the test. A
    test that works on transactions of its own asks for commits with the class
    attribute ``connector_commits = True``.

    :rtype: bool
    """
    test = modules.module.current_test
    if test or tools.config["test_enable"]:
        return getattr(test, "connector_commits", False)
    return True


def make_durable(env):
    """Commit what was done so far, where this is possible.

    What the other side already knows must not be lost when something fails later.
    Locks held by the transaction are released.

    :param env: ``Environment`` whose transaction is committed
    :return: ``False`` where commits are not wanted (see :func:`commits_wanted`) or
        not allowed: queue_job forbids them in jobs on models that are neither a
        binding nor a backend. The work is then durable when the caller's is.
    :rtype: bool
    """
    if not _may_commit(env.cr):
        env.flush_all()
        return False
    env.cr.commit()  # pylint: disable=invalid-commit
    return True


@contextmanager
def clean_step(env):
    """Do one of several steps, of which nothing remains when it fails.

    What was done before, and not committed, is undone with it where we may commit.

    :param env: ``Environment`` to work in
    """
    if not _may_commit(env.cr):
        with env.cr.savepoint():
            yield
        return
    try:
        yield
    except BaseException:
        env.cr.rollback()
        raise


@contextmanager
def durable_step(env):
    """Do one of several steps, which is durable at its end, or else undone.

    :param env: ``Environment`` to work in
    """
    with clean_step(env):
        yield
        make_durable(env)


def _may_commit(cr):
    # whoever forbids commits (queue_job during a job, Odoo's test case) puts
    # another function over the method of the cursor
    forbidden = getattr(cr.commit, "__func__", None) is not type(cr).commit
    return commits_wanted() and not forbidden
