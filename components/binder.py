# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which record over here is which record over there."""

from itertools import islice

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.component.core import AbstractComponent

from ..external_id import is_external_id, require_external_id
from ..transactions import search_committed
from .binding_cache import AHEAD, lookup


class Binder(AbstractComponent):
    """Find the binding of an external record and the external id of a binding.

    A *binding* is a record of a model that inherits ``external.binding``: it links an
    Odoo record (or itself, when it wraps none) with an external id on one backend. A
    connector whose fields have other names gives them here.
    """

    _name = "base.binder"
    _inherit = "base.connector"
    _usage = "binder"

    _external_field = "external_id"  #: id of the record on the backend
    _backend_field = "backend_id"  #: many2one to the backend
    _odoo_field = "odoo_id"  #: many2one to the Odoo record that the binding wraps
    _sync_date_field = "sync_date"  #: when the two were last brought together

    def to_internal(self, external_id, unwrap=False):
        """Return the binding of an external id on this backend, archived or not.

        :param external_id: id on the backend (``str`` or ``int``)
        :param unwrap: return the Odoo record that the binding wraps instead
        :return: one record, or an empty recordset of the same model; its context is
            the caller's
        :raise ValueError: when several bindings have this external id, or when there
            is nothing to unwrap
        """
        binding = self.model.browse()
        if is_external_id(external_id):
            value = self._convert_external_id(external_id)
            binding = self._find(self._external_field, value)
        if not unwrap:
            return binding
        return self.unwrap_binding(binding) if binding else self._unwrapped_model()

    def to_internal_many(self, external_ids):
        """Return the bindings of many external ids, with one query.

        :param external_ids: list of ids on the backend; those that are none are
            ignored
        :return: the bindings by the ids that were given; those that are not found are
            left out
        :rtype: dict
        :raise ValueError: when several bindings have the same external id
        """
        by_value = self._by_value(external_ids)
        if not by_value:
            return {}
        model = self.model.with_context(active_test=False)
        found = {}
        for binding in model.search_fetch(
            self._bindings_domain(by_value), self._lookup_fields()
        ):
            external_id = by_value[binding[self._external_field]]
            if external_id in found:
                self._raise_twins(found[external_id] + binding)
            found[external_id] = binding.with_env(self.model.env)
        return found

    def to_external(self, binding, wrap=False):
        """Return the external id of a binding.

        :param binding: binding or its database id; with ``wrap`` the Odoo record or
            its database id
        :param wrap: look for the binding of the given Odoo record on this backend
        :return: the external id; a false value, never ``0``, when the record has none
        :raise ValueError: when there are several
        """
        if wrap:
            record_id = binding.ensure_one().id if _is_record(binding) else binding
            binding = self._find(self._odoo_field, record_id)
            if not binding:
                return None
        else:
            binding = self._binding(binding)
            binding.ensure_one()
        external_id = binding[self._external_field]
        if external_id == 0 and is_external_id(external_id) and self._is_null(binding):
            return False
        return external_id

    def prefetch_external_ids(self, external_ids):
        """Look up the bindings of many external ids, before they are asked for.

        :param external_ids: list of ids on the backend; those that are none are
            ignored
        """
        known = lookup(self, self._external_field)
        values = self._by_value(external_ids) if known is not None else {}
        unknown = [value for value in values if value not in known.ids]
        if unknown:
            self._find_ahead(known, self._bindings_domain(unknown[:AHEAD]))

    def prefetch_records(self, records):
        """Look up the bindings of many Odoo records, before they are asked for.

        Where one is mapped, others will follow: those that the ORM would read together.

        :param records: Odoo records, whose prefetch set counts
        """
        known = lookup(self, self._odoo_field)
        if known is None or known.asked.issuperset(records.ids):
            return
        ids = [id_ for id_ in islice(records._prefetch_ids, AHEAD) if id_]
        known.asked.update(ids, records.ids)
        self._find_ahead(known, Domain(self._odoo_field, "in", ids))

    def bind(self, external_id, binding):
        """Remember that a binding and an external record are the same.

        Writes the external id and the time, with ``connector_no_export`` in the
        context so that no listener exports the record again.

        :param external_id: id on the backend (``str`` or ``int``)
        :param binding: binding or its database id
        :raise AssertionError: when one of the two is missing; nothing is written
        """
        binding = self._binding(binding)
        if not binding:
            raise AssertionError(
                f"No binding of {self.model._name} was given for external id "
                f"{external_id!r} on {self.backend_record}: there is nothing to bind."
            )
        require_external_id(external_id, binding)
        binding.ensure_one()
        # that the backend knows the record is a fact, whatever the user may write
        binding.sudo().with_context(connector_no_export=True).write(
            {
                self._external_field: self._convert_external_id(external_id),
                self._sync_date_field: fields.Datetime.now(),
            }
        )

    def bind_many(self, bindings, dated=()):
        """Bind many records at once, as :meth:`bind` does one.

        :param bindings: pairs of external id and binding
        :param dated: those of the bindings that have been created with
            :meth:`sync_values`
        """
        same = self.model.browse()
        for external_id, binding in bindings:
            if self._is_bound(external_id, binding):
                same += binding
            else:
                self.bind(external_id, binding)
        undated = same - same.browse([binding.id for binding in dated])
        if undated:
            undated = undated.sudo().with_context(connector_no_export=True)
            undated.write(self.sync_values())

    def sync_values(self):
        """Return what :meth:`bind` writes besides the external id.

        :return: values for bindings; none when a connector has its own way to bind
        :rtype: dict
        """
        if self._has_own_bind():
            return {}
        return {self._sync_date_field: fields.Datetime.now()}

    def _has_own_bind(self):
        return type(self).bind is not Binder.bind

    def _is_bound(self, external_id, binding):
        if not binding or not is_external_id(external_id) or self._has_own_bind():
            return False
        value = self._convert_external_id(external_id)
        return bool(value) and binding[self._external_field] == value

    def unwrap_binding(self, binding):
        """Return the Odoo record that a binding wraps.

        :param binding: binding or its database id
        :return: a record of :meth:`unwrap_model`
        :raise ValueError: when bindings of this model wrap nothing
        """
        self.unwrap_model()
        return self._binding(binding)[self._odoo_field]

    def unwrap_model(self):
        """Return the name of the model that the binding wraps.

        :rtype: str
        :raise ValueError: when bindings of this model wrap nothing
        """
        field = self.model._fields.get(self._odoo_field)
        if field is None or not field.comodel_name:
            raise ValueError(
                f"{self.model._name} has no many2one {self._odoo_field}: its records "
                "wrap no other record."
            )
        return field.comodel_name

    def _unwrapped_model(self):
        return self.model.env[self.unwrap_model()]

    def _binding(self, binding):
        return binding if _is_record(binding) else self.model.browse(binding)

    def _find(self, field, value):
        """Find the binding with a value in a field, archived or not.

        What was found in this transaction is not searched again. With the second search
        all bindings are looked up, unless they are many.
        """
        known = lookup(self, field) if value else None
        if known is None:
            return self._search_one(field, value)
        binding = known.recall(self.model, self.backend_record, value)
        if binding is None and known.misses == 2:
            self._find_ahead(known, Domain.TRUE, limit=AHEAD)
            binding = known.recall(self.model, self.backend_record, value)
        if binding is None:
            binding = self._search_one(field, value)
            known.remember(binding)
        return binding

    def _find_ahead(self, known, domain, limit=None):
        """Look up bindings, and remember those that are the only ones of their value.

        :param known: the :class:`BindingLookup` that remembers
        :param domain: which bindings
        :param limit: how many are worth it. Of more than that nothing is remembered,
            as those that are left out may have the same values.
        """
        model = self.model.with_context(active_test=False)
        found = model.search_fetch(
            domain & self._backend_domain(),
            self._lookup_fields(),
            limit=limit and limit + 1,
            order="id",
        )
        if limit and len(found) > limit:
            return
        # which of two with the same value is meant, nobody knows
        by_value = found.grouped(known.field)
        known.remember(model.concat(*(b for b in by_value.values() if len(b) == 1)))

    def _lookup_fields(self):
        names = (self._external_field, self._backend_field, self._odoo_field)
        return [name for name in names if name in self.model._fields]

    def _search_one(self, field, value):
        """Search one binding, with the caller's context on what is found."""
        if field == self._external_field:
            domain = self._external_id_domain(value)
        else:
            domain = Domain(field, "=", value)
        domain &= self._backend_domain()
        model = self.model.with_context(active_test=False)
        found = model.search_fetch(domain, self._lookup_fields())
        if len(found) > 1:
            self._raise_twins(found)
        return found.with_env(self.model.env)

    def _raise_twins(self, bindings):
        raise ValueError(
            f"{len(bindings)} records of {self.model._name} (ids "
            f"{', '.join(map(str, bindings.ids))}) stand for the same record on "
            f"{self.backend_record}. Delete all but one, and add a unique constraint "
            "on the backend and the id to the model."
        )

    def _committed(self, external_ids):
        """Return those of the ids whose bindings a new transaction would see."""
        by_value = self._by_value(external_ids)
        if not by_value:
            return []
        values = search_committed(
            self.model.with_context(active_test=False),
            self._bindings_domain(by_value),
            self._external_field,
        )
        return [by_value[value] for value in values]

    def _by_value(self, external_ids):
        """Return external ids by their values in the database."""
        return {
            self._convert_external_id(external_id): external_id
            for external_id in external_ids
            if is_external_id(external_id)
        }

    def _backend_domain(self):
        return Domain(self._backend_field, "=", self.backend_record.id)

    def _bindings_domain(self, values):
        # 0 needs care, see below
        domain = Domain(self._external_field, "in", [v for v in values if v != 0])
        if 0 in values:
            domain |= self._external_id_domain(0)
        return domain & self._backend_domain()

    def _external_id_domain(self, external_id):
        """:param external_id: as :meth:`_convert_external_id` returns it"""
        if external_id != 0:
            return Domain(self._external_field, "=", external_id)
        # for Odoo's domains an empty number equals 0
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = 0", model._field_to_sql(alias, self._external_field, query)
            )
        )

    def _convert_external_id(self, external_id):
        field = self.model._fields[self._external_field]
        return field.convert_to_cache(external_id, self.model)

    def _is_null(self, binding):
        """Tell an external id that is 0 from a number field that was never filled."""
        return not binding.with_context(active_test=False).search_count(
            Domain("id", "=", binding.id) & self._external_id_domain(0)
        )


def _is_record(value):
    return isinstance(value, models.BaseModel)
