# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of an import, the same for one record and for many."""

import logging
import random
import time
from contextlib import contextmanager, nullcontext
from functools import cached_property
from math import inf

import psycopg2

from ...exception import IDMissingInBackend, RetryableJobError
from ...jobs.causes import cause_of
from ...jobs.closing import Work, note_record
from ...jobs.deletes import waiting_deletes
from ...jobs.keys import EXTERNAL
from ...jobs.outcome import GONE, POSTPONED, SKIPPED, UNCHANGED, Outcome
from ...jobs.scope import BACKEND, CONFLICT, JOB, RECORD, scope_of
from ...tools.base_column import base_field, stored_base
from ...tools.bindings import translatable_label
from ...tools.external_id import is_external_id
from ...tools.locks import try_lock_rows, unavailable_rows
from ...tools.transactions import (
    Steps,
    commit_if_allowed,
    commit_on_success,
    may_commit,
    rollback_on_error,
    without_commits,
)
from ...tools.translatable import translatable
from ..backend_adapter import adapter_with_versions
from ..item import run_each
from ..merge.base import Base, data_of, seconds
from ..merge.hooks import in_hook
from ..merge.unchanged import UnchangedData
from .delivered_data import DeliveredData
from .dependencies import (
    PAUSE,
    DependencyTracker,
    check_external_id,
    dependency_key,
    invalid_id,
)
from .storing import ImportStore, prefetch_unsent_fields, unknown_record

_logger = logging.getLogger(__name__)

#: Attempts to write a record that another transaction changes at the same time.
MOST_TRIES = 3
#: Seconds that a read takes at the most, and clocks of hosts differ: a record that was
#: deleted in the meantime must not reappear.
READING_SECONDS = 5
#: Seconds after which a transaction that has only read is too old to write in it.
MOST_AGE = 1


class ImportFlow:
    """Import records by the hooks of their importer, each step for all of them.

    1. The records are read.
    2. What they need is imported, each record in transactions of its own.
    3. They are locked, mapped and written in a transaction that begins now: it sees
       what users have changed while the backend answered.

    Where commits are disabled, all this happens in the transaction of the caller.

    :param importer: the :class:`~.record.RecordImporter` that runs
    :param items: list of :class:`~.item.ImportItem`, each with an importer of its own
    :param force: whether to import records that are up to date
    """

    def __init__(self, importer, items, force=False):
        self.importer = importer
        self.env = importer.env
        self.items = items
        self.force = force
        self.tracker = DependencyTracker.of(importer.work)
        self.chunk = None  #: the :class:`~..chunk.Chunk` that keeps the errors
        self._delivered = DeliveredData(importer, self.tracker)
        self._adapter = adapter_with_versions(importer)
        self._prepares = importer._imports_references or importer._overrides(
            "_before_import", "_import_dependencies"
        )
        # A flow within the write transaction of another one must not end it.
        self._begins_anew = not self.tracker.is_writing and may_commit(self.env)
        self._known = None  # bindings by external id, once they were looked up
        self._has_failed = False
        self._begun = -inf  # when the transaction has begun

    def run(self):
        """Import the only item. Its error is raised."""
        [item] = self.items
        key = self._key(item)
        with self.tracker.scope(), self.tracker.in_progress(key):
            self._import()
            self.tracker.imported(key, item.outcome)
        self._note_done()

    def run_isolated(self, chunk):
        """Import all items. Their errors are kept in the items.

        What a bad record has written is undone, and stops no other record.

        :param chunk: the ``Chunk`` of the items, which an error of the
            whole job interrupts
        """
        self.chunk = chunk
        with self.tracker.scope():
            self._import()
        self._note_done()

    def changed(self):
        """Return the items whose data is not that of their last import.

        Nothing is imported. All items were given their data.
        """
        with self.tracker.scope():
            self._see_bases(self.items)
            return [item for item in self.items if not self._has_last_data(item)]

    def _has_last_data(self, item):
        try:
            if self._unchanged:
                item.data_digest = self._unchanged.digest(item.importer)
            return self._is_unchanged(item)
        except Exception:  # Its import shows the error.
            return False

    def _note_done(self):
        """Note which records are imported: they need nobody any more."""
        self._settle_delivered()
        if self.tracker.is_writing:
            return  # Their transaction may be rolled back to a savepoint.
        for item in self.items:
            if item.is_done:
                work = Work("import_record", (f"{EXTERNAL}{item.external_id}",))
                note_record(self.importer, work, item.outcome)

    def _settle_delivered(self):
        """Remove the data that was delivered of the records that are imported."""
        if not self._delivered.is_expected:
            return
        contended = self._delivered.settle(self.items)
        for item in contended:
            item.meet_another(self._changing_message(item))
        if self.chunk:
            # What follows may be rolled back and tried again.
            commit_if_allowed(self.env)
        elif contended:
            self.importer._retry_job_later(contended[0].outcome.message)

    def _import(self):
        items = [item for item in self.items if item.is_open]
        for item in items:
            item.begin()
        items = self._run_steps(items, self._check_id)
        self._see_bases(items)
        items = self._read_all(items)
        if self._prepares:
            items = self._prepare_all(items)
        if items:
            self._write_all(items)
        self._delete_gone()

    def _delete_gone(self):
        """Follow the deletes that sources have delivered."""
        gone = [
            item
            for item in self.items
            if item.is_done and item.outcome.kind == GONE and item.was_delivered_gone
        ]
        for item in gone:
            item.reopen()
        self._run_steps(gone, self._delete)

    def _delete(self, item):
        item.outcome = item.importer.run_missing(item.external_id, deleted=True)

    # -- the steps for each item

    def _run_steps(self, items, step):
        """Run a step for each item, undo it if it fails; return those that go on."""
        if not self.chunk:
            for item in items:
                step(item)
        elif items:
            # A rollback undoes dependencies, unless they are committed.
            guard = nullcontext if self._begins_anew else self.tracker.rollback_on_error
            with Steps(self.env) as steps:

                def undoable(item):
                    with guard(), steps.step():
                        step(item)

                items = self.chunk.run_each(items, undoable)
        return [item for item in items if item.is_open]

    def _begin(self):
        """Begin a transaction, which sees what others have committed by now."""
        is_old = self._has_failed or time.monotonic() - self._begun > MOST_AGE
        if self._begins_anew and is_old:
            commit_if_allowed(self.env)
            self._known = None
            self._begun = time.monotonic()

    def _key(self, item):
        """Identify a record for the tracker; a hook may have changed its id."""
        return dependency_key(self.importer.model._name, item.external_id)

    # -- reading

    @cached_property
    def _unchanged(self):
        overrides = self.importer._overrides
        # These hooks may read more of the backend than the data.
        reads_more = overrides("_before_import", "_after_import")
        if reads_more and not overrides("_data_digest"):
            return None
        return UnchangedData(self.importer)

    def _see_bases(self, items):
        """Look at the bases of known records before the backend is read.

        A base that differs in the write transaction was stored in the meantime: the
        data may be older than that.
        """
        if base_field(self.importer.model) is None:
            return
        known = self._found(items)
        everything = self.importer.model.union(*known.values())
        for item in items:
            binding = known.get(item.external_id, everything.browse())
            item.binding = binding.with_prefetch(everything.ids)
            text = (binding and stored_base(item.binding)) or ""
            item.seen_base = self.tracker.seen(self._key(item), text)

    def _check_id(self, item):
        check_external_id(self.env, item.external_id)
        if not is_external_id(item.external_id):
            raise invalid_id(self.env, item.external_id)

    def _read_all(self, items):
        """Read the records, as far as the backend admits it."""
        self._delivered.give(items)
        try:
            self._prefetch_data(items)
        except Exception as error:
            scope, has_failed = scope_of(error), self.chunk.job.retry
            # A backend that failed before may fail because of one record.
            if scope == JOB or (scope == BACKEND and not has_failed):
                self.chunk.interrupt(error)
                items = [item for item in items if item.is_read]
            else:
                cause = cause_of(self.env, error)
                _logger.info("Records are read one by one because of %s", cause)
        return self._run_steps(items, self._read)

    def _prefetch_data(self, items):
        """Read all records with one call, where the adapter has one for that."""
        unread = [item for item in items if not item.is_read]
        if len(unread) < 2 or not self._delivered.asks_backend:
            return
        adapter = self.importer.backend_adapter
        if not getattr(adapter, "_reads_many", False):
            return
        found = adapter.read_many([item.external_id for item in unread])
        by_text = {str(external_id): data for external_id, data in found.items()}
        for item in unread:
            item.prefetch(by_text.get(str(item.external_id)))

    def _read(self, item):
        """Read the data of a record, unless it is not imported."""
        importer = item.importer
        self._delivered.end_if_done(item)
        if item.outcome:
            return
        if not item.is_read:
            try:
                item.data = self._delivered.read(item)
            except IDMissingInBackend:
                message = translatable(self.env)._(
                    "Nothing was imported: the backend no longer has record %s.",
                    item.external_id,
                )
                item.outcome = Outcome(GONE, message)
                if Base.unpack(item.seen_base).has_questions:
                    self.env["connector.conflict"].close(item.binding)
                return
            item.is_read = True
        if self._adapter:
            item.version = self._adapter.version_of(item.external_id) or False
        self.tracker.keep(self._key(item), item.data)
        if self._unchanged:
            item.data_digest = self._unchanged.digest(importer)
        reason = importer._must_skip()
        if reason:
            default = translatable(self.env)._(
                "Skipped: the connector does not import this record."
            )
            message = reason if isinstance(reason, str) else default
            item.outcome = Outcome(SKIPPED, message)
        elif self._is_unchanged(item):
            item.outcome = Outcome(UNCHANGED, "")
            self.tracker.imported(self._key(item), item.outcome)

    def _is_unchanged(self, item):
        """Return whether a record has the data of its last import."""
        if self.force or item.unfinished or not item.data_digest or not item.seen_base:
            return False
        digest, moment = data_of(item.seen_base)
        name = self.importer.binder.shape.sync_date
        if digest != item.data_digest:
            return False
        # It was synchronised by a connector's own importer or exporter since then.
        return name not in item.binding._fields or moment == seconds(item.binding[name])

    # -- what the records need

    def _prepare_all(self, items):
        """Import what the items need; return those that none of the others needed."""
        self._begin()
        self._known = self._found(items)
        items = self._find_bindings(items)
        items = self._leave_out_known(items)
        self._prefetch_references(items)
        imports = self.tracker.imports
        items = self._run_steps(items, self._prepare)
        if self.tracker.imports != imports:
            self._known = None
            for item in items:
                self.tracker.unbound.discard(self._key(item))
                item.outcome = self._imported_as_dependency(item)
        return [item for item in items if item.is_open]

    def _prepare(self, item):
        if self._imported_as_dependency(item) is None:
            with self.tracker.in_progress(self._key(item)):
                with in_hook():
                    item.importer._before_import()
                item.importer._import_dependencies()

    def _imported_as_dependency(self, item):
        """Return the outcome of an item that another one needed, otherwise ``None``."""
        return self.tracker.outcomes.get(self._key(item)) if self.chunk else None

    # -- the bindings

    def _found(self, items):
        unbound = self.tracker.unbound
        ids = [item.external_id for item in items if self._key(item) not in unbound]
        return self.importer.binder.to_internal_many(ids)

    def _find_bindings(self, items):
        """Find the bindings, of which those that were looked up are known."""
        everything = self.importer.model.union(*self._known.values())

        def find(item):
            binding = self._known.get(item.external_id, self.importer.model)
            # The ORM then reads for all what it reads for one.
            item.known_binding = binding.with_prefetch(everything.ids)
            item.binding = item.importer._get_binding()

        if self.importer._overrides("_get_binding"):
            return self._run_steps(items, find)
        for item in items:  # It reads what is known: nothing can fail.
            find(item)
        return items

    def _leave_out_known(self, items):
        """Leave out what is up to date, and what a user has deleted in Odoo.

        A record that the import would have to create may fail.
        """
        only_updates = self.importer._only_updates
        if only_updates and not self.importer._overrides("_match_existing"):
            items = self._run_steps(items, self._check_known)
        if self.importer._overrides("_is_uptodate"):
            items = self._run_steps(items, self._check_up_to_date)
        return self._without_deleted(items)

    def _check_known(self, item):
        if not item.binding:
            raise unknown_record(item.importer)

    def _check_up_to_date(self, item):
        if self.force or item.unfinished or not item.binding:
            return
        if item.importer._is_uptodate(item.binding):
            message = translatable(self.env)._(
                "Nothing was imported: the record is up to date."
            )
            item.outcome = Outcome(UNCHANGED, message)

    def _without_deleted(self, items):
        """Skip what a user has deleted in Odoo and the backend still has."""
        deleted = waiting_deletes(
            self.importer.backend_record,
            self.importer.model._name,
            [item.external_id for item in items if not item.binding],
            self.tracker.age() + READING_SECONDS,
        )
        for item in items:
            if item.external_id in deleted:
                item.outcome = Outcome(
                    SKIPPED,
                    translatable(self.env)._(
                        "Skipped: %s was deleted in Odoo, and a job is going to delete "
                        "it on the backend.",
                        item.external_id,
                    ),
                )
        return [item for item in items if item.is_open]

    def _prefetch_references(self, items):
        """Look up the bindings that the data of many records refers to."""
        if len(items) > 1:
            self.importer.mapper.prefetch_bindings([item.data for item in items])

    # -- writing

    def _write_all(self, items):
        """Write the items, and soon once more those that met another transaction."""
        for item in items:
            item.remember()
        for tries_left in reversed(range(MOST_TRIES)):
            self._write_in_groups(items)
            items = [item for item in items if item.is_contended]
            if not items or not tries_left or not self._begins_anew:
                break
            time.sleep(random.uniform(*PAUSE))
            self._begun = -inf
            items = self._restart(items)
        if items and not self.chunk:
            self.importer._retry_job_later(items[0].outcome.message)

    def _restart(self, items):
        """Begin again with items, and read again those with data that is too old."""
        stale = [item for item in items if item.is_stale]
        for item in items:
            item.restart()
        if not stale:
            return items
        for item in stale:
            item.forget_data()
            self.tracker.drop(self._key(item))
        self._see_bases(stale)
        read = self._read_all(stale)
        if self._prepares:
            read = self._prepare_all(read)
        for item in read:
            item.remember()
        return [item for item in items if item in read or item not in stale]

    def _write_in_groups(self, items):
        """Write the items together; halve a failing group until its bad item is alone.

        An error that interrupts the chunk ends it.
        """
        groups = [items]
        while groups:
            group = groups.pop()
            is_alone = not self.chunk or (len(group) == 1 and self._has_failed)
            store = ImportStore(self.importer, is_alone)
            try:
                self._write(store, group)
            except Exception as error:
                left = self._left_after(error, store, group)
                middle = (len(left) + 1) // 2
                groups += [half for half in (left[middle:], left[:middle]) if half]
            if store.is_interrupted:
                return

    def _left_after(self, error, store, group):
        """End the item that has failed; return the others of its group, to write again.

        The group was rolled back.
        """
        scope = scope_of(error)
        is_conflict = scope == CONFLICT and self._begins_anew
        if not self.chunk and not is_conflict:
            raise error
        left = [item for item in group if item.is_open or item in store.items]
        for item in left:
            item.restart()
        bad = store.item or (left[0] if len(left) == 1 else None)
        if bad:
            left.remove(bad)
            if is_conflict:
                bad.meet_another(self._changing_message(bad))
            else:
                self.chunk.fail(bad, error)
                is_stored = bad.has_stopped and not store.is_interrupted
                store.is_interrupted = bad.has_stopped = bad.is_open
                bad.stopped_storing = bad.is_open and not is_stored
        elif scope == JOB:
            self.chunk.interrupt(error)
            store.is_interrupted = True
        cause = cause_of(self.env, error)
        _logger.info("Records are imported in smaller groups because of %s", cause)
        self._has_failed = True
        return left

    def _write(self, store, items):
        """Lock, map and store records: all of them, or none."""
        with self._transaction():
            items = self._lock(store, items)
            self._prefetch_references(items)
            prefetch_unsent_fields(self.importer, items)
            items = self._without_stale(self._lock_rows(self._map(store, items)))
            store.merge.prepare(items)
            store.store(items)
            for item in store.items:
                if item.unfinished and item.outcome.kind == UNCHANGED:
                    item.outcome = Outcome(item.unfinished, "")
                self.tracker.imported(self._key(item), item.outcome)
            self._finish(store)
            store.merge.store(store.items)

    def _map(self, store, items):
        """Map records, and return those to store.

        If the backend stops answering a mapper, the records before are stored.
        """
        mapped = []
        try:
            run_each(
                items,
                lambda item: (store.map(item), mapped.append(item)),
                self._undoes_all,
            )
        except Exception as error:
            if not mapped or not self.chunk or isinstance(error, psycopg2.Error):
                raise
            if scope_of(error) != JOB:
                raise
            store.item.has_stopped = store.is_interrupted = True
            left = [item for item in items if item.is_open and item not in mapped]
            self.chunk.interrupt(error, left)
        return mapped

    @contextmanager
    def _transaction(self):
        """Begin a transaction, which is rolled back after an error.

        That of a chunk is committed at its end, and not before.
        """
        self._begin()
        guard, inner = nullcontext(), nullcontext()
        if self.chunk:
            guard, inner = commit_on_success(self.env), without_commits(self.env)
        elif self._begins_anew:
            guard = rollback_on_error(self.env)
        with guard, inner, self.tracker.rollback_on_error(), self.tracker.writing():
            yield
            self.env.flush_all()

    def _undoes_all(self, error):
        """Return whether an error of one record makes its group be rolled back."""
        of_database = isinstance(error, psycopg2.Error)
        return not self.chunk or of_database or scope_of(error) != RECORD

    def _lock(self, store, items):
        """Keep the items that may be imported now, and find their bindings."""
        is_prepared = self._known is not None
        if not is_prepared:
            self._known = self._found(items)
        known = dict(self._known)
        items = self._lock_imports(store, items)
        is_found = all(item.binding is not None for item in items)
        if is_prepared and is_found and known == self._known:
            return items
        items = self._find_bindings(items)
        if self._prepares:
            return self._without_deleted(items)
        return self._leave_out_known(items)

    def _lock_imports(self, store, items):
        ids = [item.external_id for item in items]
        try:
            outcomes = self.importer._lock_imports(ids, self._known)
        except RetryableJobError as error:
            if not self.chunk:
                raise
            self.chunk.interrupt(error)
            store.is_interrupted = True
            return []
        for item in items:
            item.outcome = outcomes.get(item.external_id)
            if item.outcome and item.outcome.kind == POSTPONED:
                item.meet_another(item.outcome.message)
        return [item for item in items if item.is_open]

    def _lock_rows(self, items):
        """Keep the items whose rows in Odoo nobody else is changing."""
        bindings = self.importer.model.union(*(item.binding for item in items))
        name = self.importer.binder.shape.record
        records = bindings.sudo()[name] if name in bindings._fields else None
        if records is None or not records._auto:
            taken = unavailable_rows(bindings)
        elif try_lock_rows(bindings, "NO KEY UPDATE", records):
            taken = bindings.browse()
        else:
            taken = unavailable_rows(bindings)
            free = (bindings - taken).sudo()
            busy = unavailable_rows(free[name])
            taken |= free.filtered(lambda each: each[name] in busy)
        for item in items:
            if item.binding and item.binding.id in taken._ids:
                item.meet_another(self._changing_message(item))
        return [item for item in items if item.is_open]

    def _without_stale(self, items):
        """Leave out what was synchronised after it was read, to read it again."""
        for item in items if self._begins_anew else ():
            if item.binding and item.seen_base is not None:
                item.is_stale = (stored_base(item.binding) or "") != item.seen_base
                if item.is_stale:
                    item.meet_another(self._changing_message(item))
        return [item for item in items if item.is_open]

    def _changing_message(self, item):
        return translatable(self.env)._(
            "Somebody else is changing %(kind)s %(record)s.",
            kind=translatable_label(self.env, self.importer.model._name),
            record=item.external_id,
        )

    def _finish(self, store):
        """Call the hook after the import of each item.

        If the backend stops answering, what is done stays done, and another job goes on
        with the other records.
        """
        items = store.items
        if store.is_alone or not self.importer._overrides("_after_import"):
            for item in items:
                item.has_stopped = True
                store.finish(item)
                item.has_stopped = False
            return
        with Steps(self.env) as steps:
            for number, item in enumerate(items):
                try:
                    with steps.step():
                        store.finish(item)
                except Exception as error:
                    item.has_stopped = scope_of(error) == JOB
                    if not number or not item.has_stopped:
                        raise
                    for unfinished in items[number:]:
                        unfinished.unfinished = unfinished.outcome.kind
                        del self.tracker.outcomes[self._key(unfinished)]
                    self.chunk.interrupt(error, items[number:])
                    store.is_interrupted = True
                    return
