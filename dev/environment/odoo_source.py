"""Where Odoo comes from: ODOO_PATH, the running Python, or Debian's package."""

import importlib.util
import os
import re
from pathlib import Path
from typing import NamedTuple

from . import build_cache, debian, folders
from .console import Problem

SERIES = (19, 0)
PACKAGES = "usr/lib/python3/dist-packages"

# Odoo, and the libraries of the web client that Debian ships on their own; Odoo's
# package reaches them through relative links, so all keep their places.
DEBIAN = {
    "odoo-19": [f"{PACKAGES}/odoo", f"{PACKAGES}/odoo-19.0.egg-info"],
    "libjs-jquery": ["usr/share/javascript"],
    "libjs-jquery-form": ["usr/share/javascript"],
    "libjs-underscore": ["usr/share/javascript"],
    "fonts-font-awesome": ["usr/share/fonts-font-awesome", "usr/share/fonts"],
}
# Translations are two thirds of the size; everything else, all addons too, stays.
NOT_NEEDED = ("*/i18n/*.po", "*/i18n_extra/*.po")


class OdooSource(NamedTuple):
    """An Odoo to run.

    ``root`` is the folder that holds the package ``odoo``; ``version`` says which.
    """

    root: Path
    version: str

    @property
    def addons_paths(self):
        """Return the folders with addons outside of the package ``odoo``."""
        # A checkout has most addons beside the package; an installation has all
        # inside, and Debian's a useless copy of their code beside.
        inside = (self.root / "odoo" / "addons" / "web").is_dir()
        return [] if inside else [self.root / "addons"]


def prepare():
    """Find Odoo 19, or fetch it.

    :return: an :class:`OdooSource`
    :raise Problem: when ODOO_PATH leads nowhere, or Debian's package is out of reach
    """
    if os.environ.get("ODOO_PATH"):
        return _named(Path(os.environ["ODOO_PATH"]))
    return importable() or _unpacked()


def importable():
    """Return the Odoo 19 that the running Python can import, or ``None``."""
    found = importlib.util.find_spec("odoo")
    places = found.submodule_search_locations if found else []
    return _first(Path(place).parent for place in places or [])


def _named(path):
    path = path.expanduser().resolve()
    inside = path.glob("lib/python3*/site-packages")
    source = _first([path, path.parent, path / PACKAGES, *inside])
    if source:
        return source
    raise Problem(
        f"There is no Odoo {SERIES[0]}.{SERIES[1]} in ODOO_PATH ({path}): let it name "
        "the folder that holds odoo/release.py, or unset it to have Odoo fetched."
    )


def _unpacked():
    key = build_cache.fingerprint(DEBIAN, NOT_NEEDED)
    if not build_cache.is_current(folders.ODOO, key):
        build_cache.build(folders.ODOO, key, _unpack)
    return _first([folders.ODOO / PACKAGES])


def _unpack(folder):
    debian.unpack(DEBIAN, folder, without=NOT_NEEDED)


def _first(roots):
    for root in roots:
        version = _version(root)
        if version:
            return OdooSource(root.resolve(), version)
    return None


def _version(root):
    """Return the version of the Odoo in a folder, if it is of our series."""
    release = root / "odoo" / "release.py"
    if not release.is_file():
        return None
    info = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text(), re.M)
    if not info or (int(info[1]), int(info[2])) != SERIES:
        return None
    return f"{info[1]}.{info[2]} of {release.stat().st_mtime_ns}"
