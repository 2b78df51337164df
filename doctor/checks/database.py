# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the database refuses what must not be there twice, and who may see what."""

import re
from collections import defaultdict

from odoo.tools import SQL

from ...tools.bindings import BindingShape
from ..finding import error, warning
from ..places import definitions_of_model
from .base import check


@check("unique-external-id")
def unique_external_id(connectors):
    """Bindings without a unique constraint on the backend and the external id."""
    return without_unique_id(connectors, {name for _each, name in connectors.bindings})


def without_unique_id(connectors, model_names):
    """Yield a finding for each of some models whose external ids need not be unique."""
    return _without_unique(
        connectors,
        model_names,
        "external_id",
        "Nothing prevents two bindings of {} with the same external id and backend. "
        "Two jobs may import the same record twice.",
        "_external_uniq",
    )


@check("unique-record")
def unique_record(connectors):
    """Bindings without a unique constraint on the backend and the wrapped record."""
    return _without_unique(
        connectors,
        {name for _each, name in connectors.bindings},
        "record",
        "Nothing prevents two bindings of {} for the same record and backend. "
        "Connectors do not know which one to use.",
        "_record_uniq",
    )


def _without_unique(connectors, model_names, attribute, problem, constraint):
    """Yield findings for models without a unique index on a stored field.

    :param attribute: which field of the :class:`BindingShape`
    """
    env = connectors.env
    indexed = _unique_columns(env, model_names)
    for connector, model_name in connectors.bindings:
        binder = connector.standard_binder(model_name)
        if binder is None or model_name not in model_names:
            continue
        shape = BindingShape.declared_by(binder)
        names, model = (shape.backend, getattr(shape, attribute)), env[model_name]
        # A stricter index will do, and an own one of which other columns are a part.
        if all(_is_stored(model, name) for name in names) and not any(
            names[1] in columns for columns in indexed[model._table]
        ):
            yield warning(
                problem.format(model_name),
                _remedy(env, model_name, names, constraint),
                **connector.at_model(model_name),
            )


def _is_stored(model, name):
    field = model._fields.get(name) if isinstance(name, str) else None
    return bool(field and field.store and field.column_type and not field.inherited)


def _unique_columns(env, model_names):
    """Return the columns of each unique index of the tables of models."""
    found = defaultdict(list)
    for table, definition in env.execute_query(
        SQL(
            "SELECT tablename, indexdef FROM pg_indexes"
            " WHERE schemaname = current_schema AND tablename = ANY(%s)"
            " AND indexdef LIKE 'CREATE UNIQUE INDEX%%'",
            [env[name]._table for name in model_names if name in env],
        )
    ):
        columns = definition.partition(" USING ")[2]
        # An index may be on an expression, such as lower(external_id).
        found[table].append(set(re.findall(r"\w+", columns)))
    return found


def _remedy(env, model_name, fields, name):
    classes = definitions_of_model(env, model_name)
    ignored = any("_sql_constraints" in vars(cls) for cls in classes)
    return (
        f'Add {name} = models.Constraint("unique({", ".join(fields)})", "...") to the '
        f"model.{' Odoo 19 ignores _sql_constraints.' if ignored else ''}"
    )


@check("no-access")
def no_access(connectors):
    """Backends and bindings that no group may read."""
    access = connectors.env["ir.model.access"].search([("perm_read", "=", True)])
    readable = set(access.model_id.mapped("model"))
    for connector, model_name in connectors.models:
        if model_name not in readable:
            yield error(
                f"No group may read {model_name}.",
                "Give a group access in security/ir.model.access.csv.",
                **connector.at_model(model_name),
            )


@check("no-company-rule")
def no_company_rule(connectors):
    """Backends of a company, and their bindings, that all companies may see."""
    env = connectors.env
    rules = env["ir.rule"].search([("domain_force", "like", "company")])
    ruled = set(rules.model_id.mapped("model"))
    for connector, model_name in connectors.models:
        if model_name not in ruled and _has_company(env[connector.name]):
            yield warning(
                f"{connector.name} belongs to a company, but users of all companies "
                f"may see {model_name}.",
                "Add a record rule (ir.rule) with a domain on the company.",
                **connector.at_model(model_name),
            )


def _has_company(model):
    field = model._fields.get("company_id")
    return bool(field and field.store and field.comodel_name == "res.company")
