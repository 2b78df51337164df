# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values of backends that a field of Odoo cannot hold."""

import json
import math
from datetime import date

from ...exception import InvalidDataError
from ...tools.text import is_storable, shortened, storable

#: Characters of a value that an error shows.
SHOWN = 60
#: What Odoo's integer fields hold.
INTEGERS = range(-(2**31), 2**31)
TEXTS = (str, int, float)
NUMBERS = (int, float, str)
DATES = (str, date)
#: Classes of the values that a type of field holds, apart from empty ones.
CLASSES = {
    "char": TEXTS,
    "text": TEXTS,
    "html": TEXTS,
    "selection": TEXTS,
    "boolean": TEXTS,
    "integer": NUMBERS,
    "float": NUMBERS,
    "monetary": NUMBERS,
    "date": DATES,
    "datetime": DATES,
    "binary": (str, bytes),
    "many2one": (int,),
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
    classes = CLASSES.get(field.type)
    if classes is None:
        return True
    if not isinstance(value, classes):
        # An empty recordset is false, and connectors may map to recordsets.
        return hasattr(value, "_name")
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if field.type not in CONVERTED:
        return True
    try:
        value = field.convert_to_cache(value, model)
    except (OverflowError, TypeError, ValueError):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return field.type != "integer" or not value or value in INTEGERS


def _unstorable(model, field, external_id):
    return model.env._(
        "The text for the field %(field)s contains a character that the database "
        "cannot store: NUL, or half of a surrogate pair. It is in record %(record)s.",
        field=_label(model, field),
        record=storable(external_id),
    )


def _invalid(model, field, external_id, value):
    shown = "…"
    if not field.groups:
        shown = shortened(json.dumps(value, default=str), SHOWN)
    return model.env._(
        "The field %(field)s of record %(record)s cannot hold the value %(value)s.",
        field=_label(model, field),
        record=storable(external_id),
        value=shown,
    )


def _label(model, field):
    return f"'{field._description_string(model.env)}'"
