# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an error concerns: the whole job, the backend, or one record."""

import psycopg2
from psycopg2.pool import PoolError

from ..exception import (
    AccessRefusedError,
    BackendUnavailableError,
    NetworkRetryableError,
)

#: The other records would meet the same error: a chunk is interrupted.
JOB = "job"
#: The backend failed at a record. It may always do so, or fail at all of them.
BACKEND = "backend"
#: Another transaction was faster: the record is tried again later.
CONFLICT = "conflict"
#: The record itself.
RECORD = "record"

#: Errors of PostgreSQL by the beginning of their SQLSTATE. The longest beginning
#: counts; errors that have none here concern a record.
SCOPES = {
    "08": JOB,  # connection exception
    "25006": JOB,  # read only: the server is a standby, or recovers
    "25P03": JOB,  # the server has ended a session that was idle for too long
    "25P04": JOB,  # the server has ended a transaction that took too long
    "28": JOB,  # invalid authorization
    "40": CONFLICT,  # transaction rollback: serialization failure, deadlock
    "40003": JOB,  # whether the transaction was committed is unknown
    "53": JOB,  # insufficient resources: disk full, too many connections
    "55P03": CONFLICT,  # lock not available
    "57P": JOB,  # operator intervention that stops the server or the session
    "58": JOB,  # system error
}
#: Beginnings of the SQLSTATE of errors that end a connection.
LOST_STATES = ("08", "57P", "25P03", "25P04")
#: How libpq's messages begin when a connection cannot be opened.
NOT_OPENED = ("connection to server", "could not connect")


def scope_of(error):
    """Return what an error concerns: ``JOB``, ``BACKEND``, ``CONFLICT`` or ``RECORD``.

    :param error: an exception of a synchronisation
    """
    if isinstance(error, AccessRefusedError | BackendUnavailableError):
        return JOB
    if isinstance(error, NetworkRetryableError):
        return JOB if error.ignore_retry else BACKEND
    if isinstance(error, psycopg2.Error):
        return _scope_in_database(error)
    return RECORD


def _scope_in_database(error):
    if is_lost(error) or is_unavailable(error):
        return JOB
    state = error.pgcode or ""
    beginnings = [state[:length] for length in range(len(state), 1, -1)]
    return next((SCOPES[each] for each in beginnings if each in SCOPES), RECORD)


def is_lost(error):
    """Return whether a connection to PostgreSQL was cut while it was in use."""
    if isinstance(error, psycopg2.InterfaceError):
        return True
    if getattr(error, "pgcode", None):
        return error.pgcode.startswith(LOST_STATES)
    if isinstance(error, psycopg2.OperationalError):
        return not is_unavailable(error)
    # libpq reports some network errors without a class of their own.
    return type(error) is psycopg2.DatabaseError


def is_unavailable(error):
    """Return whether no connection to PostgreSQL could be opened."""
    if isinstance(error, PoolError):
        return True
    return isinstance(error, psycopg2.OperationalError) and str(error).startswith(
        NOT_OPENED
    )
