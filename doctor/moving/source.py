# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The sources of a connector, as the rules look at them."""

import ast
from functools import cached_property
from pathlib import Path

from lxml import etree

#: Folders that are not a part of the connector.
APART = {"tests", "node_modules", "__pycache__", "migrations"}
#: What the components of the framework inherit.
FRAMEWORK = {
    "generic.exporter": ["base.exporter"],
    "connector.record.importer": ["base.importer"],
    "connector.batch.importer": ["base.importer"],
    "connector.batch.exporter": ["base.exporter"],
    "connector.record.deleter": ["base.deleter"],
    "connector.export.listener": ["base.connector.listener"],
    "base.exporter": ["base.synchronizer"],
    "base.importer": ["base.synchronizer"],
    "base.deleter": ["base.synchronizer"],
    "base.import.mapper": ["base.mapper"],
    "base.export.mapper": ["base.mapper"],
}


class Sources:
    """The Python and XML files of a folder, or of one file."""

    def __init__(self, path):
        self.path = Path(path)
        self.unread = []  #: pairs of a file and the error that kept it from being read

    @cached_property
    def modules(self):
        """The :class:`Module` of each Python file."""
        return self._read("py", Module)

    @cached_property
    def documents(self):
        """The :class:`Document` of each XML file."""
        return self._read("xml", Document)

    def _read(self, suffix, kind):
        found = []
        for file in self._files(suffix):
            name = str(file.relative_to(self._root))
            try:
                found.append(kind(name, file.read_bytes()))
            except (SyntaxError, ValueError, etree.XMLSyntaxError) as error:
                self.unread.append((name, error))
        return found

    @property
    def _root(self):
        return self.path if self.path.is_dir() else self.path.parent

    def _files(self, suffix):
        if self.path.is_file():
            return [self.path] if self.path.suffix == f".{suffix}" else []
        return [
            file
            for file in sorted(self.path.rglob(f"*.{suffix}"))
            if not APART & set(file.relative_to(self.path).parts)
        ]

    @cached_property
    def classes(self):
        """All classes of the modules."""
        return [each for module in self.modules for each in module.classes]

    @cached_property
    def _parents(self):
        parents = {name: set(inherited) for name, inherited in FRAMEWORK.items()}
        for each in self.classes:
            for name in each.names:
                parents.setdefault(name, set()).update(each.inherits)
        return parents

    def inherits(self, each, name):
        """Return whether a class is or inherits a component or model.

        :param each: :class:`Class`
        :param name: name of the component or model
        """
        found, waiting = set(), [*each.names, *each.inherits]
        while waiting:
            found.add(waiting.pop())
            waiting += {
                parent for one in found for parent in self._parents.get(one, ())
            } - found
        return name in found


class Module:
    """A Python file.

    :param name: path of the file
    :param content: bytes
    """

    def __init__(self, name, content):
        self.name = name
        self.tree = ast.parse(content)

    @cached_property
    def classes(self):
        """The :class:`Class` of each class that has a ``_name`` or ``_inherit``."""
        found = [
            Class(self, node)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ClassDef)
        ]
        return [each for each in found if each.names or each.inherits]


class Class:
    """A class of a component or a model.

    :param module: its :class:`Module`
    :param node: ``ast.ClassDef``
    """

    def __init__(self, module, node):
        self.module = module
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
        """Return the string or strings that an attribute is set to."""
        value = self.attributes.get(attribute)
        items = getattr(value, "elts", [value])
        return [
            item.value
            for item in items
            if isinstance(item, ast.Constant) and isinstance(item.value, str)
        ]


class Document:
    """An XML file.

    :param name: path of the file
    :param content: bytes
    """

    def __init__(self, name, content):
        self.name = name
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        self.root = etree.fromstring(content, parser)


def calls(node, name):
    """Yield the calls of a function or method within a node.

    :param node: node of ``ast``
    :param name: its last name, such as ``commit``
    """
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and last_name(each.func) == name:
            yield each


def last_name(node):
    """Return the last part of a dotted name; ``None`` for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def texts_in(node):
    """Yield the strings within a node."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
