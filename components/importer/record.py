# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of records: the hooks that a connector overrides.

The flow that calls them is :class:`.ImportFlow`.
"""

from contextlib import contextmanager, nullcontext

from odoo.addons.component.core import AbstractComponent

from ...exception import IDMissingInBackend, ManyIDSInBackend
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    DELAYED,
    GONE,
    POSTPONED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    NothingToDo,
    Outcome,
    Report,
    returns_message,
)
from ...tools.capabilities import has_capability
from ...tools.external_id import is_external_id, unique_external_ids
from ...tools.orm import changed_values, invalidate_dependents, prefetch_inverses
from ..mapper.errors import unknown_target
from .dependencies import DependencyTracker, State, dependency_key
from .flow import ImportFlow
from .item import ImportItem
from .locking import ImportLocks


class RecordImporter(AbstractComponent):
    """Import one record or many, after the records that they depend on.

    The steps are hooks. A connector overrides the ones that differ::

        class OrderImporter(Component):
            _name = "shop.order.importer"
            _inherit = ["connector.record.importer", "base.shop.connector"]
            _apply_on = ["shop.sale.order"]

            def _import_dependencies(self):
                customer = self.external_record["customer_id"]
                self._import_dependency(customer, "shop.res.partner")

    :meth:`run` imports one record, :meth:`run_chunk` many. Both run the same hooks, and
    each record has an importer of its own.
    """

    _name = "connector.record.importer"
    _inherit = "base.importer"
    _usage = "record.importer"

    #: Whether a connector creates bindings in its own way: then each is created alone.
    _overrides_create = False
    #: Whether a connector creates many bindings in its own way, which may leave out
    #: values that it was given.
    _overrides_create_many = False

    @classmethod
    def _detect_overrides(cls):
        super()._detect_overrides()
        cls._overrides_create = cls._create is not RecordImporter._create
        cls._overrides_create_many = cls._create_many is not RecordImporter._create_many

    def __init__(self, work_context):
        super().__init__(work_context)
        self._item = ImportItem(None)
        self._kept_fields = frozenset()

    @property
    def external_id(self):
        """The id of the record on the backend."""
        return self._item.external_id

    @external_id.setter
    def external_id(self, value):
        self._item.external_id = value

    @property
    def external_record(self):
        """The data of the record, as the adapter reads it."""
        return self._item.data

    @external_record.setter
    def external_record(self, value):
        self._item.data = value

    @property
    def binding(self):
        """The binding of the record, an empty recordset before it is created."""
        return self._item.binding

    @binding.setter
    def binding(self, value):
        self._item.binding = value

    def keep_fields(self, names):
        """Leave fields of the binding as they are, whatever the backend's record has.

        :param names: names of the fields, which an export is about to send
        """
        self._kept_fields = frozenset(names)

    @returns_message
    def run(self, external_id, external_record=None, force=False):
        """Import one record.

        :param external_id: its id on the backend (``str`` or ``int``)
        :param external_record: its data, if it was read before
        :param force: whether to import a record that is up to date
        :return: a translated sentence that says what was done
        :rtype: str
        :raise RetryableJobError: when another job is importing the same record
        """
        self._check_backend_active()
        item = self._item = ImportItem(external_id, external_record)
        item.importer = self
        ImportFlow(self, [item], force).run()
        return self._with_message(item.outcome)

    def _with_message(self, outcome):
        if outcome.kind == UNCHANGED and not outcome.message:
            unchanged = self.env._("Imported; nothing had changed.")
            return outcome._replace(message=unchanged)
        if outcome.kind in (ADOPTED, CREATED, UPDATED):
            return outcome._replace(
                message=self.env._("Imported as %s.", self.binding.display_name)
            )
        return outcome

    @returns_message
    def run_chunk(self, external_ids, force=False):
        """Import many records in one transaction.

        The adapter reads them with one call if it has ``read_many``. One query finds
        their bindings, a shared dependency is imported once, and the ORM creates all
        new records with one call. A record that fails is retried by a job of its own,
        which shows the details of its error.

        :param external_ids: list of ids on the backend
        :param force: whether to import records that are up to date
        :return: a translated text that counts what was done, and names the failed
            records
        :rtype: str
        """
        self._check_backend_active()
        items = [ImportItem(id_) for id_ in unique_external_ids(external_ids)]
        for item in items:
            item.importer = self.importer_for(item)
        ImportFlow(self, items, force).run_isolated()
        return Outcome(DELAYED, self._report(items, force))

    def _report(self, items, force):
        """Count the outcomes; delay a job for each item that was not imported."""
        report = Report(self.env)
        for item in items:
            if item.outcome and item.outcome.kind != POSTPONED:
                report.add(item.outcome)
                continue
            label = self.env._("Record %s", item.external_id)
            report.add_failure(label, item.error or item.outcome, item.data)
            self._delay_import_alone(item.external_id, force)
        return report.text(
            [
                (CREATED, self.env._("created")),
                (ADOPTED, self.env._("linked with an existing record")),
                (UPDATED, self.env._("updated")),
                (UNCHANGED, self.env._("unchanged")),
                (SKIPPED, self.env._("skipped")),
                (GONE, self.env._("gone on the backend")),
            ]
        )

    def _delay_import_alone(self, external_id, force):
        self.model.with_delay(
            description=self.env._("Import record %s alone", external_id)
        ).import_record(self.backend_record, external_id, force=force)

    # -- the steps of the flow: see ImportFlow

    def importer_for(self, item):
        """Return an importer for one item of a chunk, which shares our components.

        :param item: an :class:`~.item.ImportItem`
        """
        importer = type(self)(self.work)
        importer.work_on_item(item, self)
        return importer

    def work_on_item(self, item, importer):
        """Import an item with the components of another importer."""
        self._item = item
        self.share_components(importer)

    @property
    def can_read_many(self):
        """Return whether the adapter reads many records with one call."""
        return has_capability(self.backend_adapter, "_reads_many")

    @property
    def can_create_many(self):
        """Return whether one call of the ORM may create many bindings."""
        return not self._overrides_create

    def read_record(self):
        """Read the data of the record.

        :raise NothingToDo: when there is nothing to import
        """
        item = self._item
        if not item.is_read:
            try:
                item.data = self._import_data()
            except IDMissingInBackend:
                message = self.env._(
                    "Nothing was imported: the backend no longer has record %s.",
                    item.external_id,
                )
                raise NothingToDo(message, GONE) from None
            item.is_read = True
        reason = self._must_skip()
        if reason:
            default = self.env._("Skipped: the connector does not import this record.")
            raise NothingToDo(reason if isinstance(reason, str) else default)

    def lock_items(self, items, known, is_alone):
        """Lock items, so that no other job imports them.

        :param items: the items of a flow
        :param known: the bindings that were found, by external id
        :param is_alone: whether to retry the job for a single item
        :return: the outcome of each record that must not be imported now, by its id
        :rtype: dict[object, Outcome]
        """
        outcomes = ImportLocks(self).lock([item.external_id for item in items], known)
        for outcome in outcomes.values():
            if is_alone and outcome.kind == POSTPONED:
                self._retry_job_later(outcome.message)
        return outcomes

    def find_binding(self):
        """Find the binding of the record."""
        self.binding = self._get_binding()

    def check_up_to_date(self, force):
        """End the import of a record that Odoo already has as it is.

        :raise NothingToDo: when the record is up to date
        """
        if self.binding and not force and self._is_uptodate(self.binding):
            message = self.env._("Nothing was imported: the record is up to date.")
            raise NothingToDo(message, UNCHANGED)

    def import_dependencies(self):
        """Import what the record depends on."""
        self._before_import()
        self._import_dependencies()

    def prefetch_references(self, records):
        """Look up the bindings that many records refer to, with one query a model.

        :param records: list of the data of records
        """
        self.mapper.prefetch_bindings(records)

    def map_values(self):
        """Map the record to the values for its binding."""
        map_record = self._map_data()
        if self.binding:
            values = self._update_data(
                map_record, binding=self.binding, removed=self._item.removed_lines
            )
        else:
            values = self._create_data(map_record)
        self._validate_data(values)
        self._item.values = values

    def update_binding(self):
        """Write the mapped values to the binding.

        :return: whether anything differed
        """
        values, keep = self._item.values, self._fields_to_keep(self.binding)
        if keep is None:
            values = {}
        else:
            keep = self._kept_fields.union(keep)
            values = {name: value for name, value in values.items() if name not in keep}
        changed = self._update(self.binding, values)
        return changed or bool(self._item.removed_lines)

    def adopt_existing(self):
        """Let a binding wrap the record that Odoo already has, if there is one.

        :return: whether there was one
        """
        existing = self._find_existing()
        if not existing:
            return False
        values = self._item.values
        with self._retry_unique_violation():
            self.binding = self.binder.binding_of(existing)
            if self.binding:
                changes = self.env["connector.export.change"]
                unsent = changes.waiting_fields(self.binding)
                self._item.unsent_fields = unsent.get(self.binding.id, set())
                self.update_binding()
            else:
                self.binding = self._create(self._values_to_adopt(existing, values))
        # Now, since the next record of a chunk may match the same one.
        self.binder.bind(self.external_id, self.binding)
        return True

    def create_binding(self, is_alone):
        """Create the binding.

        :param is_alone: whether a unique violation retries the job. In a chunk, the
            records are then imported one by one.
        :return: the binding, if it was created with its sync date; otherwise ``None``
        """
        values = self._values_to_create()
        dated = {} if self._overrides_create else self.binder.sync_values()
        with self._retry_unique_violation() if is_alone else nullcontext():
            self.binding = self._create({**values, **dated})
        return self.binding if dated else None

    def create_bindings(self, items):
        """Create the bindings of many items with one call.

        :param items: the items, of which Odoo has no record
        :return: the bindings that were created with their sync date
        :rtype: list
        """
        dated = {} if self._overrides_create_many else self.binder.sync_values()
        invalidate_dependents(self.model)
        bindings = self._create_many(
            [{**item.importer._values_to_create(), **dated} for item in items]
        )
        for item, binding in zip(items, bindings, strict=True):
            item.binding = binding
        return list(bindings) if dated else []

    def remove_lines(self, items):
        """Delete the lines that the backend no longer has.

        A line that another record has taken over stays.

        :param items: the items, whose values are written
        """
        by_model = {}
        for item in items:
            for line, parent in item.removed_lines:
                if _belongs_to(line, parent):
                    by_model.setdefault(line._name, []).append(line)
        for model_name, lines in by_model.items():
            model = self.env[model_name].with_context(connector_no_export=True)
            lines = model.browse([line.id for line in lines])
            binder = self.binder_for(model_name)
            wrapped = []
            if binder.shape.record in lines._fields:
                wrapped = [binder.unwrap_binding(line) for line in lines]
            lines.unlink()
            if wrapped:
                # Bindings on other backends are deleted there, too.
                records = wrapped[0].union(*wrapped)
                records.with_context(connector_no_export=False).unlink()

    def finish_import(self):
        """Run what remains when the record is stored."""
        self._after_import(self.binding)

    # -- parts of the steps

    def _values_to_create(self):
        """Add the external id, so that it need not be written afterwards."""
        return {self.binder.shape.external_id: self.external_id, **self._item.values}

    def _find_existing(self):
        """Return the Odoo record to adopt, which must be one, and linked to no other.

        :raise ManyIDSInBackend: otherwise, with the names of what is in the way
        """
        existing = self._match_existing()
        if not existing:
            return None
        if len(existing) > 1:
            raise ManyIDSInBackend(
                self.env._(
                    "%(external_id)s matches several records: %(records)s. Merge them, "
                    "or link one of them with the id by hand.",
                    external_id=self.external_id,
                    records=", ".join(f"{r.display_name} ({r.id})" for r in existing),
                )
            )
        linked = self.binder.to_external(existing, wrap=True)
        if is_external_id(linked) and str(linked) != str(self.external_id):
            raise ManyIDSInBackend(
                self.env._(
                    "%(external_id)s matches %(record)s (id %(id)s), which is linked "
                    "with %(linked)s already. Merge the two on the backend, or make "
                    "them differ.",
                    external_id=self.external_id,
                    record=existing.display_name,
                    id=existing.id,
                    linked=linked,
                )
            )
        return existing

    def _values_to_adopt(self, existing, values):
        """Let the new binding wrap a record that was there before."""
        own = self.model._fields
        wrapped = {
            name: value
            for name, value in values.items()
            if name in own and own[name].inherited
        }
        existing = existing.with_context(connector_no_export=True)
        existing.write(changed_values(existing, wrapped))
        return {
            **{name: value for name, value in values.items() if name not in wrapped},
            self.binder.shape.record: existing.id,
        }

    @contextmanager
    def _explain_unknown_fields(self, data_list):
        """Name the mapper, and the row, of a value for a field that does not exist."""
        try:
            yield
        except ValueError as error:
            names = {name for data in data_list for name in data}
            for name in sorted(names - self.model._fields.keys()):
                raise unknown_target(self.mapper, self.model, name) from error
            raise

    # -- hooks, in the order in which they run

    def _import_data(self):
        """Return the data of the record, by default what the adapter reads.

        In a chunk, ``read_many`` of the adapter may have read it before.

        :raise IDMissingInBackend: when the backend does not have the record
        """
        item = self._item
        if not item.is_prefetched:
            return self.backend_adapter.read(self.external_id)
        if item.prefetched_data is None:
            raise IDMissingInBackend(
                self.env._("The backend has no record %s.", self.external_id)
            )
        return item.prefetched_data

    def _must_skip(self):
        """Return whether this record must not be imported.

        :return: a true value, best a translated sentence that gives the reason
        """
        return False

    def _get_binding(self):
        """Return the binding of the record, or an empty recordset."""
        if self._item.known_binding is not None:
            return self._item.known_binding
        return self.binder.to_internal(self.external_id)

    def _is_uptodate(self, binding):
        """Return whether Odoo already has the record as it is on the backend.

        Compare a date or a version in ``self.external_record`` with one that the
        binding stores. A record that is up to date is not mapped.

        :rtype: bool
        """
        return False

    def _before_import(self):
        """Prepare the import, before the dependencies are imported."""

    def _import_dependencies(self):
        """Import the records that Odoo must have first.

        Call :meth:`_import_dependency` for each.
        """

    def _import_dependency(self, external_id, binding_model, always=False):
        """Import a record that this one refers to, unless Odoo has it.

        :param external_id: its id on the backend; nothing happens for a false one
        :param binding_model: name of the model of its binding
        :param always: whether to update a record that Odoo has
        """
        key = dependency_key(binding_model, external_id)
        tracker = DependencyTracker.of(self.work)
        if not external_id or tracker.state(key) is not State.NEW:
            return
        if not always and self.binder_for(binding_model).to_internal(external_id):
            return
        importer = self.component(usage="record.importer", model_name=binding_model)
        with tracker.in_progress(key):
            importer.run(external_id)
            tracker.imported(key, importer.outcome)

    def _map_data(self):
        """Return the :class:`MapRecord` of the record."""
        return self.mapper.map_record(self.external_record)

    def _create_data(self, map_record, **kwargs):
        """Return the values of a new binding.

        :param map_record: what :meth:`_map_data` returned
        :param kwargs: options of the mapping
        :rtype: dict
        """
        values = map_record.values(for_create=True, **kwargs)
        values.setdefault(self.binder.shape.backend, self.backend_record.id)
        return values

    def _update_data(self, map_record, **kwargs):
        """Return the values for a binding that Odoo has.

        :param map_record: what :meth:`_map_data` returned
        :param kwargs: options of the mapping; ``binding`` is the binding
        :rtype: dict
        """
        return map_record.values(**kwargs)

    def _validate_data(self, data):
        """Check the values before they are written.

        :param data: what :meth:`_create_data` or :meth:`_update_data` returned
        :raise InvalidDataError: when the values cannot be written
        """

    def _match_existing(self):
        """Return the Odoo record of a new external record that nobody has linked yet.

        Search by e-mail address, by reference, by anything that is unique. The new
        binding then wraps the record that was found. More than one is an error.

        :return: a recordset of the model that the binding wraps, or ``None``
        """
        return None

    def _create(self, data):
        """Create the binding, and return it.

        :param data: what :meth:`_create_data` returned, and the external id
        """
        with self._explain_unknown_fields([data]):
            return self.model.with_context(connector_no_export=True).create(data)

    def _create_many(self, data_list):
        """Create many bindings with one call.

        A chunk calls it in place of :meth:`_create`, unless that is overridden.

        :param data_list: list of values as for :meth:`_create`
        :return: the bindings, in the same order
        """
        with self._explain_unknown_fields(data_list):
            return self.model.with_context(connector_no_export=True).create(data_list)

    def _fields_to_keep(self, binding):
        """Return the fields that the import must not overwrite.

        By default these are the fields that a user has changed and no job has exported
        yet: the backend gets the user's values. A connector that resolves conflicts
        itself returns an empty set.

        :param binding: the binding that is updated
        :return: names of fields, ``None`` for all
        """
        return self._item.unsent_fields

    def _update(self, binding, data):
        """Write the values that differ to the binding.

        :param binding: the binding
        :param data: what :meth:`_update_data` returned
        :return: whether any value differed
        :rtype: bool
        """
        changed = changed_values(binding, data)
        if changed:
            prefetch_inverses(binding, self.binder.shape.record)
            with self._explain_unknown_fields([changed]):
                binding.with_context(connector_no_export=True).write(changed)
        return bool(changed)

    def _after_import(self, binding):
        """Do what remains when the record is imported, such as import its images.

        :param binding: the binding of the record
        """


def _belongs_to(line, parent):
    """Return whether a many2one of a line still refers to its parent."""
    return any(
        field.type == "many2one"
        and field.comodel_name == parent._name
        and line[name] == parent
        for name, field in line._fields.items()
    )
