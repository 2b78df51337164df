# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where classes, their attributes and rows are in the sources."""

import ast
import inspect
import textwrap
from contextlib import suppress

from ..tools.diagnosis import ADDONS, defining_class, file_of, source_of


def at(place, connector=""):
    """Return what a finding says about a place, and the connector that it is in."""
    addon = place.partition("/")[0] if "/" in place else ""
    return {"place": place, "addon": addon, "connector": connector}


def place_of_component(component, attribute=None, row=None):
    """Return the file and line of a component, or of an attribute of it."""
    cls = defining_class(component, attribute) or defining_class(component)
    return place_of_class(cls, attribute, row) if cls else source_of(component)


def place_of_model(env, model_name):
    """Return the file and line of the class that defines an installed model."""
    classes = definitions_of_model(env, model_name)
    own = [cls for cls in classes if vars(cls).get("_name") == model_name]
    return place_of_class((own or classes)[-1])


def definitions_of_model(env, model_name):
    """Return the classes that define and extend a model, the last extension first."""
    bases = env.registry[model_name].__bases__
    return [cls for cls in bases if getattr(cls, "pool", None) is None]


def place_of_class(cls, attribute=None, row=None):
    """Return the file and line of a class, of its attribute, or of a row of that.

    The line is missing when the class is not written there as a class.
    """
    with suppress(OSError, TypeError):
        file = file_of(cls)
        with suppress(OSError, SyntaxError):
            return f"{file}:{_line(cls, attribute, row)}"
        return file
    return cls.__module__


def addon_of_class(cls):
    """Return the technical name of the addon that defines a class."""
    return cls.__module__.removeprefix(ADDONS).split(".")[0]


def _line(cls, attribute, row):
    lines, first = inspect.getsourcelines(cls)
    [node] = ast.parse(textwrap.dedent("".join(lines))).body
    for item in node.body if attribute else ():
        if attribute in _names(item):
            rows = getattr(getattr(item, "value", None), "elts", ())
            known = row is not None and row < len(rows)
            return first - 1 + (rows[row] if known else item).lineno
    return first


def _names(item):
    if isinstance(item, ast.FunctionDef):
        return {item.name}
    targets = getattr(item, "targets", [getattr(item, "target", None)])
    return {target.id for target in targets if isinstance(target, ast.Name)}
