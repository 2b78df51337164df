"""Run the code of the documentation, and build its components.

``python checker.py FOLDER`` prints a JSON list of what is wrong: code that does
not run, hooks that no component has, attributes that are not there.
"""

import ast
import importlib
import inspect
import json
import re
import sys
import traceback
from pathlib import Path

from blocks import codes

from odoo.modules.module import initialize_sys_path
from odoo.tools import config

#: As if the code stood in an addon.
MODULE = "odoo.addons.documented.page"
MODULES = ("component", "component_event", "connector")
#: The page with the connector that the pages of these folders extend.
EXTENDED = Path("howto", "index.rst")
EXTENDING = ("howto", "moving_over")
#: A test runs its code in Odoo.
TUTORIAL = Path("tutorial.rst")


def main(folder):
    config.parse_config([])
    initialize_sys_path()
    for name in MODULES:
        importlib.import_module(f"odoo.addons.{name}")
    found = []
    for path in sorted(folder.rglob("*.rst")):
        page, code = path.relative_to(folder), codes(path, "python")
        extends = page.parts[0] in EXTENDING and page != EXTENDED
        before = codes(folder / EXTENDED, "python") if extends else []
        if code and page != TUTORIAL:
            found += [f"{page}: {each}" for each in problems(before, code)]
    print(json.dumps(found))


def problems(before, code):
    """Return what is wrong with the code of a page, as sentences.

    :param before: code of the connector that the page extends
    """
    from odoo.addons.component.core import ComponentRegistry

    components, names = ComponentRegistry(), {"__name__": MODULE}
    for name in MODULES:
        components.load_components(name)
    try:
        run(before, names, components)
        known = attributes(components)
        classes = run(code, names, components)
    except Exception:
        return [traceback.format_exc(limit=-1)]
    text = "".join(code)
    return [
        problem
        for cls, node in classes.items()
        for problem in unknown(cls, node, components, known, text)
    ]


def run(code, names, components):
    """Run blocks, build their components, and return the syntax of these by class."""
    from odoo.addons.component.core import AbstractComponent

    for block in code:
        exec(block, names)
    nodes = [node for block in code for node in ast.parse(block).body]
    classes = {
        names[node.name]: node
        for node in nodes
        if isinstance(node, ast.ClassDef)
        and issubclass(names[node.name], AbstractComponent)
    }
    for cls in classes:
        cls._build_component(components)
    return classes


def attributes(components):
    """Return the names of all attributes that components have."""
    classes = {cls for name in components for cls in components[name].__mro__}
    return {name for cls in classes for name in {*vars(cls), *_assigned(cls)}}


def _assigned(cls):
    """Return the names of the attributes that a class sets on its instances."""
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):
        return ()
    return re.findall(r"self\.(\w+) = ", source)


def unknown(cls, node, components, known, text):
    """Yield overrides of what does not exist, and uses of it, as sentences."""
    for name in sorted(vars(cls).keys() - known):
        if re.match("_[^_]", name) and not re.search(rf"\.{name}\b", text):
            yield f"{cls.__name__} overrides {name}, which does not exist"
    built = components[cls._name or cls._inherit]
    used = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and getattr(each.value, "id", "") == "self"
    }
    for name in sorted(used - known):
        if not hasattr(built, name):
            yield f"{cls.__name__} uses self.{name}, which does not exist"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
