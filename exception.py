# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong during a synchronisation, named for what happens next.

* A :class:`RetryableJobError` runs the job again by itself.
* A :class:`JobError` or :class:`ConnectorException` fails the job: somebody has to
  look at it.
"""

import psycopg2

from odoo.addons.queue_job.exception import (  # noqa: F401  (part of our interface)
    FailedJobError,
    JobError,
    RetryableJobError,
)


class ConnectorException(Exception):
    """A synchronisation cannot go on until somebody mends its cause."""


class NoConnectorUnitError(ConnectorException):
    """A part of the connector is missing: nothing does this work for this model."""


class InvalidDataError(ConnectorException):
    """The data is not fit to be sent, or the other side refused it."""


class AccessRefusedError(ConnectorException):
    """The other side did not accept our credentials: somebody has to renew them."""


class MappingError(ConnectorException):
    """A record could not be translated into the terms of the other side."""


class InvalidValueError(MappingError, ValueError):
    """A value of a record could not be converted."""


class NetworkRetryableError(RetryableJobError):
    """The other side could not be reached, or was too busy: the job tries again."""


class NoExternalId(RetryableJobError):
    """A record that has to be known to the other side first is not: tried again."""


class IDMissingInBackend(JobError):
    """The other side has no record with this external id (any more)."""


class ManyIDSInBackend(JobError):
    """The other side has several records where one was expected."""


#: Errors of the transaction or of the backend. They concern the whole job, not one
#: record of a chunk: the job is retried, or fails.
JOB_LEVEL_ERRORS = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    NetworkRetryableError,
    AccessRefusedError,
)
