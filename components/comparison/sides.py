# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare all records of a backend with those of Odoo, a job for each chunk."""

from collections import Counter
from contextlib import suppress
from functools import partial

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.component.core import Component
from odoo.addons.component.exception import NoComponentError

from ...exception import JobError
from ...jobs.deletes import waiting_deletes
from ...jobs.methods import EXPORT, IMPORT
from ...jobs.names_for_many import name_for_many
from ...jobs.outcome import DELAYED, UNCHANGED, Outcome, Report
from ...jobs.scope import BACKEND, JOB, scope_of
from ...tools.bindings import chunk_size_of
from ...tools.external_id import is_external_id, unique_external_ids
from ...tools.locks import try_lock_rows
from ...tools.overrides import overrides
from ...tools.read_only import read_only_work, reader_of
from ...tools.text import storable
from ...tools.translatable import joined, translatable
from ..binder import Binder
from ..chunk import Chunk
from ..item import Item
from .presentation import Presentation
from .result import DIFFERS, FAILED, SAME, UNKNOWN
from .values import shown

# Kinds of lines, in addition to DIFFERS and FAILED
MISSING_HERE = "missing_here"
MISSING_THERE = "missing_there"
TWICE = "twice"

#: Keys in the data of a backend that usually hold the name of a record.
NAMES = ("name", "title", "label", "display_name", "reference", "email")


class SidesComparison(Component):
    """Compare both sides of a kind of record.

    Jobs for chunks of bindings read the backend's records: these differ, are the same,
    or are missing there. Other jobs take the ids that the adapter's ``search`` returns
    and that have no binding. Each job holds one chunk in memory.
    """

    _name = "connector.sides.comparison"
    _inherit = "connector.found.by.usage"
    _usage = "sides.comparison"

    @property
    def reader(self):
        """Environment of the user who reads the texts."""
        return reader_of(self.work)

    # -- the job that delays the others

    def prepare(self, comparison, job_uuid):
        """Delay a job for each chunk, and find what is linked twice."""
        lines, note = self._linked_twice(), self._mapper_note()
        if not self.component(usage="record.comparison").asks_backend:
            comparison.store_plan(0, self._not_comparable())
            comparison.store_chunk(job_uuid, 0, {}, lines)
            return self._not_comparable()
        size, sizes = chunk_size_of(self.backend_record), []
        for page in self.binder_for()._pages(size):
            delayed = self._delayed(self.model.browse(page.ids), page, sizes)
            delayed.compare_chunk(comparison)
        unknown_ids = self.component(usage="chunk.comparison").unknown_ids
        try:
            for external_ids in split_every(size, self._search(), list):
                # The others are compared with their bindings, and count once.
                unknown = unknown_ids(external_ids)
                if unknown:
                    delayed = self._delayed(self.model, unknown, sizes)
                    delayed.compare_found(self.backend_record, unknown, comparison)
        except NotImplementedError:
            note = self.reader._(
                "The connector cannot list the records of the backend. Records that "
                "are missing in Odoo are not found."
            )
        comparison.store_plan(sum(sizes), note)
        comparison.store_chunk(job_uuid, 0, {}, lines)
        return translatable(self.reader)._(
            "Records to compare: %(records)s. Jobs: %(jobs)s.",
            records=sum(sizes),
            jobs=len(sizes),
        )

    def _not_comparable(self):
        return translatable(self.reader)._(
            "The backend delivers these records, and cannot be asked for them. So both "
            "sides cannot be compared. Only records that are linked twice are found."
        )

    def _mapper_note(self):
        comparer = self.component(usage="record.comparison")
        if comparer.mapper(EXPORT) or comparer.mapper(IMPORT):
            return ""
        return self.reader._(
            "The connector does not map these records. Only whether both sides have "
            "them is compared."
        )

    def _delayed(self, records, ids, sizes):
        sizes.append(len(ids))
        name = name_for_many("compare_chunk", self.backend_record, len(ids))
        return records.with_delay(description=name)

    def _search(self):
        # A comparison must not change the backend. Jobs are stored in the meantime.
        with self.backend_record.work_on(self.model._name, read_only=True) as work:
            adapter = work.component(usage="record.comparison").adapter()
            yield from adapter.search()

    def _linked_twice(self):
        """Return a line for each record of either side that has several bindings."""
        shape = self.binder_for().shape
        lines = [
            self._twice(bindings, external_id)
            for external_id, bindings in self._shared(shape.external_id)
            if is_external_id(external_id)
        ]
        if shape.record in self.model._fields:
            lines += [
                self._twice(bindings) for _, bindings in self._shared(shape.record)
            ]
        return lines

    def _shared(self, name):
        field = self.model._fields.get(name)
        if not field or not field.store:
            return
        binder = self.binder_for()
        empty = Domain(name, "=", False)
        if name == binder.shape.external_id:
            empty = binder._unbound_domain()
        domain = binder.backend_domain() & ~empty
        # Rules and archived records hide bindings that exist nevertheless.
        model = self.model.sudo().with_context(active_test=False)
        for value, ids in model._read_group(
            domain, [name], ["id:array_agg"], having=[("__count", ">", 1)]
        ):
            yield value, model.browse(ids)

    def _twice(self, bindings, external_id=None):
        ids = [self.binder_for().to_external(binding) for binding in bindings]
        detail = _detail(
            self.reader._("Linked with each other"),
            here=", ".join(f"{b.display_name} ({b.id})" for b in bindings),
            there=", ".join(map(str, unique_external_ids(ids))),
        )
        return {
            "kind": TWICE,
            "res_id": bindings[0].id,
            "external_id": external_id if is_external_id(external_id) else ids[0],
            "details": [detail],
        }

    # -- a repair

    def link(self, external_id, record, lost):
        """Link a record of the backend with a record of Odoo.

        :param lost: the external ids that the backend does not have, by the id of the
            binding that had it
        :raise UserError: when one of both is linked with another record, or when a job
            is exporting or importing it
        """
        binder = self.binder_for()
        binding = record
        if record._name != self.model._name:
            binding = binder.binding_of(record)
        if binding and not try_lock_rows(binding):
            raise UserError(
                self.reader._(
                    "%s is being exported right now. Wait a moment.",
                    record.display_name,
                )
            )
        other = binder.to_external(binding) if binding else None
        if is_external_id(other) and str(other) != lost.get(binding.id):
            raise UserError(
                self.reader._(
                    "%(record)s is linked with %(other)s already.",
                    record=record.display_name,
                    other=other,
                )
            )
        self._reserve(external_id)
        if not binding:
            binding = self.model.with_context(connector_no_export=True).create(
                {
                    binder.shape.backend: self.backend_record.id,
                    binder.shape.record: record.id,
                }
            )
        binder.bind(external_id, binding)

    def _reserve(self, external_id):
        """Make sure that a record of the backend has no link, and gets none by a job.

        :raise UserError: when it has one, or a job imports or deletes it
        """
        with self.backend_record.sudo().work_on(self.model._name) as work:
            with suppress(NoComponentError):
                importer = work.component(usage="record.importer")
                try:
                    importer._lock_import(external_id)
                except JobError as error:
                    raise UserError(str(error)) from error
            if work.component(usage="binder").to_internal(external_id):
                raise UserError(
                    self.reader._(
                        "Record %s was imported or linked in the meantime. Compare it "
                        "again.",
                        external_id,
                    )
                )
        if waiting_deletes(self.backend_record, self.model._name, [external_id]):
            raise UserError(
                self.reader._(
                    "Record %s was deleted in Odoo. The job that deletes it on the "
                    "backend is not done yet.",
                    external_id,
                )
            )

    # -- the jobs for chunks

    def compare_bindings(self, comparison, bindings, job_uuid, again=False):
        """Compare the records of bindings with those of the backend.

        :param again: whether they were compared before
        """

        def delay_rest(rest, **options):
            rest.with_delay(**options).compare_chunk(comparison, again=again)

        chunk = self._compare("compare_bindings", bindings)
        rest = bindings.browse([item.id for item in chunk.rest])
        done = (bindings - rest).ids
        before = again and Domain("res_id", "in", done)
        store = partial(self._store, chunk, comparison, job_uuid, before, len(done))
        return chunk.settle(partial(store, "compare_chunk", rest, delay_rest))

    def compare_found(self, comparison, external_ids, job_uuid, again=False):
        """Find the records of the backend that Odoo does not have.

        :param again: whether they were compared before
        """

        def delay_rest(rest, **options):
            delayed = self.model.with_delay(**options)
            delayed.compare_found(self.backend_record, rest, comparison, again=again)

        chunk = self._compare("compare_ids", external_ids)
        rest = [item.id for item in chunk.rest]
        done = [str(id_) for id_ in external_ids if id_ not in rest]
        before = again and Domain("external_id", "in", done)
        store = partial(self._store, chunk, comparison, job_uuid, before, len(done))
        return chunk.settle(partial(store, "compare_found", rest, delay_rest))

    def _compare(self, method, records):
        backend, name = self.backend_record, self.model._name
        with read_only_work(backend, name, self.reader) as work:
            return getattr(work.component(usage="chunk.comparison"), method)(records)

    def _store(
        self, chunk, comparison, job_uuid, before, size, method, rest, delay_rest
    ):
        """Store the lines of a chunk, and delay a job for its rest.

        :param before: domain of the records that were compared before
        """
        repairs = comparison.forget_lines(before) if before else {}
        lines = [storable(item.line) for item in chunk.items if item.line]
        counts = Counter(line["kind"] for line in lines)
        lines = [
            {**line, **repairs.get(line.get("res_id") or line.get("external_id"), {})}
            for line in lines
            if line["kind"] not in (SAME, UNKNOWN)
        ]
        comparison.store_chunk(job_uuid, 0 if before else size, counts, lines)
        report = Report(self.reader)
        if rest:
            call = self.model._name, method
            chunk.delay_rest(report, call, rest, partial(delay_rest, rest))
        message = self._count_message(counts[SAME], len(lines))
        text = joined([message, *report.failures], "\n")
        return Outcome(DELAYED, text, report.counts)

    def _count_message(self, same, differences):
        texts = translatable(self.reader)
        if differences == 1:
            return texts._("%s the same, 1 difference.", same)
        return texts._(
            "%(same)s the same, %(differences)s differences.",
            same=same,
            differences=differences,
        )


class ComparedItem(Item):
    """The comparison of one record.

    :param id_: id of the binding, or external id
    :param values: values of the line that say which record it is about
    :param failed: kind of the line if the record cannot be read or compared
    :param compare: called with the external id and the data, ``None`` without a record;
        returns more values of the line, ``None`` without one
    """

    def __init__(self, id_, values, failed, compare):
        self.id = id_
        self.values = values
        self.failed = failed
        self.compare = compare
        self.line = None  #: values of the line

    def note_failure(self, cause):
        """Make the line say why the record could not be compared."""
        failed = {"kind": self.failed, "details": [_detail(error=cause)]}
        self.line = {**self.values, **failed}


class ChunkComparison(Component):
    """Compare one chunk, in a transaction that cannot write."""

    _name = "connector.chunk.comparison"
    _inherit = "connector.found.by.usage"
    _usage = "chunk.comparison"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.comparer = self.component(usage="record.comparison")

    def compare_bindings(self, bindings):
        """Return the :class:`~..chunk.Chunk` of the bindings that the user may read."""
        binder, items = self.binder_for(), []
        readable = bindings.with_context(active_test=False).exists()
        readable = readable._filtered_access("read").with_prefetch(bindings.ids)
        for binding in readable:
            external_id = binder.to_external(binding)
            external_id = external_id if is_external_id(external_id) else False
            values = {"res_id": binding.id, "external_id": external_id}
            compare = partial(self._compare, binding)
            items.append(ComparedItem(binding.id, values, FAILED, compare))
        return self._run(items)

    def compare_ids(self, external_ids):
        """Return the :class:`~..chunk.Chunk` of the records that Odoo does not have."""
        items = [
            ComparedItem(id_, {"external_id": id_}, MISSING_HERE, self._missing_here)
            for id_ in self.unknown_ids(external_ids)
        ]
        return self._run(items)

    def _run(self, items):
        ids = [item.values["external_id"] for item in items]
        found = self.comparer.read_many(list(filter(is_external_id, ids)))
        chunk = Chunk(self.env, items)
        chunk.run_each(items, partial(self._end, found))
        for item in items:
            if not (item.is_open or item.is_done):
                item.note_failure(item.outcome)
        return chunk

    def _end(self, found, item):
        """Read the record of an item, and compare it.

        :param found: data that was read, by the texts of ids; ``None`` if none was
        """
        external_id, data = item.values["external_id"], None
        try:
            if is_external_id(external_id):
                read = () if found is None else (found.get(str(external_id)),)
                data = self.comparer.read(external_id, *read)
            line = item.compare(external_id, data)
            item.line = line and {**item.values, **line}
        except Exception as error:
            if scope_of(error) in (JOB, BACKEND):
                raise
            item.note_failure(self.comparer.explain(error))
        item.outcome = Outcome(UNCHANGED, "")

    def _compare(self, binding, external_id, data):
        """Return the kind and details of the line of a binding."""
        if data is None:
            return {"kind": MISSING_THERE}
        result = self.comparer.compare(binding, external_id, data)
        if not result.count(DIFFERS, FAILED) and not result.errors:
            is_run = not any(each.error for each in result.fields)
            comparable = result.by_field and result.fields and is_run
            return {"kind": SAME if comparable else UNKNOWN}
        details = Presentation(self.comparer, result, binding).differences()
        details += [_detail(error=cause) for cause in result.errors]
        kind = DIFFERS if result.count(DIFFERS) else FAILED
        return {"kind": kind, "details": details}

    def unknown_ids(self, external_ids):
        """Return the ids that have no binding, and that no job is going to delete."""
        with self.backend_record.sudo().work_on(self.model._name) as work:
            binder = work.component(usage="binder")
            if overrides(binder, Binder, "to_internal"):
                bound = binder.to_internal_many(external_ids)
            else:
                bound = binder.bound_external_ids(external_ids, self.env(su=True))
        bound = set(map(str, bound))
        unknown = [id_ for id_ in external_ids if str(id_) not in bound]
        deleted = waiting_deletes(self.backend_record, self.model._name, unknown)
        return [id_ for id_ in unknown if id_ not in deleted]

    def _missing_here(self, external_id, data):
        if data is None:
            return None
        match, model_name = self.comparer.match(external_id, data), self.model._name
        with suppress(ValueError):
            model_name = self.binder_for().unwrap_model()
        return {
            "kind": MISSING_HERE,
            "label": self._label_of(external_id, data),
            "match_model": model_name,
            "match_id": match.id if match and len(match) == 1 else False,
        }

    def _label_of(self, external_id, data):
        """Return the name that the record would have in Odoo, and its own."""
        name = self._name_of(external_id, data)
        given = self.comparer.record_name(external_id, data)
        return f"{name} ({given})" if given and given != name else name

    def _name_of(self, external_id, data):
        """Return the name that the record would have in Odoo."""
        nobody = self.model.browse()
        if self.comparer.mapper(IMPORT):
            result = self.comparer.compare_import(external_id, data, nobody)
            for each in result.fields:
                if each.target == self.model._rec_name and each.mapped:
                    return shown(each.mapped)
        values = self.comparer.values_on_backend(external_id, data) or {}
        names = (values[key] for key in NAMES if values.get(key))
        return shown(next(names, ""))


def _detail(label="", here="", there="", error=False):
    return dict(label=label, here=here, there=there, error=error, fields=None)
