# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The connectors of a database, as the checks look at them."""

from collections import defaultdict
from functools import cached_property

from odoo.modules import Manifest

from odoo.addons.component.core import AbstractComponent, _component_databases

from ..components.binder import Binder
from ..tools.bindings import backend_models, binding_models
from ..tools.diagnosis import BUILT_IN, defining_class
from ..tools.overrides import overrides
from .places import (
    addon_of_class,
    addon_of_place,
    definitions_of_model,
    place_of_component,
    place_of_model,
)

FRAMEWORK = ("component", "component_event", "connector", "queue_job")


class Connectors:
    """The connectors of a database.

    :param env: ``Environment`` with the rights of the system
    """

    def __init__(self, env):
        self.env = env
        self.components = (
            env.context.get("components_registry")
            or _component_databases[env.cr.dbname]
        )

    @cached_property
    def all(self):
        """A :class:`Connector` for each model of backends."""
        return [Connector(self, name) for name in backend_models(self.env)]

    @cached_property
    def concrete(self):
        """The classes of the components that connectors define, without abstract ones.

        Those that do not inherit ``base.connector`` are left out.
        """
        base = self.components["base.connector"]
        return [
            component
            for component in map(self.components.get, self.components)
            if not component._abstract
            and issubclass(component, base)
            and is_of_connector(component)
        ]

    def children_of(self, name):
        """Return the components of connectors that inherit a component.

        :param name: name of a component of the framework
        :rtype: list[type]
        """
        base = self.components[name]
        return [each for each in self.concrete if issubclass(each, base)]

    def backend_of(self, component):
        """Return the name of the model of the backends of a component, or ``""``.

        A listener has no collection; that of its bindings counts.
        """
        models = set(component.apply_on_models or ())
        for connector in self.all:
            if component._collection == connector.name:
                return connector.name
            if not component._collection and models.intersection(connector.bindings):
                return connector.name
        return ""

    def at(self, component, attribute=None, row=None):
        """Return what a finding says about the place of a component.

        :param component: class of the component, as it is built
        :param attribute: name of an attribute
        :param row: index in the list that the attribute is
        :rtype: dict
        """
        defining = attribute and defining_class(component, attribute)
        if not defining or is_of_framework(defining):
            attribute = None  # a default
        found = place_of_component(component, attribute, row)
        return {
            "place": found,
            "addon": addon_of_place(found),
            "connector": self.backend_of(component),
        }

    @cached_property
    def addons(self):
        """The names of the loaded addons that define parts of connectors.

        They depend on ``connector``, or have classes that inherit its models or
        components.
        """
        names = {
            addon_of_class(definition)
            for component in self.concrete
            for definition in definitions_of(component)
        }
        for connector in self.all:
            for model_name in (connector.name, *connector.bindings):
                names |= {
                    addon_of_class(each)
                    for each in definitions_of_model(self.env, model_name)
                }
        names |= {
            name
            for name in self.env.registry._init_modules
            if "connector" in depends_of(name)
        }
        return sorted(names - set(FRAMEWORK))


class Connector:
    """The components and the bindings for one model of backends.

    :param connectors: :class:`Connectors`
    :param name: name of the model of the backends
    """

    def __init__(self, connectors, name):
        self.connectors = connectors
        self.env = connectors.env
        self.name = name

    @cached_property
    def components(self):
        """The classes of the components of this connector, without abstract ones."""
        return [
            component
            for component in self.connectors.concrete
            if component._collection == self.name
        ]

    @cached_property
    def bindings(self):
        """The names of the models of its bindings."""
        return binding_models(self.env, self.name)

    @cached_property
    def by_usage(self):
        """Its components by their usage."""
        found = defaultdict(list)
        for component in self.components:
            found[component._usage].append(component)
        return found

    def find(self, usage, model_name):
        """Return its components for a usage and a model.

        Those that name the model come before those for all models.

        :param usage: usage of the component
        :param model_name: name of the model
        :return: one, none, or those among which ``work.component()`` cannot choose
        :rtype: list[type]
        """
        found = self.by_usage.get(usage, ())
        named = [each for each in found if model_name in (each.apply_on_models or ())]
        return named or [each for each in found if each.apply_on_models is None]

    def only(self, usage, model_name):
        """Return the component for a usage and a model, ``None`` unless there is one.

        :param usage: usage of the component
        :param model_name: name of the model
        :rtype: type | None
        """
        found = self.find(usage, model_name)
        return found[0] if len(found) == 1 else None

    def fitting(self, parent, model_name):
        """Return the components for a model that inherit a component.

        :param parent: name of a component of the framework
        :param model_name: name of the model
        :rtype: list[type]
        """
        base = self.connectors.components[parent]
        return [
            component
            for component in self.components
            if issubclass(component, base)
            and model_name in (component.apply_on_models or (model_name,))
        ]

    def at_model(self, model_name):
        """Return what a finding says about the place of a model.

        :param model_name: name of an installed model
        :rtype: dict
        """
        place = place_of_model(self.env, model_name)
        return {
            "place": place,
            "addon": addon_of_place(place),
            "connector": self.name,
        }

    def standard_binder(self, model_name):
        """Return the binder for a model, if it finds bindings as ours does.

        :param model_name: name of the model of the bindings
        :return: its class; ``None`` when the connector finds them in its own way
        :rtype: type | None
        """
        binder = self.only("binder", model_name)
        base = self.connectors.components["base.binder"]
        if binder is None or not issubclass(binder, base):
            return None
        return None if overrides(binder, Binder, "to_internal") else binder


def definitions_of(component):
    """Return the classes in the sources that define and extend a component.

    :param component: class of the component, as it is built
    :rtype: list[type]
    """
    return [
        cls
        for cls in component.__bases__
        if cls.__module__ != BUILT_IN and cls is not AbstractComponent
    ]


def is_of_connector(component):
    """Return whether a connector defines a component, and not the framework.

    :param component: class of the component, as it is built
    :rtype: bool
    """
    return not all(map(is_of_framework, definitions_of(component)))


def is_of_framework(cls):
    """Return whether a class in the sources is one of the framework."""
    parts = cls.__module__.split(".")
    return parts[2:3] and parts[2] in FRAMEWORK and parts[3:4] != ["tests"]


def depends_of(addon):
    """Return the names of the addons that an addon depends on directly.

    :param addon: technical name
    :rtype: list[str]
    """
    manifest = Manifest.for_addon(addon, display_warning=False)
    return manifest["depends"] if manifest else []
