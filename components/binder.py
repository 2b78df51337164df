# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Map external ids to bindings and back."""

from contextlib import suppress
from itertools import islice

from odoo import fields, models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.component.core import AbstractComponent

from ..tools.base_column import BASE, base_field
from ..tools.binding_cache import PREFETCH_LIMIT, BindingCache
from ..tools.bindings import BindingShape
from ..tools.external_id import is_external_id, require_external_id
from ..tools.orm import prefetch_fields, read_from
from ..tools.overrides import overrides
from ..tools.work_context import work_attribute


class Misses:
    """Counts the external ids for which no binding was found."""

    count = 0

    @classmethod
    def of(cls, work):
        """Return the counter that all binders of a work context share."""
        return work_attribute(work, "lookup_misses", cls)


class Binder(AbstractComponent):
    """Find the binding of an external record and the external id of a binding.

    A *binding* is a record of a model that inherits ``external.binding``: it links an
    Odoo record (or itself, when it wraps none) with an external id on one backend. A
    connector whose fields have other names declares them here.
    """

    _name = "base.binder"
    _inherit = "base.connector"
    _usage = "binder"

    _external_field = "external_id"  #: id of the record on the backend
    _backend_field = "backend_id"  #: many2one to the backend
    _odoo_field = "odoo_id"  #: many2one to the Odoo record that the binding wraps
    _sync_date_field = "sync_date"  #: time of the last synchronisation

    @property
    def shape(self):
        """The names of the fields of a binding (:class:`.BindingShape`)."""
        return BindingShape.declared_by(self)

    # -- one record

    def to_internal(self, external_id, unwrap=False):
        """Return the binding of an external id on this backend, archived or not.

        :param external_id: id on the backend (``str`` or ``int``)
        :param unwrap: whether to return the Odoo record that the binding wraps
        :return: one record, or an empty recordset of the same model; its context is
            the caller's
        :raise ValueError: when several bindings have this external id, or when the
            binding wraps no record
        """
        binding = self.model.browse()
        if is_external_id(external_id):
            value = self._stored_external_id(external_id)
            binding = self._lookup_binding(self.model, self._external_field, value)
            if not binding:
                Misses.of(self.work).count += 1
        if not unwrap:
            return binding
        if not binding:
            self.unwrap_model()
            return binding[self._odoo_field]
        return self.unwrap_binding(binding)

    def to_external(self, binding, wrap=False):
        """Return the external id of a binding.

        :param binding: binding or its database id; with ``wrap`` the Odoo record or
            its database id
        :param wrap: whether to look up the binding of the Odoo record on this backend
        :return: the external id; a false value, never ``0``, when the record has none
        :raise ValueError: when the record has several bindings
        """
        if wrap:
            record_id = binding.ensure_one().id if _is_record(binding) else binding
            binding = self._lookup_binding(self.model, self._odoo_field, record_id)
            if not binding:
                return None
        elif _is_record(binding) or binding:
            binding = self._binding_record(binding)
            binding.ensure_one()
        else:
            return False
        return self._external_id_of(binding)

    def _external_id_of(self, binding):
        external_id = binding[self._external_field]
        if external_id == 0 and is_external_id(external_id):
            # An integer field that was never filled reads as 0, too.
            return external_id if self._has_zero(binding) else False
        return external_id

    def _has_zero(self, binding):
        """Return whether the external id of a binding is 0, and not an empty number."""
        record, name = read_from(binding, self._external_field)
        if record._fields[name].store:
            return record._cache.get(name) is not None
        return binding in self._search(self.model, self._external_field, [0])

    def binding_of(self, record):
        """Return the binding that wraps an Odoo record on this backend.

        A binding that the user may not see is returned, too: creating another one
        would violate the constraint of the model.

        :param record: one Odoo record
        :return: the binding, archived or not; otherwise an empty recordset
        :raise ValueError: when the record has several bindings
        """
        model = self.model.sudo()
        self._prefetch_bindings_of(model, record)
        binding = self._lookup_binding(model, self._odoo_field, record.id)
        return binding.with_env(self.model.env)

    def bind(self, external_id, binding):
        """Write the external id and the time of the synchronisation to a binding.

        The context has ``connector_no_export``, so that no listener exports the record
        again.

        A connector's own ``run()`` binds at its end, also after an export that it has
        skipped. The id of a record that was never exported is ``False`` then, and
        nothing happens.

        :param external_id: id on the backend (``str`` or ``int``)
        :param binding: binding or its database id
        :raise AssertionError: when one of the two is missing; nothing is written
        """
        binding = self._binding_record(binding)
        if not binding:
            raise AssertionError(
                f"The external id {external_id!r} on {self.backend_record} cannot be "
                f"bound: no binding of {self.model._name} was given."
            )
        if external_id is False and not self._is_bound(binding.ensure_one()):
            return
        require_external_id(external_id, binding)
        binding.ensure_one()
        # The backend has the record, whatever the user may write.
        binding.sudo().with_context(connector_no_export=True).write(
            {
                self._external_field: self._stored_external_id(external_id),
                self._sync_date_field: fields.Datetime.now(),
            }
        )

    def unwrap_binding(self, binding):
        """Return the Odoo record that a binding wraps.

        :param binding: binding or its database id
        :return: a record of :meth:`unwrap_model`. If the field is not a relation, its
            value: with ``_odoo_field = "id"``, the id of the binding.
        :raise ValueError: when bindings of this model wrap no record
        """
        self.unwrap_model()
        return self._binding_record(binding)[self._odoo_field]

    def unwrap_model(self):
        """Return the name of the model that the binding wraps.

        :return: ``None`` when the field is not a relation, as with
            ``_odoo_field = "id"``
        :rtype: str | None
        :raise ValueError: when bindings of this model wrap no record
        """
        field = self.model._fields.get(self._odoo_field)
        if field is None:
            raise ValueError(
                f"{self.model._name} has no many2one {self._odoo_field}: its records "
                "wrap no other record."
            )
        return field.comodel_name

    # -- many records

    def to_internal_many(self, external_ids):
        """Return the bindings of many external ids, with one query.

        A connector's override of :meth:`to_internal` is called for each id.

        :param external_ids: list of ids on the backend; invalid ones are ignored
        :return: the bindings by the ids that were given, without those that have none
        :rtype: dict
        :raise ValueError: when several bindings have the same external id
        """
        if overrides(self, Binder, "to_internal"):
            found = ((id_, self.to_internal(id_)) for id_ in external_ids)
            return {id_: binding for id_, binding in found if binding}
        values = {
            external_id: self._stored_external_id(external_id)
            for external_id in external_ids
            if is_external_id(external_id)
        }
        if not values:
            return {}
        name = self._external_field
        found = self._search(self.model, name, values.values()).grouped(name)
        for bindings in found.values():
            self._check_only_one(bindings)
        return {
            id_: found[value].with_env(self.model.env)
            for id_, value in values.items()
            if value in found
        }

    def bound_external_ids(self, external_ids, env):
        """Return the ids that have bindings, as another transaction sees it.

        :param external_ids: list of ids on the backend; invalid ones are ignored
        :param env: ``Environment`` of the transaction
        :rtype: list
        """
        by_value = self._ids_by_stored_value(external_ids)
        if not by_value:
            return []
        name = self._external_field
        found = self._search(self.model.with_env(env), name, by_value)
        return [by_value[value] for value in found.mapped(name)]

    def bind_many(self, bindings, dated=()):
        """Bind many records, as :meth:`bind` binds one.

        A connector's override of :meth:`bind` is called for each record.

        :param bindings: pairs of external id and binding
        :param dated: the bindings that were created with :meth:`sync_values`
        """
        bound = self.model.browse()
        for external_id, binding in bindings:
            if self._is_bound_to(external_id, binding):
                bound += binding
            else:
                self.bind(external_id, binding)
        undated = bound - bound.browse([binding.id for binding in dated])
        if undated:
            undated = undated.sudo().with_context(connector_no_export=True)
            undated.write(self.sync_values())

    def sync_values(self):
        """Return the values that :meth:`bind` writes beside the external id.

        :return: values for bindings; none when a connector binds in its own way
        :rtype: dict
        """
        if overrides(self, Binder, "bind"):
            return {}
        return {self._sync_date_field: fields.Datetime.now()}

    def search_unbound(self, domain):
        """Return the Odoo records that have no binding on this backend.

        :param domain: domain of the records
        """
        bindings = self.model.sudo().with_context(active_test=False)
        bound = bindings._search(self.backend_domain())
        wrapped = bindings._field_to_sql(bound.table, self._odoo_field, bound)
        unbound = Domain("id", "not in", bound.subselect(wrapped))
        return self.env[self.unwrap_model()].search(Domain(domain) & unbound)

    def bind_new(self, records, exports=True):
        """Create the bindings of those Odoo records that have none on this backend.

        :param records: Odoo records, as the binding wraps them
        :param exports: whether the export listener exports the new bindings
        :return: the new bindings, which have no external id
        """
        bound = self._search(self.model.sudo(), self._odoo_field, records.ids)
        new = records - bound[self._odoo_field].with_env(records.env)
        context = {} if exports else {"connector_no_export": True}
        backend = {self._backend_field: self.backend_record.id}
        return self.model.with_context(**context).create(
            [{**backend, self._odoo_field: id_} for id_ in new.ids]
        )

    def _pages(self, size):
        """Yield all bindings of this backend, in recordsets of a size."""
        # Rules and archived records hide bindings that exist nevertheless.
        model = self.model.sudo().with_context(active_test=False)
        domain, last_id = self.backend_domain(), 0
        while bindings := model.search(
            domain & Domain("id", ">", last_id), order="id", limit=size
        ):
            last_id = bindings.ids[-1]
            yield bindings

    # -- prefetching

    def prefetch_external_ids(self, external_ids):
        """Look up the bindings of many external ids, for later look-ups of each.

        :param external_ids: list of ids on the backend; invalid ones are ignored
        """
        cache = self._binding_cache(self.model, self._external_field)
        if cache is None:
            return
        values = self._ids_by_stored_value(external_ids)
        missing = [value for value in values if value not in cache]
        if missing:
            self._prefetch(cache, self.model, missing[:PREFETCH_LIMIT])

    def prefetch_records(self, records):
        """Look up the bindings of Odoo records, for later look-ups of each.

        :param records: Odoo records; the bindings of their whole prefetch set, which
            the ORM reads together, are looked up
        """
        self._prefetch_bindings_of(self.model, records)

    def prefetch_bindings(self, bindings):
        """Read the external ids of bindings, for later calls of :meth:`to_external`.

        :param bindings: bindings; the ORM reads the bindings of their prefetch set
        """
        cache = bindings._cache
        names = [name for name in self._lookup_fields() if name not in cache]
        if names:
            # A binding that the user may not read fails when its own id is needed.
            with suppress(AccessError, MissingError):
                prefetch_fields(bindings, names)

    def _prefetch_bindings_of(self, model, records):
        cache = self._binding_cache(model, self._odoo_field)
        if cache is None or cache.prefetched.issuperset(records.ids):
            return
        ids = [id_ for id_ in islice(records._prefetch_ids, PREFETCH_LIMIT) if id_]
        cache.prefetched.update(ids, records.ids)
        if len(ids) > 1:  # otherwise its look-up costs the same query
            self._prefetch(cache, model, ids)

    def _prefetch(self, cache, model, values):
        """Cache the bindings with some values, without those that share a value."""
        groups = self._search(model, cache.field, values).grouped(cache.field).values()
        cache.put(model.concat(*(group for group in groups if len(group) == 1)))

    # -- bindings without an external id

    def _unbound_domain(self):
        """Return the domain of the bindings that have no external id."""
        name = self._external_field
        if not self._is_stored_number():
            return Domain(name, "=", False)
        # Odoo's domains treat 0 as an empty number.
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IS NULL", model._field_to_sql(alias, name, query)
            )
        )

    def _unbind(self, bindings):
        """Remove the external ids of bindings."""
        name = self._external_field
        bindings.with_context(connector_no_export=True).write({name: False})
        if bindings and self._is_stored_number():
            bindings.flush_recordset([name])
            # Odoo writes an empty number as 0.
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = NULL WHERE id = ANY(%s)",
                    SQL.identifier(bindings._table),
                    SQL.identifier(name),
                    bindings.ids,
                )
            )
            bindings.invalidate_recordset([name])

    def _is_stored_number(self):
        field = self.model._fields.get(self._external_field)
        return bool(field) and field.store and field.type in ("integer", "float")

    # -- details

    def _binding_record(self, binding):
        return binding if _is_record(binding) else self.model.browse(binding)

    def _is_bound_to(self, external_id, binding):
        """Return whether a binding has the external id, so that only its date differs.

        :return: false when a connector binds in its own way
        """
        if not binding or not is_external_id(external_id):
            return False
        if overrides(self, Binder, "bind"):
            return False
        value = self._stored_external_id(external_id)
        if not is_external_id(value) or binding[self._external_field] != value:
            return False
        return value != 0 or self._has_zero(binding)

    def _is_bound(self, binding):
        existing = binding.sudo().exists()
        return bool(existing) and is_external_id(self._external_id_of(existing))

    def _binding_cache(self, model, field):
        return BindingCache.of(model, self.backend_record, field, self._backend_field)

    def _lookup_binding(self, model, field, value):
        """Return the binding with a value in a field, archived or not.

        A value that was found in this transaction is not searched for again.

        :param model: recordset of the model, with the user who looks up
        """
        if not value and (value is False or value != 0):  # no id, or a new record's
            return model.browse()
        cache = self._binding_cache(model, field) if value else None
        binding = cache.get(model, value) if cache else None
        if binding is None:
            binding = self._search(model, field, [value]).with_env(model.env)
            self._check_only_one(binding)
            if cache:
                cache.put(binding)
        return binding

    def _search(self, model, field, values):
        """Return the bindings with one of some values, archived or not."""
        names = self._lookup_fields()
        if model.env.su and base_field(model):
            names += [BASE, self._sync_date_field]  # Imports need them next.
            names = [name for name in names if name in model._fields]
        return model.with_context(active_test=False).search_fetch(
            self._values_domain(field, list(values)), names, order="id"
        )

    def _lookup_fields(self):
        names = (self._external_field, self._backend_field, self._odoo_field)
        return [name for name in names if name in self.model._fields]

    def _check_only_one(self, bindings):
        if len(bindings) > 1:
            raise ValueError(
                f"{len(bindings)} bindings of {self.model._name} (ids "
                f"{', '.join(map(str, bindings.ids))}) are linked with the same record "
                f"on {self.backend_record}. Delete all but one, and add a unique "
                "constraint on the backend and the id to the model."
            )

    def backend_domain(self):
        """Return the domain of the bindings of this backend."""
        return Domain(self._backend_field, "=", self.backend_record.id)

    def _values_domain(self, field, values):
        if overrides(self, Binder, "backend_domain"):
            return self._any_of({field: values}) & self.backend_domain()
        backend = {self._backend_field: self.backend_record.ids}
        return self._any_of({field: values, **backend})

    def _any_of(self, conditions):
        """Return the domain of the records whose fields have one of some values.

        :param conditions: lists of values by the names of fields
        """
        has_zero = any(0 in values for values in conditions.values())
        fields = map(self.model._fields.get, conditions)
        if not all(
            field and (field.store or field.inherited or (field.related and has_zero))
            for field in fields
        ):
            return Domain.AND(
                Domain(name, "in", values) for name, values in conditions.items()
            )
        # Odoo's domains treat an empty number as 0, and take longer than their query.
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(" AND ").join(
                SQL("%s = ANY(%s)", model._field_to_sql(alias, name, query), values)
                for name, values in conditions.items()
            )
        )

    def _ids_by_stored_value(self, external_ids):
        """Return valid external ids by their values in the database."""
        return {
            self._stored_external_id(external_id): external_id
            for external_id in external_ids
            if is_external_id(external_id)
        }

    def _stored_external_id(self, external_id):
        field = self.model._fields[self._external_field]
        return field.convert_to_cache(external_id, self.model)


def _is_record(value):
    return isinstance(value, models.BaseModel)
