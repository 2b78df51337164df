# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Report all mapping errors of a record in one exception."""

from difflib import get_close_matches

from ...exception import (
    InvalidValueError,
    MappingError,
    RetryableJobError,
    UnknownFieldError,
)
from ...tools.diagnosis import source_of
from ...tools.translatable import translatable
from .plan import CHILDREN, DIRECT, METHOD
from .source import is_odoo_record

#: Errors of a row that people fix in the record; conversions raise ``ValueError`` and
#: ``TypeError``. Any other error is a bug, or retries the job.
COLLECTED = (MappingError, ValueError, TypeError)


def is_collected(error, kind):
    """Return whether the mapping goes on after an error of a step."""
    classes = MappingError if kind is METHOD else COLLECTED
    return isinstance(error, classes) and not isinstance(error, RetryableJobError)


def mapping_error(env, source, errors):
    """Return one error that lists all errors of a record, pairs of place and error.

    It is a ``ValueError`` and a ``TypeError``, too, if a value could not be converted.
    An error of a class that a connector or a library defines is returned as it is, so
    that the connector can catch it. If there are several errors, their list is its
    cause.
    """
    own = [error for _place, error in errors if _has_own_class(error)]
    if own and len(errors) == 1:
        return own[0]
    combined = _combined(env, source, errors)
    if not own:
        combined.__cause__ = errors[0][1]
        return combined
    combined.__cause__, own[0].__cause__ = own[0].__cause__, combined
    return own[0]


def _has_own_class(error):
    cls = type(error)
    return cls not in (MappingError, InvalidValueError) and cls.__module__ != "builtins"


def _combined(env, source, errors):
    is_invalid = any(
        isinstance(error, ValueError | TypeError) for _place, error in errors
    )
    error_class = InvalidValueError if is_invalid else MappingError
    return error_class(
        translatable(env)._(
            "%(record)s cannot be mapped: %(places)s",
            record=_label(source),
            places="\n".join(f"{place}: {error}" for place, error in errors),
        )
    )


def _label(source):
    if is_odoo_record(source):
        return f"{source.display_name} ({source._name}, id {source.id})"
    if not isinstance(source, dict):
        return type(source).__name__
    names = [source[key] for key in ("name", "id") if source.get(key)]
    return ", ".join(map(str, names)) or "The record"


def explained(mapper, error, record, kind, row):
    """Return the error of a step, which names the row if its field does not exist."""
    is_missing = isinstance(error, KeyError) and kind != METHOD
    if not is_missing or isinstance(error, UnknownFieldError):
        return error
    name = mapper._direct_source_field_name(row[0])
    if (
        not isinstance(name, str)
        or not is_odoo_record(record)
        or name in record._fields
    ):
        return error
    rows = list(getattr(mapper, kind))
    place = _place(mapper, kind, rows.index(row) if row in rows else "?")
    unknown = UnknownFieldError(
        f"{mapper._name} reads the field '{name}', which {record._name} does not have."
        f"{_did_you_mean(name, record)} ({place})"
    )
    unknown.__cause__ = error
    return unknown


def not_a_dict(mapper, method, mapped):
    """Return the error of a mapping method that returned something else."""
    return ValueError(
        f"{mapper._name}.{method.__name__}() is a mapping method and must return a "
        f"dict or nothing, but returned {mapped!r}."
    )


def unknown_target(mapper, model, name):
    """Return the error of a mapping to a field that a model does not have."""
    places = [
        _place(mapper, kind, number)
        for kind in (DIRECT, CHILDREN)
        for number, row in enumerate(getattr(mapper, kind))
        if row[1] == name
    ] or [f"a mapping method in {source_of(type(mapper))}, or the importer"]
    return UnknownFieldError(
        f"{mapper._name} maps to the field '{name}', which {model._name} does not have."
        f"{_did_you_mean(name, model)} ({places[0]})"
    )


def _did_you_mean(name, model):
    close = get_close_matches(str(name), model._fields, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _place(mapper, kind, number):
    return f"{kind}[{number}] in {source_of(type(mapper), kind)}"
