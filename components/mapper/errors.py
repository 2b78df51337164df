# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Report all mapping errors of a record in one exception."""

from difflib import get_close_matches

from ...exception import InvalidValueError, MappingError, UnknownFieldError
from ...tools.diagnosis import source_of
from .source import is_odoo_record

#: Errors of a row that people fix in the record; conversions raise ``ValueError`` and
#: ``TypeError``. Any other error is a bug, or retries the job.
COLLECTED = (MappingError, ValueError, TypeError)


def mapping_error(env, source, errors):
    """Return one error that lists all errors of a record.

    :param env: ``Environment``, for the language
    :param source: the record that was mapped
    :param errors: list of pairs ``(place, error)``
    :return: a ``MappingError``; a ``ValueError`` too if a value could not be converted
    """
    convertible = all(isinstance(error, MappingError) for _place, error in errors)
    error_class = MappingError if convertible else InvalidValueError
    combined = error_class(
        env._(
            "%(record)s cannot be mapped: %(places)s",
            record=_label(source),
            places="\n".join(f"{place}: {error}" for place, error in errors),
        )
    )
    combined.__cause__ = errors[0][1]
    return combined


def _label(source):
    if is_odoo_record(source):
        return f"{source.display_name} ({source._name}, id {source.id})"
    if not isinstance(source, dict):
        return type(source).__name__
    names = [source[key] for key in ("name", "id") if source.get(key)]
    return ", ".join(map(str, names)) or "The record"


def explain_unknown_source(error, mapper, record, row):
    """Raise an error that names a row, if the field that it reads does not exist.

    :param error: the ``KeyError`` of the row
    :param mapper: the mapper
    :param record: the source record
    :param row: the :class:`~.plan.Row`
    :raise UnknownFieldError: when an Odoo record does not have the field
    """
    name = row.field
    if isinstance(error, UnknownFieldError) or not isinstance(name, str):
        return
    if is_odoo_record(record) and name not in record._fields:
        declared = list(getattr(mapper, row.origin))
        number = declared.index(row.row) if row.row in declared else "?"
        raise UnknownFieldError(
            f"{mapper._name} reads the field '{name}', which {record._name} does not "
            f"have.{_did_you_mean(name, record)} ({_place(mapper, row.origin, number)})"
        ) from error


def unknown_target(mapper, model, name):
    """Return the error of a mapping to a field that a model does not have.

    :param mapper: the import mapper
    :param model: recordset of the model that is written
    :param name: name of the target
    :rtype: UnknownFieldError
    """
    places = [
        _place(mapper, origin, number)
        for origin in ("direct", "children")
        for number, row in enumerate(getattr(mapper, origin))
        if row[1] == name
    ] or [f"a mapping method in {source_of(type(mapper))}, or the importer"]
    return UnknownFieldError(
        f"{mapper._name} maps to the field '{name}', which {model._name} does not have."
        f"{_did_you_mean(name, model)} ({places[0]})"
    )


def _did_you_mean(name, model):
    close = get_close_matches(str(name), model._fields, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _place(mapper, origin, number):
    return f"{origin}[{number}] in {source_of(type(mapper), origin)}"
