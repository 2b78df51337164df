# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Errors of PostgreSQL, in words for people."""

import re
from functools import partial

import psycopg2
import psycopg2.errors

from odoo.orm.models import get_columns_from_sql_diagnostics
from odoo.tools import SQL

from ..tools.access import readable
from ..tools.bindings import translatable_label
from ..tools.translatable import in_each_language, joined, translatable
from .scope import CONFLICT, scope_of
from .visibility import KEY, has_values

#: Errors of PostgreSQL that a value for a date or a time causes.
DATE_ERRORS = (
    psycopg2.errors.InvalidDatetimeFormat,
    psycopg2.errors.DatetimeFieldOverflow,
)


def database_cause(env, error):
    """Return what Odoo's own screens would say, without values of the database.

    Texts of PostgreSQL contain the values, or the whole row.
    """
    if isinstance(error, psycopg2.IntegrityError):
        return _integrity_cause(env, error)
    if isinstance(error, psycopg2.DataError):
        return _data_cause(env, error)
    if isinstance(error, psycopg2.errors.ProgramLimitExceeded):
        return _limit_cause(env, error)
    if scope_of(error) == CONFLICT:
        return translatable(env)._(
            "Another transaction has just changed the same data."
        )
    return translatable(env)._(
        "an unexpected database error (%s).", error.pgcode or "-"
    )


def _integrity_cause(env, error):
    model = _model_of(env, error)
    if isinstance(error, psycopg2.errors.NotNullViolation):
        return translatable(env)._(
            "The field %(field)s is required and has no value.",
            field=_labels_of_columns(model, error),
        )
    message = in_each_language(env, partial(_odoo_message, model, error))
    if error.diag.message_primary in message or _refers_to_nothing(error):
        return _constraint_cause(model, error)
    return _with_holder(env, model, message, error)


def _odoo_message(model, error, env):
    """Return what Odoo's screens say about an error, without the values."""
    message = model.with_env(env)._sql_error_to_message(error)
    detail = error.diag.message_detail
    if detail and detail in message:  # At the end, behind the label "Detail:".
        message = message.partition(detail)[0].rpartition("\n")[0]
    return " ".join(message.split())


def _with_holder(env, model, message, error):
    """Add to a message which record has the value already, if the user may read it."""
    found = KEY.search(error.diag.message_detail or "")
    if not found or not isinstance(error, psycopg2.errors.UniqueViolation):
        return message
    columns = found[1].split(", ")
    condition = has_values(columns, found[2])
    if not condition or not all(map(model._fields.get, columns)):
        return message
    table = SQL.identifier(model._table)
    query = SQL("SELECT id FROM %s WHERE %s LIMIT 1", table, condition)
    holder = model.browse(id_ for (id_,) in env.execute_query(query))
    if not holder or not readable(holder):
        return message
    text = translatable(env)._("It is %(record)s.", record=holder.display_name)
    text.terms["of_one"] = True
    return joined([message, text], " ")


def _constraint_cause(model, error):
    """Return the cause of an error for which Odoo has no words, or the wrong ones."""
    names = {
        "model": translatable_label(model.env, model._name),
        "constraint": error.diag.constraint_name,
    }
    if not _refers_to_nothing(error):
        return translatable(model.env)._(
            "a value of %(model)s violates the constraint %(constraint)s.", **names
        )
    return translatable(model.env)._(
        "the record in the field %(field)s of %(model)s does not exist.",
        field=_labels_of_columns(model, error),
        model=names["model"],
    )


def _labels_of_columns(model, error):
    """Return the quoted labels of the fields that an error names."""
    columns = get_columns_from_sql_diagnostics(
        model.env.cr, error.diag, check_registry=True
    )
    fields = [model._fields[name] for name in columns if name in model._fields]

    def labels(env):
        shown = ", ".join(field._description_string(env) for field in fields)
        return f"'{shown or error.diag.column_name or error.diag.constraint_name}'"

    return in_each_language(model.env, labels)


def _limit_cause(env, error):
    if not error.diag.constraint_name:
        return translatable(env)._("a value is larger than the database allows.")
    return translatable(env)._(
        "a text of %(model)s is too long for the index %(index)s.",
        model=translatable_label(env, _model_of(env, error)._name),
        index=error.diag.constraint_name,
    )


def _model_of(env, error):
    for name, model_class in env.registry.items():
        if error.diag.table_name and error.diag.table_name == model_class._table:
            return env[name]
    return env["base"]


def _refers_to_nothing(error):
    """Return whether a written record refers to one that does not exist.

    Odoo takes this for the deletion of a record that is still used.
    """
    # The text may be translated. Only a deletion names a second table in quotes.
    quoted = re.findall(r'"', error.diag.message_primary or "")
    return isinstance(error, psycopg2.errors.ForeignKeyViolation) and len(quoted) == 4


def _data_cause(env, error):
    if isinstance(error, psycopg2.errors.StringDataRightTruncation):
        return translatable(env)._("a text is too long for its field.")
    if isinstance(error, psycopg2.errors.NumericValueOutOfRange):
        return translatable(env)._("a number is too large for its field.")
    if isinstance(error, DATE_ERRORS):
        return translatable(env)._("a date or time is not valid.")
    return translatable(env)._("a value is not of the type of its field.")
