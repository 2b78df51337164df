# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The sources of a connector, as the rules look at them."""

import ast
import re
import warnings
from functools import cached_property
from pathlib import Path

from lxml import etree

from odoo.addons.component.core import MetaComponent

#: Folders that are not a part of the connector.
APART = {"tests", "node_modules", "__pycache__", "migrations"}
MANIFESTS = ("__manifest__.py", "__openerp__.py")
#: What the components of the framework inherit.
FRAMEWORK = {
    cls._name: {*([inherit] if isinstance(inherit, str) else inherit)}
    for cls in MetaComponent._modules_components["connector"]
    if cls.__module__.startswith("odoo.addons.connector.components")
    and (inherit := cls._inherit)
}
#: Errors of a file that cannot be opened, has a mistake, or is nested too deeply.
UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)


class Sources:
    """The Python and XML files of a folder, or of one file."""

    def __init__(self, path):
        self.path = Path(path)
        self.unread = []  #: pairs of a file and the error that kept it from being read

    @cached_property
    def modules(self):
        """Pairs of a Python file and its tree."""
        return self._read("py", _tree_of)

    @cached_property
    def manifests(self):
        """Pairs of the file of a manifest, and a pair of its name and its dict."""
        return [
            (file, (Path(file).name, item.value))
            for file, tree in self.modules
            if Path(file).name in MANIFESTS
            for item in tree.body
            if isinstance(getattr(item, "value", None), ast.Dict)
        ]

    @cached_property
    def documents(self):
        """Pairs of an XML file and its root."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return self._read("xml", lambda content: etree.fromstring(content, parser))

    def _read(self, suffix, parse):
        found = []
        for file, name in self._files(suffix):
            try:
                found.append((name, parse(file.read_bytes())))
            except UNREADABLE as error:
                text = re.sub(r"<(unknown|string)>, ", "", str(error))
                self.unread.append((name, text))
        return found

    def _files(self, suffix):
        if self.path.is_file():
            return [(self.path, self.path.name)] * (self.path.suffix == f".{suffix}")
        files = sorted(self.path.rglob(f"*.{suffix}"))
        names = [file.relative_to(self.path) for file in files]
        return [
            (file, str(name))
            for file, name in zip(files, names, strict=True)
            if not APART & set(name.parts) and not file.is_dir()
        ]

    @cached_property
    def nodes(self):
        """Pairs of a Python file and a node in it, all of them."""
        return [(file, node) for file, tree in self.modules for node in ast.walk(tree)]

    @cached_property
    def defined(self):
        """The names of all classes and functions."""
        defining = (ast.ClassDef, ast.FunctionDef)
        return {node.name for _file, node in self.nodes if isinstance(node, defining)}

    @cached_property
    def elements(self):
        """Pairs of an XML file and an element in it, all of them."""
        return [
            (file, element)
            for file, root in self.documents
            for element in root.iter(etree.Element)
        ]

    @cached_property
    def classes(self):
        """Pairs of a Python file and a :class:`Class` with a name or a parent."""
        found = [
            (file, Class(node))
            for file, node in self.nodes
            if isinstance(node, ast.ClassDef)
        ]
        return [(file, each) for file, each in found if each.names or each.inherits]

    @cached_property
    def _parents(self):
        parents = {name: set(inherited) for name, inherited in FRAMEWORK.items()}
        for _file, each in self.classes:
            for name in each.names:
                parents.setdefault(name, set()).update(each.inherits)
        return parents

    def inherits(self, each, *names):
        """Return whether a class is or inherits one of some components or models."""
        found, waiting = set(), {*each.names, *each.inherits}
        while waiting:
            found |= waiting
            parents = (self._parents.get(name, set()) for name in waiting)
            waiting = set().union(*parents) - found
        return not found.isdisjoint(names)


class Class:
    """A class of a component or a model."""

    def __init__(self, node):
        self.node = node
        self.attributes = {
            target.id: item.value
            for item in node.body
            if isinstance(item, ast.Assign)
            for target in item.targets
            if isinstance(target, ast.Name)
        }
        self.methods = {
            item.name: item for item in node.body if isinstance(item, ast.FunctionDef)
        }
        self.inherits = self.texts("_inherit")
        #: its own name; that of what it extends if it has none
        self.names = self.texts("_name") or self.inherits[:1]

    def texts(self, attribute):
        """Return a list of the string or strings that an attribute is set to."""
        value = self.attributes.get(attribute)
        items = getattr(value, "elts", [value])
        return [text for item in items if (text := text_of(item)) is not None]


def _tree_of(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown escapes, which Odoo logs anyway
        return ast.parse(content)


def calls(node, *names):
    """Yield the calls within a node of functions or methods with some last names."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and last_name(each.func) in names:
            yield each


def imported(node):
    """Return the dotted names that a node imports absolutely."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def last_name(node):
    """Return the last part of a dotted name; ``None`` for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def text_of(node):
    """Return the string that a node is; ``None`` for anything else."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else None


def texts_in(node):
    """Yield the strings within a node."""
    yield from filter(None, map(text_of, ast.walk(node)))
