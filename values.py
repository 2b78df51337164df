# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare values for the ORM with what a record has."""

from odoo.fields import Command


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
    return field.convert_to_record(cached, record) != record[name]


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
