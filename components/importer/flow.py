# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of an import, the same for one record and for many."""

import logging
from contextlib import nullcontext

import psycopg2

from ...exception import (
    IDMissingInBackend,
    InvalidDataError,
    ManyIDSInBackend,
    MissingDependencyError,
)
from ...jobs.causes import cause_of
from ...jobs.deletes import waiting_deletes
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    GONE,
    POSTPONED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    NothingToDo,
    Outcome,
)
from ...jobs.scope import RECORD, scope_of
from ...tools.external_id import is_external_id
from ...tools.orm import invalidate_dependents
from ...tools.text import is_storable, storable
from ...tools.transactions import without_commits
from ..item import run_each
from .dependencies import DependencyTracker, dependency_key

_logger = logging.getLogger(__name__)


class ImportFlow:
    """Import records by the hooks of their importer, each step for all of them.

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

    def run(self):
        """Import the only item. Its error is raised."""
        [item] = self.items
        key = self._key(item)
        with self.tracker.scope(), self.tracker.in_progress(key):
            self._import(is_alone=True)
            self.tracker.imported(key, item.outcome)

    def run_isolated(self):
        """Import all items. Their errors are kept in the items.

        The items are imported together in a savepoint. If that fails, each is imported
        in a savepoint of its own, so that a bad record stops no other record.

        :raise Exception: an error of the transaction or the backend, which concerns the
            whole job
        """
        # An export in a hook would commit.
        with self.tracker.scope(), without_commits(self.env):
            try:
                with self.tracker.rollback_on_error(), self.env.cr.savepoint():
                    self._import(is_alone=False)
                    self.env.flush_all()
            except Exception as error:
                if scope_of(error) != RECORD:
                    raise
                if getattr(error, "ignore_retry", False) and not isinstance(
                    error, MissingDependencyError
                ):
                    raise  # A dependency is locked: retry them together later.
                cause = cause_of(self.env, error)
                _logger.info("A chunk is imported one by one because of %s", cause)
                self._import_one_by_one()

    def _import_one_by_one(self):
        for item in self.items:
            if not item.is_read and not item.is_open:
                continue  # It is gone, or could not be read.
            imported = self._imported_as_dependency(item)
            item.restart(self.importer)
            item.outcome = imported
            if item.is_open:
                self._import_in_savepoint(item)

    def _import_in_savepoint(self, item):
        try:
            with self.tracker.rollback_on_error(), self.env.cr.savepoint():
                ImportFlow(self.importer, [item], self.force).run()
        except Exception as error:
            if scope_of(error) != RECORD:
                raise
            item.fail(error)

    # -- the steps

    def _import(self, is_alone):
        """Run the steps.

        :param is_alone: whether the only item may raise its errors
        """
        self.is_alone = is_alone

        def raised(error):
            of_database = isinstance(error, psycopg2.Error)
            return is_alone or of_database or scope_of(error) != RECORD

        items = [item for item in self.items if item.is_open]
        self._prefetch_data(items)
        items = run_each(items, self._read, raised)
        items = self._lock(items)
        items = run_each(items, self._check_up_to_date, raised)
        items = self._without_deleted(items)
        items = self._import_dependencies(items)
        self._prefetch_unsent_fields(items)
        items = run_each(items, self._map, raised)
        self._store(items)
        for item in items:
            item.importer._after_import(item.binding)

    def _prefetch_data(self, items):
        """Read all records with one call, where the adapter has one for that."""
        unread = [item for item in items if not item.is_read]
        if len(unread) < 2:
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
        if isinstance(item.external_id, str) and not is_storable(item.external_id):
            raise InvalidDataError(
                self.env._(
                    "The id %s contains a character that the database cannot store: "
                    "NUL, or half of a surrogate pair.",
                    storable(item.external_id),
                )
            )
        if not item.is_read:
            try:
                item.data = importer._import_data()
            except IDMissingInBackend:
                message = self.env._(
                    "Nothing was imported: the backend no longer has record %s.",
                    item.external_id,
                )
                raise NothingToDo(message, GONE) from None
            item.is_read = True
        reason = importer._must_skip()
        if reason:
            default = self.env._("Skipped: the connector does not import this record.")
            raise NothingToDo(reason if isinstance(reason, str) else default)

    def _lock(self, items):
        """Keep the items that may be imported now, and find their bindings."""
        ids = [item.external_id for item in items]
        known = self.importer.binder.to_internal_many(ids)
        outcomes = self.importer._lock_imports(ids, known)
        for item in items:
            item.outcome = outcomes.get(item.external_id)
            if self.is_alone and item.outcome and item.outcome.kind == POSTPONED:
                self.importer._retry_job_later(item.outcome.message)
        items = [item for item in items if item.is_open]
        self._find_bindings(items, known)
        return items

    def _find_bindings(self, items, known):
        model = self.importer.model
        everything = model.union(*known.values())
        for item in items:
            binding = known.get(item.external_id, model)
            # The ORM then reads for all what it reads for one.
            item.known_binding = binding.with_prefetch(everything.ids)
            item.binding = item.importer._get_binding()

    def _check_up_to_date(self, item):
        if item.binding and not self.force and item.importer._is_uptodate(item.binding):
            message = self.env._("Nothing was imported: the record is up to date.")
            raise NothingToDo(message, UNCHANGED)

    def _without_deleted(self, items):
        """Skip what a user has deleted in Odoo and the backend still has."""
        deleted = waiting_deletes(
            self.importer.backend_record,
            self.importer.model._name,
            [item.external_id for item in items if not item.binding],
        )
        for item in items:
            if item.external_id in deleted:
                item.outcome = Outcome(
                    SKIPPED,
                    self.env._(
                        "Skipped: %s was deleted in Odoo, and a job is going to delete "
                        "it on the backend.",
                        item.external_id,
                    ),
                )
        return [item for item in items if item.is_open]

    def _import_dependencies(self, items):
        """Import what the items depend on.

        :return: the items that were not imported as a dependency themselves
        """
        self._prefetch_references(items)
        imports = self.tracker.imports
        for item in items:
            if self._imported_as_dependency(item) is None:
                with self.tracker.in_progress(self._key(item)):
                    item.importer._before_import()
                    item.importer._import_dependencies()
        if self.tracker.imports == imports:
            return items
        for item in items:
            item.outcome = self._imported_as_dependency(item)
        items = [item for item in items if item.is_open]
        unknown = [item for item in items if not item.binding]
        ids = [item.external_id for item in unknown]
        self._find_bindings(unknown, self.importer.binder.to_internal_many(ids))
        self._prefetch_references(items)
        return items

    def _imported_as_dependency(self, item):
        """Return the outcome of an item that another one needed, otherwise ``None``."""
        if self.is_alone:
            return None
        return self.tracker.outcome(self._key(item))

    def _key(self, item):
        """Identify a record for the tracker; a hook may have changed its id."""
        return dependency_key(self.importer.model._name, item.external_id)

    def _prefetch_references(self, items):
        """Look up the bindings that the data of many records refers to."""
        if len(items) > 1:
            self.importer.mapper.prefetch_bindings([item.data for item in items])

    def _prefetch_unsent_fields(self, items):
        known = self.importer.model.union(*(item.binding for item in items))
        unsent = self.env["connector.export.change"].waiting_fields(known)
        for item in items:
            item.unsent_fields = unsent.get(item.binding.id, set())

    def _map(self, item):
        """Map the record to the values for its binding."""
        importer = item.importer
        map_record = importer._map_data()
        if item.binding:
            item.values = importer._update_data(
                map_record, binding=item.binding, removed=item.removed_lines
            )
        else:
            item.values = importer._create_data(map_record)
        importer._validate_data(item.values)

    # -- storing the values

    def _store(self, items):
        """Write the values of all items, and bind the records."""
        new = [item for item in items if not item.binding]
        for item in items:
            if item.binding:
                item.outcome = Outcome(UPDATED if self._update(item) else UNCHANGED, "")
        created = self._create([item for item in new if not self._adopt(item)])
        self._remove_lines(items)
        self.importer.binder.bind_many(
            [(item.external_id, item.binding) for item in items], dated=created
        )
        for item in items:
            self.tracker.imported(self._key(item), item.outcome)

    def _update(self, item):
        """Write the values of an item to its binding.

        :return: whether anything differed
        """
        importer, values = item.importer, item.values
        keep = importer._fields_to_keep(item.binding)
        if keep is None:
            values = {}
        else:
            keep = importer._kept_fields.union(keep)
            values = {name: value for name, value in values.items() if name not in keep}
        changed = importer._update(item.binding, values)
        return changed or bool(item.removed_lines)

    def _adopt(self, item):
        """Let a binding wrap the record that Odoo already has, if there is one.

        :return: whether there was one
        """
        existing = self._find_existing(item)
        if not existing:
            return False
        importer, binder = item.importer, self.importer.binder
        with importer._retry_unique_violation():
            item.binding = binder.binding_of(existing)
            if item.binding:
                self._prefetch_unsent_fields([item])
                self._update(item)
            else:
                values = importer._values_to_adopt(existing, item.values)
                item.binding = importer._create(values)
        # Now, since the next record of a chunk may match the same one.
        binder.bind(item.external_id, item.binding)
        item.outcome = Outcome(ADOPTED, "")
        return True

    def _find_existing(self, item):
        """Return the Odoo record to adopt, which must be one, and linked to no other.

        :raise ManyIDSInBackend: otherwise, with the names of what is in the way
        """
        existing = item.importer._match_existing()
        if not existing:
            return None
        if len(existing) > 1:
            raise ManyIDSInBackend(
                self.env._(
                    "%(external_id)s matches several records: %(records)s. Merge them, "
                    "or link one of them with the id by hand.",
                    external_id=item.external_id,
                    records=", ".join(f"{r.display_name} ({r.id})" for r in existing),
                )
            )
        linked = self.importer.binder.to_external(existing, wrap=True)
        if is_external_id(linked) and str(linked) != str(item.external_id):
            raise ManyIDSInBackend(
                self.env._(
                    "%(external_id)s matches %(record)s (id %(id)s), which is linked "
                    "with %(linked)s already. Merge the two on the backend, or make "
                    "them differ.",
                    external_id=item.external_id,
                    record=existing.display_name,
                    id=existing.id,
                    linked=linked,
                )
            )
        return existing

    def _create(self, items):
        """Create bindings, with one call of the ORM unless a connector has its own way.

        :return: the bindings that were created with their sync date
        """
        if not items:
            return []
        for item in items:
            item.outcome = Outcome(CREATED, "")
        overrides, binder = self.importer._overrides, self.importer.binder
        creates_many = not (self.is_alone or overrides("_create"))
        is_own = overrides("_create_many" if creates_many else "_create")
        # An own method may leave out values that it is given.
        dated = {} if is_own else binder.sync_values()
        values = [
            # With the external id, so that it need not be written afterwards.
            {binder.shape.external_id: item.external_id, **item.values, **dated}
            for item in items
        ]
        if creates_many:
            invalidate_dependents(self.importer.model)
            bindings = self.importer._create_many(values)
            for item, binding in zip(items, bindings, strict=True):
                item.binding = binding
        else:
            for item, of_item in zip(items, values, strict=True):
                self._create_one(item, of_item)
        return [item.binding for item in items] if dated else []

    def _create_one(self, item, values):
        importer = item.importer
        # In a chunk, a unique violation makes the records be imported one by one.
        retry = importer._retry_unique_violation() if self.is_alone else nullcontext()
        with retry:
            item.binding = importer._create(values)

    def _remove_lines(self, items):
        """Delete the lines that the backend no longer has.

        A line that another record has taken over stays.
        """
        by_model = {}
        for item in items:
            for line, parent in item.removed_lines:
                if _belongs_to(line, parent):
                    by_model.setdefault(line._name, []).append(line)
        for model_name, lines in by_model.items():
            model = self.env[model_name].with_context(connector_no_export=True)
            lines = model.browse([line.id for line in lines])
            binder = self.importer.binder_for(model_name)
            wrapped = []
            if binder.shape.record in lines._fields:
                wrapped = [binder.unwrap_binding(line) for line in lines]
            lines.unlink()
            if wrapped:
                # Bindings on other backends are deleted there, too.
                records = wrapped[0].union(*wrapped)
                records.with_context(connector_no_export=False).unlink()


def _belongs_to(line, parent):
    """Return whether a many2one of a line still refers to its parent."""
    return any(
        field.type == "many2one"
        and field.comodel_name == parent._name
        and line[name] == parent
        for name, field in line._fields.items()
    )
