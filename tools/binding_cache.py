# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cache the bindings that a transaction has looked up."""

from odoo import models
from odoo.exceptions import MissingError

#: Key of the caches in the data of a transaction
CACHE_KEY = "connector.binding.caches"
#: How many bindings one query prefetches
PREFETCH_LIMIT = 1000


class BindingCache:
    """The bindings of one backend that were looked up by one field.

    Only hits are cached; a miss may be created later in the transaction. A hit is
    compared with the present values of the binding, so it is never out of date.

    The end of the transaction empties the cache: the changes of other transactions are
    visible afterwards.
    """

    def __init__(self, field, backend_field, backend_id):
        self.field = field
        self.backend_field = backend_field
        self._backend_id = backend_id
        self._ids = {}  # ids of bindings by value
        self._prefetch_ids = []  # one binding is read together with the others
        self.prefetched = set()  #: values that were prefetched, found or not

    @classmethod
    def of(cls, model, backend, field, backend_field):
        """Return the cache of the present transaction.

        :param model: recordset of the bindings' model, with the user who looks up
        :return: the cache, ``None`` for a model without these fields, and for one that
            does not inherit ``external.binding``, whose changes would not invalidate it
        """
        env = model.env
        fields = (field, backend_field)
        is_binding = isinstance(model, env.registry["external.binding"])
        if not is_binding or not model._fields.keys() >= set(fields):
            return None
        # Access rules may hide bindings from other users and in other companies.
        companies = tuple(env.context.get("allowed_company_ids") or ())
        key = (fields, backend._name, backend.id, env.uid, env.su, companies)
        caches = _caches_of(model)
        if key not in caches:
            caches[key] = cls(field, backend_field, backend.id)
        return caches[key]

    def __contains__(self, value):
        return value in self._ids

    def get(self, model, value):
        """Return the binding of a value.

        :param model: recordset of the bindings' model, whose environment the binding
            gets
        :return: the binding, ``None`` when it has to be searched for
        """
        binding_id = self._ids.get(value)
        if binding_id is None:
            return None
        binding = model.browse(binding_id).with_prefetch(self._prefetch_ids)
        try:
            is_current = (
                _id_or_value(binding[self.field]) == value
                and binding[self.backend_field].id == self._backend_id
            )
        except MissingError:
            is_current = False
        if is_current:
            return binding
        self.invalidate(value)
        return None

    def put(self, bindings):
        """Cache bindings.

        :param bindings: bindings of which no two share a value: a value that several
            bindings share is ambiguous
        """
        for binding in bindings:
            self._ids[_id_or_value(binding[self.field])] = binding.id
        self._prefetch_ids.extend(bindings.ids)

    def invalidate(self, *values):
        """Forget the bindings of some values; of all when none is given."""
        if not values:
            self._ids.clear()
        for value in values:
            self._ids.pop(value, None)


def invalidate(model, vals_list, creating=False):
    """Invalidate the values that bindings of a model are about to get.

    Another binding may have such a value; two with the same value are an error that
    the next look-up has to detect.

    :param vals_list: list of values, as for ``create`` or ``write``
    :param creating: whether new bindings get the values
    """
    for cache in _caches_of(model).values():
        field = model._fields[cache.field]
        for vals in vals_list:
            if cache.field in vals:
                cache.invalidate(field.convert_to_cache(vals[cache.field], model))
            elif cache.backend_field in vals and not creating:
                cache.invalidate()  # The bindings keep their values on the new backend.
            elif creating and (field.default or field.compute):
                cache.invalidate()


def _caches_of(model):
    """Return the caches of a model in the present transaction, by their keys."""
    # Odoo clears this data at the end of the transaction.
    caches = model.env.cr.postcommit.data.setdefault(CACHE_KEY, {})
    return caches.setdefault(model._name, {})


def _id_or_value(value):
    """Return the id of the record that a many2one holds; other values as they are."""
    return value.id if isinstance(value, models.BaseModel) else value
