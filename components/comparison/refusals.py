# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find out whether PostgreSQL would refuse a record, without writing it."""

import json
from collections import defaultdict

from odoo.tools import SQL

from ...tools.bindings import model_label

#: The columns of a table that need a value, and its checks with their expressions.
DEMANDS = """
SELECT attname, NULL, NULL FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND attnotnull
    AND NOT atthasdef AND NOT attisdropped
UNION ALL
SELECT NULL, conname, pg_get_expr(conbin, conrelid) FROM pg_constraint
WHERE conrelid = %(table)s::regclass AND contype = 'c' AND convalidated
"""


def refusals(reader, model, values, record=None):
    """Yield the name of a field, empty for several, and why its value is refused.

    :param reader: ``Environment`` of the user who reads the texts
    :param model: empty recordset, with the rights of the system
    :param values: values as for ``create`` or ``write``
    :param record: the record that gets the values; ``None`` for a new one
    """
    if record is None:
        [values] = model._prepare_create_values([values])
    own, inherited = {}, defaultdict(dict)
    for name, value in values.items():
        field = model._fields.get(name)
        if field and field.inherited:
            inherited[field.related_field.model_name][name] = value
        elif field and field.store and field.column_type:
            own[name] = value
    for parent_name, link in model._inherits.items():
        parents = model.env[parent_name]
        parent = record[link] if record else parents.browse(own.get(link) or ())
        yield from refusals(reader, parents, inherited[parent_name], parent or None)
    yield from _refusals_of_row(reader, model, own, record)


def _refusals_of_row(reader, model, values, record):
    row = {
        name: field.convert_to_column_insert(value, model, values)
        for name, value in values.items()
        if not (field := model._fields[name]).company_dependent
    }
    rows = model.env.execute_query(SQL(DEMANDS, table=model._table))
    links = model._inherits.values()
    demanded = {name for name, _check, _code in rows if name in model._fields}
    for name in sorted(demanded.difference(links if record is None else ())):
        if row.get(name, record) is None:
            label = model._fields[name]._description_string(reader)
            yield name, reader._("The field '%s' is required and has no value.", label)
    checks = {check: code for _name, check, code in rows if check}
    for check in row and _violated(model, checks, row, record):
        yield "", _message(reader, model, check)


def _violated(model, checks, row, record):
    """Return the names of the checks that a row violates."""
    if not checks:
        return []
    table = SQL.identifier(model._table)
    given = json.dumps(row, default=lambda value: getattr(value, "adapted", str(value)))
    before = SQL("NULL::%s", table)
    if record:
        before = SQL("(SELECT old FROM %s AS old WHERE id = %s)", table, record.id)
    # The expressions are those of the database, where "%" stands for itself.
    codes = [SQL(f"({code.replace('%', '%%')}) IS FALSE") for code in checks.values()]
    [violated] = model.env.execute_query(
        SQL(
            "SELECT %s FROM jsonb_populate_record(%s, %s) AS %s",
            SQL(", ").join(codes),
            before,
            given,
            table,
        )
    )
    return [
        name for name, is_violated in zip(checks, violated, strict=True) if is_violated
    ]


def _message(reader, model, check):
    """Return what Odoo says about the violation of a check."""
    constraints = reader["ir.model.constraint"].sudo()
    found = constraints.search(
        [("name", "=", check), ("model.model", "=", model._name)], limit=1
    )
    declared = model._table_objects.get(check)
    message = found.message or (
        declared and declared.get_error_message(model.with_env(reader))
    )
    return message or reader._(
        "a value of %(model)s violates the constraint %(constraint)s.",
        model=model_label(reader, model._name),
        constraint=check,
    )
