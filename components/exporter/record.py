# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of one record, with the hooks that a connector overrides."""

from typing import NamedTuple

from odoo.exceptions import MissingError
from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ...exception import AccessRefusedError, IDMissingInBackend, InvalidDataError
from ...jobs.outcome import (
    CREATED,
    GONE,
    UNCHANGED,
    UPDATED,
    NothingToDo,
    Outcome,
    returns_message,
)
from ...tools.diagnosis import source_of
from ...tools.external_id import is_external_id, require_external_id
from ...tools.transactions import commit_if_allowed, search_committed
from .recovery import NoRecovery, recovery_for

#: Hooks that an export of many records does not call for each record.
BYPASSED_HOOKS = ("run", "_run", "_lock", "_create", "_update", "_bind_and_commit")


class Call(NamedTuple):
    """Data that an export sends to the backend."""

    kind: str  #: ``CREATED`` or ``UPDATED``
    data: dict  #: the mapped data


class GenericExporter(AbstractComponent):
    """Export one record, after the records that it depends on.

    The steps are hooks. A connector gives the usage and overrides what differs::

        class PartnerExporter(Component):
            _name = "shop.partner.exporter"
            _inherit = ["generic.exporter", "base.shop.connector"]
            _apply_on = ["shop.res.partner"]
            _usage = "record.exporter"
            _default_binding_field = "shop_bind_ids"

            def _export_dependencies(self):
                self._export_dependency(self.binding.parent_id, "shop.res.partner")
    """

    _name = "generic.exporter"
    _inherit = "base.exporter"

    #: Name of the field of Odoo records that holds their bindings, such as
    #: ``shop_bind_ids``. It is used for dependencies that are not bindings yet.
    _default_binding_field = None

    #: Whether a record that is newer on the backend is imported before it is exported.
    #: By default, a job imports it later, and the export overwrites it on the backend.
    _import_before_export = False

    #: Whether many records may be exported with one call: a connector that overrides
    #: one of the bypassed hooks exports one by one.
    can_use_bulk_calls = True
    #: Whether a connector has something to do after an export.
    has_details = False

    @classmethod
    def _detect_overrides(cls):
        super()._detect_overrides()
        cls.can_use_bulk_calls = all(
            getattr(cls, hook) is getattr(GenericExporter, hook)
            for hook in BYPASSED_HOOKS
        )
        cls.has_details = cls._after_export is not GenericExporter._after_export

    def __init__(self, work_context):
        super().__init__(work_context)
        self.binding = None  #: the binding that is exported
        self.external_id = None  #: its id on the backend; false while it has none
        self._bound_id = None  #: the id that the binding had when the export began
        self._idempotency_key = None  #: the key of the create that is under way
        self._create_recovery = None

    @returns_message
    def run(self, binding, *args, **kwargs):
        """Export a binding, and bind it with its id on the backend.

        :param binding: record of the model that we work on
        :param args: passed to :meth:`_run`, as are ``kwargs``
        :return: what :meth:`_run` returns, a sentence for people
        :raise RetryableJobError: when another job is exporting the record
        """
        self.start_export(binding, kwargs.get("fields"))
        result = self._run(*args, **kwargs)
        if is_external_id(self.external_id):  # otherwise it was never exported
            self._bind_and_commit()
            self._after_export()
        return result

    @returns_message
    def _run(self, fields=None):
        """Export the binding; :meth:`run` binds afterwards.

        :param fields: names of the fields that changed; a record that is new to the
            backend is sent as a whole
        :return: a translated sentence that says what was done
        :rtype: str
        """
        call = self._prepare_call(fields)
        if call.kind == CREATED:
            self._create_once(call.data)
            self._require_created_id(self.external_id, "create")
        else:
            self._update(call.data)
        return self.exported_outcome(call)

    # -- the steps of an export, of one record and of many

    def exported_outcome(self, call):
        """Return the outcome of a call that the backend has accepted.

        :param call: the :class:`Call`
        :rtype: Outcome
        """
        message = self.env._(
            "Exported; its id on the backend is %(external_id)s.",
            external_id=self.external_id,
        )
        return Outcome(call.kind, message)

    def start_export(self, binding, fields=None):
        """Read the external id of a binding, and compare it with the backend.

        :param binding: the binding to export
        :param fields: names of the fields that changed; all when empty
        :raise NothingToDo: when there is nothing that could be exported
        """
        self.binding = binding
        self.outcome = self._idempotency_key = None
        self._check_backend_active()
        try:
            self.external_id = self.binder.to_external(binding)
        except MissingError:
            if binding.exists():
                raise
            message = self.env._(
                "Nothing was exported: the record was deleted in Odoo."
            )
            raise NothingToDo(message, GONE) from None
        is_newer = self._check_backend_version()
        if is_newer and self._import_before_export:
            self._lock()  # The import writes to the row, and must not wait for it.
            self._import_newer(fields)
        elif is_newer:
            self._delay_import()

    def prepare_export(self):
        """Export the dependencies of a record that is to be exported.

        :raise NothingToDo: when the record is not to be exported
        """
        if self._has_to_skip():
            raise NothingToDo(
                self.env._("Skipped: the connector does not export this record.")
            )
        self._bound_id = self.binder.to_external(self.binding)
        self._export_dependencies()

    def build_call(self, fields=None):
        """Map the record, which has to be locked.

        :param fields: names of the fields that changed; all when empty
        :rtype: Call
        :raise NothingToDo: when there is nothing to send
        """
        self._refresh_external_id()
        map_record = self._map_data()
        if is_external_id(self.external_id):
            call = Call(UPDATED, self._update_data(map_record, fields=fields))
        else:
            call = Call(CREATED, self._create_data(map_record, fields=None))
        if not call.data:
            raise NothingToDo(self.env._("There is nothing to export."), UNCHANGED)
        return call

    def validate_call(self, call):
        """Check the data of a call before many calls are sent together.

        :param call: the :class:`Call`
        :raise InvalidDataError: when the data cannot be sent
        """
        if call.kind == CREATED:
            self._validate_create_data(call.data)
        else:
            self._validate_update_data(call.data)

    def take_external_id(self, external_id):
        """Keep the id that the backend gave to a new record.

        :param external_id: the result of a create
        :raise AssertionError: when the result is not a valid external id
        """
        self._require_created_id(external_id, "create_many")
        self.external_id = external_id

    def _require_created_id(self, external_id, method):
        if is_external_id(external_id):
            return
        if type(self)._create is not GenericExporter._create:
            source = f"{self._name}._create() ({source_of(type(self), '_create')})"
        else:
            adapter = type(self.backend_adapter)
            source = f"{adapter._name}.{method}() ({source_of(adapter, method)})"
        require_external_id(external_id, self.binding, source)

    def bind_record(self):
        """Bind the record and commit."""
        self._bind_and_commit()

    def finish_export(self):
        """Do what remains when the export is committed."""
        self._after_export()

    def _prepare_call(self, fields):
        self.prepare_export()
        self._lock()
        return self.build_call(fields)

    def _check_backend_version(self):
        """Call :meth:`_should_import`; forget the id of a record that is gone there."""
        try:
            return self._should_import()
        except IDMissingInBackend:
            self.external_id = None
            return False

    def _refresh_external_id(self):
        """Take over the id that another job bound before we had the lock.

        Dependencies commit. After a commit, we see what other jobs have committed.
        """
        external_id = self.binder.to_external(self.binding)
        if external_id != self._bound_id:
            self.external_id = external_id

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

        It is called with ``_import_before_export``. A connector whose importer does not
        inherit ``connector.record.importer`` overrides it.

        :param fields: names of the fields that changed in Odoo. When empty, users may
            have changed any field, but only those with changes that wait for their
            export are kept.
        """
        importer = self.component(usage="record.importer")
        importer.keep_fields(fields or ())
        importer.run(self.external_id, force=True)

    def _has_to_skip(self):
        """Return whether this record must not be exported.

        :rtype: bool
        """
        return False

    def _export_dependencies(self):
        """Export the records that the backend must know first.

        Call :meth:`_export_dependency` for each.
        """

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
            field = self._dependency_binding_field(
                relation, binding_model, binding_field
            )
            if field in relation._fields:
                binding = self._dependency_binding(
                    relation, binding_model, binding_extra_vals or {}
                )
        if not is_external_id(self.binder_for(binding_model).to_external(binding)):
            self.component(usage=component_usage, model_name=binding_model).run(binding)

    def _dependency_binding_field(self, relation, binding_model, binding_field):
        field = binding_field or self._default_binding_field
        if not field:
            raise ValueError(
                f"{self._name}: {relation} is not a {binding_model}, and the field "
                "that holds its bindings is not known. Set _default_binding_field on "
                "the exporter, or pass binding_field to _export_dependency()."
            )
        return field

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
        return self._create_dependency_binding(binder, relation, values)

    def _create_dependency_binding(self, binder, relation, values):
        """Create a binding that no other job is creating, and has not just created."""
        # Access rules may hide a binding; its constraint counts nevertheless.
        model = binder.model.sudo().with_context(active_test=False)
        domain = Domain(binder.shape.record, "=", relation.id) & binder.backend_domain()
        self.advisory_lock_or_retry(f"create({model._name}, {domain})")
        if search_committed(model, domain):
            self._retry_job_later(
                self.env._(
                    "Another job has just created the binding in %s.",
                    model._description,
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
        if self._idempotency_key:
            return self.backend_adapter.create(
                data, idempotency_key=self._idempotency_key
            )
        return self.backend_adapter.create(data)

    def _update(self, data):
        """Change the record on the backend."""
        self._validate_update_data(data)
        self.backend_adapter.write(self.external_id, data)

    # -- hooks after the export

    def _after_export(self):
        """Do what remains when the export is committed, such as export details."""

    # -- a create that is not repeated

    @property
    def create_recovery(self):
        """The recovery of interrupted creates, as far as the adapter allows one."""
        if self._create_recovery is None:
            try:
                self._create_recovery = recovery_for(self)
            except NoComponentError:  # The exporter calls the backend itself.
                self._create_recovery = NoRecovery()
        return self._create_recovery

    def use_idempotency_key(self, key):
        """Create the record with this key; ``None`` without one."""
        self._idempotency_key = key

    def _create_once(self, data):
        """Create the record, or find it if an earlier attempt was interrupted.

        :param data: the data of the new record
        """
        key, is_unconfirmed = self.create_recovery.begin(self.binding)[self.binding.id]
        self.use_idempotency_key(key)
        if is_unconfirmed:
            self._wait_until_settled(key)
            if self._adopt_created():
                return
            self.create_recovery.begin_again(key)
        try:
            self.external_id = self._create(data)
        except (InvalidDataError, AccessRefusedError):
            if not is_unconfirmed:  # The create did not happen.
                self.create_recovery.refused(key)
                raise
            # The backend may refuse it because the first create did happen.
            if not self._adopt_created():
                raise

    def _wait_until_settled(self, key):
        """Retry the job while the backend may still be busy with the first create."""
        seconds = self.create_recovery.seconds_to_wait(key)
        if seconds:
            self._retry_job_later(
                self.env._("The backend may still be creating the record."), seconds
            )

    def _adopt_created(self):
        """Bind the record that an interrupted create made, and update it.

        :return: whether there was one
        """
        external_id = self.create_recovery.find(self._idempotency_key)
        if external_id is None:
            return False
        self.external_id = external_id
        self._bind_and_commit()  # Before the update, which may fail.
        self._lock()  # The commit released the lock.
        data = self._update_data(self._map_data())
        if data:
            self._update(data)
        return True

    def _bind_and_commit(self):
        """Bind the record and commit.

        An override writes what has to be committed together with the external id,
        before it calls ``super()``.
        """
        self.binder.bind(self.external_id, self.binding)
        commit_if_allowed(self.env)
        if self._idempotency_key:
            self.create_recovery.succeeded(self.binding)
            self._idempotency_key = None
