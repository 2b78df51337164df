# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which fields are merged, and how their values are compared."""

from odoo.fields import NO_ACCESS

from ...fields import Secret
from ...tools.base_column import base_field
from ...tools.orm import comparable, converted, read_inherited, set_ids
from ...tools.text import is_secret
from ...tools.work_context import optional_component

#: Types of fields whose values are merged.
KINDS = {
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "html",
    "integer",
    "many2many",
    "many2one",
    "monetary",
    "reference",
    "selection",
    "text",
}


def merged_fields(importer):
    """Return the names of the fields that both imports and exports deal with.

    There are none if the connector does not export the records, or decides itself which
    fields an import keeps.
    """
    model = importer.model
    if base_field(model) is None or importer._overrides("_fields_to_keep"):
        return frozenset()
    exports = model.exports_by_own_method()
    exports = exports or optional_component(importer, "record.exporter")
    return exported_fields(importer) if exports else frozenset()


def exported_fields(component):
    """Return the names of the fields that exports read, if they can be merged."""
    model, mapper = component.model, optional_component(component, "export.mapper")
    if mapper is None or base_field(model) is None:
        return frozenset()
    names = mapper.changed_by_fields()
    return frozenset(name for name in names if is_mergeable(model, name))


def is_mergeable(model, name):
    """Return whether the values of a field can be merged."""
    field = model._fields.get(name) if isinstance(name, str) else None
    if field is None or field.type not in KINDS or is_secret(name):
        return False
    return field.groups != NO_ACCESS and not isinstance(field.base_field, Secret)


def base_name(record, name):
    """Return the name under which a base holds a field.

    The values of some fields depend on the language, or on the company, of the record's
    environment. Where a backend pins neither, jobs of several users work in several of
    them.
    """
    field = record._fields[name].base_field
    if field.translate:
        return f"{name}@{record.env.lang or 'en_US'}"
    if field.company_dependent:
        return f"{name}@{record.env.company.id}"
    return name


def base_value(base, record, name):
    """Return the digests of a field in a record's language and company, or ``None``."""
    return base.value(base_name(record, name))


def set_base_value(base, record, name, theirs, ours):
    """Store the digests of a field in the language and the company of a record.

    The backend has the same value for all of them: it is stored by the name alone, too.
    """
    in_context = base_name(record, name)
    if in_context != name:
        base.set_value(name, theirs, theirs)
    base.set_value(in_context, theirs, ours)


def comparable_of(record, name):
    """Return the value of a field of a record, as it is compared."""
    field = record._fields[name]
    if field.type == "many2many":
        # An archived element is still there.
        record = record.with_context(active_test=False)
    return comparable(field, read_inherited(record, name))


def comparable_mapped(record, name, value):
    """Return a value for ``write`` as it is compared, ``None`` if it is unknown."""
    field = record._fields[name]
    if field.type == "many2many":
        ids = set_ids(value)
        return None if ids is None else tuple(sorted(ids))
    value = comparable(field, converted(field, record, value))
    return False if value is None else value
