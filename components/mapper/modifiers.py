# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sources of ``direct`` rows that do more than copy a value.

A modifier is a function ``modifier(mapper, record, target)`` that returns the value.
A mapper finds the field that a modifier reads in its closure variable named ``field``,
so a connector's own modifier needs one, too::

    def upper(field):
        def modifier(self, record, to_attr):
            return (record[field] or "").upper()

        return modifier
"""

from ...exception import MappingError
from ...tools.external_id import is_external_id
from ...tools.translatable import translatable
from ..binder import Binder
from .errors import unknown_target
from .source import followed_value, is_odoo_record, record_value, source_value


def none(field):
    """Map every false value to ``None``, for backends without ``False``.

    :param field: name of the source field, or another modifier
    """

    def modifier(self, record, to_attr):
        return source_value(self, record, field, to_attr) or None

    return modifier


def convert(field, conv_type):
    """Convert the value; a false one, also 0, becomes ``False``.

    :param field: name of the source field, or another modifier
    :param conv_type: callable that takes the value, such as ``int``
    """

    def modifier(self, record, to_attr):
        value = source_value(self, record, field, to_attr)
        return conv_type(value) if value else False

    return modifier


def m2o_to_external(field, binding=None):
    """Export a many2one as the external id of the related record.

    :param field: name of a many2one of the source record
    :param binding: name of the binding model, when the many2one points to the record
        that the binding wraps; by default it points to the binding itself
    :raise MappingError: when that record has no external id yet
    :raise ValueError: when the field is not a many2one
    """

    def modifier(self, record, to_attr):
        related = record_value(record, field)
        if not related:
            return False
        fields = (record if is_odoo_record(record) else self.model)._fields
        many2one = _many2one(fields, field)
        binding_model = binding or many2one.comodel_name
        return _external_id(self, field, related, binding_model, wrap=bool(binding))

    modifier.refers_to = field, binding
    return modifier


def records_to_external(field, binding):
    """Export the related records as the list of their external ids.

    :param field: path to the records, such as ``"line_ids.product_id"``; changes of the
        first field of the path concern the source record
    :param binding: name of the model of the bindings that wrap the records
    :raise MappingError: when one of them has no external id yet
    """
    path, (field, _dot, rest) = field, field.partition(".")

    def modifier(self, record, to_attr):
        related = record_value(record, field)
        related = related.mapped(rest) if rest else related
        return [_external_id(self, field, each, binding) for each in related]

    modifier.refers_to = path, binding
    return modifier


def external_to_m2o(field, binding=None):
    """Import an external id as the many2one to the record with this id.

    :param field: name of the source field that holds the external id
    :param binding: name of the binding model, when the many2one points to the record
        that the binding wraps; by default it points to the binding itself
    :raise MappingError: when no record has this external id
    :raise ValueError: when the target field is not a many2one
    """

    def binding_model(many2one):
        return binding or many2one.comodel_name

    def modifier(self, record, to_attr):
        external_id = source_value(self, record, field, to_attr)
        if not external_id and not is_external_id(external_id):
            return False
        if to_attr not in self.model._fields:
            raise unknown_target(self, self.model, to_attr)
        many2one = _many2one(self.model._fields, to_attr)
        related = self.binder_for(binding_model(many2one)).to_internal(
            external_id, unwrap=bool(binding)
        )
        if related:  # Binders of connectors return an id or a record.
            return related.id if is_odoo_record(related) else related
        raise MappingError(
            translatable(self.env)._(
                "%(target)s cannot be filled: no record of %(model)s has the "
                "external id %(external_id)s, the value of %(field)s. Import it.",
                target=to_attr,
                model=binding_model(many2one),
                external_id=(
                    external_id if is_external_id(external_id) else repr(external_id)
                ),
                field=self._direct_source_field_name(field) or "?",
            )
        )

    # for ImportMapper._references()
    modifier.binding_model, modifier.field = binding_model, field
    return modifier


def follow_m2o_relations(field):
    """Map a field of a related record.

    :param field: path through many2one fields, such as
        ``"partner_id.country_id.code"``; a name may also be that of an attribute
    """
    field, *path = field.split(".")  # changes of the record concern this one

    def modifier(self, record, to_attr):
        value = record
        for name in (field, *path):
            value = followed_value(value, name)
        return value

    return modifier


def _external_id(mapper, field, related, binding_model, wrap=True):
    """Return the external id of a related record.

    :param field: name of the field that refers to it
    :param wrap: whether it is the record that a binding wraps, and not the binding
    :raise MappingError: when it has no external id yet
    """
    related_id = related.id  # It refuses several records.
    binder = mapper.binder_for(binding_model)
    if isinstance(binder, Binder):
        prefetch = binder.prefetch_records if wrap else binder.prefetch_bindings
        prefetch(related)
    # Binders of connectors expect an id here. It has no prefetch set.
    external_id = binder.to_external(related_id, wrap=wrap)
    if is_external_id(external_id):
        return external_id
    raise MappingError(
        translatable(mapper.env)._(
            "the field %(field)s points to %(related)s (%(model)s, id %(id)s), "
            "which has no external id on this backend. Export it first.",
            field=field,
            related=related.display_name,
            model=related._name,
            id=related_id,
        )
    )


def _many2one(fields, name):
    field = fields[name]
    if field.type != "many2one":
        raise ValueError(
            f"{name!r} is {field}, not a many2one. Only a many2one can be mapped to or "
            "from the id of another record."
        )
    return field
