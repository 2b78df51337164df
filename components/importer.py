# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of an import: of one record, and of a chunk of records."""

from odoo.addons.component.core import AbstractComponent

from ..exception import IDMissingInBackend, ManyIDSInBackend
from ..external_id import is_external_id
from ..orm import changed_values
from .deleter import waiting_deletes
from .import_chunk import ImportChunk


class RecordImporter(AbstractComponent):
    """Import one record, or many at once, after the records that they depend on.

    The steps are hooks. A connector overrides what differs::

        class OrderImporter(Component):
            _name = "shop.order.importer"
            _inherit = ["connector.record.importer", "base.shop.connector"]
            _apply_on = ["shop.sale.order"]

            def _import_dependencies(self):
                customer = self.external_record["customer_id"]
                self._import_dependency(customer, "shop.res.partner")

    :meth:`run` imports one record, :meth:`run_chunk` many with the same hooks, each on
    an importer of its own. Whatever happens to one record, the others are imported.
    """

    _name = "connector.record.importer"
    _inherit = "base.importer"
    _usage = "record.importer"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.external_id = None  #: id of the record on the backend
        self.external_record = None  #: its data, as the adapter reads it
        self.binding = None  #: the binding, an empty recordset before a create
        #: what was looked for as a dependency, and whether it was imported here
        self._dependencies = {}
        self._removed_lines = []  #: bindings of lines that are gone on the backend
        self._waiting_changes = None  #: changes of users, by binding

    # -- one record

    def run(self, external_id, external_record=None, force=False):
        """Import one record.

        :param external_id: its id on the backend (``str`` or ``int``)
        :param external_record: its data, where it was read already
        :param force: import it also when it is up to date
        :return: a translated sentence that says what was done
        :rtype: str
        :raise RetryableJobError: when another job is importing the same record
        """
        # records may depend on each other in a circle
        self.external_id = external_id
        self._dependencies[self._key()] = True
        obstacle = self._prepare(external_id, external_record)
        if obstacle:
            return obstacle
        self._lock_import(external_id)
        self.binding = self._get_binding()
        if self._is_done(force):
            return self.env._("Nothing was imported: the record is up to date.")
        if not self.binding and self._waiting_deletes([external_id]):
            return self.env._(
                "Skipped: %s was deleted in Odoo, and waits to be deleted on the "
                "backend.",
                external_id,
            )
        self._before_import()
        seen = len(self._dependencies)
        self._import_dependencies()
        if not self.binding and len(self._dependencies) > seen:
            # it may be a dependency of its dependencies
            self.binding = self._get_binding()
        changed = self._import(self._map_data())
        self.binder.bind(external_id, self.binding)
        self._after_import(self.binding)
        if not changed:
            return self.env._("Imported; nothing had changed.")
        return self.env._("Imported as %s.", self.binding.display_name)

    def _prepare(self, external_id, external_record=None):
        """Read the record.

        :return: a sentence when there is nothing to import, else ``None``
        """
        self.external_id = external_id
        self.external_record = external_record
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        if self.external_record is None:
            try:
                self.external_record = self._import_data()
            except IDMissingInBackend:
                return self.env._(
                    "Nothing was imported: the backend no longer has %s.", external_id
                )
        reason = self._must_skip()
        if not reason:
            return None
        if isinstance(reason, str):
            return reason
        return self.env._("Skipped: the connector does not import this record.")

    def _is_done(self, force):
        return bool(self.binding and not force and self._is_uptodate(self.binding))

    def _import(self, map_record):
        """Write the record into Odoo.

        :return: whether something had to be written
        """
        if not self.binding:
            self.binding = self._adopt_or_create(self._new_values(map_record))
            return True
        changed = self._update(self.binding, self._known_values(map_record))
        return self._remove_lines() or changed

    def _new_values(self, map_record):
        values = self._create_data(map_record)
        self._validate_data(values)
        return values

    def _known_values(self, map_record):
        self._removed_lines = []
        values = self._update_data(
            map_record, binding=self.binding, removed=self._removed_lines
        )
        self._validate_data(values)
        keep = self._fields_to_keep(self.binding)
        if keep is None:
            return {}
        return {name: value for name, value in values.items() if name not in keep}

    def _waiting_deletes(self, external_ids):
        return waiting_deletes(self.backend_record, self.model._name, external_ids)

    def _remove_lines(self):
        """Delete the lines that the mapping has found to be gone on the backend.

        :return: whether there were any
        """
        removed, self._removed_lines = self._removed_lines, []
        for line in removed:
            line = line.with_context(connector_no_export=True)
            binder = self.binder_for(line._name)
            wrapped = line.browse()
            if binder._odoo_field in line._fields:
                wrapped = binder.unwrap_binding(line)
            line.unlink()
            wrapped.unlink()
        return bool(removed)

    def _adopt_or_create(self, values):
        existing = self._find_existing()
        with self._retry_unique_violation():
            if not existing:
                return self._create(values)
            binding = self.binder._find(self.binder._odoo_field, existing.id)
            if not binding:
                return self._create(self._values_to_adopt(existing, values))
            self._update(binding, values)
            return binding

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
            self.binder._odoo_field: existing.id,
        }

    # -- a chunk of records

    def run_chunk(self, external_ids, force=False):
        """Import many records in one transaction.

        They are read at once where the adapter has ``read_many``, their bindings are
        looked up at once, a dependency that they share is imported once, and those
        that are new are created by one call of the ORM. A record that fails is set
        apart: a job of its own imports it again, and shows why it cannot.

        :param external_ids: list of ids on the backend
        :param force: import also what is up to date
        :return: a translated sentence that counts what was done
        :rtype: str
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        chunk = ImportChunk(self, external_ids, force)
        chunk.run()
        for external_id in chunk.all_set_apart():
            self._delay_import_alone(external_id, force)
        return chunk.sentence()

    def _for_record(self, external_id):
        """Return an importer for one record of a chunk, which shares our components."""
        importer = type(self)(self.work)
        importer.external_id = external_id
        importer._mapper, importer._binder = self.mapper, self.binder
        importer._backend_adapter = self.backend_adapter
        importer._dependencies = self._dependencies
        return importer

    def _key(self, model_name=None, external_id=None):
        # an id may come as a number here, and as text there
        return (
            model_name or self.model._name,
            str(self.external_id if external_id is None else external_id),
        )

    def _can_create_many(self):
        """Whether bindings are created as we do it, and so can be created at once."""
        return type(self)._create is RecordImporter._create

    def _creates_all_values(self):
        """Whether new bindings get all values that :meth:`_create_many` is given."""
        return type(self)._create_many is RecordImporter._create_many

    def _create_many(self, data_list):
        """Create many bindings at once.

        :param data_list: list of what :meth:`_create_data` returned
        :return: the bindings, in the same order
        """
        return self.model.with_context(connector_no_export=True).create(data_list)

    def _delay_import_alone(self, external_id, force):
        self.model.with_delay(
            description=self.env._("Import %s, set apart from others", external_id)
        ).import_record(self.backend_record, external_id, force=force)

    # -- hooks, in the order in which they run

    def _import_data(self):
        """Return the data of the record, by default what the adapter reads.

        :raise IDMissingInBackend: when the backend does not have it
        """
        return self.backend_adapter.read(self.external_id)

    def _must_skip(self):
        """Whether this record must not be imported.

        :return: a true value, best a translated sentence that says why
        """
        return False

    def _get_binding(self):
        """Return the binding of the record, or an empty recordset."""
        return self.binder.to_internal(self.external_id)

    def _is_uptodate(self, binding):
        """Whether Odoo has the record as it is on the backend.

        Compare a date or a version of ``self.external_record`` with what the binding
        has kept; what is up to date is not mapped at all.

        :rtype: bool
        """
        return False

    def _before_import(self):
        """Do what is needed before the dependencies are imported."""

    def _import_dependencies(self):
        """Import the records that Odoo must have first.

        Call :meth:`_import_dependency` for each.
        """

    def _import_dependency(self, external_id, binding_model, always=False):
        """Import a record that this one refers to, unless Odoo has it.

        :param external_id: its id on the backend; nothing happens for a false one
        :param binding_model: name of the model of its binding
        :param always: import it also when Odoo has it, to bring it up to date
        """
        dependency = self._key(binding_model, external_id)
        if not external_id or dependency in self._dependencies:
            return
        known = self.binder_for(binding_model).to_internal(external_id)
        self._dependencies[dependency] = always or not known
        if self._dependencies[dependency]:
            importer = self.component(usage="record.importer", model_name=binding_model)
            # an importer of the connector's own keeps no such account
            if hasattr(importer, "_dependencies"):
                importer._dependencies = self._dependencies
            importer.run(external_id)

    def _map_data(self):
        """Return the :class:`MapRecord` of the record."""
        return self.mapper.map_record(self.external_record)

    def _create_data(self, map_record, **kwargs):
        """Return the values of a binding that is new.

        :param map_record: what :meth:`_map_data` returned
        :param kwargs: options of the mapping
        :rtype: dict
        """
        values = map_record.values(for_create=True, **kwargs)
        values.setdefault(self.binder._backend_field, self.backend_record.id)
        return values

    def _update_data(self, map_record, **kwargs):
        """Return the values for a binding that Odoo has.

        :param map_record: what :meth:`_map_data` returned
        :param kwargs: options of the mapping; ``binding`` is the binding
        :rtype: dict
        """
        return map_record.values(**kwargs)

    def _fields_to_keep(self, binding):
        """Return the fields that the import must not overwrite.

        By default these are fields that a user has changed and whose export still
        waits: the user's values are sent to the backend, not the other way round. A
        connector that resolves conflicts in its own way returns an empty set.

        :param binding: the binding that is updated
        :return: names of fields, ``None`` for all
        """
        if self._waiting_changes is None:
            changes = self.env["connector.export.change"]
            self._waiting_changes = changes._waiting_fields(binding)
        return self._waiting_changes.get(binding.id, set())

    def _validate_data(self, data):
        """Check the values before they are written.

        :raise InvalidDataError: when they cannot be
        """

    def _match_existing(self):
        """Return the Odoo record that this one is, though nobody has linked them yet.

        Search by e-mail, by reference, by whatever is unique. It is adopted: the new
        binding wraps it. More than one is an error that names them.

        :return: a recordset of the model that the binding wraps, or ``None``
        """
        return None

    def _create(self, data):
        """Create the binding, and return it.

        :param data: what :meth:`_create_data` returned
        """
        return self.model.with_context(connector_no_export=True).create(data)

    def _update(self, binding, data):
        """Write what differs to the binding.

        :param data: what :meth:`_update_data` returned
        :return: whether anything did
        :rtype: bool
        """
        changed = changed_values(binding, data)
        if changed:
            binding.with_context(connector_no_export=True).write(changed)
        return bool(changed)

    def _after_import(self, binding):
        """Do what remains when the record is imported, such as import its images."""
