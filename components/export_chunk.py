# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of a chunk of records in one job."""

import logging
from contextlib import contextmanager

import psycopg2

from ..exception import (
    AccessRefusedError,
    InvalidDataError,
    NetworkRetryableError,
)
from ..external_id import is_external_id, require_external_id
from ..locks import lock_free_rows
from ..transactions import commit_if_allowed, commit_on_success, rollback_on_error
from .synchronizer import GenericExporter

_logger = logging.getLogger(__name__)

#: Steps that are done for many records at once, unless a connector has its own
STEPS = ("run", "_run", "_lock", "_create", "_create_once", "_update", "_bind")


class ExportChunk:
    """Records that are exported by one job.

    Where the adapter has ``create_many`` and ``write_many``, the backend is called once
    for all of them; otherwise they are exported one after the other. In both cases, one
    that fails does not stand in the way of the others.

    :param batch: the batch exporter
    :param bindings: the bindings to export
    :param fields: names of the fields that changed; all when empty
    """

    def __init__(self, batch, bindings, fields=None):
        self.batch = batch
        self.env = batch.env
        self.bindings = bindings.exists()
        self.fields = fields
        self.done = 0
        self.set_apart = {}  #: causes by binding

    def run(self):
        """Export what can be exported, and set the rest apart."""
        if self._goes_together():
            self._export_together()
        else:
            self._export_one_by_one()

    def sentence(self):
        """Return a translated sentence that says what was done."""
        lines = [self.env._("%s records exported.", self.done)]
        for binding, cause in self.set_apart.items():
            lines.append(
                self.env._(
                    "Set apart: %(record)s (id %(id)s): %(cause)s",
                    record=binding.display_name,
                    id=binding.id,
                    cause=cause,
                )
            )
        return "\n".join(lines)

    def _exporter(self, binding):
        exporter = self.batch.component(usage="record.exporter")
        exporter.binding = binding
        return exporter

    def _goes_together(self):
        adapter = self.batch.backend_adapter
        exporter = type(self.batch.component(usage="record.exporter"))
        return (
            hasattr(adapter, "create_many")
            and hasattr(adapter, "write_many")
            and all(
                getattr(exporter, step, None) is getattr(GenericExporter, step)
                for step in STEPS
            )
        )

    @contextmanager
    def _setting_apart(self, binding):
        """Note why a record cannot be exported, and go on with the others."""
        try:
            yield
        except (psycopg2.OperationalError, NetworkRetryableError, AccessRefusedError):
            raise  # that is not the fault of the record: the job tries again, or fails
        except Exception as error:
            self.set_apart[binding] = str(error)

    # -- one by one

    def _export_one_by_one(self):
        for binding in self.bindings:
            # each commits, after which the whole chunk would be read again
            binding = binding.with_prefetch()
            with self._setting_apart(binding), commit_on_success(self.env):
                self._exporter(binding).run(binding, fields=self.fields)
                self.done += 1

    # -- all together

    def _export_together(self):
        exporters = self._lock(self._prepare())
        new, known = self._map(exporters)
        # in this order: what was created is bound at once, whatever happens to the rest
        exported = self._update(known)
        exported += self._create(new)
        bound = self._bind(exported)
        self.done += len(bound)
        for exporter in bound:
            if type(exporter)._after_export is GenericExporter._after_export:
                continue  # there is nothing to do
            with self._setting_apart(exporter.binding), commit_on_success(self.env):
                exporter._after_export()

    def _prepare(self):
        """Export the dependencies; return the exporters of what is to be exported."""
        exporters = []
        for binding in self.bindings:
            exporter = self._exporter(binding)
            with self._setting_apart(binding), rollback_on_error(self.env):
                if exporter._read_external_id():
                    continue
                if exporter._is_newer_on_backend():
                    exporter._delay_import()
                    commit_if_allowed(self.env)  # no row is locked yet
                if not exporter._has_to_skip():
                    exporter._export_dependencies()
                    exporters.append(exporter)
        return exporters

    def _lock(self, exporters):
        """Keep those that no other job works on."""
        ids = [exporter.binding.id for exporter in exporters]
        free = lock_free_rows(self.bindings.browse(ids))
        if free is None:
            self.batch._retry_later(self.env._("Another job has changed the records."))
        for exporter in exporters:
            if exporter.binding not in free:
                self.set_apart[exporter.binding] = self.env._(
                    "Another job works on it."
                )
        return [e for e in exporters if e.binding in free]

    def _map(self, exporters):
        """Return pairs of exporter and data: of new records, and of known ones."""
        new, known = [], []
        for exporter in exporters:
            with self._setting_apart(exporter.binding):
                # dependencies commit, so that we see what others did meanwhile
                external_id = exporter.binder.to_external(exporter.binding)
                if is_external_id(exporter.external_id) or external_id:
                    exporter.external_id = external_id
                map_record = exporter._map_data()
                if is_external_id(exporter.external_id):
                    data = exporter._update_data(map_record, fields=self.fields)
                    exporter._validate_update_data(data)
                    known.append((exporter, data))
                elif data := exporter._create_data(map_record):
                    exporter._validate_create_data(data)
                    new.append((exporter, data))
        return new, known

    def _create(self, pairs):
        pairs = self._declare(pairs)
        if not pairs:
            return []
        keys = [exporter._idempotency_key for exporter, _data in pairs]
        options = {"idempotency_keys": keys} if all(keys) else {}
        data_list = [data for _exporter, data in pairs]
        try:
            results = self.batch.backend_adapter.create_many(data_list, **options)
        except InvalidDataError as error:
            results = [error] * len(pairs)
        except AccessRefusedError as error:
            for exporter, _data in pairs:
                self._note_refusal(exporter, error)
            raise
        created = []
        for (exporter, _data), result in zip(pairs, results, strict=True):
            if isinstance(result, Exception):
                self._note_refusal(exporter, result)
            else:
                with self._setting_apart(exporter.binding):
                    require_external_id(result, exporter.binding)
                    exporter.external_id = result
                    created.append(exporter)
        return created

    def _declare(self, pairs):
        """Note durably what is about to be created, if the adapter can look for it."""
        if not pairs or not pairs[0][0]._recovers_creates():
            return pairs
        intents = self.env["connector.create.intent"]
        bindings = self.bindings.browse([exporter.binding.id for exporter, _ in pairs])
        declared = intents._declare_many(self.batch.backend_record, bindings)
        begun = []
        for exporter, data in pairs:
            key, interrupted = declared[exporter.binding.id]
            if interrupted:
                self.set_apart[exporter.binding] = self.env._(
                    "Its create was interrupted, and has to be looked for."
                )
            else:
                exporter._idempotency_key = key
                begun.append((exporter, data))
        return begun

    def _note_refusal(self, exporter, error):
        refused = isinstance(error, InvalidDataError | AccessRefusedError)
        if refused and exporter._idempotency_key:  # it did not happen
            self.env["connector.create.intent"]._withdraw(exporter._idempotency_key)
        self.set_apart[exporter.binding] = str(error)

    def _update(self, pairs):
        changed = [(exporter, data) for exporter, data in pairs if data]
        results = []
        if changed:
            results = self.batch.backend_adapter.write_many(
                [(exporter.external_id, data) for exporter, data in changed]
            )
        updated = [exporter for exporter, data in pairs if not data]
        for (exporter, _data), result in zip(
            changed, results or [None] * len(changed), strict=True
        ):
            if isinstance(result, Exception):
                self.set_apart[exporter.binding] = str(result)
            else:
                updated.append(exporter)
        return updated

    def _bind(self, exporters):
        """Remember the ids, durably and at once.

        :return: the exporters of what is bound
        """
        try:
            with rollback_on_error(self.env):
                self._bind_together(exporters)
            return exporters
        except Exception as error:
            _logger.info("A chunk is bound one by one, because of: %s", error)
        bound = []
        for exporter in exporters:
            with self._setting_apart(exporter.binding), commit_on_success(self.env):
                exporter._bind()
                bound.append(exporter)
        return bound

    def _bind_together(self, exporters):
        self.batch.binder.bind_many([(e.external_id, e.binding) for e in exporters])
        intents = self.env["connector.create.intent"]
        keys = {e._idempotency_key for e in exporters} - {None}
        if exporters and exporters[0]._recovers_creates():
            ids = [exporter.binding.id for exporter in exporters]
            bindings = self.bindings.browse(ids)
            keys.update(intents._keys(self.batch.backend_record, bindings))
        intents._mark_bound(keys)
        commit_if_allowed(self.env)
        if keys:
            intents._forget(keys)
            commit_if_allowed(self.env)  # others do not have to wait for our end
