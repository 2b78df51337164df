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

from blocks import python_blocks

from odoo.modules.module import initialize_sys_path
from odoo.tools import config

#: As if the code stood in an addon.
MODULE = "odoo.addons.documented.page"
MODULES = ("component", "component_event", "connector")
#: The page with the connector that the pages of these folders extend.
EXTENDED = Path("howto", "index.rst")
EXTENDING = ("howto", "moving_over")
#: Pages whose code a test runs in Odoo.
RUN_ELSEWHERE = ("tutorial.rst",)


def main(folder):
    config.parse_config([])
    initialize_sys_path()
    for name in MODULES:
        importlib.import_module(f"odoo.addons.{name}")
    problems = []
    extended = python_blocks(folder / EXTENDED)
    for path in sorted(folder.rglob("*.rst")):
        page = path.relative_to(folder)
        before = extended if page.parts[0] in EXTENDING and page != EXTENDED else []
        found = python_blocks(path)
        if found and str(page) not in RUN_ELSEWHERE:
            problems += [f"{page}: {each}" for each in Page(before, found).problems()]
    print(json.dumps(problems))


class Page:
    """The code of a page, after the code of the connector that it extends."""

    def __init__(self, before, code):
        self.before = before
        self.code = code
        self.names = {"__name__": MODULE}

    def problems(self):
        """Return what is wrong, as sentences."""
        from odoo.addons.component.core import AbstractComponent, ComponentRegistry

        components = ComponentRegistry()
        for name in MODULES:
            components.load_components(name)
        try:
            for block in self.before:
                exec(block, self.names)
            for cls in self._classes(self.before, AbstractComponent):
                cls._build_component(components)
            self.known = self._attributes(components)
            for block in self.code:
                exec(block, self.names)
            classes = self._classes(self.code, AbstractComponent)
            for cls in classes:
                cls._build_component(components)
        except Exception:
            return [traceback.format_exc(limit=-1)]
        return [
            problem
            for cls in classes
            for problem in self._unknown(cls, components[cls._name or cls._inherit])
        ]

    def _classes(self, code, base):
        names = [
            node.name
            for block in code
            for node in ast.parse(block).body
            if isinstance(node, ast.ClassDef)
        ]
        classes = [self.names[name] for name in names]
        return [
            cls for cls in classes if isinstance(cls, type) and issubclass(cls, base)
        ]

    def _attributes(self, components):
        """Return all attributes that components have before those of the page."""
        classes = {cls for name in components for cls in components[name].__mro__}
        return {name for cls in classes for name in vars(cls)} | {
            name for cls in classes for name in _assigned(cls)
        }

    def _unknown(self, cls, built):
        """Return overrides of what does not exist, and uses of it."""
        text = "".join(self.code)
        for name in vars(cls):
            if name.startswith("_") and not name.startswith("__"):
                is_used = re.search(rf"\.{name}\b", text)
                if name not in self.known and not is_used:
                    yield f"{cls.__name__} overrides {name}, which does not exist"
        for name in sorted(self._used(cls)):
            if not hasattr(built, name) and name not in self.known:
                yield f"{cls.__name__} uses self.{name}, which does not exist"

    def _used(self, cls):
        for block in self.code:
            for node in ast.parse(block).body:
                if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                    return {
                        each.attr
                        for each in ast.walk(node)
                        if isinstance(each, ast.Attribute)
                        and isinstance(each.value, ast.Name)
                        and each.value.id == "self"
                    }
        return set()


def _assigned(cls):
    """Return the names of the attributes that a class sets on its instances."""
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):
        return set()
    return set(re.findall(r"self\.(\w+) = ", source))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
