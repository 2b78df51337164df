# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Linked records that a complete delivery does not contain: they are gone."""

from bisect import bisect_left

from odoo.tools import split_every

from ...exception import JobError
from ...jobs.names_for_many import name_for_many
from ...jobs.outcome import DELAYED, UNCHANGED, Outcome
from ...jobs.states import FAILED
from ...tools.bindings import chunk_size_of
from ...tools.external_id import is_external_id
from ...tools.text import storable
from ...tools.translatable import translatable
from .delivered import ASKED, GONE


class TooManyMissingError(JobError):
    """A person has to agree before so many records are removed."""

    #: Kept in the row of the job that fails, so that its next run is the reply.
    kept_by_failure = {"is_asked": True}


class MissingRecords:
    """The linked records that a delivery, all of which was taken, does not contain.

    If they are many, a person has to agree first: see :func:`remove_asked`.
    """

    def __init__(self, batch_importer, delivery):
        self.batch = batch_importer
        self.env = batch_importer.env
        self.backend = batch_importer.backend_record
        self.model = batch_importer.model
        self.binder = batch_importer.binder
        self.delivery = delivery
        self._texts = translatable(self.env)

    def remove(self):
        """Delay the jobs that remove the records, or that ask a person first.

        :return: a translated sentence; ``None`` if no record is missing
        """
        if not self.delivery.is_complete:
            return None
        if not self.delivery.is_whole:
            return self._texts._(
                "Nothing is removed, since the id of a record could not be read."
            )
        missing, total = self._find()
        self._end_questions()
        if not missing:
            return None
        is_asked = len(missing) > self.batch._most_missing * total
        rows = [(id_, ASKED if is_asked else GONE, None, None, None) for id_ in missing]
        table = self.env["connector.delivered.record"]
        table.store(self.backend, self.model._name, self.delivery.moment, rows)
        if is_asked:
            self._ask(missing)
            return self._texts._(
                "Missing records: %s. A failure asks whether to remove them.",
                len(missing),
            )
        _delay_chunks(self.batch, missing)
        return self._texts._("Missing records to remove: %s.", len(missing))

    def _find(self):
        """Return the ids of the missing records, and the number of all linked ones."""
        seen, missing, total = sorted(self.delivery.seen), [], 0
        importer, delivered_at = self.delivery.importer, self.batch._delivered_at()
        for bindings in self.binder._pages(1000):
            for binding in bindings:
                external_id = self.binder.to_external(binding)
                if not is_external_id(external_id):
                    continue
                total += 1
                key = hash(storable(str(external_id)))
                place = bisect_left(seen, key)
                is_seen = place < len(seen) and seen[place] == key
                if not is_seen and self._is_to_remove(importer, binding, delivered_at):
                    missing.append(str(external_id))
            self.env.invalidate_all()
        return missing, total

    def _is_to_remove(self, importer, binding, delivered_at):
        name = self.binder.shape.sync_date
        if delivered_at and name in binding._fields:
            synchronised = binding[name]
            if synchronised and synchronised > delivered_at:
                return False  # An export may have created it since then.
        return not importer._is_removed(binding)

    def _ask(self, external_ids):
        name = name_for_many("import_missing", self.backend, len(external_ids))
        self.model.with_delay(description=name).import_missing(
            self.backend, external_ids
        )

    def _end_questions(self):
        """End the questions about earlier deliveries, to which nobody has replied."""
        jobs = self.env["queue.job"].sudo()
        domain = [
            ("backend_model", "=", self.backend._name),
            ("backend_id", "=", self.backend.id),
            ("model_name", "=", self.model._name),
            ("method_name", "=", "import_missing"),
            ("state", "=", FAILED),
        ]
        if failed := jobs.search(domain):
            failed.button_done()


def remove_asked(batch_importer, external_ids):
    """Delay the jobs that remove records, if a person has retried the present job.

    :raise TooManyMissingError: which asks the person
    """
    table = batch_importer.env["connector.delivered.record"]
    texts = translatable(batch_importer.env)
    backend, model = batch_importer.backend_record, batch_importer.model
    rows = table.newest(backend, model._name, external_ids, but_kind="")
    asked = {id_: row.id for id_, row in rows.items() if row.kind == ASKED}
    if not asked:
        message = texts._(
            "Nothing was removed: a later delivery has dealt with the records."
        )
        return Outcome(UNCHANGED, message)
    kept = batch_importer._current_job().kept_data or {}
    if not kept.get("is_asked"):
        raise TooManyMissingError(
            texts._(
                "Records that are missing in a delivery of all records: %s. Retry to "
                "remove them. Mark the job as done to keep them until the next "
                "delivery.",
                len(asked),
            )
        )
    table.browse(asked.values()).sudo().kind = GONE
    wanted = [id_ for id_ in external_ids if storable(str(id_)) in asked]
    _delay_chunks(batch_importer, wanted)
    return Outcome(DELAYED, texts._("Missing records to remove: %s.", len(asked)))


def _delay_chunks(batch_importer, external_ids):
    size = chunk_size_of(batch_importer.backend_record)
    for chunk in split_every(size, external_ids, list):
        batch_importer._delay_chunk(chunk)
