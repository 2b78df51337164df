# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Explain errors of components to the author of a connector."""

import inspect
from difflib import get_close_matches
from pathlib import Path

from odoo import addons

from odoo.addons.component.exception import NoComponentError, SeveralComponentError

#: How many components an error names.
NAMED = 3
ADDONS = "odoo.addons."
#: The module in which the component registry builds classes, which have no source.
BUILT_IN = "odoo.addons.component.core"


class MissingComponentError(NoComponentError):
    """There is no component for a usage and a model.

    Some callers do without the component. So the text is composed only when it is read.

    :param work: ``WorkContext`` that was searched
    :param usage: usage of the component
    :param model_name: name of the model
    """

    def __init__(self, work, usage, model_name):
        super().__init__(usage, model_name)
        self.work, self.usage, self.model_name = work, usage, model_name

    def __str__(self):
        return "\n".join(
            [
                f"No component found for collection '{self.work.collection._name}', "
                f"usage '{self.usage}', model_name '{self.model_name}'.",
                *near_misses(self.work, self.usage, self.model_name),
            ]
        )


class AmbiguousComponentError(SeveralComponentError):
    """Several components fit a usage and a model.

    :param work: ``WorkContext`` that was searched
    :param usage: usage of the components
    :param model_name: name of the model
    :param found: classes of the components
    """

    def __init__(self, work, usage, model_name, found):
        super().__init__(usage, model_name)
        self.work, self.usage, self.model_name = work, usage, model_name
        self.found = found

    def __str__(self):
        return (
            f"Several components found for collection '{self.work.collection._name}', "
            f"usage '{self.usage}', model_name '{self.model_name}': "
            f"{_listed(self.found)}. Give them different models (_apply_on) or usages "
            "(_usage). A component that replaces another one inherits it (_inherit) "
            "and has no _name of its own."
        )


def near_misses(work, usage, model_name):
    """Return sentences about the components that nearly fit, and what to change.

    :param work: ``WorkContext`` that was searched
    :param usage: usage of the component
    :param model_name: name of the model
    :rtype: list[str]
    """
    collection = work.collection._name
    components = map(work.components_registry.get, work.components_registry)
    concrete = [component for component in components if not component._abstract]
    own = [component for component in concrete if component._collection == collection]
    if not own:
        return [_no_components(collection, concrete, usage)]
    of_model = [
        component
        for component in own
        if model_name in (component.apply_on_models or [model_name])
    ]
    return (
        _other_models(own, usage, model_name)
        or _other_collections(concrete, collection, usage, model_name)
        or _other_usages(of_model, usage, model_name)
    )


def _no_components(collection, concrete, usage):
    without = [
        component
        for component in concrete
        if component._usage == usage and not component._module.startswith("connector")
    ]
    seen = f" Those with this usage: {_listed(without)}." if without else ""
    return (
        f"No component has the collection '{collection}'. Set _collection = "
        f"'{collection}' on the component that the others inherit, and import the "
        "components in the addon's __init__.py (from . import components)." + seen
    )


def _other_models(own, usage, model_name):
    found = [component for component in own if component._usage == usage]
    if not found:
        return []
    models = sorted({name for each in found for name in each.apply_on_models or ()})
    return [
        f"{_listed(found)} has this usage, but is for {', '.join(models)}. Add "
        f"'{model_name}' to its _apply_on, or write a component for it."
    ]


def _other_collections(concrete, collection, usage, model_name):
    return [
        f"{described(component)} fits, but its _collection is "
        f"{component._collection!r}, not '{collection}'."
        for component in concrete
        if component._usage == usage
        and component._collection != collection
        and model_name in (component.apply_on_models or ())
    ][:NAMED]


def _other_usages(of_model, usage, model_name):
    usages = {}
    for component in of_model:
        usages.setdefault(str(component._usage), []).append(component)
    if not usages:
        return [f"No component of this collection is for '{model_name}'."]
    close = get_close_matches(str(usage), usages, n=1)
    if close:
        return [
            f"Did you mean the usage '{close[0]}'? It is that of "
            f"{_listed(usages[close[0]])}."
        ]
    names = ", ".join(f"'{name}'" for name in sorted(usages))
    return [
        f"The components for '{model_name}' have the usages {names}. Write a component "
        f"with _usage = '{usage}'."
    ]


def _listed(components):
    named = [described(component) for component in components[:NAMED]]
    if len(components) > NAMED:
        named.append(f"{len(components) - NAMED} more")
    return ", ".join(named)


def described(component):
    """Return the name of a component and the file that defines it.

    :param component: class of the component, as it is built
    :rtype: str
    """
    return f"{component._name} ({source_of(component)})"


def source_of(component, attribute=None):
    """Return the file that defines a component, or an attribute of it.

    :param component: class of the component, as it is built
    :param attribute: name of an attribute
    :return: path below the folder of addons, such as ``my_shop/components/mapper.py``
    :rtype: str
    """
    cls = defining_class(component, attribute)
    return file_of(cls) if cls else component._module


def defining_class(component, attribute=None):
    """Return the class in the source of an addon that defines a component.

    :param component: class of the component, as it is built
    :param attribute: name of an attribute that the class has to define, too
    :return: the last one that does; ``None`` when no addon does
    :rtype: type | None
    """
    for cls in component.__mro__:
        if cls.__module__ == BUILT_IN or not cls.__module__.startswith(ADDONS):
            continue
        if attribute is None or attribute in vars(cls):
            return cls
    return None


def file_of(cls):
    """Return the file of a class.

    :param cls: class that an addon defines
    :return: path below the folder of addons, such as ``my_shop/models/order.py``
    :rtype: str
    """
    path = Path(inspect.getfile(cls)).resolve()
    for folder in map(Path, addons.__path__):
        # The folder of an addon may be a link to one of another name.
        addon = cls.__module__.split(".")[2]
        root = (folder / addon).resolve()
        if path.is_relative_to(root):
            return str(Path(addon) / path.relative_to(root))
    return f"{cls.__module__.removeprefix(ADDONS).replace('.', '/')}.py"
