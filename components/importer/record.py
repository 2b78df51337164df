# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of records: the hooks that a connector overrides.

The flow that calls them is :class:`.ImportFlow`.
"""

from contextlib import contextmanager
from functools import partial

from odoo.tools import split_every

from odoo.addons.component.core import AbstractComponent

from ...exception import IDMissingInBackend, MissingDependencyError
from ...jobs.alone import delay_alone
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    DELETED,
    GONE,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Outcome,
    Report,
    returns_message,
)
from ...tools.bindings import translatable_label
from ...tools.external_id import unique_external_ids
from ...tools.orm import changed_values, prefetch_inverses, write_inherited
from ...tools.overrides import overrides
from ...tools.text import storable, storable_key
from ...tools.translatable import joined, translatable
from ..chunk import Chunk
from ..item import item_value
from ..mapper.errors import unknown_target
from ..merge.decision import POLICIES
from ..merge.unchanged import data_digest
from .dependencies import Dependency, DependencyTracker
from .flow import ImportFlow
from .item import ImportItem
from .memory import ImportMemory


class RecordImporter(AbstractComponent):
    """Import one record or many, after the records that they depend on.

    The steps are hooks. A connector overrides the ones that differ::

        class OrderImporter(Component):
            _name = "shop.order.importer"
            _inherit = ["connector.record.importer", "base.shop.connector"]
            _apply_on = ["shop.sale.order"]
            _imports_references = True

    :meth:`run` imports one record, :meth:`run_chunk` many. Both run the same hooks, and
    each record has an importer of its own.
    """

    _name = "connector.record.importer"
    _inherit = "base.importer"
    _usage = "record.importer"

    #: Whether sources may deliver records with their data: see :mod:`.delivered`.
    _has_deliveries = False
    #: Whether the records to which the rows of the mapper refer are imported first.
    _imports_references = False
    #: Whether the import never creates a record, as for the confirmations of orders. A
    #: record without a link, which :meth:`_match_existing` does not find, fails.
    _only_updates = False
    #: How :meth:`_delete_binding` treats a record that is gone on the backend:
    #: ``"unlink"`` deletes the link only, ``"archive"`` archives the Odoo record, which
    #: is active again when the backend has it again, ``"delete"`` deletes both.
    _when_gone = "unlink"

    external_id = item_value("external_id", "The id of the record on the backend.")
    external_record = item_value(
        "data", "The data of the record, as the adapter reads it."
    )
    binding = item_value(
        "binding",
        "The binding of the record, an empty recordset before it is created.",
    )

    def __init__(self, work_context):
        super().__init__(work_context)
        self._item = ImportItem(None)
        self._kept_fields = frozenset()
        self._is_followed_by_export = False

    def keep_fields(self, names):
        """Prepare the import of a record that an export is about to send.

        Fields without a base stay as they are, whatever the backend's record has. Those
        with a base are merged: see :meth:`_conflict_policy`.

        :param names: names of the fields that the export sends; all when empty
        """
        self._kept_fields = frozenset(names)
        self._is_followed_by_export = not names

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
        tracker = DependencyTracker.of(self.work)
        if not tracker.is_idle:  # of another import, which keeps what was read
            ImportFlow(self, [item], force).run()
            return self._with_message(item.outcome)
        try:
            self._run_alone(item, tracker, force)
        except Exception as error:
            error.record_name = self._known_name()
            raise
        return self._with_message(item.outcome)

    def _run_alone(self, item, tracker, force):
        memory = ImportMemory.of_record(self, item.external_id)
        with tracker.scope():
            memory.recall([item])
            try:
                ImportFlow(self, [item], force).run()
            except Exception as error:
                memory.keep_for_retry(error, [item])
                raise

    def _with_message(self, outcome):
        if outcome.kind in (ADOPTED, CREATED, UPDATED):
            message = translatable(self.env)._(
                "Imported as %s.", self.binding.display_name
            )
        elif outcome.kind == UNCHANGED and not outcome.message:
            message = translatable(self.env)._("Imported; nothing had changed.")
        else:
            return outcome
        return Outcome(outcome.kind, message)

    @returns_message
    def run_chunk(self, external_ids, force=False):
        """Import many records together.

        The adapter reads them with one call if it has ``read_many``. One query finds
        their bindings, a shared dependency is imported once, and the ORM creates all
        new records with one call. A record that fails is retried by a job of its own,
        which shows the details of its error. If the backend stops answering, another
        job goes on with the records that are left.

        :param external_ids: list of ids on the backend
        :param force: whether to import records that are up to date
        :return: a translated text that counts what was done, and names the failed
            records
        :rtype: str
        """
        self._check_backend_active()
        items = [
            ImportItem(id_, importer=self) for id_ in unique_external_ids(external_ids)
        ]
        chunk = Chunk(self.env, items)
        memory = ImportMemory(self, chunk.job)
        with DependencyTracker.of(self.work).scope():
            chunk.items = memory.recall(chunk.items)
            self._run_groups(chunk, force, 1 if memory.goes_one_by_one else len(items))
            try:
                return chunk.settle(partial(self._report, chunk, memory, force))
            except Exception as error:
                memory.keep_for_retry(error, chunk.items)
                raise

    def import_newer(self, kept_fields):
        """Import records that exports are about to change.

        :param kept_fields: pairs of the id of a record on the backend and the names of
            the fields to leave as they are
        :return: the ``Chunk`` of the imports
        """
        items = [ImportItem(id_, importer=self) for id_, _names in kept_fields]
        for item, (_id, names) in zip(items, kept_fields, strict=True):
            item.importer.keep_fields(names or ())
        chunk = Chunk(self.env, items)
        with DependencyTracker.of(self.work).scope():
            ImportFlow(self, items, force=True).run_isolated(chunk)
        return chunk

    def _run_groups(self, chunk, force, size):
        """Import the records of a chunk in groups, one after the other."""
        for group in split_every(size, chunk.items, list):
            if not chunk.interruption:
                ImportFlow(self, group, force).run_isolated(chunk)

    def _report(self, chunk, memory, force):
        """Count the outcomes; delay a job for each item that was not imported."""
        report = Report(self.env)
        for item in chunk.items:
            if item.is_open:
                continue
            if item.is_done:
                report.add(item.outcome)
                continue
            name = item.importer._id_and_name()
            label = translatable(self.env)._("Record %s", name)
            report.add_failure(label, item.error or item.outcome, item.data)
            self._delay_import_alone(item.external_id, force, name)
        if chunk.rest:
            self._delay_rest(report, chunk, memory, force)
        return report.text(
            [
                (CREATED, translatable(self.env)._("created")),
                (ADOPTED, translatable(self.env)._("linked with an existing record")),
                (UPDATED, translatable(self.env)._("updated")),
                (UNCHANGED, translatable(self.env)._("unchanged")),
                (SKIPPED, translatable(self.env)._("skipped")),
                (GONE, translatable(self.env)._("gone on the backend")),
                (DELETED, translatable(self.env)._("deleted")),
            ]
        )

    def _delay_rest(self, report, chunk, memory, force):
        """Delay the job that goes on with what is left, and with what was read."""
        rest = chunk.rest
        ids = [item.external_id for item in rest]

        def delay(**options):
            delayed = self.model.with_delay(**options)
            return delayed.import_chunk(self.backend_record, ids, force=force)

        job = chunk.delay_rest(report, (self.model._name, "import_chunk"), ids, delay)
        job.sudo().kept_data = memory.to_keep(rest)

    def _known_name(self):
        """Return the name of the record; an error of the hook hides no other one."""
        try:
            return self._record_name() or ""
        except Exception:
            return ""

    def _id_and_name(self):
        """Return the id of the record, and its name for people if it has one."""
        shown, name = _shown(self.external_id), self._known_name()
        return joined([shown, " (", name, ")"]) if name else shown

    def _delay_import_alone(self, external_id, force, name=None):
        """Delay a job for one record, unless one does the same."""
        backend, model = self.backend_record, self.model
        name = name or _shown(external_id)
        key = f"connector.import({backend}, {model._name}, {force}, {external_id})"
        delay_alone(
            model.import_record,
            backend,
            external_id,
            force=force,
            key=storable_key(key),
            options={
                "description": translatable(self.env)._("Import record %s alone", name)
            },
        )

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
                translatable(self.env)._(
                    "The backend has no record %s.", self.external_id
                )
            )
        if isinstance(item.prefetched_data, Exception):
            raise item.prefetched_data
        return item.prefetched_data

    def _record_name(self):
        """Return a name of the record that people see beside its id.

        By default, it is the name that the record was delivered with, such as "Line 17
        of prices.csv". Override it to take the name from the data, which may be
        ``None`` if it was not read::

            def _record_name(self):
                return self.external_record["number"]

        The report of a chunk, jobs of one record, failures, the preview and the
        comparison show it.

        :return: a text; nothing without a name
        :rtype: str
        """
        return self._item.name

    def _data_digest(self):
        """Return what is the same only if the data of the record is the same.

        A record with the digest of its last import is done, without a look at Odoo's
        record. The last import has to have been with the same code of the importer and
        the mapper, in the same company and language.

        Override it for data that JSON cannot represent, or if the import reads more of
        the backend than the data. A version of the record will do. Return ``None`` to
        import the record in any case, as happens by default if the connector overrides
        :meth:`_before_import` or :meth:`_after_import`.

        :rtype: bytes | str | None
        """
        return data_digest(self.external_record)

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

        By default, these are the records whose ids the rows of the mapper import into
        a many2one, if ``_imports_references`` is set. An override calls
        :meth:`_import_dependency` for each record.
        """
        if self._imports_references:
            for reference in self.mapper._references(self.external_record):
                self._import_dependency(*reference)

    def _import_dependency(self, external_id, binding_model, always=False):
        """Import a record that this one refers to, unless Odoo has it.

        :param external_id: its id on the backend; nothing happens for a value that is
            not an id, such as ``None``
        :param binding_model: name of the model of its binding
        :param always: whether to update a record that Odoo has
        """
        Dependency(self, external_id, binding_model, always).import_()

    def _require_linked(self, binding_model, names):
        """Let the record wait for others that no import creates, such as products.

        :param binding_model: name of the model of their bindings
        :param names: what people call these records, by external id
        :raise MissingDependencyError: with the names of those that are not linked; the
            job is tried again
        """
        known = self.binder_for(binding_model).to_internal_many(names)
        missing = {f"'{name}'" for id_, name in names.items() if id_ not in known}
        if missing:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "It waits for records that are not linked with Odoo: %(records)s "
                    "(%(model)s). Export them to the backend, or link them.",
                    model=translatable_label(self.env, binding_model),
                    records=", ".join(sorted(missing)),
                )
            )

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
        yet: the backend gets the user's values. For fields of which both sides are
        known as they were at the last synchronisation, the merge decides instead.

        A connector that overrides the method resolves conflicts itself: nothing is
        merged.

        :param binding: the binding that is updated
        :return: names of fields, ``None`` for all
        """
        return self._item.unsent_fields

    def _conflict_policy(self, names):
        """Return which side wins when both have changed fields to different values.

        By default, ``conflict_policies`` of the import mapper counts, then the field
        ``conflict_policy`` of the backend, if it has one. Without both, Odoo wins.

        :param names: names of the fields, which one mapping method writes together
        :return: ``"odoo"``, ``"backend"``, ``"newer"`` for the side that was changed
            last, or ``"ask"`` for a decision by a person
        :rtype: str
        """
        policies, backend = self.mapper.conflict_policies, self.backend_record
        declared = [policies[name] for name in sorted(names) if name in policies]
        if declared:
            return declared[0]
        has_policy = "conflict_policy" in backend._fields
        policy = has_policy and backend.sudo().conflict_policy
        # A connector may have a field of this name with other values.
        return policy if policy in POLICIES else "odoo"

    def _changed_at(self):
        """Return when the backend's record was last changed, for the policy ``newer``.

        :return: ``datetime`` in UTC without a time zone, ``None`` if it is not known
        """
        return None

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
                silent = binding.with_context(connector_no_export=True)
                write_inherited(silent, changed)
        return bool(changed)

    def _after_import(self, binding):
        """Do what remains when the record is imported, such as import its images.

        What it writes to other records with ``connector_no_export`` does not count as a
        change in Odoo: a later import does not send it to the backend.

        :param binding: the binding of the record
        """

    # -- details

    def _overrides(self, *names):
        """Return whether a connector has its own method in place of one of ours."""
        return overrides(self, RecordImporter, *names)

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


def _shown(external_id):
    """Return an id as people see it; what is not one, such as an empty text, too."""
    return storable(str(external_id)) or repr(external_id)
