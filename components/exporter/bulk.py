# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of many records in one job."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import psycopg2

from odoo.addons.component.exception import NoComponentError

from ...exception import (
    DefinitionError,
    IDMissingInBackend,
    InvalidDataError,
    LimitReachedError,
    VersionChangedError,
)
from ...jobs.causes import cause_of
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    POSTPONED,
    UPDATED,
    NothingToDo,
    Outcome,
    outcome_of,
)
from ...jobs.scope import BACKEND, JOB, scope_of
from ...tools.diagnosis import source_of
from ...tools.external_id import is_external_id
from ...tools.locks import lock_free_rows
from ...tools.overrides import overrides
from ...tools.transactions import (
    commit_if_allowed,
    commit_on_success,
    commit_on_write,
    roll_back_if_allowed,
    rollback_on_error,
)
from ...tools.translatable import translatable
from ...tools.versions import store_version
from ..backend_adapter import adapter_with_versions, noting_changes
from .matching import Matching
from .record import BYPASSED_HOOKS, GenericExporter
from .recovery import NOT_CREATED, is_not_created

_logger = logging.getLogger(__name__)


def can_export_together(exporter, batch):
    """Return whether one call of the adapter of ``batch`` may export many records.

    A connector that overrides one of the bypassed hooks exports one by one.
    """
    if overrides(exporter, GenericExporter, *BYPASSED_HOOKS):
        return False
    return getattr(batch.backend_adapter, "_creates_many", False)


def export_one_by_one(chunk, items):
    """Export items of a chunk one after the other, each in its own transaction.

    Each gets an outcome or an error, until an error interrupts the chunk.
    """
    recovery = items and getattr(items[0].exporter, "_create_recovery", None)
    if recovery and len(items) > 1:
        recovery.look_for_many(items[0].binding.union(*(i.binding for i in items)))

    def export(item):
        with commit_on_success(chunk.env):
            # Without the others: they would be read again after each commit.
            binding = item.binding.with_prefetch()
            if item.exporter is None:
                result = binding.export_record(fields=item.fields)
                item.outcome = outcome_of(result)
            else:
                result = item.exporter.run(binding, fields=item.fields)
                # A connector's own exporter may return what it likes.
                item.outcome = item.exporter.outcome or outcome_of(result)
            item.forget_changes()

    chunk.run_each(items, export)


class BulkExport:
    """Export many records with one call that creates, and one that writes.

    The steps are those of :class:`~.record.GenericExporter`, each for all records; no
    record stops another one.

    :param batch: the synchronizer whose adapter is called
    :param chunk: :class:`~..chunk.Chunk` of :class:`~.item.ExportItem`, each with an
        exporter of its own
    """

    def __init__(self, batch, chunk):
        self.batch = batch
        self.env = batch.env
        self.chunk = chunk
        self.items = chunk.items
        self.exporter = self.items[0].exporter
        self.unconfirmed = []  #: items with an earlier create whose outcome is unknown
        self.refused = []  #: items of which the backend has another version
        self.look_error = None  #: the error that has ended the look for matches
        self.looks_for_many = False  #: whether it looks for several matches

    def run(self):
        """Export the items; each gets an outcome or an error.

        After an error that interrupts the chunk, the other items stay as they are.
        """
        self.chunk.run_each(self.items, self._start)
        if adapter_with_versions(self.exporter) and not self.chunk.interruption:
            self._import_unknown_versions()
        items = self._lock_and_map()
        reads_each = overrides(self.exporter, GenericExporter, "_should_import")
        self.chunk.needs_many_calls = reads_each or bool(self.chunk.interruption)
        self._match([item for item in items if item.match_key is not None])
        # Creates come last: their ids are committed before anything else can fail.
        self._send(self._update, self._calling(items, UPDATED, ADOPTED))
        self._send(self._create, self._calling(items, CREATED))
        if self.look_error:
            self.chunk.interrupt(self.look_error)
        is_limited = isinstance(self.chunk.interruption, LimitReachedError)
        # The looks of a chunk may be more calls than the backend admits at a time.
        self.chunk.needs_many_calls |= self.looks_for_many and is_limited
        bound = self._bind([item for item in self.items if self._has_id(item)])
        if bound and overrides(bound[0].exporter, GenericExporter, "_after_export"):
            self._each(bound, self._finish)
        left = self.unconfirmed + self.refused
        if left and not self.chunk.interruption:
            for item in left:  # The other exporter keeps what it has found before.
                item.exporter = item.exporter.for_item(item)
            export_one_by_one(self.chunk, left)

    def _has_id(self, item):
        """Return whether a record is known to the backend, also if it was skipped."""
        return item.is_done and is_external_id(item.external_id)

    def _calling(self, items, *kinds):
        """Return the items whose call is of one of some kinds."""
        return [
            item
            for item in items
            if item.is_open
            and item.is_looked_for
            and item.call.kind in kinds
            and item not in self.unconfirmed
        ]

    def _bindings(self, items):
        model = self.batch.model
        return model.browse([item.binding.id for item in items])

    # -- the steps

    def _start(self, item):
        with commit_on_write(self.env):  # The rollback of another one spares it.
            try:
                item.begin()
            except NothingToDo as nothing:
                item.outcome = nothing.outcome

    def _import_unknown_versions(self):
        """Import the records whose versions are unknown, together if possible."""
        items = [
            item
            for item in self.items
            if item.is_open
            and is_external_id(item.external_id)
            and item.version.is_unknown
        ]
        importer = self._importer_of_many() if items else None
        if not importer:
            self.chunk.run_each(items, self._import_alone)
            return
        imports = importer.import_newer(
            [(item.external_id, item.version.kept_fields()) for item in items]
        )
        if imports.interruption:
            self.chunk.interrupt(imports.interruption)
            return
        by_id = {str(each.external_id): each for each in imports.items}

        def take(item):
            imported = by_id[str(item.external_id)]
            if imported.error:
                raise imported.error
            if imported.is_done:
                item.version.merged(imported.outcome)
            else:
                item.outcome = imported.outcome

        self.chunk.run_each(items, take)

    def _importer_of_many(self):
        """Return an importer of many records, ``None`` if each has to be alone."""
        if overrides(self.exporter, GenericExporter, "_import_newer"):
            return None
        with suppress(NoComponentError):
            importer = self.exporter.component(usage="record.importer")
            if hasattr(importer, "import_newer") and not importer._overrides("run"):
                return importer
        return None

    def _import_alone(self, item):
        with commit_on_success(self.env):
            item.version.merge()

    def _lock_and_map(self):
        """Lock the records and build their calls; return the items to send.

        An error of the database makes it begin again without the record at fault.
        """
        known = [item for item in self.items if self._has_id(item)]
        while True:
            aborted = []
            items = [item for item in self.items if item.is_open]
            if self.chunk.interruption:
                items = []
            try:
                with rollback_on_error(self.env):
                    self._lock(known + items)
                    items = [item for item in items if item.is_open]
                    build = partial(self._build_call, aborted)
                    items = self.chunk.run_each(items, build)
                    if not aborted:
                        return items
                    raise aborted[0]
            except psycopg2.Error:
                if not aborted:
                    raise

    def _lock(self, items):
        """Lock the rows, and postpone the records that another job holds."""
        bindings = self._bindings(items)
        free = lock_free_rows(bindings)
        if free is None and roll_back_if_allowed(self.env):
            free = lock_free_rows(bindings)
        if free is None:
            self.batch._retry_job_later(
                translatable(self.env)._("Another job has changed the records.")
            )
        for item in items:
            if item.binding not in free:
                message = translatable(self.env)._(
                    "Locked by another job; it will be exported separately."
                )
                item.outcome = Outcome(POSTPONED, message)

    def _build_call(self, aborted, item):
        """Build the call of an item.

        :param aborted: list for the error after which the database accepts no queries
        """
        if aborted:
            return
        try:
            call = item.build_call(item.fields)
            if call.kind == CREATED:
                item.exporter._validate_create_data(call.data)
            else:
                item.exporter._validate_update_data(call.data)
        except psycopg2.Error as error:
            aborted.append(error)
            raise

    def _match(self, items):
        """Let the new records that the backend has already be updated."""
        if not items or self.chunk.interruption:
            return
        # What an unconfirmed create has made is the match that counts.
        unconfirmed = items[0].exporter._create_recovery.unconfirmed(
            self._bindings(items)
        )
        self.unconfirmed += [item for item in items if item.id in unconfirmed]
        matching = Matching(self.exporter)
        new = self._calling(items, CREATED)
        self.looks_for_many = len(new) > 1
        self._find_matches(matching, new)
        found = [item for item in items if item.is_open and item.match is not None]
        if not self.chunk.interruption:
            self.chunk.run_each(found, self._adopt)

    def _find_matches(self, matching, items):
        """Find the matches with one call, or one by one if it fails for all."""
        try:
            matching.find(items, self.chunk.fail)
        except Exception as error:
            scope = scope_of(error)
            if scope == JOB or (scope == BACKEND and not self.chunk.job.retry):
                self.look_error = error
                if not any(item.is_looked_for for item in items):
                    self.chunk.interrupt(error)
            elif isinstance(error, psycopg2.Error):
                raise
            else:
                self.chunk.run_each(
                    [item for item in items if item.is_open],
                    lambda item: matching.find([item], self.chunk.fail),
                )

    def _adopt(self, item):
        try:
            with self.env.cr.savepoint(flush=False):
                item.adopt()
                item.exporter._validate_update_data(item.call.data)
        except IDMissingInBackend:
            item.abandon_match()
            return
        if not item.call.data:
            item.outcome = item.exported()

    def _send(self, send, items):
        """Call the backend for many records; its errors interrupt the chunk."""
        if not items or self.chunk.interruption:
            return
        try:
            send(items)
        except Exception as error:
            follows_change = getattr(error, "follows_change", False)
            if follows_change and isinstance(error, LimitReachedError):
                self.chunk.needs_many_calls = True
            scope = scope_of(error)
            if scope == BACKEND and self.chunk.job.retry and len(items) > 1:
                # It failed before: one record may be the reason.
                self.chunk.run_each(items, lambda item: send([item]))
            elif scope in (JOB, BACKEND):
                self.chunk.interrupt(error)
            else:
                raise

    def _update(self, items):
        options = {}
        if adapter_with_versions(self.exporter):
            self.refused += [item for item in items if item.version.is_unknown]
            items = [item for item in items if item not in self.refused]
            if not items:
                return
            versions = [item.version.options()["version"] for item in items]
            options = {"versions": versions}
        changes = [(item.external_id, item.call.data) for item in items]
        results, error = self._call("write_many", changes, **options)
        if isinstance(error, InvalidDataError | VersionChangedError):
            results += [error] * (len(items) - len(results))
        elif error:
            self._interrupt_after(results, error)
        elif not results:
            results = [None] * len(items)
        for item, result in zip(items, results, strict=not error):
            self._take_update(item, result)

    def _take_update(self, item, result):
        if isinstance(result, VersionChangedError):
            self.refused.append(item)
        elif isinstance(result, IDMissingInBackend) and item.match is not None:
            item.abandon_match()
        elif isinstance(result, NothingToDo):
            item.outcome, item.sent = result.outcome, None
        elif isinstance(result, Exception):
            self.chunk.fail(item, result)
        else:
            item.version.take()
            item.outcome = item.exported()

    def _create(self, items):
        items = self._begin_creates(items)
        if not items:
            return
        results = self._create_many(items)
        pairs = list(zip(items, results, strict=False))
        self._withdraw([item for item, result in pairs if is_not_created(result, item)])
        for item, result in pairs:
            if isinstance(result, Exception):
                self.chunk.fail(item, result)
                continue
            try:
                item.exporter._take_created_id(result, "create_many")
                item.outcome = item.exported()
            except AssertionError as error:
                item.fail(error)

    def _create_many(self, items):
        """Return the external id of each record, or its error.

        After an error that interrupts the chunk, these are the first records only.
        """
        keys = [item.key for item in items if item.key]
        options = {"idempotency_keys": keys} if keys else {}
        data_list = [item.call.data for item in items]
        results, error = self._call("create_many", data_list, **options)
        left = items[len(results or ()) :]
        if not error and (results is None or left or len(results) > len(items)):
            self._refuse_results(results, items)
        if not error or not left:
            return results
        # The adapter creates the records in their order.
        not_created = is_not_created(error, left[0])
        if isinstance(error, NOT_CREATED):
            error.follows_change = not not_created
        if isinstance(error, InvalidDataError):
            return results + [error] * len(left)
        if not_created:
            self._withdraw(left)
        self._interrupt_after(results, error)
        return results

    def _call(self, name, *args, **kwargs):
        """Call a method of the adapter for many records.

        :return: the list of the results so far, and the error that has ended the call
        """
        adapter, results = self.batch.backend_adapter, []
        is_generator = False
        try:
            with noting_changes(adapter):
                returned = getattr(adapter, name)(*args, **kwargs)
            is_generator = isinstance(returned, Iterator)
            if not is_generator:
                return returned, None
            while True:
                with noting_changes(adapter):
                    results.append(next(returned))
        except StopIteration:
            return results, None
        except Exception as error:
            if is_generator and error.follows_change is None:
                # It has yielded what its calls before have done.
                error.follows_change = False
            return results, error

    def _interrupt_after(self, results, error):
        """Interrupt the chunk after the records that have a result, if any has."""
        if not results:
            raise error
        self.chunk.interrupt(error)

    def _withdraw(self, items):
        """Delete the intents of creates that the backend refused."""
        if keys := [item.key for item in items if item.key]:
            items[0].exporter._create_recovery.refused(*keys)

    def _refuse_results(self, results, items):
        adapter = type(self.batch.backend_adapter)
        returned = f"{len(results)} results" if results else f"{results!r}"
        raise DefinitionError(
            f"{adapter._name}.create_many() ({source_of(adapter, 'create_many')}) "
            f"returned {returned} for {len(items)} records. Return a list with the "
            "external id of each record, or its InvalidDataError."
        )

    def _begin_creates(self, items):
        """Commit the intents; leave out the records with an unconfirmed create."""
        if not items:
            return []
        begun = items[0].exporter._create_recovery.begin(self._bindings(items))
        new = []
        for item in items:
            item.key, is_unconfirmed = begun[item.binding.id]
            (self.unconfirmed if is_unconfirmed else new).append(item)
        return new

    def _bind(self, items):
        """Bind the records and commit; return the items that are bound."""
        try:
            with rollback_on_error(self.env):
                self.batch.binder.bind_many(
                    [(item.external_id, item.binding) for item in items]
                )
                for item in items:
                    item.version.store()
                    item.store_sent()
                # So that each of them is read before it is sent again.
                store_version(self._bindings(self.refused), False)
                commit_if_allowed(self.env)
        except Exception as error:
            cause = cause_of(self.env, error)
            _logger.info("Records are bound one by one because of %s", cause)
            return self._each(items, self._bind_alone)
        created = [item for item in items if item.key]
        if created:
            created[0].exporter._create_recovery.succeeded(self._bindings(created))
        return items

    def _bind_alone(self, item):
        with commit_on_success(self.env):
            item.exporter._bind_and_commit()

    def _finish(self, item):
        with commit_on_success(self.env):
            item.exporter._after_export()

    def _each(self, items, step):
        """Run a step for each exported item; one that it does not reach is not done."""
        left = set(items)

        def run(item):
            left.discard(item)
            step(item)

        going_on = self.chunk.run_each(items, run)
        for item in left:
            item.reopen()
        return going_on
