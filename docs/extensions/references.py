"""Show components in the reference, and resolve the names in docstrings."""

import inspect
import sys

from odoo.addons.component.core import AbstractComponent

NOT_SHOWN = {
    *(
        "__init__",
        "__new__",
        "_name",
        "_inherit",
        "_usage",
        "_collection",
        "_description",
    ),
    "_decides_by_record",
}


def setup(app):
    """Register the hooks; Sphinx calls this."""
    app.connect("autodoc-process-docstring", describe_component)
    app.connect("autodoc-skip-member", skip_internals)
    app.connect("missing-reference", find_by_last_part)
    return {"parallel_read_safe": True}


def describe_component(app, what, name, component, options, lines):
    """Begin the text of a component with the names by which a connector uses it."""
    if not (inspect.isclass(component) and issubclass(component, AbstractComponent)):
        return
    own = vars(component)
    facts = [("Component", own.get("_name")), ("inherits", own.get("_inherit"))]
    facts.append(("usage", own.get("_usage")))
    shown = ", ".join(f"{label} {_code(value)}" for label, value in facts if value)
    lines[:0] = [shown, ""]


def _code(value):
    names = [value] if isinstance(value, str) else value
    return ", ".join(f"``{name}``" for name in names)


def skip_internals(app, what, name, member, skip, options):
    """Leave out what is said already, and what only the framework uses."""
    return True if name in NOT_SHOWN or name.startswith("_overrides_") else None


def find_by_last_part(app, env, node, contnode):
    """Resolve a short reference, such as ``:class:`MapRecord```, if it is unique."""
    if node.get("refdomain") != "py":
        return None
    wanted = node["reftarget"].lstrip(".")
    domain = env.get_domain("py")
    names = [name for name in domain.objects if f".{name}".endswith(f".{wanted}")]
    if len(names) != 1:
        names = [_name_in(node.get("py:module"), node.get("py:class"), wanted)]
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], names[0], node, contnode
    )


def _name_in(module, class_name, wanted):
    """Return the full name of what a class inherits, or what its modules define."""
    module = sys.modules.get(module)
    cls = _attribute(module, class_name) if class_name else None
    modules = [sys.modules[base.__module__] for base in getattr(cls, "__mro__", ())]
    places = [_attribute(place, wanted) for place in (cls, module, *modules)]
    found = next(filter(None, places), None)
    return f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"


def _attribute(found, path):
    for part in path.split("."):
        found = getattr(found, part, None)
    return found
