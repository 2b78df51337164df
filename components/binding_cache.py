# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bindings that were looked up in this transaction, so that they need not be again."""

from odoo.exceptions import MissingError

#: Key of all lookups of a transaction
CACHE_KEY = "connector.binding.lookups"
#: How many bindings are looked up at once, ahead of their use
AHEAD = 1000


class BindingLookup:
    """What a binder has found by the values of one field.

    It holds only what was found: what was not may be there a moment later. What it
    returns is compared with what the ORM has now, so that it is never out of date. A
    value is forgotten when a binding gets it (two with the same value are an error that
    has to be noticed), and everything at the end of the transaction, after which the
    changes of others are seen.

    :param field: name of the field by which bindings are looked up
    :param backend_field: name of the many2one to the backend
    """

    def __init__(self, field, backend_field):
        self.field = field
        self.backend_field = backend_field
        self.ids = {}  #: ids of bindings by value
        self.prefetch = []  #: what the ORM reads of one of them, it reads of all
        self.misses = 0
        self.asked = set()  #: values that were looked up ahead, found or not

    def recall(self, model, backend, value):
        """Return the binding of a value, ``None`` when it has to be searched."""
        binding_id = self.ids.get(value)
        if binding_id is None:
            self.misses += 1
            return None
        binding = model.browse(binding_id).with_prefetch(self.prefetch)
        try:
            holds = (
                _plain(binding[self.field]) == value
                and binding[self.backend_field].id == backend.id
            )
        except MissingError:
            holds = False
        if holds:
            return binding
        del self.ids[value]
        return None

    def remember(self, bindings):
        """Keep bindings that were found.

        :param bindings: bindings of which no two have the same value
        """
        for binding in bindings:
            self.ids[_plain(binding[self.field])] = binding.id
        self.prefetch.extend(bindings.ids)


def lookup(binder, field):
    """Return the lookup of a binder by a field in the present transaction.

    :param binder: the binder
    :param field: name of the field
    :return: a :class:`BindingLookup`, or ``None`` when the model does not tell us when
        its bindings change
    """
    env, model, backend = binder.env, binder.model, binder.backend_record
    # what belongs to the hooks of a commit ends with the transaction
    lookups = env.cr.postcommit.data.setdefault(CACHE_KEY, {})
    of_model = lookups.setdefault(model._name, {})
    # others may see other bindings
    companies = tuple(env.context.get("allowed_company_ids") or ())
    key = (
        field,
        binder._backend_field,
        backend._name,
        backend.id,
        env.uid,
        env.su,
        companies,
    )
    if key not in of_model:
        tells = isinstance(model, env.registry["external.binding"])
        found = BindingLookup(field, binder._backend_field) if tells else None
        of_model[key] = found
    return of_model[key]


def forget(model, vals_list, creating=False):
    """Forget values that bindings of a model get now.

    :param model: recordset of the model
    :param vals_list: list of values, as for ``create`` or ``write``
    :param creating: whether new bindings get them
    """
    lookups = model.env.cr.postcommit.data.get(CACHE_KEY, {})
    for known in filter(None, lookups.get(model._name, {}).values()):
        field = model._fields[known.field]
        for vals in vals_list:
            if known.field in vals:
                known.ids.pop(field.convert_to_cache(vals[known.field], model), None)
            elif known.backend_field in vals and not creating:
                known.ids.clear()  # they take their values to another backend
            elif creating and (field.default or field.compute):
                known.ids.clear()


def _plain(value):
    """The value of a many2one is a record."""
    return value.id if hasattr(value, "_ids") else value
