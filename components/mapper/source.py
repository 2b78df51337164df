# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read the sources of mappings: Odoo records and the data of a backend."""

from odoo.models import BaseModel

from ...tools.orm import read_inherited


def modifiers_of(source):
    """Return the modifiers of a ``direct`` row, and the field that they modify.

    :return: pair of a list of modifiers, the outer ones first, and the name of the
        field; the name is ``None`` when a modifier does not tell it
    """
    modifiers = []
    while callable(source):
        modifiers.append(source)
        variables = getattr(getattr(source, "__code__", None), "co_freevars", ())
        if "field" not in variables:
            return modifiers, None
        source = source.__closure__[variables.index("field")].cell_contents
    return modifiers, source


def source_field(source):
    """Return the field that a ``direct`` row reads, ``None`` if it is unknown."""
    return modifiers_of(source)[1]


def is_for_creates(source):
    """Return whether a ``direct`` row runs only for records that are created."""
    return getattr(source, "only_create", False)


def reference_of(source):
    """Return what a ``direct`` row of an export refers to.

    :return: pair of the path to the related records, and the model of the bindings that
        wrap them (``None`` if they are bindings); ``None`` for any other row
    """
    found = (getattr(each, "refers_to", None) for each in modifiers_of(source)[0])
    return next(filter(None, found), None)


def source_value(mapper, record, source, target):
    """Return the value of a field or modifier, ``None`` if data does not contain it."""
    if callable(source):
        return source(mapper, record, target)
    return optional_value(record, source)


def binding_model_of(source, many2one):
    """Return the model of the bindings whose external ids a source holds.

    :param many2one: the field of Odoo that the source is mapped to
    :return: name of the model; ``None`` for a modifier whose source is something else
    """
    if not callable(source):
        return many2one.comodel_name
    binding_model = getattr(source, "binding_model", None)
    return binding_model and binding_model(many2one)


def is_odoo_record(record):
    """Return whether a source record is an Odoo record, and not a backend's data."""
    return isinstance(record, BaseModel)


def record_value(record, name):
    """Return the value of a field; a ``KeyError`` if the record does not have it."""
    return read_inherited(record, name) if is_odoo_record(record) else record[name]


def followed_value(value, name):
    """Return a field or key, and otherwise an attribute, of a value on a path.

    :raise AttributeError: if the value has none of them
    """
    if isinstance(value, dict):
        return value[name]
    if is_odoo_record(value) and name in value._fields:
        return read_inherited(value, name)
    return getattr(value, name)


def read_field(record, name, model):
    """Return the value of a field, and the field of Odoo, which may be ``None``.

    :param model: recordset of the model to which the data of a record belongs
    """
    if isinstance(record, BaseModel):
        return read_inherited(record, name), record._fields.get(name)
    return record[name], model._fields.get(name)


def optional_value(record, name):
    """Return the value of a field, ``None`` if the data of a backend has none."""
    if is_odoo_record(record):
        return read_inherited(record, name)
    try:
        return record[name]
    except KeyError:
        return None
