# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether bindings link records as binders expect."""

from ...components.binder import Binder
from ...tools.bindings import all_binding_models, wrapped_field
from ...tools.overrides import overrides
from ..finding import did_you_mean, error, warning
from ..places import at, place_of_model
from .base import check

#: Fields that binders name: the attribute and the use.
BINDER_FIELDS = {
    "_external_field": "the external id",
    "_backend_field": "the backend",
    "_sync_date_field": "the date",
    "_odoo_field": "the wrapped record",
}


@check("no-backend-field")
def no_backend_field(connectors):
    """Bindings that do not refer to a backend."""
    env = connectors.env
    base = env.registry["connector.backend"]
    for model_name in all_binding_models(env):
        if not any(
            field.type == "many2one"
            and issubclass(env.registry[field.comodel_name], base)
            for field in env[model_name]._fields.values()
        ):
            yield error(
                f"{model_name} has no many2one to a backend.",
                "Add backend_id.",
                **at(place_of_model(env, model_name)),
            )


@check("binder-fields", at_load=True)
def binder_fields(connectors):
    """Fields that the binder names and the binding does not have."""
    for connector, model_name in connectors.bindings:
        binder = connector.standard_binder(model_name)
        for attribute, use in BINDER_FIELDS.items() if binder else ():
            name = getattr(binder, attribute)
            remedy = _remedy(connectors.env[model_name], binder, attribute, name)
            if isinstance(name, str) and remedy:
                yield error(
                    f"{binder._name} looks for {use} of {model_name} in the field "
                    f"'{name}', which does not exist.",
                    remedy,
                    **connectors.at(binder, attribute),
                )


def _remedy(model, binder, attribute, name):
    """Return what to do about a field that is missing, otherwise ``None``."""
    if name in model._fields:
        return None
    hint = did_you_mean(name, model._fields)
    if attribute == "_odoo_field":
        wrapped = wrapped_field(model.env, model._name)
        if not wrapped and name == "odoo_id":  # The binding wraps no record.
            return None
        hint = f" The binding has '{wrapped}'." if wrapped else hint
    if attribute == "_sync_date_field" and overrides(binder, Binder, "bind"):
        return None
    return f"Set {attribute}, or add the field.{hint}"


@check("wraps-nothing")
def wraps_nothing(connectors):
    """Bindings of which other components expect that they wrap a record."""
    for connector, model_name in connectors.bindings:
        exporter = connector.only("record.exporter", model_name)
        field = getattr(exporter, "_default_binding_field", None)
        if field and not wrapped_field(connectors.env, model_name):
            yield warning(
                f"{model_name} wraps no record, but {exporter._name} expects that "
                f"records have their bindings in '{field}'.",
                "Add odoo_id and _inherits to the binding, or remove "
                "_default_binding_field.",
                **connector.at_model(model_name),
            )
