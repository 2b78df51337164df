"""The addons of this checkout, in a folder where Odoo finds them by their names.

The root of the checkout is the addon ``connector``, and the checkout may be called
anything. So ``.dev/addons/connector`` holds links to what the wheel packs of it; the
examples are linked as they are.
"""

import ast
import os
import shutil

from . import build_cache, folders

MAIN = "connector"
#: Examples that have databases of their own, without demo data: they need large apps.
APART = ("connector_files", "connector_odoo", "connector_vendure")


def names():
    """Return the names of all addons of the checkout, ``connector`` first."""
    examples = folders.EXAMPLES.glob("*/__manifest__.py")
    return [MAIN, *sorted(manifest.parent.name for manifest in examples)]


def together():
    """Return the names of the addons that share a database."""
    return [name for name in names() if name not in APART]


def packed():
    """Return the top-level files and folders of the addon, which ``setup.py`` packs."""
    code = (folders.CHECKOUT / "setup.py").read_text()
    patterns = ast.literal_eval(code.partition("PACKED = ")[2].partition("]")[0] + "]")
    found = {path.name for each in patterns for path in folders.CHECKOUT.glob(each)}
    return sorted(found - {"setup.py"})


def link():
    """Make or refresh the folder ``.dev/addons``."""
    main = folder(MAIN)
    wanted = {main / item: folders.CHECKOUT / item for item in packed()}
    wanted |= {folder(name): folders.EXAMPLES / name for name in names()[1:]}
    main.mkdir(parents=True, exist_ok=True)
    for old in [*folders.ADDONS.iterdir(), *main.iterdir()]:
        if old.is_symlink() and os.readlink(old) != str(wanted.get(old)):
            old.unlink()
    for link, target in wanted.items():
        if not link.is_symlink():
            link.symlink_to(target)


def folder(name):
    """Return the folder in which Odoo sees an addon of the checkout."""
    return folders.ADDONS / name


def copy(addon, target):
    """Copy an addon without its tests, so that it can be edited while it is used."""
    unwanted = shutil.ignore_patterns("tests", "__pycache__")
    shutil.copytree(addon, target, ignore=unwanted)


def dependencies(wanted):
    """Return the addons from elsewhere that some of ours depend on, sorted."""
    depends = set()
    for name in wanted:
        manifest = ast.literal_eval((folder(name) / "__manifest__.py").read_text())
        depends.update(manifest.get("depends", ["base"]))
    return sorted(depends - set(names()))


def fingerprint():
    """Return a key that changes with the addons of one database, without tests."""
    skip = {"tests"}
    prints = [build_cache.fingerprint_of(folder(each), skip) for each in together()]
    return build_cache.fingerprint(*prints)
