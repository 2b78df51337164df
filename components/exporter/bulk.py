# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of many records in one job."""

import logging
from contextlib import contextmanager

from ...exception import (
    JOB_LEVEL_ERRORS,
    AccessRefusedError,
    DefinitionError,
    InvalidDataError,
    RetryableJobError,
)
from ...jobs.causes import cause_of
from ...jobs.outcome import (
    CREATED,
    POSTPONED,
    SKIPPED,
    UPDATED,
    NothingToDo,
    Outcome,
    outcome_of,
)
from ...tools.diagnosis import source_of
from ...tools.external_id import is_external_id
from ...tools.locks import lock_free_rows
from ...tools.transactions import (
    commit_if_allowed,
    commit_on_success,
    commit_on_write,
    rollback_on_error,
)

_logger = logging.getLogger(__name__)


class ExportItem:
    """A record on its way through the export of many.

    :param binding: the binding to export
    :param exporter: the exporter whose hooks export it
    :param fields: names of the fields that changed; all when empty
    :param changes: rows of ``connector.export.change`` that the export settles
    """

    def __init__(self, binding, exporter, fields=None, changes=None):
        self.binding = binding
        self.exporter = exporter
        self.fields = fields
        self.changes = changes
        self.call = None  #: the :class:`~.record.Call` to send
        self.outcome = None  #: the :class:`~...jobs.outcome.Outcome`
        self.error = None  #: the exception that stopped the export
        self.key = None  #: the idempotency key of a create

    @property
    def is_open(self):
        """Return whether the export of the record goes on."""
        return self.outcome is None and self.error is None

    @property
    def is_done(self):
        """Return whether the record needs no job of its own."""
        return bool(self.outcome and self.outcome.kind != POSTPONED)

    @property
    def settles_changes(self):
        """Return whether the changes are exported, and no longer needed."""
        done = self.outcome and self.outcome.kind not in (SKIPPED, POSTPONED)
        return bool(done and self.changes)

    @property
    def keeps_changes(self):
        """Return whether nothing was exported: a later export needs the changes."""
        return bool(self.changes and self.outcome and self.outcome.kind == SKIPPED)

    def forget_changes(self):
        """Delete the changes of the record if they are exported."""
        if self.settles_changes:
            self.changes.forget()
            self.changes = None


class CustomExport:
    """In place of an exporter: a connector's own ``export_record``."""

    outcome = None  #: it only returns a message

    def run(self, binding, fields=None):
        """Export a binding.

        :param binding: the binding
        :param fields: names of the fields that changed; all when empty
        :return: what ``export_record`` returns
        """
        return binding.export_record(fields=fields)


class ExportFlow:
    """Base of the ways to export many records; no record stops another one.

    :param batch: the batch exporter
    :param items: list of :class:`ExportItem`
    """

    def __init__(self, batch, items):
        self.batch = batch
        self.env = batch.env
        self.items = items

    def run(self):
        """Export the items; each gets an outcome or an error.

        :raise Exception: an error of the transaction or the backend, which concerns the
            whole job
        """
        raise NotImplementedError

    @contextmanager
    def keep_error(self, item):
        """Keep the error of an item, so that the others are exported.

        :param item: an :class:`ExportItem`
        """
        try:
            yield
        except JOB_LEVEL_ERRORS:
            raise
        except RetryableJobError as error:
            item.outcome = Outcome(POSTPONED, str(error))
        except Exception as error:
            item.outcome, item.error = None, error

    @contextmanager
    def keep_outcome(self, item):
        """Keep the outcome of an item with nothing to export, which is not an error.

        :param item: an :class:`ExportItem`
        """
        try:
            yield
        except NothingToDo as nothing:
            item.outcome = nothing.outcome


class SingleExports(ExportFlow):
    """Export records one after the other, each in a transaction of its own."""

    def run(self):
        for item in self.items:
            # Without the others: they would be read again after each commit.
            binding = item.binding.with_prefetch()
            with self.keep_error(item), commit_on_success(self.env):
                message = item.exporter.run(binding, fields=item.fields)
                # A connector's own exporter may return what it likes.
                item.outcome = item.exporter.outcome or outcome_of(message)
                item.forget_changes()


class BulkExport(ExportFlow):
    """Export many records with one call that creates, and one that writes.

    The steps are those of :class:`~.record.GenericExporter`, each for all records.
    """

    def run(self):
        for item in self.items[1:]:
            item.exporter.share_components(self.items[0].exporter)
        self._start()
        self._lock()
        self._build_calls()
        # Creates come last: their ids are committed before anything else can fail.
        self._update(self._with_call(UPDATED))
        self._create(self._with_call(CREATED))
        bound = self._bind([item for item in self.items if self._has_id(item)])
        self._finish(bound)

    def _open_items(self):
        return [item for item in self.items if item.is_open]

    def _with_call(self, kind):
        return [item for item in self._open_items() if item.call.kind == kind]

    def _has_id(self, item):
        """Return whether a record is known to the backend, also if it was skipped."""
        done = item.outcome is not None and item.outcome.kind != POSTPONED
        return done and is_external_id(item.exporter.external_id)

    def _bindings(self, items):
        model = self.batch.model
        return model.browse([item.binding.id for item in items])

    # -- the steps

    def _start(self):
        for item in self.items:
            with (
                self.keep_error(item),
                commit_on_write(self.env),  # The rollback of another one spares it.
                self.keep_outcome(item),
            ):
                item.exporter.start_export(item.binding, item.fields)
                item.exporter.prepare_export()

    def _lock(self):
        """Lock the rows, and postpone the records that another job holds."""
        items = [item for item in self.items if item.is_open or self._has_id(item)]
        free = lock_free_rows(self._bindings(items))
        if free is None:
            self.batch.retry_contention()
        for item in items:
            if item.binding not in free:
                message = self.env._(
                    "Locked by another job; it will be exported separately."
                )
                item.outcome = Outcome(POSTPONED, message)

    def _build_calls(self):
        for item in self._open_items():
            with self.keep_error(item), self.keep_outcome(item):
                item.call = item.exporter.build_call(item.fields)
                item.exporter.validate_call(item.call)

    def _update(self, items):
        if not items:
            return
        changes = [(item.exporter.external_id, item.call.data) for item in items]
        try:
            results = self.batch.backend_adapter.write_many(changes)
        except InvalidDataError as error:
            results = [error] * len(items)
        for item, result in zip(items, results or [None] * len(items), strict=True):
            if isinstance(result, Exception):
                item.error = result
            else:
                item.outcome = item.exporter.exported_outcome(item.call)

    def _create(self, items):
        items = self._begin_creates(items)
        if not items:
            return
        results = self._create_many(items)
        if len(results or ()) != len(items):
            self._refuse_results(results, items)
        for item, result in zip(items, results, strict=True):
            if isinstance(result, Exception):
                self._refused(item, result)
                continue
            with self.keep_error(item):
                item.exporter.take_external_id(result)
                item.outcome = item.exporter.exported_outcome(item.call)

    def _create_many(self, items):
        """Return the external id of each record, or its error."""
        keys = [item.key for item in items if item.key]
        options = {"idempotency_keys": keys} if keys else {}
        data_list = [item.call.data for item in items]
        try:
            return self.batch.backend_adapter.create_many(data_list, **options)
        except InvalidDataError as error:
            return [error] * len(items)
        except AccessRefusedError as error:
            for item in items:
                self._refused(item, error)
            raise

    def _refuse_results(self, results, items):
        adapter = type(self.batch.backend_adapter)
        returned = f"{len(results)} results" if results else f"{results!r}"
        raise DefinitionError(
            f"{adapter._name}.create_many() ({source_of(adapter, 'create_many')}) "
            f"returned {returned} for {len(items)} records. Return a list with the "
            "external id of each record, or its InvalidDataError."
        )

    def _begin_creates(self, items):
        """Commit the intents; postpone the records with an unconfirmed create."""
        if not items:
            return []
        begun = items[0].exporter.create_recovery.begin(self._bindings(items))
        for item in items:
            item.key, is_unconfirmed = begun[item.binding.id]
            if is_unconfirmed:
                message = self.env._(
                    "An earlier create is unconfirmed; a separate job looks for it."
                )
                item.outcome = Outcome(POSTPONED, message)
            else:
                item.exporter.use_idempotency_key(item.key)
        return [item for item in items if item.is_open]

    def _refused(self, item, error):
        if isinstance(error, InvalidDataError | AccessRefusedError):
            item.exporter.create_recovery.refused(item.key)
        item.error = error

    def _bind(self, items):
        """Bind the records and commit.

        :return: the items that are bound
        """
        try:
            with rollback_on_error(self.env):
                self.batch.binder.bind_many(
                    [(item.exporter.external_id, item.binding) for item in items]
                )
                commit_if_allowed(self.env)
        except Exception as error:
            cause = cause_of(self.env, error)
            _logger.info("Records are bound one by one because of %s", cause)
            return self._bind_one_by_one(items)
        created = [item for item in items if item.key]
        if created:
            created[0].exporter.create_recovery.succeeded(self._bindings(created))
        return items

    def _bind_one_by_one(self, items):
        bound = []
        for item in items:
            with self.keep_error(item), commit_on_success(self.env):
                item.exporter.bind_record()
                bound.append(item)
        return bound

    def _finish(self, items):
        for item in items:
            if item.exporter.has_details:
                with self.keep_error(item), commit_on_success(self.env):
                    item.exporter.finish_export()
