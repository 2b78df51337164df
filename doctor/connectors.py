# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The connectors of a database, as the checks look at them."""

from functools import cached_property

from odoo.modules import Manifest

from odoo.addons.component.core import AbstractComponent, _component_databases

from ..components.binder import Binder
from ..tools.bindings import backend_models, binding_models
from ..tools.diagnosis import BUILT_IN, defining_class
from ..tools.overrides import overrides
from .places import (
    addon_of_class,
    at,
    definitions_of_model,
    place_of_component,
    place_of_model,
)

FRAMEWORK = ("component", "component_event", "connector", "queue_job")


class Connectors:
    """The connectors of a database, read with the rights of the system."""

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
    def bindings(self):
        """Pairs of a :class:`Connector` and the name of a model of its bindings."""
        return [(each, name) for each in self.all for name in each.bindings]

    @cached_property
    def models(self):
        """The same, and the names of the models of backends."""
        return [(each, each.name) for each in self.all] + self.bindings

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
            and not all(map(is_of_framework, definitions_of(component)))
        ]

    def children_of(self, name):
        """Return the components of connectors that inherit one of the framework."""
        base = self.components[name]
        return [each for each in self.concrete if issubclass(each, base)]

    def of(self, component):
        """Return the :class:`Connector` of a component, if it has one.

        A listener has no collection; that of its bindings counts.
        """
        models = set(component.apply_on_models or ())
        for connector in self.all:
            if component._collection == connector.name or (
                not component._collection and models.intersection(connector.bindings)
            ):
                return connector
        return None

    def at(self, component, attribute=None, row=None):
        """Return what a finding says about the place of a component."""
        defining = attribute and defining_class(component, attribute)
        if not defining or is_of_framework(defining):
            attribute = None  # a default
        return self.at_place(component, place_of_component(component, attribute, row))

    def at_place(self, component, place):
        """Return what a finding says about a place that concerns a component."""
        connector = self.of(component)
        return at(place, connector.name if connector else "")

    @cached_property
    def addons(self):
        """The names of the loaded addons that define parts of connectors.

        They depend on ``connector``, or have classes that inherit its models or
        components.
        """
        classes = [cls for each in self.concrete for cls in definitions_of(each)]
        for _connector, model_name in self.models:
            classes += definitions_of_model(self.env, model_name)
        loaded = self.env.registry._init_modules
        names = {name for name in loaded if "connector" in depends_of(name)}
        return sorted({*names, *map(addon_of_class, classes)} - set(FRAMEWORK))


class Connector:
    """The components and the bindings for one model of backends."""

    def __init__(self, connectors, name):
        self.connectors = connectors
        self.env = connectors.env
        self.name = name
        # as a work context has them, for near_misses()
        self.collection = self.env[name]
        self.components_registry = connectors.components

    @cached_property
    def components(self):
        """The classes of the components of this connector, without abstract ones."""
        concrete = self.connectors.concrete
        return [each for each in concrete if each._collection == self.name]

    @cached_property
    def bindings(self):
        """The names of the models of its bindings."""
        return binding_models(self.env, self.name)

    def find(self, usage, model_name):
        """Return its components for a usage and a model.

        Those that name the model come before those for all models. The framework cannot
        choose between several.
        """
        found = [each for each in self.components if each._usage == usage]
        named = [each for each in found if model_name in (each.apply_on_models or ())]
        return named or [each for each in found if each.apply_on_models is None]

    def only(self, usage, model_name):
        """Return the component for a usage and a model, if there is exactly one."""
        found = self.find(usage, model_name)
        return found[0] if len(found) == 1 else None

    def at_model(self, model_name):
        """Return what a finding says about the place of an installed model."""
        return at(place_of_model(self.env, model_name), self.name)

    def standard(self, usage, model_name, base, *hooks):
        """Return its component for a usage and a model, if it does what ours does.

        :param base: class of the framework
        :param hooks: methods of which an override does something else
        """
        found = self.only(usage, model_name)
        is_ours = found is not None and issubclass(found, base)
        return found if is_ours and not overrides(found, base, *hooks) else None

    def standard_binder(self, model_name):
        """Return the binder for a model, if it finds bindings as ours does."""
        return self.standard("binder", model_name, Binder, "to_internal")


def definitions_of(component):
    """Return the classes in the sources that define and extend a component."""
    return [
        cls
        for cls in component.__bases__
        if cls.__module__ != BUILT_IN and cls is not AbstractComponent
    ]


def is_of_framework(cls):
    """Return whether a class in the sources is one of the framework."""
    parts = cls.__module__.split(".")
    return parts[2:3] and parts[2] in FRAMEWORK and parts[3:4] != ["tests"]


def depends_of(addon):
    """Return the names of the addons that an addon depends on directly."""
    manifest = Manifest.for_addon(addon, display_warning=False)
    return manifest["depends"] if manifest else []
