# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record on its way through an import."""

from ..item import Item


class ImportItem(Item):
    """State of the import of one record.

    :param external_id: id of the record on the backend
    :param data: its data, if it was read before
    :param importer: an importer whose components its own importer shares
    """

    def __init__(self, external_id, data=None, importer=None):
        self.external_id = external_id
        self.is_read = data is not None
        self.data = data
        #: whether ``read_many`` was asked for the record, and its data; ``None`` when
        #: the backend does not have it
        self.is_prefetched = False
        self.prefetched_data = None
        self.restart(importer)

    def restart(self, importer):
        """Forget everything but the data of the record.

        :param importer: an importer whose components a new importer of the record
            shares; ``None`` without one
        """
        self.importer = importer and importer.for_item(self)
        self.known_binding = None  #: prefetched binding; ``None`` if not looked up
        self.binding = None  #: the binding, an empty recordset before a create
        self.values = None  #: mapped values
        #: pairs of a line that is gone on the backend and its parent, both bindings
        self.removed_lines = []
        self.unsent_fields = None  #: fields that users changed and no job exported yet
        self.outcome = self.error = None

    def prefetch(self, data):
        """Keep the data that ``read_many`` returned, ``None`` for a missing record."""
        self.is_prefetched = True
        self.prefetched_data = data
