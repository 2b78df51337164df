# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a source of a row reads, and how it is read."""

from odoo import models

from ...orm import read_inherited


def source_field(source):
    """Return the name of the field that a ``direct`` row reads.

    :param source: name of a field, or a modifier
    :return: the name, or ``None`` for a modifier that does not tell
    """
    while callable(source):
        variables = getattr(getattr(source, "__code__", None), "co_freevars", ())
        if "field" not in variables:
            return None
        source = source.__closure__[variables.index("field")].cell_contents
    return source


def source_value(mapper, record, source, target):
    """Return what a source has for a record, without the rules of ``direct`` rows.

    :param mapper: the mapper
    :param record: the source record
    :param source: name of a field, or a modifier
    :param target: name of the target
    :return: the value; ``None`` when data from a backend leaves the field out
    """
    if callable(source):
        return source(mapper, record, target)
    if hasattr(record, "get"):
        return record.get(source)
    return record_value(record, source)


def record_value(record, name):
    """Return the value of a field of a source record.

    :param record: an Odoo record, or anything that has items
    :param name: name of the field
    :return: its value
    :raise KeyError: when there is no such field
    """
    is_odoo_record = isinstance(record, models.BaseModel)
    return read_inherited(record, name) if is_odoo_record else record[name]
