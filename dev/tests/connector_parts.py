"""The parts of a generated connector, and how each of them is removed."""

import ast
import re

from lxml import etree


def parts(addon):
    """Return the names of the parts of a connector, apart from its tests.

    A part is a file, or what is in a file: a record (``data/ir_cron.xml: ir_cron``), or
    a member of a class (``models/backend.py: MyShopBackend.url``).

    :param addon: folder of the connector
    """
    found = []
    for path in sorted(addon.rglob("*.*")):
        name = str(path.relative_to(addon))
        if not name.startswith("tests/"):
            found += [name, *(f"{name}: {part}" for part in _contents(path))]
    return found


def remove(addon, part):
    """Remove a part, with what mentions it.

    :param addon: folder of the connector
    :param part: name of the part
    """
    name, _, content = part.partition(": ")
    path = addon / name
    if content:
        _remove_content(path, content)
        return
    path.unlink()
    if path.name != "__init__.py" and path.suffix == ".py":
        _forget_module(path)
    _replace(addon / "__manifest__.py", rf'\n *"{re.escape(name)}",', "")


def _contents(path):
    if path.suffix == ".csv":
        return [line.partition(",")[0] for line in path.read_text().splitlines()[1:]]
    if path.suffix == ".xml":
        return [element.get("id") for element in etree.parse(path).getroot()]
    if path.suffix == ".py":
        return list(_members(path.read_text()))
    return []


def _members(code):
    """Return the members of the classes in a module, by ``class.member``."""
    return {
        f"{each.name}.{getattr(member, 'name', None) or member.targets[0].id}": member
        for each in ast.parse(code).body
        if isinstance(each, ast.ClassDef)
        for member in each.body
        if not isinstance(member, ast.Expr)  # A docstring.
    }


def _remove_content(path, content):
    if path.suffix == ".csv":
        _replace(path, rf"\n{content},.*", "")
    elif path.suffix == ".xml":
        tree = etree.parse(path)
        for element in tree.getroot().findall(f"*[@id='{content}']"):
            tree.getroot().remove(element)
        tree.write(path, encoding="utf-8", xml_declaration=True)
    else:
        code = path.read_text()
        member = _members(code)[content]
        nodes = [member, *getattr(member, "decorator_list", ())]
        first = min(node.lineno for node in nodes)
        lines = code.splitlines(keepends=True)
        path.write_text("".join(lines[: first - 1] + lines[member.end_lineno :]))


def _forget_module(path):
    """Remove a module from the import of its package."""
    package = path.parent / "__init__.py"
    imports = package.read_text()
    for node in ast.parse(imports).body:
        names = {alias.name for alias in node.names}
        if path.stem in names:
            line = ast.get_source_segment(imports, node)
            left = [alias.name for alias in node.names if alias.name != path.stem]
            new = f"from . import {', '.join(left)}" if left else ""
            package.write_text(imports.replace(line, new))


def _replace(path, pattern, new):
    if path.is_file():
        path.write_text(re.sub(pattern, new, path.read_text()))
