# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of a synchronisation: who does what, in which order.

A synchronizer does little itself. It calls the mapper, the binder and the adapter of
the model that it works on, whichever the connector has put there.
"""

from odoo.exceptions import MissingError
from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ..backends import is_archived
from ..exception import AccessRefusedError, IDMissingInBackend, InvalidDataError
from ..external_id import is_external_id, require_external_id
from ..locks import pg_try_advisory_locks
from ..transactions import commit_if_allowed, search_committed


class Synchronizer(AbstractComponent):
    """Base of exporters, importers and deleters."""

    _name = "base.synchronizer"
    _inherit = "base.connector"

    _base_mapper_usage = "mapper"
    _base_backend_adapter_usage = "backend.adapter"

    def __init__(self, work_context):
        super().__init__(work_context)
        self._backend_adapter = None
        self._binder = None
        self._mapper = None

    def run(self):
        """Run the synchronisation; each synchronizer has its own parameters."""
        raise NotImplementedError(f"{self._name} does not implement run()")

    def _backend_obstacle(self):
        """Return a sentence when the backend is not to be used, else ``None``.

        Jobs may run long after they were made.
        """
        backend = self.backend_record.sudo()
        if is_archived(backend):
            return self.env._("Nothing was done: %s is archived.", backend.display_name)
        return None

    @property
    def mapper(self):
        """The mapper of the model, looked up when it is first needed."""
        if self._mapper is None:
            self._mapper = self.component(usage=self._base_mapper_usage)
        return self._mapper

    @property
    def binder(self):
        """The binder of the model, looked up when it is first needed."""
        if self._binder is None:
            self._binder = self.binder_for()
        return self._binder

    @property
    def backend_adapter(self):
        """The backend adapter of the model, looked up when it is first needed."""
        if self._backend_adapter is None:
            self._backend_adapter = self.component(
                usage=self._base_backend_adapter_usage
            )
        return self._backend_adapter


class Exporter(AbstractComponent):
    """Base of the synchronizers from Odoo to a backend."""

    _name = "base.exporter"
    _inherit = "base.synchronizer"
    _usage = "exporter"
    _base_mapper_usage = "export.mapper"


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

    #: name of the field of Odoo records that holds their bindings, as
    #: ``shop_bind_ids``; used for dependencies that are not bindings yet
    _default_binding_field = None

    def __init__(self, work_context):
        super().__init__(work_context)
        self.binding = None  #: the binding that is exported
        self.external_id = None  #: its id on the backend; false while it has none
        self._idempotency_key = None  #: names the create that is going on
        self._left_out = False  #: whether the record was not to be exported

    def run(self, binding, *args, **kwargs):
        """Export a binding, and remember what the backend calls it.

        :param binding: record of the model that we work on
        :param args: passed to :meth:`_run`, as are ``kwargs``
        :return: what :meth:`_run` returns, a sentence for people
        :raise RetryableJobError: when another job is busy with the record
        """
        self.binding = binding
        self._idempotency_key = None
        obstacle = self._read_external_id()
        self._left_out = bool(obstacle)
        if obstacle:
            return obstacle
        if self._is_newer_on_backend():
            self._delay_import()
        result = self._run(*args, **kwargs)
        if not is_external_id(self.external_id):
            return result  # skipped before it ever was exported
        self._bind()
        self._after_export()
        return result

    def _run(self, fields=None):
        """Export the binding; :meth:`run` binds afterwards.

        :param fields: names of the fields that changed; a record that is new to the
            backend is sent whole
        :return: a translated sentence that says what was done
        :rtype: str
        """
        if self._has_to_skip():
            self._left_out = True
            return self.env._("Skipped: the connector does not export this record.")
        bound = self.binder.to_external(self.binding)
        self._export_dependencies()
        self._lock()
        self._notice_external_id(bound)
        map_record = self._map_data()
        if is_external_id(self.external_id):
            data = self._update_data(map_record, fields=fields)
            if data:
                self._update(data)
        else:
            data = self._create_data(map_record)
            if data:
                self._create_once(data)
                require_external_id(self.external_id, self.binding)
        if not data:
            return self.env._("There is nothing to export.")
        return self.env._(
            "Exported; its id on the backend is %(external_id)s.",
            external_id=self.external_id,
        )

    # -- before

    def _should_import(self):
        """Whether the backend's record is newer and has to be imported.

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

    def _has_to_skip(self):
        """Whether this record must not be exported.

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
            field = self._binding_field(relation, binding_model, binding_field)
            if field in relation._fields:
                binding = self._dependency_binding(
                    relation, binding_model, binding_extra_vals or {}
                )
        if not is_external_id(self.binder_for(binding_model).to_external(binding)):
            self.component(usage=component_usage, model_name=binding_model).run(binding)

    def _binding_field(self, relation, binding_model, binding_field):
        field = binding_field or self._default_binding_field
        if not field:
            raise ValueError(
                f"{self._name}: {relation} is no {binding_model}, and the field that "
                "holds its bindings is not known. Set _default_binding_field on the "
                "exporter or pass binding_field to _export_dependency()."
            )
        return field

    def _dependency_binding(self, relation, binding_model, extra_values):
        """Find or create the binding of an Odoo record on this backend."""
        binder = self.binder_for(binding_model)
        domain = Domain(binder._odoo_field, "=", relation.id) & Domain(
            binder._backend_field, "=", self.backend_record.id
        )
        model = self.env[binding_model].with_context(active_test=False)
        # a binding that the user may not see exists all the same
        binding = model.sudo().search(domain).sudo(self.env.su)
        if not binding:
            values = {
                binder._odoo_field: relation.id,
                binder._backend_field: self.backend_record.id,
                **extra_values,
            }
            binding = self._create_dependency_binding(model, domain, values)
        return binding.ensure_one().with_env(binding.env(context=self.env.context))

    def _create_dependency_binding(self, model, domain, values):
        """Create a binding that no other job is creating, and has not just created."""
        self.advisory_lock_or_retry(f"create({model._name}, {domain})")
        if search_committed(model, domain):
            self._retry_later(
                self.env._(
                    "Another job has just created the binding in %s.",
                    model._description,
                )
            )
        with self._retry_unique_violation():
            binding = model.with_context(connector_no_export=True).sudo().create(values)
            # as long as nobody else sees it, others try to create it as well
            commit_if_allowed(self.env)
        return binding

    def _lock(self):
        """Lock the binding, so that no other job exports it at the same time.

        The lock ends with the transaction, at the latest when the id is made durable.

        :raise RetryableJobError: when another job has it
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

    # -- after

    def _after_export(self):
        """Do what remains when the export is durable, such as export details."""

    # -- a create that is not repeated

    def _create_once(self, data):
        """Create the record, or find it when an earlier try had been interrupted.

        What we are about to do is noted durably before it is done. Who finds such a
        note left behind asks the backend first, as far as the adapter can ask.
        """
        if not self._recovers_creates():
            self.external_id = self._create(data)
            return
        intents = self.env["connector.create.intent"]
        self._idempotency_key, interrupted = intents._declare(
            self.backend_record, self.binding
        )
        if interrupted and self._adopt_created():
            return
        try:
            self.external_id = self._create(data)
        except (InvalidDataError, AccessRefusedError):
            if not interrupted:  # it did not happen
                intents._withdraw(self._idempotency_key)
                raise
            # it may be refused because the first one did happen, after all
            if not self._adopt_created():
                raise

    def _adopt_created(self):
        """Take over what an interrupted create made, and bring it up to date.

        :return: whether there was something
        """
        external_id = self.backend_adapter.find_created(self._idempotency_key)
        if not is_external_id(external_id):
            return False
        self.external_id = external_id
        self._bind()  # whatever becomes of the update
        self._lock()  # which was lost with the commit
        data = self._update_data(self._map_data())
        if data:
            self._update(data)
        return True

    def _bind(self):
        """Remember the external id, durably and at once.

        What a connector has to store together with it is written in an override,
        before it calls ``super()``.
        """
        self.binder.bind(self.external_id, self.binding)
        keys = self._keys_in_doubt()
        intents = self.env["connector.create.intent"]
        intents._mark_bound(keys)
        commit_if_allowed(self.env)
        if keys:
            intents._forget(keys)
            commit_if_allowed(self.env)  # others do not have to wait for our end
        self._idempotency_key = None

    def _keys_in_doubt(self):
        """Return the keys of all creates that the id puts an end to.

        Besides our own, this is one that was interrupted before something else, such
        as an import, has bound the record.
        """
        if not self._recovers_creates():
            return []
        intents = self.env["connector.create.intent"]
        keys = set(intents._keys(self.backend_record, self.binding))
        return list(keys | {self._idempotency_key} - {None})

    def _recovers_creates(self):
        try:
            return getattr(self.backend_adapter, "_recovers_creates", False)
        except NoComponentError:  # an exporter that talks to the backend itself
            return False

    # -- our own steps

    def _read_external_id(self):
        """Read what the export starts from.

        :return: a sentence when there is nothing to start from, else ``None``
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        try:
            self.external_id = self.binder.to_external(self.binding)
        except MissingError:
            if self.binding.exists():
                raise
            return self.env._("Nothing was exported: the record was deleted in Odoo.")
        return None

    def _is_newer_on_backend(self):
        """Ask :meth:`_should_import`; forget the id of a record that is gone there."""
        try:
            return self._should_import()
        except IDMissingInBackend:
            self.external_id = None
            return False

    def _notice_external_id(self, bound):
        """Take over the id that another job bound before we had the lock.

        Dependencies commit, and after a commit we see what others did meanwhile.

        :param bound: the id that the binding had before
        """
        external_id = self.binder.to_external(self.binding)
        if external_id != bound:
            self.external_id = external_id


class Importer(AbstractComponent):
    """Base of the synchronizers from a backend to Odoo."""

    _name = "base.importer"
    _inherit = "base.synchronizer"
    _usage = "importer"
    _base_mapper_usage = "import.mapper"

    _known_bindings = {}  #: what :meth:`_lock_imports` has found, by external id

    def _lock_import(self, external_id):
        """Make sure that no other job imports the same record, or just did.

        To be called before the binding is looked up. Who creates it nevertheless, for
        example as a dependency of another record, is found by the unique constraint:
        create the binding within :meth:`_retry_unique_violation`.

        :param external_id: id on the backend of the record to import
        :raise RetryableJobError: when another job is importing it, or has committed
            it after our transaction began and we cannot see it
        """
        obstacles = self._lock_imports([external_id])
        if obstacles:
            self._retry_later(obstacles[external_id])

    def _lock_imports(self, external_ids):
        """Lock many external ids, as :meth:`_lock_import` does one.

        :param external_ids: list of ids on the backend
        :return: for those that another job is importing, or just has, a sentence
        :rtype: dict
        """
        backend, model = self.backend_record, self.model
        locks = {
            f"import({backend._name}, {backend.id}, {model._name}, {id_})": id_
            for id_ in external_ids
        }
        obstacles = {
            locks[lock]: self.env._("Another job is importing %s.", locks[lock])
            for lock in pg_try_advisory_locks(self.env, locks)
        }
        self._known_bindings = self.binder.to_internal_many(external_ids)
        unknown = set(external_ids) - set(self._known_bindings)
        for id_ in self.binder._committed(unknown):
            obstacles[id_] = self.env._("Another job has just imported %s.", id_)
        return obstacles


class Deleter(AbstractComponent):
    """Base of the synchronizers that delete records on a backend."""

    _name = "base.deleter"
    _inherit = "base.synchronizer"
    _usage = "deleter"
