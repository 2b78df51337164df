# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare values of both sides, whatever their format does to them, and show them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isclose

from odoo import models

#: Longest text that is stored and shown for a value, in characters.
LONGEST = 600
#: Characters that are shown before the first difference of two longer texts.
BEFORE_DIFFERENCE = 80

# "007" and "1.0.0" are codes, not numbers.
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?"
)
_FALSE = {"0", "false", "no"}
_TRUE = {"1", "true", "yes"}


def is_same(here, there):
    """Return whether two values mean the same.

    Empty values are the same, as are a number and its text, a date and its ISO format,
    and lists whose single values have another order. What only the backend's record has
    is not a difference.
    """
    if isinstance(here, bool) or isinstance(there, bool):
        return _truth(here) is not None and _truth(here) == _truth(there)
    if _is_empty(here) or _is_empty(there):
        return _is_empty(here) and _is_empty(there)
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        return all(is_same(value, there.get(key)) for key, value in here.items())
    if _is_list(here) and _is_list(there):
        return _is_same_list(list(here), list(there))
    return _is_same_scalar(here, there)


def shown(value):
    """Return any value as text for people, empty for an empty value."""
    if value is True:
        return "✓"
    if _is_empty(value):
        return ""
    if isinstance(value, bytes):
        return f"({len(value)} B)"
    if isinstance(value, models.BaseModel):
        return ", ".join(record.display_name or "" for record in value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if _is_list(value):
        return ", ".join(filter(None, map(shown, value)))
    if isinstance(value, Mapping):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def excerpts(one, other):
    """Shorten two texts, so that their first difference can be seen."""
    if max(len(one), len(other)) <= LONGEST:
        return one, other
    same = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = max(0, same - BEFORE_DIFFERENCE)
    return _excerpt(one, start), _excerpt(other, start)


def _excerpt(text, start):
    before = "…" if start else ""
    after = "…" if len(text) > start + LONGEST else ""
    return before + text[start : start + LONGEST] + after


def _is_empty(value):
    return value is None or value is False or _is_sized(value) and not len(value)


def _is_sized(value):
    return isinstance(value, str | bytes | list | tuple | Mapping | models.BaseModel)


def _is_list(value):
    return isinstance(value, list | tuple | set | frozenset)


def _truth(value):
    """Return what a value means as a boolean, ``None`` for any other value."""
    if _is_empty(value):
        return False
    text = str(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _is_same_list(here, there):
    if len(here) != len(there):
        return False
    if any(isinstance(value, Mapping) or _is_list(value) for value in here):
        return all(map(is_same, here, there))
    rest = list(there)
    for value in here:
        match = next((i for i, other in enumerate(rest) if is_same(value, other)), None)
        if match is None:
            return False
        del rest[match]
    return True


def _is_same_scalar(here, there):
    if isinstance(here, models.BaseModel) or isinstance(there, models.BaseModel):
        return here == there
    are_texts = isinstance(here, str) and isinstance(there, str)
    if are_texts and _lines(here) == _lines(there):
        return True
    numbers = _number(here), _number(there)
    if not are_texts and None not in numbers:
        return isclose(*numbers, rel_tol=1e-9, abs_tol=1e-9)
    if are_texts or isinstance(here, date) or isinstance(there, date):
        moments = _moment(here), _moment(there)
        return None not in moments and moments[0] == moments[1]
    return here == there or str(here) == str(there)


def _lines(text):
    return text.replace("\r\n", "\n").strip()


def _number(value):
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def _moment(value):
    """Return a date or a time as ``datetime`` in UTC, ``None`` for anything else."""
    if isinstance(value, str):
        if not _MOMENT.fullmatch(value.strip()):
            return None
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        if value.tzinfo:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return value.replace(microsecond=0)
    return datetime.combine(value, time()) if isinstance(value, date) else None
