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
APART = ("connector_odoo",)


def names():
    """Return the names of all addons of the checkout, ``connector`` first."""
    main = [MAIN] if (folders.CHECKOUT / "__manifest__.py").is_file() else []
    examples = folders.EXAMPLES.glob("*/__manifest__.py")
    return main + sorted(manifest.parent.name for manifest in examples)


def together():
    """Return the names of the addons that share a database."""
    return [name for name in names() if name not in APART]


def packed():
    """Return the names of the top-level files and folders that belong to the addon.

    The patterns for them are in ``setup.py``, which packs the same into the wheel.
    """
    tree = ast.parse((folders.CHECKOUT / "setup.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "PACKED":
            patterns = ast.literal_eval(node.value)
    found = {path.name for each in patterns for path in folders.CHECKOUT.glob(each)}
    return sorted(found - {"setup.py"})


def link():
    """Make or refresh the folder ``.dev/addons``."""
    wanted = {}
    for name in names():
        if name == MAIN:
            for item in packed():
                wanted[folders.ADDONS / MAIN / item] = folders.CHECKOUT / item
        else:
            wanted[folders.ADDONS / name] = folders.EXAMPLES / name
    (folders.ADDONS / MAIN).mkdir(parents=True, exist_ok=True)
    there = [*folders.ADDONS.iterdir(), *(folders.ADDONS / MAIN).iterdir()]
    for old in there:
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
    """Return the addons from elsewhere that some of ours depend on, sorted.

    :param wanted: names of our addons
    """
    depends = set()
    for name in wanted:
        manifest = ast.literal_eval((folder(name) / "__manifest__.py").read_text())
        depends.update(manifest.get("depends", ["base"]))
    return sorted(depends - set(names()))


def fingerprint():
    """Return a key that changes with the addons of one database, without tests."""
    return build_cache.fingerprint(
        *(
            build_cache.fingerprint_of(folder(name), skip={"tests"})
            for name in together()
        )
    )
