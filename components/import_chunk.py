# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of a chunk of records in one transaction."""

import logging
from collections import Counter

import psycopg2

from ..exception import (
    AccessRefusedError,
    IDMissingInBackend,
    NetworkRetryableError,
    RetryableJobError,
)

_logger = logging.getLogger(__name__)

#: What is wrong with the transaction or with the backend is not a record's fault: the
#: job as a whole tries again, or fails.
CONCERN_ALL = (psycopg2.OperationalError, NetworkRetryableError, AccessRefusedError)


class ImportChunk:
    """Records that are imported together, as long as none of them stands in the way.

    First all are tried together, in a savepoint. If that fails, they are imported one
    by one, each in a savepoint, so that only what is bad is set apart.

    :param importer: the importer whose hooks import each record
    :param external_ids: ids on the backend
    :param force: import also what is up to date
    """

    def __init__(self, importer, external_ids, force=False):
        self.importer = importer
        self.env = importer.env
        # an id may come as a number here, and as text there
        self.external_ids = list({str(id_): id_ for id_ in external_ids}.values())
        self.force = force
        self.unreadable = {}  #: causes by external id
        self.set_apart = {}  #: causes by external id
        self.counts = Counter()

    def run(self):
        """Import what can be imported, and set the rest apart."""
        data = self._read()
        try:
            with self.env.cr.savepoint():
                self._import_together(data)
        except (RetryableJobError, *CONCERN_ALL):
            raise  # a dependency is busy, say: soon all can be imported together
        except Exception as error:
            _logger.info("A chunk is imported one by one, because of: %s", error)
            self._import_one_by_one(data)

    def _read(self):
        """Read the records; those that are gone are only counted."""
        read_many = getattr(self.importer.backend_adapter, "read_many", None)
        if read_many:
            data = read_many(self.external_ids)
            self.counts["gone"] = len(set(self.external_ids) - set(data))
            return data
        data = {}
        for external_id in self.external_ids:
            try:
                data[external_id] = self.importer._for_record(
                    external_id
                )._import_data()
            except IDMissingInBackend:
                self.counts["gone"] += 1
            except CONCERN_ALL:
                raise
            except Exception as error:
                self.unreadable[external_id] = str(error)
        return data

    def all_set_apart(self):
        """Return the causes by external id for all that was not imported."""
        return {**self.unreadable, **self.set_apart}

    def sentence(self):
        """Return a translated sentence that says what was done."""
        labels = {
            "created": self.env._("created"),
            "updated": self.env._("updated"),
            "unchanged": self.env._("unchanged"),
            "imported": self.env._("imported"),
            "skipped": self.env._("skipped"),
            "gone": self.env._("gone on the backend"),
        }
        parts = [
            f"{self.counts[key]} {label}"
            for key, label in labels.items()
            if self.counts[key]
        ]
        lines = [", ".join(parts) or self.env._("Nothing was imported.")]
        for external_id, cause in self.all_set_apart().items():
            lines.append(
                self.env._(
                    "Set apart: %(external_id)s: %(cause)s",
                    external_id=external_id,
                    cause=cause,
                )
            )
        return "\n".join(lines)

    # -- all together

    def _import_together(self, data):
        importers = self._prepare(data)
        importers = self._lock(importers)
        self._take_bindings(importers, self.importer._known_bindings)
        importers = [i for i in importers if not self._is_done(i)]
        importers = self._without_deleted(importers)
        self._prefetch(importers)
        self._import_dependencies(importers)
        importers = [i for i in importers if not self._came_as_dependency(i)]
        self._find_bindings([i for i in importers if not i.binding])
        if self._has_imported_dependencies():
            self._prefetch(importers)
        mapped = self._map(importers)
        self._update([pair for pair in mapped if pair[0].binding])
        created = self._create([pair for pair in mapped if not pair[0].binding])
        self.importer.binder.bind_many(
            [(importer.external_id, importer.binding) for importer, _values in mapped],
            dated=created,
        )
        for importer, _values in mapped:
            importer._after_import(importer.binding)
        self.env.flush_all()

    def _prepare(self, data):
        importers = []
        for external_id, record in data.items():
            importer = self.importer._for_record(external_id)
            if importer._prepare(external_id, record):
                self.counts["skipped"] += 1
            else:
                importers.append(importer)
        return importers

    def _lock(self, importers):
        obstacles = self.importer._lock_imports([i.external_id for i in importers])
        self.set_apart.update(obstacles)
        return [i for i in importers if i.external_id not in obstacles]

    def _find_bindings(self, importers):
        """Look for bindings that came with dependencies."""
        if importers and self._has_imported_dependencies():
            ids = [importer.external_id for importer in importers]
            found = self.importer.binder.to_internal_many(ids)
            self._take_bindings(importers, found)

    def _has_imported_dependencies(self):
        return any(self.importer._dependencies.values())

    def _prefetch(self, importers):
        """Look up at once what the records refer to, where the mapper tells."""
        mapper = self.importer.mapper
        if importers and hasattr(mapper, "prefetch_bindings"):
            mapper.prefetch_bindings(
                [importer.external_record for importer in importers]
            )

    def _take_bindings(self, importers, found):
        everything = self.importer.model.union(*found.values())
        for importer in importers:
            binding = found.get(importer.external_id, self.importer.model)
            # what the ORM reads of one, it reads of all
            importer.binding = binding.with_prefetch(everything.ids)

    def _is_done(self, importer):
        done = importer._is_done(self.force)
        self.counts["unchanged"] += done
        return done

    def _without_deleted(self, importers):
        """Leave out what a user has deleted, and the backend still has."""
        new = [importer.external_id for importer in importers if not importer.binding]
        deleted = self.importer._waiting_deletes(new)
        self.counts["skipped"] += len(deleted)
        return [i for i in importers if i.external_id not in deleted]

    def _import_dependencies(self, importers):
        for importer in importers:
            if self._is_imported(importer):
                continue
            key = importer._key()
            known = importer._dependencies.get(key)
            # who depends on it in turn does not import it meanwhile
            importer._dependencies[key] = False
            importer._before_import()
            importer._import_dependencies()
            if known is None:
                importer._dependencies.pop(key)

    def _is_imported(self, importer):
        """Whether another record of the chunk needed this one, and has imported it."""
        return importer._dependencies.get(importer._key(), False)

    def _came_as_dependency(self, importer):
        came = self._is_imported(importer)
        self.counts["imported"] += came
        return came

    def _map(self, importers):
        """Map the records; what cannot be mapped is set apart."""
        known = self.importer.model.union(*(importer.binding for importer in importers))
        waiting = self.env["connector.export.change"]._waiting_fields(known)
        mapped = []
        for importer in importers:
            importer._waiting_changes = waiting
            try:
                mapped.append((importer, self._values(importer)))
            except (psycopg2.Error, *CONCERN_ALL):
                raise
            except Exception as error:
                self.set_apart[importer.external_id] = str(error)
        return mapped

    def _values(self, importer):
        map_record = importer._map_data()
        if not importer.binding:
            return importer._new_values(map_record)
        return importer._known_values(map_record)

    def _update(self, mapped):
        for importer, values in mapped:
            changed = importer._update(importer.binding, values)
            changed = importer._remove_lines() or changed
            self.counts["updated" if changed else "unchanged"] += 1

    def _create(self, mapped):
        """Create what is new.

        :return: the bindings whose sync date is there from the start
        """
        new = []
        for importer, values in mapped:
            if importer._match_existing():
                importer.binding = importer._adopt_or_create(values)
                # at once: the next one may match the same record
                importer.binder.bind(importer.external_id, importer.binding)
            else:
                # what is there from the start needs not be written afterwards
                values.setdefault(importer.binder._external_field, importer.external_id)
                new.append((importer, values))
        self.counts["created"] += len(mapped)
        if self.importer._can_create_many():
            return self._create_together(new)
        for importer, values in new:
            importer.binding = importer._create(values)
        return ()

    def _create_together(self, new):
        dated = {}
        if self.importer._creates_all_values():
            dated = self.importer.binder.sync_values()
        bindings = self.importer._create_many([{**vals, **dated} for _, vals in new])
        for (importer, _values), binding in zip(new, bindings, strict=True):
            importer.binding = binding
        return bindings if dated else ()

    # -- one by one

    def _import_one_by_one(self, data):
        self.counts = Counter(gone=self.counts["gone"])
        self.set_apart.clear()
        dependencies = {}  # those of the first attempt were rolled back
        for external_id, record in data.items():
            importer = self.importer._for_record(external_id)
            importer._dependencies = dict(dependencies)
            try:
                if not self._came_as_dependency(importer):
                    with self.env.cr.savepoint():
                        importer.run(external_id, record, force=self.force)
                    self.counts["imported"] += 1
            except CONCERN_ALL:
                raise
            except Exception as error:
                self.set_apart[external_id] = str(error)
            else:
                dependencies = importer._dependencies
