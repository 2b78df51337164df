# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Report all mapping errors of a record in one exception."""

from odoo import models

from ...exception import InvalidValueError, MappingError

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
