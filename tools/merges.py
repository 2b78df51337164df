# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tell which fields of a record a merge changes, in the one that stays.

Odoo's merge writes all values of that record, also those that it has already. Their
export could overwrite a later change on the backend.
"""

from .bindings import fields_of_bindings

_KEY = "connector_before_merge"


def bindings_of(records):
    """Return the bindings of each record, which a merge may move to another one.

    :return: by the id of the record, a set of pairs of model and id of a binding
    """
    found = {id_: set() for id_ in records.ids}
    everything = records.sudo().with_context(active_test=False)
    names = fields_of_bindings(records)
    everything.invalidate_recordset(names)  # A merge moves them by SQL.
    for name in names:
        for record in everything:
            found[record.id].update((each._name, each.id) for each in record[name])
    return found


class _Before:
    """The values of a record before a merge writes them.

    It is compared by identity, as a value of a context.
    """

    def __init__(self, record):
        self.record = record
        self.values = {
            name: record[name]
            for name, field in record._fields.items()
            if field.store
            and not field.company_dependent
            and field.type not in ("one2many", "many2many")
        }


def with_values_before(record):
    """Return a record whose writes are exported as far as they change a value."""
    return record.with_context(**{_KEY: _Before(record)})


def really_written(record, names):
    """Return the names of the fields that a write has changed.

    :param names: names of the fields that were passed to ``write()``; ``None`` for all
    """
    before = record.env.context.get(_KEY)
    if not before or names is None or record != before.record:
        return names
    missing = object()
    return [name for name in names if before.values.get(name, missing) != record[name]]
