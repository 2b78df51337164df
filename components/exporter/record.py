# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of one record, with the hooks that a connector overrides."""

from functools import cached_property, partial

from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ...jobs.closing import Work, note_record
from ...jobs.outcome import CREATED, NothingToDo, returns_message
from ...tools.bindings import translatable_label
from ...tools.diagnosis import source_of
from ...tools.external_id import is_external_id, require_external_id
from ...tools.overrides import overrides
from ...tools.transactions import commit_if_allowed, may_commit, search_committed
from ...tools.translatable import translatable
from ..backend_adapter import adapter_with_versions
from ..item import item_value
from .item import Call, ExportItem  # noqa: F401 (Call was defined here)
from .recovery import recovery_for

#: Hooks that an export of many records does not call for each record.
BYPASSED_HOOKS = ("run", "_run", "_lock", "_create", "_update", "_bind_and_commit")


class GenericExporter(AbstractComponent):
    """Export one record, after the records that it depends on.

    The steps are hooks. A connector gives the usage and overrides what differs::

        class PartnerExporter(Component):
            _name = "shop.partner.exporter"
            _inherit = ["generic.exporter", "base.shop.connector"]
            _apply_on = ["shop.res.partner"]
            _usage = "record.exporter"
            _default_binding_field = "shop_bind_ids"
            _exports_references = True
    """

    _name = "generic.exporter"
    _inherit = "base.exporter"

    #: Name of the field of Odoo records that holds their bindings, such as
    #: ``shop_bind_ids``. It is used for dependencies that are not bindings yet.
    _default_binding_field = None

    #: Whether a record that is newer on the backend is imported before it is exported.
    #: By default, a job imports it later, and the export overwrites it on the backend.
    _import_before_export = False

    #: Whether the records to which the rows of the mapper refer are exported first.
    _exports_references = False

    external_id = item_value(
        "external_id", "Its id on the backend; false while it has none."
    )

    def __init__(self, work_context):
        super().__init__(work_context)
        self._item = ExportItem(None, self)

    @property
    def binding(self):
        """The binding that is exported, in the company in which we work."""
        item = self._item
        if item.binding is not None:
            item.binding = self._in_our_company(item.binding)
        return item.binding

    @binding.setter
    def binding(self, value):
        self._item.binding = value

    @returns_message
    def run(self, binding, *args, **kwargs):
        """Export a binding, and bind it with its id on the backend.

        :param binding: record of the model that we work on
        :param args: passed to :meth:`_run`, as are ``kwargs``
        :return: what :meth:`_run` returns, a sentence for people
        :raise RetryableJobError: when another job is exporting the record
        """
        self.outcome = None
        self._item = ExportItem(binding, self, kwargs.get("fields"))
        self._item.start()
        result = self._item.version.repeat(partial(self._run, *args, **kwargs))
        if is_external_id(self.external_id):  # otherwise it was never exported
            self._bind_and_commit()
            self._after_export()
        work = Work.of(binding, "export_record", binding.ids, args, kwargs)
        note_record(self, work, result, is_committed=may_commit(self.env))
        return result

    @returns_message
    def _run(self, fields=None):
        """Export the binding; :meth:`run` binds afterwards.

        :param fields: names of the fields that changed; a record that is new to the
            backend is sent as a whole
        :return: a translated sentence that says what was done
        :rtype: Outcome
        """
        item = self._item
        item.prepare()
        self._lock()
        call = item.build_call(fields)
        if call.kind == CREATED:
            self._create_recovery.create(item)
        else:
            try:
                self._update(call.data)
            except NothingToDo:
                item.sent = None
                raise
        return item.exported()

    # -- hooks before the export

    def _should_import(self):
        """Return whether the backend's record is newer and has to be imported.

        :rtype: bool
        :raise IDMissingInBackend: when the backend has lost the record; it is then
            created again
        """
        return False

    def _delay_import(self):
        """Delay a job that imports the backend's record."""
        self.binding.with_delay().import_record(
            self.backend_record, self.external_id, force=True
        )

    def _import_newer(self, fields):
        """Import the backend's record, except for the fields that are to be exported.

        It is called with ``_import_before_export``, and when the backend has another
        version than Odoo knows. A connector whose importer does not inherit
        ``connector.record.importer`` overrides it. Without an importer, only the
        version is read.

        :param fields: names of the fields that changed in Odoo. When empty, users may
            have changed any field, but only those with changes that wait for their
            export are kept.
        :return: the outcome of the import, ``None`` if it is not known
        :rtype: Outcome | None
        """
        try:
            importer = self.component(usage="record.importer")
        except NoComponentError:
            if not adapter_with_versions(self):
                raise
            self.backend_adapter.read(self.external_id)
            return None
        importer.keep_fields(fields or ())
        importer.run(self.external_id, force=True)
        return importer.outcome

    def _has_to_skip(self):
        """Return whether this record must not be exported.

        :rtype: bool
        """
        return False

    def _export_dependencies(self):
        """Export the records that the backend must know first.

        By default, these are the records to which ``m2o_to_external`` and
        ``records_to_external`` refer in the rows of the mapper, if
        ``_exports_references`` is set. An override calls :meth:`_export_dependency` for
        each record.
        """
        if self._exports_references:
            for path, binding_model in self.mapper._references():
                for record in self.binding.mapped(path):
                    self._export_dependency(record, binding_model or record._name)

    def _export_dependency(
        self,
        relation,
        binding_model,
        component_usage="record.exporter",
        binding_field=None,
        binding_extra_vals=None,
    ):
        """Export a record that this one refers to, unless the backend has it.

        :param relation: the record: a binding, or an Odoo record whose binding is
            found or created; nothing happens when it is empty
        :param binding_model: name of the model of the binding
        :param component_usage: usage of the exporter of the binding
        :param binding_field: name of the field of ``relation`` that holds its
            bindings; by default ``_default_binding_field``
        :param binding_extra_vals: more values for a binding that is created
        :raise ValueError: when ``relation`` needs a binding and neither
            ``binding_field`` nor ``_default_binding_field`` is set
        :raise RetryableJobError: when another job is creating the same binding
        """
        if not relation:
            return
        binding = relation
        if relation._name != binding_model:
            field = binding_field or self._default_binding_field
            if not field:
                raise ValueError(
                    f"{self._name}: {relation} is not a {binding_model}, and the field "
                    "that holds its bindings is not known. Set _default_binding_field "
                    "on the exporter, or pass binding_field to _export_dependency()."
                )
            if field in relation._fields:
                binding = self._dependency_binding(
                    relation, binding_model, binding_extra_vals or {}
                )
        if not is_external_id(self.binder_for(binding_model).to_external(binding)):
            self.component(usage=component_usage, model_name=binding_model).run(binding)

    def _dependency_binding(self, relation, binding_model, extra_values):
        """Find or create the binding of an Odoo record on this backend."""
        binder = self.binder_for(binding_model)
        # The binder prefetches the bindings that other exports of a chunk need.
        binding = binder.binding_of(relation)
        if binding:
            return binding
        values = {
            binder.shape.record: relation.id,
            binder.shape.backend: self.backend_record.id,
            **extra_values,
        }
        # Access rules may hide a binding; its constraint counts nevertheless.
        model = binder.model.sudo().with_context(active_test=False)
        domain = Domain(binder.shape.record, "=", relation.id) & binder.backend_domain()
        self.advisory_lock_or_retry(f"create({model._name}, {domain})")
        if search_committed(model, domain):
            self._retry_job_later(
                translatable(self.env)._(
                    "Another job has just created the binding in %s.",
                    translatable_label(self.env, model._name),
                )
            )
        with self._retry_unique_violation():
            binding = model.with_context(connector_no_export=True).create(values)
            # Before the commit, other jobs do not see it and create it, too.
            commit_if_allowed(self.env)
        return binding.with_env(binding.env(context=self.env.context))

    def _lock(self):
        """Lock the binding, so that no other job exports it at the same time.

        The lock ends with the transaction, at the latest when the id is committed.

        :raise RetryableJobError: when another transaction holds the row, or has changed
            it since this transaction began
        """
        self._lock_or_retry(self.binding)

    def _match_key(self, data):
        """Return by what the backend's record is recognised, if it has one already.

        Before a record is created, ``find_existing`` of the adapter looks for its key.
        If it finds a record, this one is linked and updated. A record that is linked
        with another binding is an error, before anything is sent. Of records with the
        same key, one is exported at a time.

        :param data: what :meth:`_create_data` returned
        :return: a text or a number, such as an SKU, or a tuple of several; ``None`` to
            create the record without looking for another one
        """
        return None

    # -- the export itself

    def _map_data(self):
        """Return the :class:`MapRecord` of the binding."""
        return self.mapper.map_record(self.binding)

    def _create_data(self, map_record, fields=None, **kwargs):
        """Return the data of a record that is new to the backend.

        :param map_record: what :meth:`_map_data` returned
        :param fields: not used for a new record
        :param kwargs: options of the mapping
        :rtype: dict
        """
        return map_record.values(for_create=True, fields=fields, **kwargs)

    def _update_data(self, map_record, fields=None, **kwargs):
        """Return the data of a record that the backend has already.

        :param map_record: what :meth:`_map_data` returned
        :param fields: names of the fields that changed; all when empty
        :param kwargs: options of the mapping
        :rtype: dict
        """
        return map_record.values(fields=fields, **kwargs)

    def _validate_create_data(self, data):
        """Check the data of a new record.

        :raise InvalidDataError: when it cannot be sent
        """

    def _validate_update_data(self, data):
        """Check the data of a record that the backend has.

        :raise InvalidDataError: when it cannot be sent
        """

    def _create(self, data):
        """Create the record on the backend and return its external id."""
        self._validate_create_data(data)
        key = self._item.key
        options = {"idempotency_key": key} if key else {}
        return self.backend_adapter.create(data, **options)

    def _update(self, data):
        """Change the record on the backend."""
        self._validate_update_data(data)
        version = self._item.version
        self.backend_adapter.write(self.external_id, data, **version.options())
        version.take()

    # -- hooks after the export

    def _values_on_backend(self):
        """Return what an import would read of the record that was just sent.

        Otherwise, the next import takes it for a change on the backend if the backend
        cannot hold a value as Odoo does, such as an address with a name.

        :return: values by the names of fields, as the import mapper returns them; the
            others are read as Odoo has them
        :rtype: dict
        """
        return {}

    def _after_export(self):
        """Do what remains when the export is committed, such as export details."""

    # -- the end of a create

    def _data_of_create(self, binding):
        """Return the data with which an export would create a record now."""
        item = ExportItem(binding)
        item.exporter = self.for_item(item)
        return item.exporter._create_data(item.exporter._map_data(), fields=None)

    @cached_property
    def _create_recovery(self):
        return recovery_for(self)

    def _take_created_id(self, external_id, method="create"):
        """Keep the id that the backend gave to a new record.

        :raise AssertionError: when it is not a valid external id
        """
        if not is_external_id(external_id):
            if overrides(self, GenericExporter, "_create"):
                cls, method = type(self), "_create"
            else:
                cls = type(self.backend_adapter)
            source = f"{cls._name}.{method}() ({source_of(cls, method)})"
            require_external_id(external_id, self.binding, source)
        self._item.external_id = external_id
        self._item.version.take()

    def _bind_and_commit(self):
        """Bind the record and commit.

        An override writes what has to be committed together with the external id,
        before it calls ``super()``.
        """
        self.binder.bind(self.external_id, self.binding)
        self._item.version.store()
        self._item.store_sent()
        commit_if_allowed(self.env)
        if self._item.key:
            self._create_recovery.succeeded(self.binding)
            self._item.key = None
