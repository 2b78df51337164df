# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Lines that are added to files of the author, where that is safe.

Each function returns the new text, or ``None`` when an author has to add the lines.
"""

import ast

#: Characters of a line at the most.
WIDTH = 88


def with_imports(text, names):
    """Add modules to the imports of a package.

    :param text: content of its ``__init__.py``
    :param names: names of the modules
    """
    statements = [node for node in _body(text) if _imports_modules(node)]
    known = {alias.name for node in statements for alias in node.names}
    names = [name for name in names if name not in known]
    if not names:
        return text
    if not statements:
        return None
    last = statements[-1]
    lines = text.splitlines(keepends=True)
    found = "".join(lines[last.lineno - 1 : last.end_lineno])
    if "#" in found or ";" in found or any(alias.asname for alias in last.names):
        return None
    if len(statements) > 1:
        found += "".join(f"from . import {name}\n" for name in names)
    else:
        found = _statement([alias.name for alias in last.names], names, found)
    return "".join([*lines[: last.lineno - 1], found, *lines[last.end_lineno :]])


def _body(text):
    try:
        return ast.parse(text).body
    except SyntaxError:
        return []


def _imports_modules(node):
    return isinstance(node, ast.ImportFrom) and node.level == 1 and not node.module


def _statement(old, new, written):
    """Return one statement that imports all modules, written as the old one."""
    names = [*old, *new]
    if old == sorted(old):
        names.sort()
    line = f"from . import {', '.join(names)}\n"
    if len(line) <= WIDTH and "(" not in written:
        return line
    return "".join(["from . import (\n", *(f"    {name},\n" for name in names), ")\n"])


def with_entries(text, key, entries):
    """Add texts to a list of a manifest.

    :param text: content of ``__manifest__.py``
    :param key: key of the list
    :param entries: the texts
    """
    try:
        before = ast.literal_eval(text)
        entries = [entry for entry in entries if entry not in before.get(key, ())]
        if not entries:
            return text
        changed = _with_entries(text, key, entries)
        wanted = {**before, key: [*before[key], *entries]}
        # A comment may contain what looks like the end of the list.
        return changed if ast.literal_eval(changed) == wanted else None
    except (AttributeError, LookupError, SyntaxError, TypeError, ValueError):
        return None


def _with_entries(text, key, entries):
    manifest = ast.parse(text, mode="eval").body
    keys = [getattr(each, "value", None) for each in manifest.keys]
    values = manifest.values[keys.index(key)]
    last = values.elts[-1]
    lines = text.splitlines(keepends=True)
    line = lines[last.end_lineno - 1]
    if values.lineno == values.end_lineno:
        # Columns are counted in bytes.
        head = line.encode()[: last.end_col_offset].decode()
        added = "".join(f', "{entry}"' for entry in entries)
        lines[last.end_lineno - 1] = head + added + line[len(head) :]
    else:
        indent = line[: len(line) - len(line.lstrip())]
        lines.insert(
            last.end_lineno, "".join(f'{indent}"{entry}",\n' for entry in entries)
        )
    return "".join(lines)
