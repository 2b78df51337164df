# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Store the records that one run of a source delivers, unless they are unchanged."""

import json
from array import array
from functools import cached_property

from ...exception import ConnectorException
from ...tools.external_id import is_external_id
from ...tools.text import storable
from ...tools.translatable import terms_of, translatable
from .delivered import (
    COMPLETE,
    DATA,
    DONE,
    GONE,
    UNREADABLE,
    Deleted,
    Delivered,
    Unreadable,
    as_delivered,
)
from .flow import ImportFlow
from .item import ImportItem


class Delivery:
    """Takes what a source yields, and returns the ids of the records to import.

    :param moment: ``datetime`` at which the source began to deliver
    """

    def __init__(self, synchronizer, moment=None):
        self.synchronizer = synchronizer
        self.env = synchronizer.env
        self.moment = moment or self.env.cr.now()
        self.unchanged = 0  #: records whose data is that of their last import
        self.left_out = 0  #: records that a waiting job is going to import
        self.is_complete = False  #: whether the source has delivered all records
        self.is_whole = True  #: whether the ids of all records are known
        #: hashes of the stored ids, since millions of ids need too much memory
        self.seen = array("q")

    @cached_property
    def importer(self):
        """The importer of the records, which has to declare that it expects data."""
        importer = self.synchronizer.component(usage="record.importer")
        if not getattr(importer, "_has_deliveries", False):
            raise ConnectorException(
                f"{self.synchronizer._name} delivers records with their data. "
                f"{importer._name} must declare _has_deliveries = True."
            )
        return importer

    def take(self, found, waiting=()):
        """Store the records of a chunk that come with their data.

        :param found: list of what the source has yielded
        :param waiting: texts of the ids that a waiting job is going to import
        :return: the ids to import
        """
        ids, delivered = [], {}
        self.is_complete = bool(found) and found[-1] is COMPLETE
        for each in found:
            if each is COMPLETE:
                continue
            record = as_delivered(each)
            self._see(record, record.external_id if record else each)
            if record is None:
                ids.append(each)
                continue
            if record.external_id is None and isinstance(record, Unreadable):
                record = record._replace(external_id=str(record.name))
            delivered[str(record.external_id)] = record  # The last one counts.
        wanted = [id_ for id_ in ids if str(id_) not in waiting]
        self.left_out += len(ids) - len(wanted)
        if delivered:
            wanted += self._store(list(delivered.values()), waiting)
            self.env.invalidate_all()  # A source may deliver millions of records.
        return wanted

    @property
    def unchanged_message(self):
        """A translated sentence that counts the records with unchanged data."""
        texts = translatable(self.env)
        if self.unchanged == 1:
            return texts._("1 record is unchanged.")
        return texts._("%s records are unchanged.", self.unchanged)

    @cached_property
    def _follows_unprocessed(self):
        """Whether an earlier delivery, whose data is older, may be processed later."""
        return self.env["connector.webhook.delivery"].has_unprocessed(
            self.importer.backend_record, self.moment
        )

    def _see(self, record, external_id):
        """Note the id of a record that the backend has."""
        if isinstance(record, Deleted):
            return
        if is_external_id(external_id):
            self.seen.append(hash(storable(str(external_id))))
        else:
            self.is_whole = False

    def _store(self, delivered, waiting):
        """Store the records with new data; return the ids that need a job."""
        table = self.env["connector.delivered.record"]
        backend, name = self.importer.backend_record, self.importer.model._name
        known = table.newest(
            backend, name, [each.external_id for each in delivered], but_kind=DONE
        )
        digests = self._digests_of_changed(delivered, known)
        rows, wanted = [], []
        for record in delivered:
            key = storable(str(record.external_id))
            if key not in digests:
                self.unchanged += 1
                if self._follows_unprocessed:
                    rows.append((key, DONE, None, None, None))
                continue
            row = self._row(key, record, digests[key])
            if self._waits(row, known.get(key), waiting):
                self.left_out += 1
                continue
            wanted.append(record.external_id)
            if is_external_id(record.external_id):
                rows.append(row)
        if rows:
            table.store(backend, name, self.moment, rows)
        return wanted

    def _digests_of_changed(self, delivered, known):
        """Return the digests of the records to import, by the stored id."""
        items = [
            ImportItem(each.external_id, each.data, self.importer)
            for each in delivered
            if isinstance(each, Delivered)
        ]
        changed = ImportFlow(self.importer, items).changed()
        digests = {
            storable(str(item.external_id)): item.data_digest and item.data_digest.hex()
            for item in items
            if item in changed or storable(str(item.external_id)) in known
        }
        others = (each for each in delivered if not isinstance(each, Delivered))
        return digests | {storable(str(each.external_id)): None for each in others}

    def _row(self, key, record, digest):
        texts, data = {"name": terms_of(record.name)} if record.name else {}, None
        if isinstance(record, Deleted):
            kind = GONE
        elif isinstance(record, Unreadable):
            kind, texts["reason"] = UNREADABLE, terms_of(record.reason)
        else:
            try:
                kind, data = DATA, json.dumps(record.data)
            except (TypeError, ValueError, RecursionError):
                reason = translatable(self.env)._(
                    "The data of the record contains a value that JSON cannot hold."
                )
                kind, texts["reason"] = UNREADABLE, terms_of(reason)
        return key, kind, digest, data, json.dumps(storable(texts)) if texts else None

    def _waits(self, row, known, waiting):
        """Return whether a job is going to import the same data."""
        if not known or known.kind != DATA or row[0] not in waiting:
            return False
        return known.digest is not None and known.digest == row[2]
