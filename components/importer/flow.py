# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of an import, the same for one record and for many."""

import logging
from contextlib import contextmanager

import psycopg2

from ...exception import JOB_LEVEL_ERRORS, MissingDependencyError
from ...jobs.causes import cause_of
from ...jobs.deletes import waiting_deletes
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    NothingToDo,
    Outcome,
)
from ...tools.transactions import without_commits
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
            except JOB_LEVEL_ERRORS:
                raise
            except Exception as error:
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
            item.restart(self.importer.importer_for(item))
            item.outcome = imported
            if item.is_open:
                self._import_in_savepoint(item)

    def _import_in_savepoint(self, item):
        try:
            with self.tracker.rollback_on_error(), self.env.cr.savepoint():
                ImportFlow(self.importer, [item], self.force).run()
        except JOB_LEVEL_ERRORS:
            raise
        except Exception as error:
            item.fail(error)

    # -- the steps

    def _import(self, is_alone):
        """Run the steps.

        :param is_alone: whether the only item may raise its errors
        """
        self.is_alone = is_alone
        items = [item for item in self.items if item.is_open]
        self._prefetch_data(items)
        items = self._each(items, lambda importer: importer.read_record())
        items = self._lock(items)
        self._find_bindings(items)
        items = self._each(items, lambda each: each.check_up_to_date(self.force))
        items = self._without_deleted(items)
        items = self._import_dependencies(items)
        self._prefetch_unsent_fields(items)
        items = self._each(items, lambda importer: importer.map_values())
        self._store(items)
        for item in items:
            item.importer.finish_import()

    def _each(self, items, step):
        """Run a step for each item.

        :param step: called with the importer of an item
        :return: the items that go on
        """
        for item in items:
            with self._keep_error(item):
                step(item.importer)
        return [item for item in items if item.is_open]

    @contextmanager
    def _keep_error(self, item):
        try:
            yield
        except NothingToDo as nothing:
            item.outcome = nothing.outcome
        except (psycopg2.Error, *JOB_LEVEL_ERRORS):
            raise
        except Exception as error:
            if self.is_alone:
                raise
            item.fail(error)

    def _prefetch_data(self, items):
        """Read all records with one call, where the adapter has one for that."""
        unread = [item for item in items if not item.is_read]
        if len(unread) < 2 or not self.importer.can_read_many:
            return
        found = self.importer.backend_adapter.read_many(
            [item.external_id for item in unread]
        )
        by_text = {str(external_id): data for external_id, data in found.items()}
        for item in unread:
            item.prefetch(by_text.get(str(item.external_id)))

    def _lock(self, items):
        """Keep the items that may be imported now."""
        known = self._known_bindings(items)
        outcomes = self.importer.lock_items(items, known, self.is_alone)
        for item in items:
            item.outcome = outcomes.get(item.external_id)
        self._keep_bindings(items, known)
        return [item for item in items if item.is_open]

    def _known_bindings(self, items):
        ids = [item.external_id for item in items]
        return self.importer.binder.to_internal_many(ids)

    def _keep_bindings(self, items, known):
        model = self.importer.model
        everything = model.union(*known.values())
        for item in items:
            binding = known.get(item.external_id, model)
            # The ORM then reads for all what it reads for one.
            item.known_binding = binding.with_prefetch(everything.ids)

    def _find_bindings(self, items):
        for item in items:
            item.importer.find_binding()

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
            if not self._imported_as_dependency(item):
                with self.tracker.in_progress(self._key(item)):
                    item.importer.import_dependencies()
        if self.tracker.imports == imports:
            return items
        for item in items:
            item.outcome = self._imported_as_dependency(item)
        items = [item for item in items if item.is_open]
        unknown = [item for item in items if not item.binding]
        self._keep_bindings(unknown, self._known_bindings(unknown))
        self._find_bindings(unknown)
        self._prefetch_references(items)
        return items

    def _imported_as_dependency(self, item):
        """Return the outcome of an item that another one needed, otherwise ``None``."""
        if self.is_alone:
            return None
        return self.tracker.outcome(self._key(item))

    def _prefetch_references(self, items):
        """Look up the bindings that the data of many records refers to."""
        if len(items) > 1:
            self.importer.prefetch_references([item.data for item in items])

    def _prefetch_unsent_fields(self, items):
        known = self.importer.model.union(*(item.binding for item in items))
        unsent = self.env["connector.export.change"].waiting_fields(known)
        for item in items:
            item.unsent_fields = unsent.get(item.binding.id, set())

    def _store(self, items):
        """Write the values of all items, and bind the records."""
        new = [item for item in items if not item.binding]
        for item in items:
            if item.binding:
                changed = item.importer.update_binding()
                item.outcome = Outcome(UPDATED if changed else UNCHANGED, "")
        created = self._create(self._adopt(new))
        self.importer.remove_lines(items)
        self.importer.binder.bind_many(
            [(item.external_id, item.binding) for item in items], dated=created
        )
        for item in items:
            self.tracker.imported(self._key(item), item.outcome)

    def _adopt(self, items):
        """Let bindings wrap the records that Odoo already has.

        :return: the items of which Odoo has no record
        """
        new = []
        for item in items:
            if item.importer.adopt_existing():
                item.outcome = Outcome(ADOPTED, "")
            else:
                new.append(item)
        return new

    def _create(self, items):
        """Create bindings, with one call of the ORM unless a connector has its own way.

        :return: the bindings that were created with their sync date
        """
        for item in items:
            item.outcome = Outcome(CREATED, "")
        if not self.is_alone and self.importer.can_create_many:
            return self.importer.create_bindings(items)
        dated = [item.importer.create_binding(self.is_alone) for item in items]
        return [binding for binding in dated if binding]

    def _key(self, item):
        return dependency_key(self.importer.model._name, item.external_id)
