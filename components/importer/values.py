# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values of backends that a field of Odoo cannot hold."""

import json
import math
from datetime import date
from numbers import Number

from odoo.models import BaseModel

from ...exception import InvalidDataError
from ...tools.text import is_storable, shortened, storable
from ...tools.translatable import in_each_language, translatable

#: Characters of a value that an error shows.
SHOWN = 60
#: What Odoo's integer fields hold.
INTEGERS = range(-(2**31), 2**31)
NUMBERS = (Number, str)
DATES = (str, date)
#: Types of fields for which Odoo converts a value of any class, except for containers.
TEXTS = ("char", "text", "html", "selection", "boolean")
CONTAINERS = (dict, list, set, tuple)
#: Classes of the values that another type of field holds, apart from empty ones.
CLASSES = {
    "integer": NUMBERS,
    "float": NUMBERS,
    "monetary": NUMBERS,
    "date": DATES,
    "datetime": DATES,
    "binary": (str, bytes),
    "many2one": (int, tuple),
    "one2many": (list, tuple),
    "many2many": (list, tuple),
}
CONVERTED = ("integer", "float", "monetary", "date", "datetime", "selection")


def check_values(model, external_id, values):
    """Refuse values that the fields of a record cannot hold.

    The ORM would store a list as a text, or raise an error that names no field.

    :param model: empty recordset of the bindings' model
    :param external_id: id of the record on the backend
    :param values: mapped values by the names of fields; those of others are ignored
    :raise InvalidDataError: with the field, the record and the value
    """
    for name, value in values.items():
        field = model._fields.get(name)
        if field is None or value is None or value is False:
            continue
        if isinstance(value, str) and not is_storable(value):
            raise InvalidDataError(_unstorable(model, field, external_id))
        if not _can_hold(model, field, value):
            raise InvalidDataError(_invalid(model, field, external_id, value))


def _can_hold(model, field, value):
    if isinstance(value, BaseModel):
        return True
    if not _has_class(field, value) or _is_infinite(value):
        return False
    if field.type not in CONVERTED:
        return True
    try:
        value = field.convert_to_cache(value, model)
    except (OverflowError, TypeError, ValueError):
        return False
    if field.type == "integer":
        return value in INTEGERS
    return not _is_infinite(value)


def _has_class(field, value):
    if field.type in TEXTS:
        return not isinstance(value, CONTAINERS)
    return isinstance(value, CLASSES.get(field.type, object))


def _is_infinite(value):
    return isinstance(value, float) and not math.isfinite(value)


def _unstorable(model, field, external_id):
    return translatable(model.env)._(
        "The text for the field %(field)s contains a character that the database "
        "cannot store: NUL, or half of a surrogate pair. It is in record %(record)s.",
        field=_label(model, field),
        record=storable(external_id),
    )


def _invalid(model, field, external_id, value):
    shown = "…"
    if not field.groups:
        shown = shortened(json.dumps(value, default=str), SHOWN)
    return translatable(model.env)._(
        "The field %(field)s of record %(record)s cannot hold the value %(value)s.",
        field=_label(model, field),
        record=storable(external_id),
        value=shown,
    )


def _label(model, field):
    return in_each_language(
        model.env, lambda env: f"'{field._description_string(env)}'"
    )
