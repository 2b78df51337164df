# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How the addons of connectors are put together."""

import ast
import sys
from pathlib import Path

from odoo.modules import Manifest

from ...tools.diagnosis import ADDONS
from ..connectors import depends_of
from ..finding import error, warning
from ..places import at
from .base import check

#: Folders of an addon whose modules Odoo does not import with it.
APART = {"tests", "migrations", "cli", "upgrades"}
BASES = {"Component", "AbstractComponent"}


@check("components-not-imported", at_load=True)
def components_not_imported(connectors):
    """Modules with components that the addon does not import."""
    for addon in connectors.addons:
        manifest = Manifest.for_addon(addon, display_warning=False)
        package = f"{ADDONS}{addon}"
        if not manifest or package not in sys.modules:
            continue
        folder = Path(manifest.path)
        if f"{package}.components" not in sys.modules and any(
            map(_defines_components, folder.glob("components/**/*.py"))
        ):
            yield error(
                f"{addon} does not import its folder components, so that Odoo does not "
                "know its components.",
                "Add 'from . import components'.",
                **at(f"{addon}/__init__.py"),
            )
            continue
        for file in _left_out_files(folder, package):
            yield warning(
                f"No module imports {addon}/{file}, so that Odoo does not know its "
                "components.",
                "Import it in the __init__.py of its folder, or delete it.",
                **at(f"{addon}/{file}"),
            )


def _left_out_files(folder, package):
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder).with_suffix("")
        if APART & set(path.parts) or path.name in ("__init__", "__manifest__"):
            continue
        name = ".".join([package, *path.parts])
        if name not in sys.modules and _defines_components(file):
            yield file.relative_to(folder)


def _defines_components(file):
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, ast.ClassDef)
        and BASES & {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for node in tree.body
    )


@check("depends", at_load=True)
def depends(connectors):
    """Addons that use connector without depending on it."""
    for addon in connectors.addons:
        if "connector" not in _all_depends(addon):
            yield error(
                f"{addon} inherits from connector, but does not depend on it. Odoo may "
                "load it first, which fails.",
                "Add 'connector' to its depends.",
                **at(f"{addon}/__manifest__.py"),
            )


def _all_depends(addon):
    found, waiting = set(), [addon]
    while waiting:
        new = set(depends_of(waiting.pop())) - found
        found |= new
        waiting += new
    return found
