"""The parts of a generated connector, and how each of them is removed."""

import ast
import re
from functools import partial

from lxml import etree


def parts(addon):
    """Return the parts of a connector, apart from its tests.

    A part is a file, or what is in a file: a record (``data/ir_cron.xml: ir_cron``), or
    a member of a class (``models/backend.py: MyShopBackend.url``).

    :param addon: folder of the connector
    :return: for each name of a part a function that removes it, with what mentions it
    """
    contents = {".csv": _rows, ".xml": _elements, ".py": _members}
    found = {}
    for path in sorted(addon.rglob("*.*")):
        name = str(path.relative_to(addon))
        if not name.startswith("tests/"):
            found[name] = partial(_remove_file, addon, path)
            inside = contents.get(path.suffix, lambda path: {})(path)
            found |= {f"{name}: {part}": remove for part, remove in inside.items()}
    return found


def _rows(path):
    names = [line.partition(",")[0] for line in path.read_text().splitlines()[1:]]
    return {name: partial(_replace, path, rf"\n{name},.*", "") for name in names}


def _elements(path):
    names = [element.get("id") for element in etree.parse(path).getroot()]
    return {name: partial(_remove_element, path, name) for name in names}


def _members(path):
    """Return the members of the classes in a module, by ``class.member``."""
    found = {}
    for each in ast.parse(path.read_text()).body:
        for member in each.body if isinstance(each, ast.ClassDef) else ():
            if not isinstance(member, ast.Expr):  # A docstring.
                name = getattr(member, "name", None) or member.targets[0].id
                found[f"{each.name}.{name}"] = partial(_remove_lines, path, member)
    return found


def _remove_element(path, name):
    tree = etree.parse(path)
    for element in tree.getroot().findall(f"*[@id='{name}']"):
        tree.getroot().remove(element)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _remove_lines(path, member):
    nodes = [member, *getattr(member, "decorator_list", ())]
    first = min(node.lineno for node in nodes)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: first - 1] + lines[member.end_lineno :]))


def _remove_file(addon, path):
    path.unlink()
    _replace(addon / "__manifest__.py", rf'\n *"{path.relative_to(addon)}",', "")
    if path.suffix == ".py" and path.name != "__init__.py":
        package = path.with_name("__init__.py")
        name = path.stem
        _replace(package, rf"from \. import {name}\n|, {name}\b|\b{name}, ", "")


def _replace(path, pattern, new):
    if path.is_file():
        path.write_text(re.sub(pattern, new, path.read_text()))
