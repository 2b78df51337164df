# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read the sources of mappings: Odoo records and the data of a backend."""

from odoo import models

from ...tools.orm import read_inherited


def modifiers_of(source):
    """Return the modifiers of a ``direct`` row, and the field that they modify.

    :param source: name of a field, or a modifier
    :return: pair of a list of modifiers, the outer ones first, and the name of the
        field; the name is ``None`` when a modifier does not tell it
    :rtype: tuple
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
    """Return the name of the field that a ``direct`` row reads.

    :param source: name of a field, or a modifier
    :return: the name, or ``None`` for a modifier that does not name it
    """
    return modifiers_of(source)[1]


def source_value(mapper, record, source, target):
    """Return the value of a source, without the rules of ``direct`` rows.

    :param mapper: the mapper
    :param record: the source record
    :param source: name of a field, or a modifier
    :param target: name of the target
    :return: the value; ``None`` when the data of a backend does not contain the field
    """
    if callable(source):
        return source(mapper, record, target)
    return optional_value(record, source)


def binding_model_of(source, many2one):
    """Return the model of the bindings whose external ids a source holds.

    :param source: name of a field, or a modifier
    :param many2one: the field of Odoo that the source is mapped to
    :return: name of the model; ``None`` for a modifier whose source is something else
    """
    if not callable(source):
        return many2one.comodel_name
    binding_model = getattr(source, "binding_model", None)
    return binding_model and binding_model(many2one)


def is_odoo_record(record):
    """Return whether a source record is an Odoo record, and not a backend's data."""
    return isinstance(record, models.BaseModel)


def record_value(record, name):
    """Return the value of a field of a source record.

    :param record: an Odoo record, or anything that has items
    :param name: name of the field
    :return: its value
    :raise KeyError: when the record has no such field
    """
    return read_inherited(record, name) if is_odoo_record(record) else record[name]


def optional_value(record, name):
    """Return the value of a field that the data of a backend need not contain.

    :param record: an Odoo record, or anything that has items
    :param name: name of the field
    :return: its value; ``None`` when the data does not contain it
    :raise KeyError: when an Odoo record has no such field
    """
    if is_odoo_record(record):
        return read_inherited(record, name)
    try:
        return record[name]
    except KeyError:
        return None


def fields_of(record, model):
    """Return the Odoo fields that the names of a source record stand for.

    :param record: an Odoo record, or the data of one
    :param model: recordset of the model to which data belongs
    :rtype: Mapping[str, odoo.fields.Field]
    """
    return record._fields if is_odoo_record(record) else model._fields
