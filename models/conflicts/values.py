# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The values of both sides, as a conflict keeps them."""

import base64
from datetime import date, datetime

from odoo import fields
from odoo.models import BaseModel

from ...components.comparison.values import is_secret
from ...tools.text import storable


def kept(record, values):
    """Return values as JSON can hold them, without secrets.

    :param record: the binding
    :param values: values as for ``write``
    :rtype: dict
    """
    return {
        name: _as_json(value)
        for name, value in values.items()
        if not hides(record, name)
    }


def current(record, names):
    """Return the present values of fields, as for ``write``.

    :param record: the binding
    :param names: names of fields; those that the model does not have are left out
    :rtype: dict
    """
    fields_ = record._fields
    return {
        name: fields_[name].convert_to_write(record[name], record)
        for name in names
        if name in fields_
    }


def hides(record, name):
    """Return whether nobody may see the value of a field."""
    field = record._fields.get(name)
    return is_secret(name) or bool(field and field.groups == fields.NO_ACCESS)


def _as_json(value):
    if isinstance(value, bytes):
        try:
            return value.decode("ascii")  # Odoo has files as Base64.
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, BaseModel):
        return value.ids
    if isinstance(value, datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, date):
        return fields.Date.to_string(value)
    if isinstance(value, dict):
        return {str(key): _as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_json(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return storable(str(value))
