# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Report all mapping errors of a record in one exception."""

from difflib import get_close_matches

from odoo import models

from ...exception import InvalidValueError, MappingError, UnknownFieldError
from ...tools.diagnosis import source_of

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
    if isinstance(source, models.BaseModel):
        return f"{source.display_name} ({source._name}, id {source.id})"
    if not isinstance(source, dict):
        return type(source).__name__
    names = [source[key] for key in ("name", "id") if source.get(key)]
    return ", ".join(map(str, names)) or "The record"


def unknown_source(mapper, record, row, rows_name):
    """Return the error of a row whose source is a field that a record does not have.

    :param mapper: the mapper
    :param record: an Odoo record
    :param row: the row of ``direct`` or ``children``
    :param rows_name: ``"direct"`` or ``"children"``
    :rtype: UnknownFieldError
    """
    name = mapper._direct_source_field_name(row[0])
    return UnknownFieldError(
        f"{mapper._name} reads the field '{name}', which {record._name} does not have."
        f"{_did_you_mean(name, record)} ({_place(mapper, row, rows_name)})"
    )


def unknown_target(mapper, model, name):
    """Return the error of a mapping to a field that a model does not have.

    :param mapper: the import mapper
    :param model: recordset of the model that is written
    :param name: name of the target
    :rtype: UnknownFieldError
    """
    rows = [row for row in [*mapper.direct, *mapper.children] if row[1] == name]
    if rows:
        rows_name = "direct" if rows[0] in mapper.direct else "children"
        place = _place(mapper, rows[0], rows_name)
    else:
        place = f"a mapping method in {source_of(type(mapper))}, or the importer"
    return UnknownFieldError(
        f"{mapper._name} maps to the field '{name}', which {model._name} does not have."
        f"{_did_you_mean(name, model)} ({place})"
    )


def _did_you_mean(name, model):
    close = get_close_matches(str(name), model._fields, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _place(mapper, row, rows_name):
    rows = list(getattr(mapper, rows_name))
    number = rows.index(row) if row in rows else "?"
    return f"{rows_name}[{number}] in {source_of(type(mapper), rows_name)}"
