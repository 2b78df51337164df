# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Map external ids to bindings and back."""

from contextlib import suppress
from itertools import islice

from odoo import fields, models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.component.core import AbstractComponent

from ..tools.binding_cache import PREFETCH_LIMIT, BindingCache
from ..tools.external_id import is_external_id, require_external_id
from ..tools.orm import prefetch_fields


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

    #: Whether bindings can be prefetched. A binder that does not inherit this one need
    #: not have the methods for it.
    can_prefetch = True
    #: Whether a connector binds in its own way: then each record is bound alone.
    _overrides_bind = False
    #: Whether a connector finds bindings in its own way: then it finds each alone.
    _overrides_to_internal = False

    @classmethod
    def _detect_overrides(cls):
        super()._detect_overrides()
        cls._overrides_bind = cls.bind is not Binder.bind
        cls._overrides_to_internal = cls.to_internal is not Binder.to_internal

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
        if not unwrap:
            return binding
        if not binding:
            return self.env[self.unwrap_model()]
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
        else:
            binding = self._binding_record(binding)
            binding.ensure_one()
        external_id = binding[self._external_field]
        if external_id == 0 and is_external_id(external_id):
            # An integer field that was never filled reads as 0, too.
            return False if self._is_external_id_null(binding) else external_id
        return external_id

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
        :return: a record of :meth:`unwrap_model`
        :raise ValueError: when bindings of this model wrap no record
        """
        self.unwrap_model()
        return self._binding_record(binding)[self._odoo_field]

    def unwrap_model(self):
        """Return the name of the model that the binding wraps.

        :rtype: str
        :raise ValueError: when bindings of this model wrap no record
        """
        field = self.model._fields.get(self._odoo_field)
        if field is None or not field.comodel_name:
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
        if self._overrides_to_internal:
            found = ((id_, self.to_internal(id_)) for id_ in external_ids)
            return {id_: binding for id_, binding in found if binding}
        values = {
            external_id: self._stored_external_id(external_id)
            for external_id in external_ids
            if is_external_id(external_id)
        }
        if not values:
            return {}
        model = self.model.with_context(active_test=False)
        found = {}
        for binding in model.search_fetch(
            self._external_ids_domain(set(values.values())), self._lookup_fields()
        ):
            value = binding[self._external_field]
            if value in found:
                self._raise_duplicates(found[value] + binding)
            found[value] = binding.with_env(self.model.env)
        return {id_: found[value] for id_, value in values.items() if value in found}

    def bound_external_ids(self, external_ids, env):
        """Return the ids that have bindings, as another transaction sees it.

        :param external_ids: list of ids on the backend; invalid ones are ignored
        :param env: ``Environment`` of the transaction
        :rtype: list
        """
        by_value = self._ids_by_stored_value(external_ids)
        if not by_value:
            return []
        model = self.model.with_env(env).with_context(active_test=False)
        found = model.search_fetch(
            self._external_ids_domain(by_value), [self._external_field]
        )
        return [by_value[value] for value in found.mapped(self._external_field)]

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
        if self._overrides_bind:
            return {}
        return {self._sync_date_field: fields.Datetime.now()}

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
            domain = self._external_ids_domain(missing[:PREFETCH_LIMIT])
            self._prefetch_domain(cache, self.model, domain)

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
            self._prefetch_domain(cache, model, Domain(self._odoo_field, "in", ids))

    def _prefetch_domain(self, cache, model, domain, limit=None):
        """Cache the bindings of a domain, without those that share a value.

        :param limit: with more bindings than this, none is cached: the ones that were
            not read might share the values
        """
        found = model.with_context(active_test=False).search_fetch(
            domain & self.backend_domain(),
            self._lookup_fields(),
            limit=limit and limit + 1,
            order="id",
        )
        if limit and len(found) > limit:
            return
        groups = found.grouped(cache.field).values()
        cache.put(model.concat(*(group for group in groups if len(group) == 1)))

    # -- details

    def _binding_record(self, binding):
        return binding if _is_record(binding) else self.model.browse(binding)

    def _is_bound_to(self, external_id, binding):
        """Return whether a binding has the external id, so that only its date differs.

        :return: false when a connector binds in its own way
        """
        if not binding or not is_external_id(external_id) or self._overrides_bind:
            return False
        value = self._stored_external_id(external_id)
        return bool(value) and binding[self._external_field] == value

    def _binding_cache(self, model, field):
        return BindingCache.of(model, self.backend_record, field, self._backend_field)

    def _lookup_binding(self, model, field, value):
        """Return the binding with a value in a field, archived or not.

        A value that was found in this transaction is not searched for again. The second
        search prefetches all bindings of the backend, unless they are many: otherwise
        an import mapper that maps one record after the other takes twice as long.

        :param model: recordset of the model, with the user who looks up
        """
        cache = self._binding_cache(model, field) if value else None
        if cache is None:
            return self._search_binding(model, field, value)
        binding = cache.get(model, value)
        if binding is None and cache.misses == 2:
            self._prefetch_domain(cache, model, Domain.TRUE, limit=PREFETCH_LIMIT)
            binding = cache.get(model, value)
        if binding is None:
            binding = self._search_binding(model, field, value)
            cache.put(binding)
        return binding

    def _search_binding(self, model, field, value):
        """Search for one binding; the result has the context of ``model``."""
        if field == self._external_field:
            domain = self._external_id_domain(value)
        else:
            domain = Domain(field, "=", value)
        domain &= self.backend_domain()
        archived_too = model.with_context(active_test=False)
        found = archived_too.search_fetch(domain, self._lookup_fields())
        if len(found) > 1:
            self._raise_duplicates(found)
        return found.with_env(model.env)

    def _lookup_fields(self):
        names = (self._external_field, self._backend_field, self._odoo_field)
        return [name for name in names if name in self.model._fields]

    def _raise_duplicates(self, bindings):
        raise ValueError(
            f"{len(bindings)} bindings of {self.model._name} (ids "
            f"{', '.join(map(str, bindings.ids))}) are linked with the same record on "
            f"{self.backend_record}. Delete all but one, and add a unique constraint "
            "on the backend and the id to the model."
        )

    def backend_domain(self):
        """Return the domain of the bindings of this backend."""
        return Domain(self._backend_field, "=", self.backend_record.id)

    def _external_ids_domain(self, values):
        # See below for 0.
        domain = Domain(self._external_field, "in", [v for v in values if v != 0])
        if 0 in values:
            domain |= self._external_id_domain(0)
        return domain & self.backend_domain()

    def _external_id_domain(self, value):
        """:param value: as :meth:`_stored_external_id` returns it"""
        if value != 0:
            return Domain(self._external_field, "=", value)
        # Odoo's domains treat an empty number as 0.
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = 0", model._field_to_sql(alias, self._external_field, query)
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

    def _is_external_id_null(self, binding):
        return not binding.with_context(active_test=False).search_count(
            Domain("id", "=", binding.id) & self._external_id_domain(0)
        )


def _is_record(value):
    return isinstance(value, models.BaseModel)
