# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Violations of constraints by rows that a transaction does not see yet.

Odoo's transactions are REPEATABLE READ: they do not see what others have committed
since they began, but PostgreSQL checks some constraints against it. The next attempt of
the job sees it.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg2

from odoo.tools import SQL

#: An attempt that begins now sees the row.
NOT_YET = "not yet"
#: The row was written when the attempt began, perhaps within a savepoint.
PERHAPS = "perhaps"

FOREIGN_KEY = "23503"
#: A unique violation, and that of an exclusion constraint.
INDEXES = ("23505", "23P01")
#: Columns and values in the detail of an error; the last ones are the row's.
KEY = re.compile(r"\(([^()]*)\)=\((.*?)\)(?=[^()]*$)", re.DOTALL)

#: The tables, with the columns of the key, in which a row may be.
TABLES = """
    SELECT namespace.nspname, class.relname, (
        SELECT array_agg(attribute.attname ORDER BY key.position)
        FROM unnest(side.keys) WITH ORDINALITY AS key(number, position)
        JOIN pg_attribute AS attribute
            ON attribute.attrelid = side.relation AND attribute.attnum = key.number
    )
    FROM (%s) AS side(relation, keys)
    JOIN pg_class AS class ON class.oid = side.relation
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
"""
#: Both sides of a foreign key: what a row refers to, or what refers to it.
OF_FOREIGN_KEY = """
    SELECT side.* FROM pg_constraint,
        LATERAL (VALUES (conrelid, conkey), (confrelid, confkey)) AS side
    WHERE conname = %s AND conrelid = to_regclass(format('%%I.%%I', %s, %s))
"""
OF_INDEX = """
    SELECT indrelid, indkey::int2[] FROM pg_index
    WHERE indexrelid = to_regclass(format('%%I.%%I', %s, %s))
"""

_SNAPSHOT = ContextVar("connector_snapshot", default=None)


@contextmanager
def attempt(cr):
    """Remember what an attempt of a job sees when it begins.

    :param cr: cursor whose transaction has just begun
    """
    cr.execute("SELECT pg_current_snapshot()::text")
    token = _SNAPSHOT.set(cr.fetchone()[0])
    try:
        yield
    finally:
        _SNAPSHOT.reset(token)


def visibility_of(env, error):
    """Return whether a row that the attempt cannot see has violated a constraint.

    :param env: ``Environment``; the row is looked for in another transaction
    :param error: an exception
    :return: ``NOT_YET``, ``PERHAPS`` or ``None``
    """
    snapshot = _SNAPSHOT.get()
    if not snapshot or not isinstance(error, psycopg2.IntegrityError):
        return None
    if error.pgcode not in (FOREIGN_KEY, *INDEXES):
        return None
    with env.registry.cursor() as cr:
        found = [_visibility(xid, snapshot) for xid in _writers(cr, error)]
    return next((each for each in (NOT_YET, PERHAPS) if each in found), None)


def _writers(cr, error):
    """Return the ids of the transactions that wrote the rows of a violation."""
    key = KEY.search(error.diag.message_detail or "")
    if not key:
        return []
    if error.pgcode == FOREIGN_KEY:
        names = error.diag.constraint_name, error.diag.schema_name
        side = SQL(OF_FOREIGN_KEY, *names, error.diag.table_name)
    else:
        side = SQL(OF_INDEX, error.diag.schema_name, error.diag.constraint_name)
    cr.execute(SQL(TABLES, side))
    writers = []
    for schema, table, columns in cr.fetchall():
        if condition := has_values(columns, key[2]):
            name = SQL.identifier(schema, table)
            query = "SELECT xmin::text::bigint FROM %s WHERE %s"
            cr.execute(SQL(query, name, condition))
            writers += [xid for (xid,) in cr.fetchall()]
    return writers


def has_values(columns, text):
    """Return the condition that columns have the values in the detail of an error.

    :return: ``None`` if a value contains the separator
    """
    values = [text] if len(columns) == 1 else text.split(", ")
    if len(values) != len(columns):
        return None
    return SQL(" AND ").join(
        SQL("%s = %s", SQL.identifier(column), value)
        for column, value in zip(columns, values, strict=True)
    )


def _visibility(xid, snapshot):
    """Return whether a snapshot sees what a transaction has committed.

    :param xid: id of the transaction, of 32 bits
    :param snapshot: as PostgreSQL writes it: the first transaction in progress, the
        first that had not begun, and those in progress
    """
    first, end, in_progress = snapshot.split(":")
    if _is_since(xid, end) or str(xid) in _short(in_progress.split(",")):
        return NOT_YET
    return PERHAPS if _is_since(xid, first) else None


def _short(xids):
    return {str(int(xid) % 2**32) for xid in xids if xid}


def _is_since(xid, other):
    return (xid - int(other)) % 2**32 < 2**31
