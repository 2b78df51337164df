# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find the installed connectors in the registry."""

from typing import NamedTuple

BINDING = "external.binding"


class BindingLink(NamedTuple):
    """How a binding model refers to the records that it wraps."""

    binding_model: str  #: name of the model of the bindings
    field: str  #: name of its many2one to the wrapped record


def backend_models(env):
    """Return the names of the models of backends, in alphabetical order.

    :param env: ``Environment``
    :rtype: list[str]
    """
    return _concrete(env, "connector.backend")


def model_label(env, model_name):
    """Return the name of a model in the language of the user.

    :param env: ``Environment``
    :param model_name: name of a model
    :return: the technical name of a model that is not installed
    :rtype: str
    """
    label = env["ir.model"]._get(model_name).name
    if not label and model_name in env:
        label = env[model_name]._description
    return label or model_name


def checks_connection(env, backend_model):
    """Return whether the connector of a kind of backend can check the connection.

    :param env: ``Environment``
    :param backend_model: name of the model of the backend
    :rtype: bool
    """
    base = env.registry["connector.backend"]
    return env.registry[backend_model].check_connection is not base.check_connection


def all_binding_models(env):
    """Return the names of all models of bindings, in alphabetical order.

    :param env: ``Environment``
    :rtype: list[str]
    """
    return _concrete(env, BINDING)


def is_binding_model(env, model_name):
    """Return whether a model is installed and is one of bindings.

    :param env: ``Environment``
    :param model_name: name of a model
    :rtype: bool
    """
    registry = env.registry
    model_class = registry.get(model_name)
    return bool(model_class) and issubclass(model_class, registry[BINDING])


def binding_models(env, backend_model):
    """Return the names of the models of bindings that belong to a kind of backend.

    :param env: ``Environment``
    :param backend_model: name of the model of the backend
    :rtype: list[str]
    """
    return [
        name
        for name in all_binding_models(env)
        if backend_field(env, name, backend_model)
    ]


def backend_field(env, binding_model, backend_model):
    """Return the name of the stored many2one from a binding to its backend.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :param backend_model: name of the model of the backend
    :rtype: str | None
    """
    fields = env[binding_model]._fields
    names = [
        name
        for name, field in fields.items()
        if field.type == "many2one"
        and field.store
        and not field.inherited
        and field.comodel_name == backend_model
    ]
    return "backend_id" if "backend_id" in names else next(iter(names), None)


def wrapped_field(env, binding_model):
    """Return the name of the many2one from a binding to the record that it wraps.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :return: ``None`` when the bindings are records of their own
    :rtype: str | None
    """
    model = env[binding_model]
    if len(model._inherits) == 1:
        return next(iter(model._inherits.values()))
    field = model._fields.get("odoo_id")
    return "odoo_id" if field and field.type == "many2one" else None


def wrapped_model(env, binding_model):
    """Return the name of the model that a binding wraps.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :return: ``None`` when the bindings are records of their own
    :rtype: str | None
    """
    name = wrapped_field(env, binding_model)
    return name and env[binding_model]._fields[name].comodel_name


def links_of(env, model_name):
    """Return the links by which bindings wrap the records of a model.

    :param env: ``Environment``
    :param model_name: name of the wrapped model
    :rtype: list[BindingLink]
    """
    return [
        BindingLink(name, wrapped_field(env, name))
        for name in all_binding_models(env)
        if wrapped_model(env, name) == model_name
    ]


def fields_of_bindings(record):
    """Return the one2manys of a record to its bindings.

    :param record: recordset of a model that bindings wrap
    :return: names of models of bindings by the name of the field
    :rtype: dict[str, str]
    """
    return {
        name: field.comodel_name
        for name, field in record._fields.items()
        if field.type == "one2many"
        and not field.inherited
        and is_binding_model(record.env, field.comodel_name)
        and field.inverse_name == wrapped_field(record.env, field.comodel_name)
    }


def _concrete(env, parent):
    registry = env.registry
    return sorted(
        name
        for name, cls in registry.items()
        if not cls._abstract
        and not cls._transient
        and cls._auto
        and issubclass(cls, registry[parent])
    )
