# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An import takes the data of its records from what their sources have delivered."""

from functools import cached_property

import psycopg2.errors

from odoo.addons.component.exception import NoComponentError

from ...exception import IDMissingInBackend, InvalidDataError
from ...jobs.outcome import UNCHANGED, Outcome
from ...tools.bindings import translatable_label
from ...tools.overrides import overrides
from ...tools.text import storable
from ...tools.translatable import translatable
from ..backend_adapter import CRUDAdapter
from .delivered import DATA, DONE, GONE, UNREADABLE
from .dependencies import dependency_key


def reads_single_records(importer):
    """Return whether the backend of an importer can be asked for one record."""
    if importer._overrides("_import_data"):
        return True
    try:
        adapter = importer.backend_adapter
    except NoComponentError:
        return False
    is_ours = isinstance(adapter, CRUDAdapter)
    return overrides(adapter, CRUDAdapter, "read") if is_ours else True


class DeliveredData:
    """The newest data that sources have delivered of the records of an import."""

    def __init__(self, importer, tracker):
        self.importer = importer
        self.env = importer.env
        self.tracker = tracker
        self.is_expected = getattr(importer, "_has_deliveries", False)

    @cached_property
    def asks_backend(self):
        """Whether the backend is asked for records without data."""
        return not self.is_expected or reads_single_records(self.importer)

    def give(self, items):
        """Give items the data, in place of what an earlier attempt has kept."""
        if not self.is_expected:
            return
        wanted = []
        for item in items:
            if item.is_given:  # It was delivered to the import that needs the record.
                item.delivery = self.tracker.deliveries.get(self._key(item))
            else:
                wanted.append(item)
        rows = wanted and self._newest(wanted)
        for item in wanted:
            item.delivery = row = rows.get(storable(str(item.external_id)))
            if row is None or row.kind == DONE:
                continue
            item.name = row.name
            item.data, item.is_read = None, False
            if row.kind == DATA:
                item.data, item.is_read = row.content, True
                self.tracker.deliveries[self._key(item)] = row

    def read(self, item):
        """Return the data of a record that has none yet.

        :raise IDMissingInBackend: when the backend does not have the record
        :raise InvalidDataError: when it is unreadable, or has to be delivered first
        """
        kind = item.delivery and item.delivery.kind
        if kind == UNREADABLE:
            raise self._unreadable(item)
        if self.asks_backend:
            return item.importer._import_data()
        if kind == GONE:
            raise IDMissingInBackend(str(item.external_id))
        raise InvalidDataError(
            translatable(self.env)._(
                "The backend cannot be asked for record %s. It has to deliver the "
                "record.",
                item.external_id,
            )
        )

    def _unreadable(self, item):
        """Return the error for a record that its source could not read."""
        if not self.tracker.depth:
            return InvalidDataError(item.delivery.reason)
        return InvalidDataError(
            translatable(self.env)._(
                "It needs %(kind)s %(record)s, which cannot be read: %(reason)s",
                kind=translatable_label(self.env, self.importer.model._name),
                record=item.importer._id_and_name(),
                reason=item.delivery.reason,
            )
        )

    def end_if_done(self, item):
        """End the import of a record whose data another job has imported."""
        is_done = item.delivery and item.delivery.kind == DONE
        if is_done and not item.is_read and not self.asks_backend:
            item.outcome = Outcome(
                UNCHANGED,
                translatable(self.env)._(
                    "Nothing was imported: what the backend has delivered was imported "
                    "or removed before."
                ),
            )

    def settle(self, items):
        """Remove the data with which an import is done, but no newer data.

        :return: the items whose data another transaction is removing, too
        """
        settled = [
            item
            for item in items
            if item.is_done and item.delivery and item.delivery.kind != DONE
        ]
        if not settled:
            return []
        try:
            with self.env.cr.savepoint():
                self._table.settle([item.delivery.id for item in settled])
        except psycopg2.errors.SerializationFailure:
            return settled
        return []

    @property
    def _table(self):
        return self.env["connector.delivered.record"]

    def _newest(self, items):
        importer = self.importer
        ids = [item.external_id for item in items]
        return self._table.newest(importer.backend_record, importer.model._name, ids)

    def _key(self, item):
        return dependency_key(self.importer.model._name, item.external_id)
