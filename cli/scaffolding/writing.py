# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A new connector, and a kind of record that is added to one."""

import ast
import re
from keyword import iskeyword
from pathlib import Path

from odoo.cli.scaffold import pascal
from odoo.modules.module import Manifest

from .additions import with_entries, with_imports
from .model_code import closure
from .refusal import Refusal
from .template import OF_DIRECTIONS, module_name, rendered

#: Characters of a table's name in PostgreSQL.
LONGEST_TABLE = 63
MANIFEST = "__manifest__.py"
PACKAGES = ("models", "components", "tests")


def generate(name, folder, kind):
    """Generate a connector.

    :param name: its name
    :param folder: path of the folder for the addon
    :param kind: the :class:`~.kind.Kind` of record that it synchronises
    :return: sentences for the author
    :rtype: list[str]
    :raise Refusal: when it cannot be generated; nothing is written then
    """
    module = module_name(name)
    addon = Path(folder, module)
    _check_name(name, module)
    if addon.exists():
        raise Refusal(
            f"{addon} exists already. Choose another name, or add a kind of record to "
            f"it with --into {addon}."
        )
    if Manifest.for_addon(module, display_warning=False):
        raise Refusal(f"There is an addon {module} already. Choose another name.")
    _check_table(module, kind)
    files, _of_kind = rendered(name, kind)
    _write(addon, files)
    return [f"{addon} is written. Its README.rst says where to look.", *_left(kind)]


def extend(folder, kind):
    """Add a kind of record to a generated connector.

    Files of the author stay as they are, apart from the lists of modules and files.

    :param folder: path of the addon
    :param kind: the :class:`~.kind.Kind` of record
    :return: sentences for the author
    :rtype: list[str]
    :raise Refusal: when it cannot be added; nothing is written then
    """
    addon = Path(folder)
    module = addon.resolve().name
    _check_connector(addon, module, kind)
    _check_table(module, kind)
    files, of_kind = rendered(module, kind)
    new = {
        path: text
        for path, text in files.items()
        if path in of_kind or path in OF_DIRECTIONS and _is_missing(addon, path)
    }
    if taken := sorted(path for path in new if (addon / path).exists()):
        raise Refusal(f"{addon / taken[0]} exists already, and is not overwritten.")
    changed, by_hand = _extended(addon, new, kind)
    _write(addon, {**new, **changed})
    said = [f"Written: {path}" for path in new]
    said += [f"Extended: {path}" for path in changed]
    return [*said, *by_hand, *_policy(addon, kind), *_left(kind)]


def is_of_files(folder):
    """Return whether a connector has files in place of an API.

    :param folder: path of the addon
    """
    path = Path(folder, "components/adapter.py")
    return path.is_file() and '"connector.file.adapter"' in path.read_text()


# -- what cannot be generated


def _check_name(name, module):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", module) or iskeyword(module):
        raise Refusal(
            f"{name} cannot be the name of an addon. Use letters from a to z, digits "
            "and underscores, such as my_shop, and begin with a letter."
        )


def _check_table(module, kind):
    if len(f"{module}_{kind.name}") > LONGEST_TABLE:
        raise Refusal(
            f"The name {module} is too long: the table for {kind.code.name} may have a "
            f"name of {LONGEST_TABLE} characters at the most."
        )


def _check_connector(addon, module, kind):
    if not (addon / MANIFEST).is_file():
        raise Refusal(f"{addon} is not the folder of an addon: it has no {MANIFEST}.")
    code = "".join(path.read_text() for path in sorted(addon.rglob("*.py")))
    quoted = (f"{module}.backend", f"base.{module}.connector", f"{module}.adapter")
    used = [f'"{name}"' for name in quoted]
    used += [f"class {pascal(module)}{name}" for name in ("Settings", "Case")]
    if missing := [each for each in used if each not in code]:
        raise Refusal(
            f"{addon} is not a connector that the scaffold has generated: its code "
            f"lacks {missing[0]}."
        )
    if kind.files and not is_of_files(addon):
        raise Refusal(
            f"{module} calls an API. Generate a connector of files of its own, or read "
            "docs/howto/files.rst, which shows how one connector does both."
        )
    if f'_name = "{module}.{kind.code.name}"' in code:
        raise Refusal(f"{module} synchronises {kind.code.name} already.")


# -- what is written


def _is_missing(addon, path):
    """Return whether a connector lacks a file that a direction needs."""
    if (addon / path).exists():
        return False
    # The author may have deleted these tests, or written them again.
    answers = addon / "tests/test_answers.py"
    is_test = Path(path).parent.name == "tests"
    return not is_test or answers.exists() and "AnswersCase" in answers.read_text()


def _write(addon, files):
    for path, text in files.items():
        target = addon / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _extended(addon, new, kind):
    """Return the files of the author with their new lines, and what is left to do."""
    changed, by_hand = {}, []
    for package in PACKAGES:
        path = f"{package}/__init__.py"
        # A component is defined after those that it inherits.
        shared_first = sorted(new, key=lambda each: each not in OF_DIRECTIONS)
        names = [
            Path(each).stem
            for each in shared_first
            if Path(each).parent.name == package
        ]
        text = with_imports((addon / path).read_text(), names)
        if text is None:
            lines = "".join(f"\n    from . import {name}" for name in names)
            by_hand.append(f"Add to {path}:{lines}")
        else:
            changed[path] = text
    manifest = (addon / MANIFEST).read_text()
    lists = {
        "depends": _new_depends(manifest, kind),
        "data": sorted(path for path in new if not path.endswith(".py")),
    }
    for key, entries in lists.items():
        text = with_entries(manifest, key, entries)
        if text is None:
            lines = "".join(f'\n    "{entry}",' for entry in entries)
            by_hand.append(f"Add to {key} in {MANIFEST}:{lines}")
        else:
            manifest = changed[MANIFEST] = text
    return changed, by_hand


def _new_depends(manifest, kind):
    try:
        known = closure(ast.literal_eval(manifest).get("depends", ()))
    except (AttributeError, SyntaxError, ValueError):
        known = ()
    return [name for name in kind.depends if name not in known]


# -- what is left to the author


def _policy(addon, kind):
    path = addon / "views/backend_views.xml"
    if not (kind.imports and kind.exports and path.is_file()):
        return []
    if "conflict_policy" in path.read_text():
        return []
    return [f'Add <field name="conflict_policy" /> to the form in {path}.']


def _left(kind):
    names = ", ".join(kind.left_to_the_author())
    if not names:
        return []
    remedy = "in the import mapper, and " if kind.imports else ""
    return [
        f"Each record of {kind.code.name} needs {names}, too, which the scaffold "
        f"cannot fill. Set it {remedy}in record_values of tests/test_{kind.name}.py. "
        "docs/howto/dependencies.rst shows how to map it."
    ]
