# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Errors of a synchronisation, named for their effect.

* A :class:`RetryableJobError` runs the job again by itself.
* A :class:`JobError` or :class:`ConnectorException` fails the job: somebody has to
  look at it.
"""

from odoo.addons.queue_job.exception import (  # noqa: F401  (part of our interface)
    FailedJobError,
    JobError,
    RetryableJobError,
)


class ConnectorException(Exception):
    """The synchronisation cannot continue until the cause is fixed."""


class NoConnectorUnitError(ConnectorException):
    """The connector lacks a component for this model."""


class InvalidDataError(ConnectorException):
    """The data cannot be sent, or the backend refused it."""


class AccessRefusedError(ConnectorException):
    """The backend refused the credentials, which have to be renewed."""


class MappingError(ConnectorException):
    """A record could not be mapped."""


class DefinitionError(ConnectorException):
    """A component is not defined as the framework needs it. Its author corrects it."""


class UnknownFieldError(DefinitionError, KeyError):
    """A mapper names a field that does not exist."""

    __str__ = Exception.__str__  # A KeyError would quote the message.


class InvalidValueError(MappingError, ValueError, TypeError):
    """A value of a record could not be converted."""


class ReadOnlyError(ConnectorException):
    """A preview or a comparison was about to change something."""


class NetworkRetryableError(RetryableJobError):
    """The backend failed at a request. The job is retried.

    In a chunk, the record gets a job of its own, unless the backend fails at three
    records in a row. Raise :class:`BackendUnavailableError` for a backend that would
    fail at all of them.
    """


class BackendUnavailableError(NetworkRetryableError):
    """The backend could not be reached, or was busy. The job is retried.

    A chunk stops. Another job goes on with its rest, after the seconds of the error.
    """


class LimitReachedError(BackendUnavailableError):
    """The backend admits no more requests for now, and did nothing for this one.

    An export of a new record then need not look for what its create has made, unless
    the adapter has made other calls before.
    """


class NoExternalId(RetryableJobError):
    """A record has no external id yet, and needs one. The job is retried."""


class MissingDependencyError(RetryableJobError):
    """A record needs something that somebody has to add first, such as a product.

    The job of the record is retried until that is there, and counts no attempts. In a
    chunk, the record gets a job of its own, and the other records go on.

    :param message: translated text that names the record and what it needs
    :param seconds: until the next attempt
    """

    def __init__(self, message, seconds=300):
        super().__init__(message, seconds=seconds, ignore_retry=True)


class VersionChangedError(RetryableJobError):
    """The backend has another version of a record than the one that was read last.

    An adapter with ``_has_versions`` raises it in place of overwriting what somebody
    else has changed. The exporter then imports the record, and sends again what Odoo
    has changed. Without an exporter that handles it, the job of the record is retried,
    and counts no attempt.

    :param message: translated text that names the record
    :param seconds: until the next attempt
    """

    def __init__(self, message, seconds=60):
        super().__init__(message, seconds=seconds, ignore_retry=True)


class IDMissingInBackend(JobError):
    """The backend has no record with this external id, or no longer has it."""


class ManyIDSInBackend(JobError):
    """The backend has several records where one was expected."""
