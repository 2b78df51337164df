# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the database refuses what must not be there twice."""

import re
from collections import defaultdict

from odoo.tools import SQL

from ..finding import WARNING, Finding
from ..places import definitions_of_model
from .base import check


@check("unique-external-id")
def unique_external_id(connectors):
    """Bindings without a unique constraint on the backend and the external id."""
    for connector in connectors.all:
        yield from bindings_without_unique_id(connector, connector.bindings)


@check("unique-record")
def unique_record(connectors):
    """Bindings without a unique constraint on the backend and the wrapped record."""
    for connector in connectors.all:
        for model_name, fields in _without_unique(
            connector, connector.bindings, "_odoo_field"
        ):
            yield Finding(
                WARNING,
                problem=f"Nothing prevents two bindings of {model_name} for the same "
                "record and backend. Connectors do not know which one to use.",
                remedy=_remedy(connector.env, model_name, fields, "_record_uniq"),
                **connector.at_model(model_name),
            )


def bindings_without_unique_id(connector, model_names):
    """Yield a finding for each binding whose external ids need not be unique.

    :param connector: :class:`~..connectors.Connector`
    :param model_names: names of models of bindings of this connector
    """
    for model_name, fields in _without_unique(
        connector, model_names, "_external_field"
    ):
        yield Finding(
            WARNING,
            problem=f"Nothing prevents two bindings of {model_name} with the same "
            "external id and backend. Two jobs may import the same record twice.",
            remedy=_remedy(connector.env, model_name, fields, "_external_uniq"),
            **connector.at_model(model_name),
        )


def _without_unique(connector, model_names, attribute):
    """Yield models without a unique index on a field, with their stored fields."""
    fields = {}
    for model_name in model_names:
        binder = connector.standard_binder(model_name)
        names = (binder._backend_field, getattr(binder, attribute)) if binder else ()
        if names and all(_is_stored(connector.env[model_name], name) for name in names):
            fields[model_name] = names
    indexed = _unique_columns(connector.env, fields) if fields else {}
    for model_name, names in fields.items():
        table = connector.env[model_name]._table
        # A stricter index will do, and an own one of which other columns are a part.
        if not any(names[1] in columns for columns in indexed[table]):
            yield model_name, names


def _is_stored(model, name):
    field = model._fields.get(name) if isinstance(name, str) else None
    return bool(field and field.store and field.column_type and not field.inherited)


def _unique_columns(env, model_names):
    """Return the columns of each unique index of the tables of models."""
    found = defaultdict(list)
    tables = [env[name]._table for name in model_names]
    for table, definition in env.execute_query(
        SQL(
            "SELECT tablename, indexdef FROM pg_indexes"
            " WHERE schemaname = current_schema AND tablename = ANY(%s)"
            " AND indexdef LIKE 'CREATE UNIQUE INDEX%%'",
            tables,
        )
    ):
        columns = definition.partition(" USING ")[2]
        # An index may be on an expression, such as lower(external_id).
        found[table].append(set(re.findall(r"\w+", columns)))
    return found


def _remedy(env, model_name, fields, name):
    remedy = (
        f'Add {name} = models.Constraint("unique({", ".join(fields)})", "...") to the '
        "model."
    )
    if any(
        "_sql_constraints" in vars(cls) for cls in definitions_of_model(env, model_name)
    ):
        remedy += " Odoo 19 ignores _sql_constraints."
    return remedy
