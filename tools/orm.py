# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read the values of records with few queries, and find those that would change."""

from collections import defaultdict
from itertools import islice, repeat

from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import is_html_empty
from odoo.tools.constants import PREFETCH_MAX

#: Types of fields whose value is the same in the record that inherits it. For other
#: types, the ORM rounds, checks or cleans the value once more.
READ_AS_STORED = {
    "boolean",
    "char",
    "date",
    "datetime",
    "integer",
    "many2one",
    "text",
}


def read_inherited(record, name):
    """Return the value of a field of an Odoo record.

    A field that a binding inherits is read on the record that the binding wraps. The
    ORM would also compute and cache it for the binding, which takes several times as
    long.

    :param record: an Odoo record
    :param name: name of one of its fields
    :return: the same value as ``record[name]``
    :raise KeyError: when the record has no such field
    """
    record, name = read_from(record, name)
    return record[name]


def read_from(record, name):
    """Return the record, and the name of its field, whose value a field inherits.

    :raise KeyError: when the record has no such field
    """
    field = record._fields[name]
    while field.inherited and field.type in READ_AS_STORED and record.id:
        delegate, _, name = field.related.partition(".")
        record, field = record[delegate], field.related_field
    return record, name


def prefetch_fields(record, names):
    """Read fields of a record and of its whole prefetch set.

    Otherwise, reading one field makes the ORM fetch every column, often more than 100.
    Fields without a column, and fields that the ORM does not prefetch, such as images,
    are not read.

    :param record: an Odoo record
    :param names: names of fields; inherited ones are read on the record they belong to
    :raise AccessError: when the user may not read one of the records
    """
    own, inherited = set(), defaultdict(list)
    for name in names:
        field = record._fields[name]
        if field.inherited:
            name, _, inherited_name = field.related.partition(".")
            inherited[name].append(inherited_name)
            own.add(name)
        elif field.store and field.column_type and field.prefetch:
            own.add(name)
    cache = record._cache
    missing = [name for name in own if name not in cache]
    if missing:
        ids = islice(record._prefetch_ids, PREFETCH_MAX)
        (record | record.browse(ids)).fetch(missing)
    for delegate, inherited_names in inherited.items():
        if record[delegate]:
            prefetch_fields(record[delegate], inherited_names)


def cache_value(records, name, value):
    """Let the ORM know the value of a field, so that it need not read it.

    :param value: what a query has just returned for all records, as in the cache
    """
    records._fields[name]._insert_cache(records, repeat(value))


def changed_values(record, values):
    """Return the values that differ from those of the record.

    Writing equal values locks rows, runs computations, and looks like a change.

    :param record: one record
    :param values: values as for ``write``
    :rtype: dict
    """
    return {
        name: value for name, value in values.items() if _differs(record, name, value)
    }


def _differs(record, name, value):
    field = record._fields.get(name)
    if field is None:
        return True
    if field.type in ("one2many", "many2many"):
        return _commands_change(record[name], value)
    new = comparable(field, converted(field, record, value))
    return new != comparable(field, read_inherited(record, name))


def converted(field, record, value):
    """Return a value for ``write`` as the record would return it afterwards.

    :param field: a field that is not a list
    :param record: the record; its currency, for example, tells how to round
    """
    return field.convert_to_record(field.convert_to_cache(value, record), record)


def comparable(field, value):
    """Return what is the same for values that are the same to Odoo.

    :param value: the value of the field, as ``record[name]`` returns it
    :return: a simple value; ids for a relation
    """
    kind = field.type
    if kind in ("char", "text", "html"):
        # "<p></p>" is what Odoo makes of an empty text.
        is_empty = not value or (kind == "html" and is_html_empty(value))
        return False if is_empty else str(value)
    if kind in ("float", "monetary"):
        # A sum may differ from the number that the database returns for it.
        return float(f"{value:.15g}") + 0.0
    if field.relational:
        return tuple(sorted(value.ids))
    return value


def set_ids(commands):
    """Return the ids that commands for a many2many make the relation have.

    :param commands: a value for ``write``
    :return: ``None`` if that depends on the ids it has before
    """
    if isinstance(commands, BaseModel):
        return set(commands.ids)
    ids = None if commands else set()
    for command in commands or ():
        if isinstance(command, int):
            ids = {*(ids or ()), command}
            continue
        operation, line_id, detail = (*command, 0, 0)[:3]
        if operation in (Command.SET, Command.CLEAR):
            ids = set(detail or ())
        elif operation == Command.LINK and ids is not None:
            ids.add(line_id)
        else:
            return None
    return ids


def _commands_change(lines, commands):
    """Return whether the commands for a relation would change its lines."""
    for command in commands or ():
        if not isinstance(command, list | tuple):
            return True  # ids, whose meaning is unknown
        operation, line_id, detail = (*command, 0, 0)[:3]
        if operation == Command.SET:
            if set(detail) != set(lines.ids):
                return True
        elif operation == Command.LINK:
            if line_id not in lines.ids:
                return True
        elif operation == Command.UPDATE:
            line = lines.browse(line_id)
            if line not in lines or changed_values(line, detail):
                return True
        elif operation != Command.CLEAR or lines:
            return True
    return False


def write_inherited(record, values):
    """Write values to a record, and inherited lines to the record that has them.

    The ORM writes the lines that a binding inherits, and then assigns all lines to
    their record once more. What depends on that is computed again, such as a date that
    was just written to a line.
    """
    links = {
        name: field.related.partition(".")[0]
        for name in values
        if (field := record._fields.get(name)) is not None and field.inherited
    }
    with_lines = {
        link for name, link in links.items() if record._fields[name].type == "one2many"
    }
    own = {
        name: value
        for name, value in values.items()
        if links.get(name) not in with_lines
    }
    if own:
        record.write(own)
    for link in sorted(with_lines):
        inherited = {name: values[name] for name in links if links[name] == link}
        write_inherited(record[link], inherited)


def prefetch_inverses(record, name):
    """Prefetch the one2many fields that are the inverse of a many2one.

    A write to the target of the many2one makes the ORM read these fields for this
    target alone. This function reads them for all records of the prefetch set.

    :param record: one record, with its prefetch set
    :param name: name of the many2one; nothing happens without such a field
    """
    field = record._fields.get(name)
    if field is None or field.type != "many2one":
        return
    target = record.sudo().with_context(active_test=False)[name]
    for inverse in record.pool.field_inverses[field]:
        if inverse.type == "one2many":
            target[inverse.name]  # pylint: disable=pointless-statement


def prefetch_definitions(model, values_list):
    """Read the definitions of the properties of new records with one query.

    Otherwise, the ORM reads them one after the other, such as that of each category to
    which new products belong.

    :param model: empty recordset of the new records
    :param values_list: their values; many2ones as ids
    """
    for field in model._fields.values():
        if field.type == "properties" and field.store and field.definition_record:
            name = field.definition_record
            ids = {each[name] for each in values_list if type(each.get(name)) is int}
            if len(ids) > 1:
                records = model.env[model._fields[name].comodel_name].sudo().browse(ids)
                records.fetch([field.definition_record_field])
    for name in model._inherits:
        prefetch_definitions(model.env[name], values_list)


def invalidate_dependents(model):
    """Invalidate cached values of other models that depend on records of a model.

    A new record has no dependents yet. But when the ORM's cache holds such a value (the
    country of a company, computed from its partner), the ORM searches for dependents
    with each write to a new record, such as the copy of its parent's address. The
    values are not stored, and computed again when they are read.

    :param model: recordset of the model whose records are to be created
    """
    models = {model._name, *model._inherits}
    dependents = defaultdict(set)
    for name in models:
        for field in model.env[name]._fields.values():
            for dependent in model.env.registry.get_dependent_fields(field):
                if not dependent.store and dependent.model_name not in models:
                    dependents[dependent.model_name].add(dependent.name)
    for name, fields in dependents.items():
        model.env[name].invalidate_model(fields, flush=False)
