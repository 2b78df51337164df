# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Store the mapped values of records: create, update or link them, and bind them."""

from contextlib import nullcontext

from ...exception import InvalidDataError, ManyIDSInBackend
from ...jobs.outcome import ADOPTED, CREATED, UNCHANGED, UPDATED, Outcome
from ...tools.bindings import translatable_label
from ...tools.external_id import is_external_id
from ...tools.orm import invalidate_dependents, prefetch_definitions
from ...tools.translatable import translatable
from ...tools.versions import store_version
from ..binder import Misses
from ..merge.hooks import in_hook
from ..merge.merge import ImportMerge
from .values import check_values


def unknown_record(importer):
    """Return the error for a record that its importer does not know and not create."""
    return InvalidDataError(
        translatable(importer.env)._(
            "Odoo does not have %(kind)s %(record)s, and this import only updates "
            "records. Create or link the record in Odoo, then retry.",
            kind=translatable_label(importer.env, importer.model._name),
            record=importer._id_and_name(),
        )
    )


class ImportStore:
    """Stores the values of records.

    :param importer: the importer of the records
    :param is_alone: whether the only record is stored with the hooks for one
    """

    def __init__(self, importer, is_alone):
        self.importer = importer
        self.merge = ImportMerge(importer)
        self.env = importer.env
        self.is_alone = is_alone
        self.items = []  #: the items that are stored
        self.item = None  #: the item at work; ``None`` while many are stored together
        self.is_interrupted = False  #: whether the backend stopped answering

    def map(self, item):
        """Map a record to the values for its binding."""
        self.item = item
        importer = item.importer
        misses = Misses.of(importer.work)
        known_misses = misses.count
        map_record = importer._map_data()
        if item.binding:
            item.values = importer._update_data(
                map_record, binding=item.binding, removed=item.removed_lines
            )
        else:
            item.values = importer._create_data(map_record)
            if importer._only_updates and not self._find_existing(item):
                raise unknown_record(importer)
        item.units = getattr(map_record, "units", {})
        item.lines = getattr(map_record, "lines", {})
        if misses.count > known_misses:
            item.data_digest = None  # The next import looks up the reference again.
        importer._validate_data(item.values)
        check_values(importer.model, item.external_id, item.values)

    def store(self, items):
        """Write the values of all items, and bind the records."""
        self.items, self.item = items, None
        new = [item for item in items if not item.binding]
        for item in self._each(items):
            if item.binding:
                item.outcome = Outcome(UPDATED if self._update(item) else UNCHANGED, "")
        created = self._create(
            [item for item in self._each(new) if not self._adopt(item)]
        )
        self._remove_lines(items)
        self.importer.binder.bind_many(
            [(item.external_id, item.binding) for item in items], dated=created
        )
        for item in items:
            if item.version is not None:
                store_version(item.binding, item.version)

    def finish(self, item):
        """Call the hook after the import of a record."""
        self.item = item
        with in_hook():
            item.importer._after_import(item.binding)
        self.item = None

    def _each(self, items):
        """Return the items one after the other, each as the one at work."""
        for self.item in items:  # noqa: B020
            yield self.item
        self.item = None

    def _update(self, item):
        """Write the values of an item to its binding; return whether any differed."""
        importer = item.importer
        keep = importer._fields_to_keep(item.binding)
        if keep is not None:
            keep = importer._kept_fields.union(keep)
        changed = importer._update(item.binding, item.merge.values_to_write(keep))
        changed |= importer._activate(item)
        return changed or bool(item.removed_lines)

    def _adopt(self, item):
        """Let a binding wrap the record that Odoo has; return whether there is one."""
        existing = self._find_existing(item)
        if not existing:
            return False
        importer, binder = item.importer, self.importer.binder
        with importer._retry_unique_violation():
            item.binding = binder.binding_of(existing)
            if item.binding:
                prefetch_unsent_fields(self.importer, [item])
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
                translatable(self.env)._(
                    "%(external_id)s matches several records: %(records)s. Merge them, "
                    "or link one of them with the id by hand.",
                    external_id=item.external_id,
                    records=", ".join(f"{r.display_name} ({r.id})" for r in existing),
                )
            )
        linked = self.importer.binder.to_external(existing, wrap=True)
        if is_external_id(linked) and str(linked) != str(item.external_id):
            raise ManyIDSInBackend(
                translatable(self.env)._(
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
        # A connector's override may leave out values that it is given.
        dated = {} if is_own else binder.sync_values()
        values = [
            # With the external id, so that it need not be written afterwards.
            {binder.shape.external_id: item.external_id, **item.values, **dated}
            for item in items
        ]
        with self.merge.storing_new(items, dated.get(binder.shape.sync_date)):
            if creates_many:
                invalidate_dependents(self.importer.model)
                prefetch_definitions(self.importer.model, values)
                bindings = self.importer._create_many(values)
                for item, binding in zip(items, bindings, strict=True):
                    item.binding = binding
            else:
                # In a chunk, a unique violation makes it import them one by one.
                guard = self.importer._retry_unique_violation
                for item, of_item in zip(self._each(items), values, strict=True):
                    with guard() if self.is_alone else nullcontext():
                        item.binding = item.importer._create(of_item)
        return [item.binding for item in items] if dated else []

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


def prefetch_unsent_fields(importer, items):
    """Find the fields of known records that users changed and no job has exported."""
    known = importer.model.union(*(item.binding for item in items))
    unsent = importer.env["connector.export.change"].waiting_fields(known)
    for item in items:
        item.unsent_fields = unsent.get(item.binding.id, set())


def _belongs_to(line, parent):
    """Return whether a many2one of a line still refers to its parent."""
    return any(
        field.type == "many2one"
        and field.comodel_name == parent._name
        and line[name] == parent
        for name, field in line._fields.items()
    )
