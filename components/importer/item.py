# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record on its way through an import."""

from ...jobs.outcome import POSTPONED, Outcome
from ..item import Item, attributes_of, restore_attributes
from .delivered import GONE


class ImportItem(Item):
    """State of the import of one record.

    :param external_id: id of the record on the backend
    :param data: its data, if it was read before
    :param importer: an importer whose components its own importer shares
    """

    def __init__(self, external_id, data=None, importer=None):
        self.external_id = self.id = external_id
        self.is_read = self.is_given = data is not None
        self.data = data
        self.name = ""  #: text that names it for people, if its source has named it
        #: the newest row that its source has delivered; ``None`` without one
        self.delivery = None
        #: version of the data on the backend: false if it is unknown, ``None`` if the
        #: adapter has no versions
        self.version = None
        #: whether ``read_many`` was asked for the record, and its data; ``None`` when
        #: the backend does not have it
        self.is_prefetched = False
        self.prefetched_data = None
        self.data_digest = None  #: digest of the data, ``None`` if there is none
        #: text of the base that its binding had before the data was read, empty without
        #: a binding; ``None`` if nobody has looked. Afterwards, that of the import.
        self.seen_base = None
        #: kind of its outcome, if it is stored and lacks only ``_after_import``
        self.unfinished = None
        self.has_stopped = False  #: whether an error of the job was met at the record
        self.stopped_storing = False  #: whether it was met before the record was stored
        self.importer = importer and importer.for_item(self)
        self._unread = None  # attributes of the importer before the data was read
        self._remembered = None  # its attributes before the record was written
        self._clear()

    def _clear(self):
        self.known_binding = None  #: prefetched binding; ``None`` if not looked up
        self.binding = None  #: the binding, an empty recordset before a create
        self.values = None  #: mapped values
        self.units = {}  #: targets that are mapped together, see ``MapRecord.units``
        self.lines = {}  #: lines that are mapped, see ``MapRecord.lines``
        self.merge = None  #: the :class:`~..merge.merge.RecordMerge`
        #: pairs of a line that is gone on the backend and its parent, both bindings
        self.removed_lines = []
        self.unsent_fields = None  #: fields that users changed and no job exported yet
        self.is_stale = False  #: whether its data may be older than its base
        self.is_contended = False  #: whether another transaction has the record
        self.outcome = self.error = None

    @property
    def was_delivered_gone(self):
        """Whether a source has delivered that the backend no longer has the record."""
        return self.delivery is not None and self.delivery.kind == GONE

    def prefetch(self, data):
        """Keep the data that ``read_many`` returned, ``None`` for a missing record."""
        self.is_prefetched = True
        self.prefetched_data = data

    def begin(self):
        """Remember what the importer keeps, for :meth:`forget_data`."""
        self._unread = attributes_of(self.importer)

    def forget_data(self):
        """Forget what was read, and what the importer made of it, to read it again."""
        self.data, self.is_read, self.is_given = None, False, False
        self.is_prefetched, self.prefetched_data = False, None
        restore_attributes(self.importer, self._unread)

    def meet_another(self, message):
        """Postpone the record, since another transaction has it."""
        self.is_contended = True
        self.outcome = Outcome(POSTPONED, message)

    def remember(self):
        """Remember what the importer of the record keeps, for :meth:`restart`."""
        self._remembered = attributes_of(self.importer)

    def restart(self):
        """Begin again with what was read, and with what the importer kept."""
        self._clear()
        restore_attributes(self.importer, self._remembered)
