# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""References to records that are deleted, and may be imported again."""

from odoo.fields import Domain
from odoo.tools import ormcache

from ...tools.base_column import base_field, store_base, stored_base
from ...tools.bindings import all_binding_models, links_of
from .base import NO_DATA, Base, name_digest


def forget_references(records):
    """Let imports write the references again that a delete of records empties.

    The data of a record that refers to them stays the same, and a merge would take the
    empty reference for a change in Odoo.

    :param records: records that are about to be deleted, or that bindings wrap
    """
    everything = records.sudo().with_context(active_test=False)
    deleted = [everything]
    for link in links_of(records.env, records._name):
        bindings = everything.env[link.binding_model]
        deleted.append(bindings.search([(link.field, "in", records.ids)]))
    for of_model in filter(None, deleted):
        for binding_model, names in _referring_fields(of_model):
            domain = Domain.OR(Domain(name, "in", of_model.ids) for name in names)
            for binding in everything.env[binding_model].search(domain):
                _forget(binding, [name for name in names if binding[name] & of_model])


def _forget(binding, names):
    if not stored_base(binding):
        return
    base = Base.unpack(stored_base(binding))
    base.data = NO_DATA
    for name in map(name_digest, names):
        base.values.pop(name, None)
        base.elements.pop(name, None)
    store_base(binding, base.pack())


# Only tests add models to a registry that is in use.
@ormcache("self._name", "len(self.pool)")
def _referring_fields(self):
    """Return the fields of bindings with a base that a delete of records empties.

    :return: pairs of the binding's model and the names of its fields
    """
    found = []
    for binding_model in all_binding_models(self.env):
        model = self.env[binding_model]
        if base_field(model) is None:
            continue
        names = [
            name
            for name, field in model._fields.items()
            if field.comodel_name == self._name and _is_emptied(field.base_field)
        ]
        if names:
            found.append((binding_model, names))
    return found


def _is_emptied(field):
    is_many2one = field.type == "many2one" and field.ondelete == "set null"
    return field.store and (is_many2one or field.type == "many2many")
