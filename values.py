# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values of records: how they are read, and which of them would change."""

from functools import lru_cache

from odoo.fields import Command

#: Types of fields that have the same value wherever they are inherited. For others the
#: ORM rounds, checks or cleans it once more.
READ_AS_STORED = {
    "boolean",
    "char",
    "date",
    "datetime",
    "integer",
    "many2one",
    "text",
}


def field_value(record, name):
    """Return the value of a field of an Odoo record.

    What a binding inherits from the record that it wraps is read there. The ORM does so
    too, but computes and stores it once more for the binding, which costs several times
    as much as to read it.

    :param record: an Odoo record
    :param name: name of one of its fields
    """
    delegates = _delegates(record._fields[name])
    if delegates and record.id:
        for delegate in delegates:
            record = record[delegate]
    return record[name]


@lru_cache(maxsize=4096)
def _delegates(field):
    """Return the fields that lead to the record from which a field is inherited."""
    names = []
    while field.inherited and field.type in READ_AS_STORED:
        names.append(field.related.partition(".")[0])
        field = field.related_field
    return tuple(names)


def changed_values(record, values):
    """Return those of the values that the record does not have yet.

    What is written without need locks rows, runs computations, and shows up as a
    change that nobody made.

    :param record: one record
    :param values: values as for ``write``
    :rtype: dict
    """
    return {
        name: value for name, value in values.items() if _differs(record, name, value)
    }


def _differs(record, name, value):
    field = record._fields.get(name)
    if field is None:
        return True
    if field.type in ("one2many", "many2many"):
        return _commands_change(record[name], value)
    cached = field.convert_to_cache(value, record)
    return field.convert_to_record(cached, record) != field_value(record, name)


def _commands_change(lines, commands):
    """Whether the commands for a relation would change its lines."""
    for command in commands or ():
        if not isinstance(command, list | tuple):
            return True  # ids, of which we do not know what they mean
        operation, line_id, detail = (*command, 0, 0)[:3]
        if operation == Command.SET:
            if set(detail) != set(lines.ids):
                return True
        elif operation == Command.LINK:
            if line_id not in lines.ids:
                return True
        elif operation == Command.UPDATE:
            line = lines.browse(line_id)
            if line not in lines or changed_values(line, detail):
                return True
        elif operation != Command.CLEAR or lines:
            return True
    return False
