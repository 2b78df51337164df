# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks of PostgreSQL that keep jobs out of each other's way.

These never wait. A job that cannot get one fails fast and is retried, so that no worker
waits for another one's slow HTTP call. (Only ``connector.export.change`` waits, for a
lock that other transactions hold while they commit.)
"""

import hashlib
import random

import psycopg2.errors

from odoo.tools import SQL

from .base_column import BASE, base_field, keep_bases, select_bases

#: Shortest and longest wait after contention, in seconds. The wait is random, so that
#: two jobs that met do not meet again.
CONTENTION_WAIT = (1, 3)

#: Errors of a lock that another transaction holds, and of a row that another one has
#: changed since this transaction began.
CONTENTION = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.SerializationFailure,
)


#: What a transaction does with the rows that it locks.
STRENGTHS = {name: SQL(name) for name in ("UPDATE", "NO KEY UPDATE")}


def contention_wait():
    """Return the seconds (``int``) after which a job that met a lock is retried."""
    return random.randint(*CONTENTION_WAIT)


def pg_try_advisory_lock(env, lock):
    """Take an advisory lock until the end of the transaction, without waiting.

    The lock protects work that has no row to lock yet, such as the import of a new
    record. A transaction can take the same lock several times.

    :param env: ``Environment`` in whose transaction the lock is held
    :param lock: any value; its string form names the lock, and the same string
        gives the same key in every process and on every host
    :return: ``True`` when this transaction holds the lock, ``False`` when another one
        does
    :rtype: bool

    See ``pg_try_advisory_xact_lock`` in PostgreSQL's *Advisory Lock Functions*.
    """
    env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", _advisory_key(lock)))
    return env.cr.fetchone()[0]


def pg_try_advisory_locks(env, locks):
    """Take many advisory locks with one query; see :func:`pg_try_advisory_lock`.

    :param env: ``Environment`` in whose transaction the locks are held
    :param locks: list of values
    :return: the values whose lock another transaction holds
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


def _advisory_key(lock):
    # Not hash(): Python salts it differently in each process.
    digest = hashlib.sha1(str(lock).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def try_lock_rows(records, strength="UPDATE", wrapped=None):
    """Lock the rows of records until the end of the transaction, without waiting.

    The transaction accepts queries afterwards in any case. The bases of bindings, which
    are needed next, are read with the same query.

    :param records: recordset of any model; deleted records are ignored
    :param strength: ``"UPDATE"``, or ``"NO KEY UPDATE"``, which lets others refer to
        the records
    :param wrapped: recordset of another model whose rows are locked, too
    :return: ``True`` when all rows are locked. ``False`` when another transaction holds
        one of them, or changed one after this transaction began: the work then has to
        start again in a new transaction.
    :rtype: bool
    """
    if not any(records.ids):
        return True
    several = (records, wrapped) if wrapped else (records,)
    locks = [
        SQL(
            "SELECT id FROM %s WHERE id IN %s FOR %s NOWAIT",
            SQL.identifier(each._table),
            tuple(id_ for id_ in each.ids if id_),
            STRENGTHS[strength],
        )
        for each in several
    ]
    bases = select_bases(records)
    # With the lock in one call, the savepoint costs no time.
    statement = SQL("; ").join(
        [
            SQL("SAVEPOINT lock_rows"),
            *locks,
            SQL("RELEASE SAVEPOINT lock_rows"),
            *([bases] if bases else []),
        ]
    )
    try:
        records.env.cr.execute(statement, log_exceptions=False)
    except CONTENTION:
        records.env.cr.execute(
            "ROLLBACK TO SAVEPOINT lock_rows; RELEASE SAVEPOINT lock_rows"
        )
        return False
    if bases:
        keep_bases(records, records.env.cr.fetchall())
    return True


def unavailable_rows(records):
    """Lock the rows that a transaction is about to change, except those of others.

    :param records: recordset of any model; deleted records are ignored
    :return: the records whose rows another transaction holds, or has changed since this
        transaction began; the others are locked
    """
    if try_lock_rows(records, "NO KEY UPDATE"):
        return records.browse()
    if len(records) == 1:
        return records
    middle = len(records) // 2
    return unavailable_rows(records[:middle]) | unavailable_rows(records[middle:])


def lock_free_rows(records):
    """Lock the rows that no other transaction holds, until the transaction ends.

    Odoo's own ``try_lock_for_update`` logs an error when a row was changed after this
    transaction began.

    :param records: recordset of any model
    :return: the records whose rows are locked; ``None`` when another transaction has
        changed one of them since this transaction began. PostgreSQL then refuses all
        further queries of the transaction.
    """
    ids = tuple(id_ for id_ in records.ids if id_)
    if not ids:
        return records.browse()
    has_base = base_field(records) is not None
    statement = SQL(
        "SELECT id%s FROM %s WHERE id IN %s FOR UPDATE SKIP LOCKED",
        SQL(", %s", SQL.identifier(BASE)) if has_base else SQL(),
        SQL.identifier(records._table),
        ids,
    )
    try:
        records.env.cr.execute(statement, log_exceptions=False)
    except psycopg2.errors.SerializationFailure:
        return None
    rows = records.env.cr.fetchall()
    if has_base:
        keep_bases(records, rows)
    return records.browse([row[0] for row in rows])
