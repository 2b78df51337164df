# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare one record with its counterpart, without changing either."""

import re
from collections.abc import Mapping
from functools import partial

import psycopg2
import psycopg2.errors

from odoo.addons.component.core import Component
from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ...exception import IDMissingInBackend
from ...jobs.causes import cause_of
from ...jobs.directions import EXPORT, IMPORT
from ...tools.bindings import model_label
from ...tools.external_id import is_external_id
from ...tools.orm import changed_values
from ...tools.read_only import reader_of
from ..exporter.record import GenericExporter
from ..importer.item import ImportItem
from ..importer.record import RecordImporter
from .dependencies import export_dependencies, import_dependencies
from .description import described_fields
from .result import (
    DIFFERS,
    FAILED,
    KEPT,
    NEW,
    SAME,
    UNKNOWN,
    ComparedField,
    RecordComparison,
)
from .trace import MappingTrace
from .values import is_same

_UNREAD = object()
#: Words of "last_name", "lastName", "last-name" and "customerID".
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[^\W_]?[^\W_A-Z]+|[^\W_]")


class RecordComparer(Component):
    """Compare a record of Odoo with its record on the backend.

    It runs the mappers and the hooks of the connector's exporter and importer. For
    exports, the mapped values are compared with the data that the adapter reads, if
    that has the same keys. Otherwise, what the import mapper makes of the data is
    compared with the record of Odoo.

    A connector whose adapter returns something else overrides
    :meth:`values_on_backend`.
    """

    _name = "connector.record.comparer"
    _inherit = "base.connector"
    _usage = "record.comparison"

    def __init__(self, work_context):
        super().__init__(work_context)
        self._traces = {}
        self._found = {}

    @property
    def reader(self):
        """Environment of the user who reads the texts."""
        return reader_of(self.work)

    # -- hooks of connectors

    def values_on_backend(self, external_id, data):
        """Return what the backend has, with the targets of the export mapper as keys.

        :param external_id: id of the record on the backend
        :param data: the data of the record, as the adapter reads it
        :return: ``None`` when the data cannot be compared by field
        :rtype: dict | None
        """
        return data if isinstance(data, Mapping) else None

    def is_same(self, target, here, there):
        """Return whether a field has the same value on both sides.

        :param target: name of the field on the backend
        :param here: value that Odoo would send
        :param there: value of :meth:`values_on_backend`
        :rtype: bool
        """
        return is_same(here, there)

    def backend_label(self, name):
        """Return the name of a field of the backend, for people.

        :param name: the name in the data of the backend
        :rtype: str
        """
        words = _WORD.findall(str(name)) or [str(name)]
        text = " ".join(word if word.isupper() else word.lower() for word in words)
        return text[:1].upper() + text[1:]

    def shown(self, target, value):
        """Return a value of the backend as text; ``None`` for the default.

        :param target: name of the field on the backend
        :param value: value of a mapping to, or from, the backend
        """
        return None

    def map_for_export(self, exporter, map_record, creates):
        """Return the data that an export would send.

        :param exporter: the exporter of the binding
        :param map_record: the :class:`MapRecord` of the binding
        :param creates: whether the record is new to the backend
        """
        if creates:
            return exporter._create_data(map_record, fields=None)
        return exporter._update_data(map_record, fields=None)

    def map_for_import(self, importer, map_record, binding, removed):
        """Return the values that an import would write.

        :param importer: the importer of the record
        :param map_record: the :class:`MapRecord` of its data
        :param binding: its binding, which may be empty
        :param removed: list for the lines that the import would remove
        """
        if binding:
            return importer._update_data(map_record, binding=binding, removed=removed)
        return importer._create_data(map_record)

    # -- what the connector offers

    @property
    def exporter(self):
        """The exporter of the model, ``None`` without one."""
        return self._optional("record.exporter")

    @property
    def importer(self):
        """The importer of the model, ``None`` without one."""
        return self._optional("record.importer")

    def mapper(self, direction):
        """Return the mapper of a direction, ``None`` without one."""
        synchronizer = self.exporter if direction == EXPORT else self.importer
        try:
            if hasattr(synchronizer, "mapper"):
                return synchronizer.mapper
        except (NoComponentError, SeveralComponentError):
            return None
        return self._optional(f"{direction}.mapper")

    def described_fields(self, direction):
        """Return what is mapped in a direction, as people understand it.

        :param direction: ``EXPORT`` or ``IMPORT``
        :rtype: list[DescribedField]
        """
        mapper = self.mapper(direction)
        return described_fields(mapper) if mapper else []

    def _optional(self, usage):
        if usage not in self._found:
            try:
                self._found[usage] = self.component(usage=usage)
            except (NoComponentError, SeveralComponentError):
                self._found[usage] = None
        return self._found[usage]

    # -- reading

    def read(self, external_id, prefetched=_UNREAD):
        """Read a record of the backend, as the importer does.

        :param external_id: id of the record
        :param prefetched: data that :meth:`read_many` returned, ``None`` if it is gone
        :return: the data; ``None`` when the backend does not have the record
        """
        try:
            if isinstance(self.importer, RecordImporter):
                item = ImportItem(external_id)
                if prefetched is not _UNREAD:
                    item.prefetch(prefetched)
                return self.importer.importer_for(item)._import_data() or None
            if prefetched is not _UNREAD:
                return prefetched
            return self.adapter().read(external_id) or None
        except IDMissingInBackend:
            return None

    def read_many(self, external_ids):
        """Read many records with one call, if the adapter has one for that.

        :param external_ids: list of ids
        :return: the data by text of the id; ``None`` when they are read one by one
        :rtype: dict | None
        """
        adapter = self.adapter()
        if not getattr(adapter, "_reads_many", False):
            return None
        found = adapter.read_many(list(external_ids))
        return {str(external_id): data for external_id, data in found.items()}

    def adapter(self):
        """Return the adapter of the model."""
        for synchronizer in (self.importer, self.exporter):
            if hasattr(synchronizer, "backend_adapter"):
                return synchronizer.backend_adapter
        return self.component(usage="backend.adapter")

    # -- comparing

    def compare(self, binding, external_id, data):
        """Compare a linked record by the values of the backend, or else by Odoo's.

        :param binding: the binding
        :param external_id: its id on the backend
        :param data: the data of the record on the backend
        :rtype: RecordComparison
        """
        result = None
        if self.mapper(EXPORT):
            result = self.compare_export(binding, external_id, data)
            if result.by_field:
                return result
        if self.mapper(IMPORT):
            return self.compare_import(external_id, data, binding)
        return result or RecordComparison(EXPORT, by_field=False)

    def compare_export(self, binding, external_id, data):
        """Compare what an export would send with what the backend has.

        :param binding: the binding
        :param external_id: its id on the backend, false without one
        :param data: the data of the record on the backend, ``None`` without one
        :rtype: RecordComparison
        """
        result = RecordComparison(EXPORT, creates=data is None)
        result.is_gone = is_external_id(external_id) and data is None
        exporter, mapper = self._exporter_of(binding, external_id), self.mapper(EXPORT)
        hook, map_record = None, partial(mapper.map_record, binding)
        if isinstance(exporter, GenericExporter):
            map_record = exporter._map_data
            hook = partial(
                self.map_for_export, exporter=exporter, creates=result.creates
            )
        trace = self._trace_of(mapper)
        self._follow(trace, result, map_record, hook, for_create=result.creates)
        values = self._comparable_values(result, trace, external_id, data)
        result.by_field = result.creates or values is not None
        for target, mapped in trace.values.items():
            state, now = self._compare_with_backend(target, mapped, result, values)
            result.fields.append(self._compared(mapped, state, now, data=None))
        self._add_failed_methods(result, trace, None)
        return result

    def _comparable_values(self, result, trace, external_id, data):
        """Return the values of the backend if they have keys of the export mapper."""
        if data is None:
            return None
        values = self._attempt(
            result, self.values_on_backend, external_id, data, data=data
        )
        is_comparable = values is not None and trace.values.keys() & values.keys()
        return values if is_comparable else None

    def _compare_with_backend(self, target, mapped, result, values):
        """Return the state of a value for the backend, and what is there now."""
        if values is not None and target in values:
            now = values[target]
            if mapped.error:
                return FAILED, now
            return (SAME if self.is_same(target, mapped.value, now) else DIFFERS), now
        if mapped.error:
            return FAILED, None
        return (NEW if result.creates else UNKNOWN), None

    def compare_import(self, external_id, data, binding):
        """Compare what an import would write with what Odoo has.

        :param external_id: id of the record on the backend
        :param data: its data
        :param binding: its binding, which may be empty
        :rtype: RecordComparison
        """
        result, removed = RecordComparison(IMPORT, creates=not binding), []
        importer = self._importer_of(external_id, data, binding)
        mapper = self.mapper(IMPORT)
        hook, map_record = None, partial(mapper.map_record, data)
        if isinstance(importer, RecordImporter):
            map_record = importer._map_data
            hook = partial(
                self.map_for_import, importer=importer, binding=binding, removed=removed
            )
        trace = self._trace_of(mapper)
        self._follow(
            trace,
            result,
            map_record,
            hook,
            for_create=result.creates,
            binding=binding,
            removed=removed,
        )
        kept = self._kept_fields(binding)
        for target, mapped in trace.values.items():
            if target in self._link_fields():
                continue
            state, now = self._compare_with_odoo(target, mapped, binding)
            if state == DIFFERS and target in kept:
                state = KEPT
            result.fields.append(self._compared(mapped, state, now, data))
        self._add_failed_methods(result, trace, data)
        self._add_removed_lines(result, removed)
        return result

    def _compare_with_odoo(self, target, mapped, binding):
        """Return the state of a value for Odoo, and what Odoo has in its place."""
        if not binding:
            return (FAILED if mapped.error else NEW), None
        if target not in binding._fields:
            return (FAILED if mapped.error else UNKNOWN), None
        try:
            now = binding[target]
            if mapped.error:
                return FAILED, now
            differs = changed_values(binding, {target: mapped.value})
            return (DIFFERS if differs else SAME), now
        except Exception as error:  # The user may not read it, or it is not valid.
            self.recover(error)
            return UNKNOWN, None

    def _follow(self, trace, result, map_record, hook, **mapping_options):
        """Map a record with the hooks of the connector, or else with its mapper."""
        trace.restart()
        record = self._attempt(result, map_record)
        if record is None:
            return
        result.source = record.source
        data = failed = None
        if hook:
            attempt = RecordComparison(result.direction)
            data = self._attempt(attempt, hook, map_record=record)
            failed = attempt.errors
        if not trace.has_run:
            # The hook maps only what has changed, or needs what a preview lacks.
            failed = None
            data = self._attempt(result, record.values, **mapping_options)
        if isinstance(data, dict) and data:
            trace.add_last_step(data)
        elif failed and trace.is_complete:
            result.errors += failed

    def _attempt(self, result, step, *args, data=None, **kwargs):
        """Call a hook; keep the cause of its error in the result."""
        try:
            return step(*args, **kwargs)
        except Exception as error:
            self.recover(error)
            result.errors.append(self.cause(error, data))
            return None

    def recover(self, error):
        """Let the transaction accept queries after an error."""
        if isinstance(error, psycopg2.Error):
            self.work.read_only.recover()

    def cause(self, error, data=None):
        """Return why something failed, in words for people."""
        if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
            return self.reader._(
                "This step of the connector changes records, so it was not run."
            )
        return cause_of(self.reader, error, data)

    # -- parts of a comparison

    def _trace_of(self, mapper):
        if mapper not in self._traces:
            self._traces[mapper] = MappingTrace(mapper, self.recover)
        return self._traces[mapper]

    def _exporter_of(self, binding, external_id):
        """Return an exporter for one binding, which shares our components."""
        if not isinstance(self.exporter, GenericExporter):
            return self.exporter
        exporter = type(self.exporter)(self.work)
        exporter.share_components(self.exporter)
        exporter.binding, exporter.external_id = binding, external_id
        return exporter

    def _importer_of(self, external_id, data, binding):
        if not isinstance(self.importer, RecordImporter):
            return self.importer
        item = ImportItem(external_id, data)
        importer = self.importer.importer_for(item)
        item.importer, item.binding = importer, binding
        return importer

    def _compared(self, mapped, state, now, data):
        return ComparedField(
            target=mapped.target,
            label=self.target_label(mapped, is_import=data is not None),
            state=state,
            origin=mapped.origin,
            sources=mapped.sources,
            mapped=mapped.value,
            now=now,
            error=mapped.error and self.cause(mapped.error, data),
            method=mapped.method,
            only_create=mapped.only_create,
        )

    def target_label(self, mapped, is_import):
        """Return the name of the target of a value, for people."""
        if mapped.target is None:
            return self.backend_label(mapped.method)
        return self.label(mapped.target, of_odoo=is_import)

    def label(self, name, of_odoo):
        """Return the name of a field, for people.

        :param name: name of the field
        :param of_odoo: whether it is a field of Odoo
        :rtype: str
        """
        field = self.model._fields.get(name) if of_odoo else None
        return (
            field._description_string(self.reader)
            if field
            else self.backend_label(name)
        )

    def _add_failed_methods(self, result, trace, data):
        for mapped in trace.errors:
            result.fields.append(self._compared(mapped, FAILED, None, data))

    def _add_removed_lines(self, result, removed):
        for line, _parent in removed:
            result.fields.append(
                ComparedField(
                    target=None,
                    label=model_label(self.reader, line._name),
                    state=DIFFERS,
                    origin="children",
                    sources=None,
                    now=line,
                )
            )

    def _link_fields(self):
        return set(self.binder_for().shape)

    def _kept_fields(self, binding):
        if not binding or not isinstance(self.importer, RecordImporter):
            return set()
        unsent = self.env["connector.export.change"].waiting_fields(binding)
        return unsent.get(binding.id) or set()

    # -- around the comparison of one record

    def match(self, external_id, data):
        """Return the records of Odoo that an import would link with a new record.

        :param external_id: id of the record on the backend
        :param data: its data
        :return: a recordset; ``None`` when the connector does not match records
        """
        importer = self._importer_of(external_id, data, self.model.browse())
        if not isinstance(importer, RecordImporter):
            return None
        try:
            importer._map_data()  # The matching of some connectors relies on it.
            return importer._match_existing() or None
        except Exception as error:
            self.recover(error)
            return None

    def add_context(self, result, binding, external_id, data):
        """Add whether the record would be skipped, and what it depends on.

        :param result: the :class:`RecordComparison`
        :param binding: the binding, which may be empty for an import
        :param external_id: id of the record on the backend
        :param data: its data on the backend
        """
        if result.direction == EXPORT:
            exporter = self._exporter_of(binding, external_id)
            if isinstance(exporter, GenericExporter):
                if self._attempt(result, exporter._has_to_skip):
                    result.skip_reason = self.reader._(
                        "The connector does not export this record."
                    )
                result.dependencies = self._attempt(
                    result, export_dependencies, exporter
                )
            return
        importer = self._importer_of(external_id, data, binding)
        if isinstance(importer, RecordImporter):
            reason = self._attempt(result, importer._must_skip)
            if reason:
                result.skip_reason = (
                    reason
                    if isinstance(reason, str)
                    else self.reader._("The connector does not import this record.")
                )
            result.dependencies = self._attempt(result, import_dependencies, importer)
