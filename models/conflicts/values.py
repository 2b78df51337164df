# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The values of both sides, as a conflict keeps them and as people read them."""

import base64
import json

from odoo import fields
from odoo.models import BaseModel
from odoo.tools import format_date, format_datetime, html2plaintext, human_size
from odoo.tools.json import json_default
from odoo.tools.misc import formatLang

from ...components.comparison.presentation import HIDDEN, odoo_text
from ...tools.text import is_secret, storable

NUMBERS = ("integer", "float", "monetary")


def kept(record, values):
    """Return values for ``write`` as JSON can hold them, without secrets."""
    return {
        name: _as_json(value)
        for name, value in values.items()
        if not hides(record, name)
    }


def current(record, names):
    """Return the present values of the fields that exist, as for ``write``."""
    record = record.with_context(bin_size=False)  # the web client asks for sizes
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


def text(record, name, values):
    """Return a kept value, as the user of the record reads it.

    :param record: recordset of the bindings' model
    :param values: what :func:`kept` returned
    """
    if hides(record, name):
        return HIDDEN
    value, field, env = values.get(name), record._fields.get(name), record.env
    kind = field and field.type
    if kind == "boolean":
        return env._("Yes") if value else env._("No")
    if kind in NUMBERS:
        return _number(field, env, value or 0)
    if not value:
        return ""
    if kind == "date":
        return format_date(env, value)
    if kind == "datetime":
        return format_datetime(env, fields.Datetime.to_datetime(value))
    if kind == "html":
        return html2plaintext(value)
    if kind in ("binary", "image"):
        return human_size(len(str(value)) * 3 // 4)  # Base64
    return odoo_text(record, name, value, env)


def _number(field, env, value):
    if field.type == "integer":
        return str(value)
    digits = field.get_digits(env) if field.type == "float" else None
    places = digits[1] if digits else len(str(value).partition(".")[2].rstrip("0"))
    return formatLang(env, value, digits=places)


def _as_json(value):
    return storable(json.loads(json.dumps(value, default=_json_default)))


def _json_default(value):
    if isinstance(value, bytes):  # Odoo has files as Base64.
        return (value if value.isascii() else base64.b64encode(value)).decode()
    if isinstance(value, BaseModel):
        return value.ids
    if isinstance(value, set | frozenset):
        return list(value)
    return json_default(value)
