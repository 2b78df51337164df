# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""New records that the backend has already: they are linked, and not created."""

from collections.abc import Iterator

from ...exception import (
    DefinitionError,
    IDMissingInBackend,
    ManyIDSInBackend,
    RetryableJobError,
)
from ...jobs.deletes import waiting_deletes
from ...jobs.outcome import POSTPONED
from ...tools.access import name_for_user, readable
from ...tools.diagnosis import source_of
from ...tools.external_id import is_external_id, unique_external_ids
from ...tools.locks import pg_try_advisory_locks
from ...tools.translatable import translatable
from ..importer.dependencies import check_external_id, invalid_id
from ..importer.locking import HeldLocks, ImportLocks

#: Seconds until an export looks again whether its match was deleted.
DELETE_SECONDS = 60


def adopt_match(item):
    """Link a new record, whose row is locked, with the one that the backend has.

    :return: whether the backend has one, which is then updated
    :raise ManyIDSInBackend: when it has several, or the one is linked already
    :raise RetryableJobError: when another job is about to create or link the same one
    """
    if item.match_key is None:
        return False
    Matching(item.exporter).find([item], _raise)
    if item.match is None:
        return False
    try:
        item.adopt()
        if item.call.data:
            item.exporter._update(item.call.data)
    except IDMissingInBackend:
        item.abandon_match()
        return False
    return True


def _raise(_item, error):
    raise error


class Matching:
    """Finds the records of the backend that new records are to be linked with.

    Locks that last until the end of the transaction keep other jobs from creating a
    record with the same key, and from linking or importing the same external id.
    """

    def __init__(self, exporter):
        self.exporter = exporter
        self.env = exporter.env
        self._first = {}  # the first item with each key and each external id

    def find(self, items, fail):
        """Give each item the id of its record on the backend, if that has one.

        :param items: list of :class:`~.item.ExportItem`, each with a ``match_key``
        :param fail: called with an item and the error that ends its export
        :raise Exception: the error of the adapter, which ``is_looked_for`` of each item
            shows how far it came
        """
        items = self._lock(items, fail)
        found, interruption = self._found(items) if items else ({}, None)
        matched = []
        for item in items:
            item.is_looked_for = not interruption or str(item.match_key) in found
            try:
                item.match = self._only_id(item, found.get(str(item.match_key)))
                if item.match is not None:
                    self._check_first(item, "id", item.match)
                    matched.append(item)
            except Exception as error:
                fail(item, error)
        self._check_unlinked(matched, fail)
        if interruption:
            raise interruption

    def find_unlocked(self, item):
        """Find the record of one item as :meth:`find` does, without any lock.

        :return: its external id, ``None`` if the backend does not have it
        :raise ManyIDSInBackend: when there are several, or the one is linked already
        """
        found, error = self._found([item])
        if error:
            raise error
        item.match = self._only_id(item, found.get(str(item.match_key)))
        linked = self.exporter.binder.to_internal(item.match)
        if linked and linked != item.binding:
            raise self._several(item, linked, item.match)
        return item.match

    def _lock(self, items, fail):
        """Lock the keys; return the items that go on."""
        exporter = self.exporter
        backend, model = exporter.backend_record, exporter.model._name
        names = {
            item: f"match({backend._name}, {backend.id}, {model}, {item.match_key})"
            for item in items
        }
        held = pg_try_advisory_locks(self.env, [*names.values()])
        going_on = []
        for item in items:
            try:
                if names[item] in held:
                    exporter._retry_job_later(
                        translatable(self.env)._(
                            "Another job is exporting a record that matches the same "
                            "record of the backend."
                        )
                    )
                self._check_first(item, "key", item.match_key)
                going_on.append(item)
            except Exception as error:
                fail(item, error)
        return going_on

    def _check_first(self, item, kind, value):
        """Refuse a second record that is to be linked with the same one.

        :raise ManyIDSInBackend: with the names of both
        """
        first = self._first.setdefault((kind, str(value)), item)
        if first is not item:
            raise self._several(item, first.binding, value)

    def _found(self, items):
        """Return what the adapter finds by the texts of the keys, and how it failed."""
        adapter, found = self.exporter.backend_adapter, {}
        try:
            returned = adapter.find_existing([item.match_key for item in items])
            if not isinstance(returned, dict | Iterator):
                raise self._wrong_result(type(adapter), returned)
            pairs = returned.items() if isinstance(returned, dict) else returned
            for key, ids in pairs:
                found[str(key)] = ids
        except Exception as error:
            return found, error
        return found, None

    def _wrong_result(self, adapter, returned):
        source = source_of(adapter, "find_existing")
        return DefinitionError(
            f"{adapter._name}.find_existing() ({source}) returned "
            f"{type(returned).__name__}. Return a dict: the external id by the key, or "
            "a list of ids if several records have it."
        )

    def _only_id(self, item, found):
        """Return the only id that was found, ``None`` without one.

        :raise ManyIDSInBackend: when there are several
        :raise InvalidDataError: when something else was found
        """
        if isinstance(found, Exception):
            raise found
        ids = found if isinstance(found, list | tuple | set) else [found]
        if found is None or found is False:
            return None
        for external_id in ids:
            check_external_id(self.env, external_id)
            if not is_external_id(external_id):
                raise invalid_id(self.env, external_id)
        ids = unique_external_ids(ids)
        if len(ids) > 1:
            raise ManyIDSInBackend(
                translatable(self.env)._(
                    "%(record)s (id %(id)s) matches several records of the backend: "
                    "%(external_ids)s. Nothing was exported. Merge them there, or link "
                    "%(record)s with one of them by hand.",
                    record=name_for_user(item.binding),
                    id=item.binding.id,
                    external_ids=", ".join(map(str, ids)),
                )
            )
        return ids[0] if ids else None

    def _check_unlinked(self, items, fail):
        """Make sure that no other binding has the ids, and lock them."""
        if not items:
            return
        reader = self._reader()
        ids = [item.match for item in items]
        known = reader.binder.to_internal_many(ids)
        try:
            outcomes = ImportLocks(reader).lock(ids, known)
        except RetryableJobError as error:
            for item in items:
                fail(item, error)
            return
        exporter = self.exporter
        deleted = waiting_deletes(exporter.backend_record, exporter.model._name, ids)
        for item in items:
            linked, outcome = known.get(item.match), outcomes.get(item.match)
            try:
                if item.match in deleted:
                    raise self._deleted(item)
                if linked and linked != item.binding:
                    raise self._several(item, linked.with_env(self.env), item.match)
                if outcome and outcome.kind == POSTPONED:
                    self.exporter._retry_job_later(outcome.message)
            except Exception as error:
                fail(item, error)

    def _deleted(self, item):
        return RetryableJobError(
            translatable(self.env)._(
                "%(record)s (id %(id)s) matches record %(match)s of the backend, which "
                "was deleted in Odoo. It is exported when a job has deleted that "
                "record.",
                record=name_for_user(item.binding),
                id=item.binding.id,
                match=item.match,
            ),
            seconds=DELETE_SECONDS,
            ignore_retry=True,
        )

    def _reader(self):
        """Return an exporter that sees all bindings, whatever the user may see."""
        exporter = self.exporter
        HeldLocks.of(exporter.work)  # which the other work context then shares
        backend = exporter.backend_record.sudo()
        return type(exporter)(exporter.work.work_on(collection=backend))

    def _several(self, item, other, value):
        other_id, other = other.id, other if self.env.su else readable(other)
        return ManyIDSInBackend(
            translatable(self.env)._(
                "%(record)s (id %(id)s) and %(other)s (id %(other_id)s) match the same "
                "record of the backend: %(match)s. Nothing was exported of "
                "%(record)s. Merge the two in Odoo, or make them differ.",
                record=name_for_user(item.binding),
                id=item.binding.id,
                other=name_for_user(other),
                other_id=other_id,
                match=value,
            )
        )
