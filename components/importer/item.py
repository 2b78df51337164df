# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record on its way through an import."""

from ...exception import RetryableJobError
from ...jobs.outcome import POSTPONED, Outcome


class ImportItem:
    """State of the import of one record.

    :param external_id: id of the record on the backend
    :param data: its data, if it was read before
    """

    def __init__(self, external_id, data=None):
        self.external_id = external_id
        self.is_read = data is not None
        self.data = data
        #: whether ``read_many`` was asked for the record, and its data; ``None`` when
        #: the backend does not have it
        self.is_prefetched = False
        self.prefetched_data = None
        self.restart(None)

    def restart(self, importer):
        """Forget everything but the data of the record.

        :param importer: the importer whose hooks import the record
        """
        self.importer = importer
        self.known_binding = None  #: prefetched binding; ``None`` if not looked up
        self.binding = None  #: the binding, an empty recordset before a create
        self.values = None  #: mapped values
        #: pairs of a line that is gone on the backend and its parent, both bindings
        self.removed_lines = []
        self.unsent_fields = None  #: fields that users changed and no job exported yet
        self.outcome = None  #: the :class:`~...jobs.outcome.Outcome`
        self.error = None  #: the exception that stopped the import

    @property
    def is_open(self):
        """Return whether the import of the record goes on."""
        return self.outcome is None and self.error is None

    def fail(self, error):
        """End the import of the record with an error.

        :param error: the exception; a retryable one postpones the record
        """
        if isinstance(error, RetryableJobError):
            self.outcome = Outcome(POSTPONED, str(error))
        else:
            self.outcome, self.error = None, error

    def prefetch(self, data):
        """Keep the data that ``read_many`` returned, ``None`` for a missing record."""
        self.is_prefetched = True
        self.prefetched_data = data
