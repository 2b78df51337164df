# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare one record with its counterpart, without changing either."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property, partial

import psycopg2
import psycopg2.errors

from odoo.addons.component.core import Component
from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ...exception import IDMissingInBackend, ReadOnlyError, RetryableJobError
from ...jobs.causes import USER_ERRORS, cause_of
from ...jobs.methods import EXPORT, IMPORT
from ...jobs.outcome import SKIPPED
from ...jobs.scope import CONFLICT, scope_of
from ...tools.bindings import model_label
from ...tools.external_id import is_external_id
from ...tools.orm import changed_values
from ...tools.read_only import reader_of
from ...tools.work_context import optional_component
from ..exporter.matching import Matching
from ..exporter.record import GenericExporter
from ..importer.delivered_data import DeliveredData, reads_single_records
from ..importer.dependencies import DependencyTracker
from ..importer.flow import ImportFlow
from ..importer.item import ImportItem
from ..importer.record import RecordImporter
from ..importer.values import check_values
from .dependencies import noting_dependencies
from .description import described_fields
from .result import (
    DIFFERS,
    FAILED,
    KEPT,
    NEW,
    SAME,
    UNKNOWN,
    ComparedField,
    NotRun,
    RecordComparison,
)
from .trace import MappingTrace
from .values import is_same

_UNREAD = object()
#: Words of "last_name", "lastName", "last-name" and "customerID".
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[^\W_]?[^\W_A-Z]+|[^\W_]")


class Refusal(str):
    """The text of an error with which a job would refuse the record."""


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
    _inherit = "connector.found.by.usage"
    _usage = "record.comparison"

    def __init__(self, work_context):
        super().__init__(work_context)
        self._delivered_names = {}

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
        prepare = exporter._create_data if creates else exporter._update_data
        return prepare(map_record, fields=None)

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

    @cached_property
    def exporter(self):
        """The exporter of the model, ``None`` without one."""
        return noting_dependencies(optional_component(self, "record.exporter"))

    @cached_property
    def importer(self):
        """The importer of the model, ``None`` without one."""
        return noting_dependencies(optional_component(self, "record.importer"))

    def mapper(self, direction):
        """Return the mapper of a direction, ``None`` without one."""
        synchronizer = self.exporter if direction == EXPORT else self.importer
        with suppress(NoComponentError, SeveralComponentError):
            if hasattr(synchronizer, "mapper"):
                return synchronizer.mapper
            return self.component(usage=f"{direction}.mapper")
        return None

    def described_fields(self, direction):
        """Return what is mapped, as a list of :class:`DescribedField`."""
        mapper = self.mapper(direction)
        return described_fields(mapper) if mapper else []

    def label(self, name, of_odoo):
        """Return the name of a field of Odoo, or of the backend, for people."""
        field = self.model._fields.get(name) if of_odoo else None
        if field:
            return field._description_string(self.reader)
        return self.backend_label(name)

    # -- reading

    def read(self, external_id, prefetched=_UNREAD):
        """Read a record of the backend, as the importer does.

        :param prefetched: data that :meth:`read_many` returned, ``None`` if it is gone
        :return: the data; ``None`` when the backend does not have the record
        """
        try:
            if isinstance(self.importer, RecordImporter):
                item = ImportItem(external_id)
                if prefetched is not _UNREAD:
                    item.prefetch(prefetched)
                return self._read_by_importer(item) or None
            if isinstance(prefetched, Exception):
                raise prefetched
            if prefetched is not _UNREAD:
                return prefetched
            return self.adapter().read(external_id) or None
        except IDMissingInBackend:
            return None

    def _read_by_importer(self, item):
        item.importer = self.importer.for_item(item)
        delivered = DeliveredData(self.importer, DependencyTracker())
        delivered.give([item])
        self._delivered_names[str(item.external_id)] = item.name
        return item.data if item.is_read else delivered.read(item)

    def record_name(self, external_id, data):
        """Return the name that the importer gives a record for people."""
        importer = self._synchronizer(IMPORT, self.model.browse(), external_id, data)
        if not importer:
            return ""
        importer._item.name = self._delivered_names.get(str(external_id), "")
        return importer._known_name()

    @property
    def asks_backend(self):
        """Whether the backend can be asked for records that it has not delivered."""
        importer = self.importer
        if isinstance(importer, RecordImporter) and importer._has_deliveries:
            return reads_single_records(importer)
        return True

    def read_many(self, external_ids):
        """Return the data of many records by the text of their ids.

        :return: ``None`` if the adapter reads them one by one
        """
        if not external_ids or not self.asks_backend:
            return None
        adapter = self.adapter()
        if not getattr(adapter, "_reads_many", False):
            return None
        found = adapter.read_many(external_ids)
        return {str(external_id): data for external_id, data in found.items()}

    def adapter(self):
        """Return the adapter of the model."""
        for synchronizer in (self.importer, self.exporter):
            if hasattr(synchronizer, "backend_adapter"):
                return synchronizer.backend_adapter
        return self.component(usage="backend.adapter")

    # -- comparing

    def compare(self, binding, external_id, data):
        """Compare a linked record by the values of the backend, or else by Odoo's."""
        result = RecordComparison(EXPORT, by_field=False)
        if self.mapper(EXPORT):
            result = self.compare_export(binding, external_id, data)
        if self.mapper(IMPORT) and not result.by_field:
            return self.compare_import(external_id, data, binding)
        return result

    def compare_export(self, binding, external_id, data):
        """Compare what an export would send with what the backend has.

        :param external_id: id of the record on the backend, false without one
        :param data: its data, ``None`` if the backend does not have it
        """
        binding = self._in_our_company(binding)
        result = RecordComparison(EXPORT, creates=data is None)
        result.is_gone = is_external_id(external_id) and data is None
        exporter = self._synchronizer(EXPORT, binding, external_id)
        hook = partial(self.map_for_export, exporter=exporter, creates=result.creates)
        self._map(result, exporter, hook, binding, for_create=result.creates)
        values = data and self._attempt(
            result.errors, self.values_on_backend, external_id, data, data=data
        )
        if values is not None:
            targets = {each.target for each in result.fields}
            values = None if targets.isdisjoint(values) else values
        result.by_field = result.creates or values is not None
        for each in result.fields:
            self._compare_with_backend(each, values or {}, result.creates)
        return result

    def _compare_with_backend(self, each, values, creates):
        each.state = _state(each, NEW if creates else UNKNOWN)
        if each.target in values:
            each.now = values[each.target]
            if not each.error:
                same = self.is_same(each.target, each.mapped, each.now)
                each.state = SAME if same else DIFFERS

    def compare_import(self, external_id, data, binding):
        """Compare what an import would write with what Odoo has.

        :param binding: the binding of the record, which may be empty
        """
        binding = self._in_our_company(binding)
        result, removed = RecordComparison(IMPORT, creates=not binding), []
        importer = self._synchronizer(IMPORT, binding, external_id, data)
        options = {"binding": binding, "removed": removed}
        hook = partial(self.map_for_import, importer=importer, **options)
        self._map(result, importer, hook, data, for_create=result.creates, **options)
        links, kept = self.binder_for().shape, self._kept_fields(binding)
        result.fields = [each for each in result.fields if each.target not in links]
        for each in result.fields:
            self._compare_with_odoo(each, binding)
            if each.state == DIFFERS and each.target in kept:
                each.state = KEPT
        result.fields += [
            ComparedField(
                None,
                label=model_label(self.reader, line._name),
                state=DIFFERS,
                now=line,
            )
            for line, _parent in removed
        ]
        return result

    def _compare_with_odoo(self, each, binding):
        each.state = _state(each, UNKNOWN if binding else NEW)
        if not binding or each.target not in binding._fields:
            return
        try:
            now = binding[each.target]
            if not each.error:
                differs = changed_values(binding, {each.target: each.mapped})
                each.state = DIFFERS if differs else SAME
            each.now = now
        except Exception as error:  # The user may not read it, or it is not valid.
            self.recover(error)

    def _map(self, result, synchronizer, hook, source, **options):
        """Map a record with a hook of the connector, or else with its mapper.

        :param synchronizer: exporter or importer of the record, ``None`` without one
        :param hook: maps the record of a synchronizer
        :param source: the record
        :param options: options of the mapping without the hook
        """
        mapper = self.mapper(result.direction)
        map_record = partial(mapper.map_record, source)
        if synchronizer:
            map_record = synchronizer._map_data
        record = self._attempt(result.errors, map_record)
        if record is None:
            return
        data = source if result.direction == IMPORT else None  # for causes of errors
        trace = MappingTrace(mapper, record, partial(self.explain, data=data))
        result.source, values, failed = record.source, None, []
        if synchronizer:
            values = self._attempt(failed, hook, map_record=record)
            result.values = values
        if not trace.has_run:
            # The hook maps only what has changed, or needs what a preview lacks.
            failed = [error for error in failed if isinstance(error, Refusal)]
            values = self._attempt(result.errors, record.values, **options)
        if isinstance(values, dict) and values:
            trace.add_last_step(values)
        result.fields = trace.fields
        if not any(each.error for each in result.fields):
            result.errors += failed
        for each in result.fields:
            each.label = (
                self.backend_label(each.method)
                if each.target is None
                else self.label(each.target, of_odoo=result.direction == IMPORT)
            )

    # -- errors

    def _attempt(self, errors, step, *args, data=None, **kwargs):
        """Call a hook; add the cause of its error to a list."""
        try:
            return step(*args, **kwargs)
        except Exception as error:
            text = self.explain(error, data)
            errors.append(Refusal(text) if _refuses(error) else text)
            return None

    def foresee(self, result, binding, external_id, data):
        """Add what a job would do beside the mapping: skip, go first, or refuse.

        The same steps follow the mapping as in a job.
        """
        synchronizer = self._synchronizer(result.direction, binding, external_id, data)
        if not synchronizer:
            return
        if result.direction == EXPORT:
            skips, check = synchronizer._has_to_skip, self._check_export
            reason = self.reader._("The connector does not export this record.")
        else:
            skips, check = synchronizer._must_skip, self._check_import
            reason = self.reader._("The connector does not import this record.")
        skip = self._attempt(result.errors, skips)
        if skip:
            result.skip_reason = skip if isinstance(skip, str) else reason
        find = synchronizer.noted_dependencies
        result.dependencies = self._attempt(result.errors, find)
        if isinstance(result.values, dict) and not result.refusals:
            check(result, synchronizer)

    def _check_export(self, result, exporter):
        if not result.values:
            return
        validate = exporter._validate_update_data
        if result.creates:
            validate = exporter._validate_create_data
        self._refused(result.errors, validate, result.values)
        if result.creates and not result.errors:
            self._refused(result.errors, self._match, result, exporter)

    def _check_import(self, result, importer):
        item = importer._item
        for name, value in result.values.items():
            errors = []
            self._refused(errors, check_values, self.model, item.id, {name: value})
            for error in errors:
                result.fail(name, error)
        if not result.count(FAILED):
            self._try_import(result, item.binding, item.external_id, item.data)

    def _try_import(self, result, binding, external_id, data):
        """Import the record and undo it; add why the import is refused.

        Only a real write meets the constraints of Odoo's models, unique indexes and the
        hooks of the connector.
        """
        try:
            with self.work.read_only.trial():
                outcome = self._import(binding, external_id, data)
        except Exception as error:
            self._note_refusal(result, error, data)
        else:
            if outcome.kind == SKIPPED:
                result.skip_reason = outcome.message

    def _import(self, binding, external_id, data):
        backend = self.backend_record.sudo()
        options = {"read_only": self.work.read_only, "reader": self.reader}
        with backend.work_on(self.model._name, **options) as work:
            comparer = work.component(usage=self._usage)
            importer = comparer._synchronizer(IMPORT, binding, external_id, data)
            item = importer._item
            item.importer = importer
            ImportFlow(importer, [item], force=True).run()
            return item.outcome

    def _note_refusal(self, result, error, data):
        """Add why a trial has failed, if the job would fail for the same reason."""
        if isinstance(error.__context__, psycopg2.errors.UniqueViolation):
            error = error.__context__
        text = self.explain(error, data)
        is_retried = isinstance(error, RetryableJobError) or scope_of(error) == CONFLICT
        if not (is_retried or isinstance(error, ReadOnlyError)):
            diag = getattr(error, "diag", None)
            result.fail(diag and diag.column_name, text)

    def _match(self, result, exporter):
        """Note the record of the backend that an export would link with a new one."""
        item = exporter._item
        item.note_match_key(result.values)
        if item.match_key is not None:
            result.match = Matching(exporter).find_unlocked(item)

    def _refused(self, errors, step, *args):
        """Call a step of a synchronisation; note only that it refuses the record."""
        found = []
        self._attempt(found, step, *args)
        errors += [error for error in found if isinstance(error, Refusal)]

    def explain(self, error, data=None):
        """Return why something failed, in words, and accept queries again.

        :param data: the data of the record on the backend, if it was mapped
        """
        self.recover(error)
        if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
            return NotRun(
                self.reader._(
                    "This step of the connector changes records, so it was not run."
                )
            )
        return cause_of(self.reader, error, data)

    def recover(self, error):
        """Let the transaction accept queries after an error."""
        if isinstance(error, psycopg2.Error):
            self.work.read_only.recover()

    # -- parts of a comparison

    def _synchronizer(self, direction, binding, external_id, data=None):
        """Return an exporter or importer for one record, which shares our components.

        :return: ``None`` if the framework does not run that of the connector
        """
        if direction == EXPORT and isinstance(self.exporter, GenericExporter):
            exporter = type(self.exporter)(self.work)
            exporter.share_components(self.exporter)
            exporter.binding, exporter.external_id = binding, external_id
            return exporter
        if direction == IMPORT and isinstance(self.importer, RecordImporter):
            item = ImportItem(external_id, data)
            item.binding = binding
            return self.importer.for_item(item)
        return None

    def _kept_fields(self, binding):
        if not binding or not isinstance(self.importer, RecordImporter):
            return ()
        unsent = self.env["connector.export.change"].waiting_fields(binding)
        return unsent.get(binding.id) or ()

    # -- around the comparison of one record

    def match(self, external_id, data):
        """Return what an import would link with a new record, ``None`` if nothing."""
        importer = self._synchronizer(IMPORT, self.model.browse(), external_id, data)
        if not importer:
            return None
        try:
            importer._map_data()  # The matching of some connectors relies on it.
            return importer._match_existing() or None
        except Exception as error:
            self.recover(error)
            return None


def _state(each, state):
    """Return the state of a field: what an error says of it, or else ``state``."""
    if not each.error:
        return state
    return UNKNOWN if isinstance(each.error, NotRun) else FAILED


def _refuses(error):
    """Return whether an error is one of the connector, not of the preview."""
    return isinstance(error, USER_ERRORS) and not isinstance(error, ReadOnlyError)
