# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of the adapters of all protocols."""

import random

from odoo.addons.component.core import AbstractComponent

from ..exception import (
    BackendUnavailableError,
    LimitReachedError,
    NetworkRetryableError,
)
from ..tools.work_context import work_attribute

LONGEST_WAIT = 15 * 60  #: seconds


class RemoteAdapter(AbstractComponent):
    """Base of the adapters that open a connection to a backend.

    :class:`~.http_adapter.HTTPAdapter` and :class:`~.files.adapter.FileAdapter` are
    such adapters. A connector to a backend with another protocol keeps its connection
    here, and raises what :meth:`_retryable` returns when the backend is not there::

        class PrinterAdapter(AbstractComponent):
            _name = "label.printer.adapter"
            _inherit = ["connector.remote.adapter", "base.label.connector"]

            def create(self, data):
                self._take_call()
                try:
                    self._connection("printer", self._connect).send(data)
                except OSError as error:
                    raise self._retryable(_("The printer is off.")) from error
    """

    _name = "connector.remote.adapter"
    _inherit = "base.backend.adapter.crud"

    #: Seconds that the backend may be silent.
    _timeout = 60
    #: First wait after network trouble, in seconds; each further one is longer.
    _first_wait = 10

    def _connection(self, key, connect):
        """Return a connection, one for a work context and those made from it.

        ``work_on()`` of the backend closes it at its end, so a chunk has one.

        :param key: what tells the connections of the adapters of a backend apart
        :param connect: function that opens it; it has a method ``close()``
        """
        connections = work_attribute(self.work, "open_connections", dict)
        key = self._name, key
        if key not in connections:
            connections[key] = connect()
        return connections[key]

    def _disconnect(self, key):
        """Close a connection that is broken, so that the next call opens another."""
        connections = work_attribute(self.work, "open_connections", dict)
        if connection := connections.pop((self._name, key), None):
            connection.close()

    def _backend_name(self):
        # The user may lack the right to read the backend.
        return self.backend_record.sudo().display_name

    def _retryable(self, message, seconds=None, counts_attempt=False, limited=False):
        """Return an error that makes the queue retry the job, later each time.

        :param message: what happened
        :param seconds: wait that the backend asked for; by default it grows with the
            attempts of the job
        :param counts_attempt: whether the job fails after its last attempt. Otherwise
            the last attempt is not counted, and a backend that is down fails no job.
        :param limited: whether the backend refused the request for its number
        """
        job = self._current_job()
        if seconds is None:
            wait = min(self._first_wait * 3**job.retry, LONGEST_WAIT)
            seconds = round(wait * random.uniform(0.8, 1.2))
        is_last = bool(job.max_retries) and job.retry + 1 >= job.max_retries
        error_class = BackendUnavailableError
        if limited or counts_attempt:
            error_class = LimitReachedError if limited else NetworkRetryableError
        return error_class(
            message,
            seconds=max(seconds, 1),
            ignore_retry=is_last and not counts_attempt,
        )
