"""Where Odoo comes from: ODOO_PATH, the running Python, or Debian's package."""

import importlib.util
import os
import re
from pathlib import Path
from typing import NamedTuple

from . import build_cache, debian, folders
from .console import Problem

SERIES = r"^version_info\s*=\s*\(19,\s*0\b"
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
    """An Odoo to run: the folder of its package ``odoo``, and which version it is."""

    root: Path
    version: int

    @property
    def addons_paths(self):
        """Return the folders with addons outside of the package ``odoo``."""
        # A checkout has most addons beside the package; an installation has all
        # inside, and Debian's a useless copy of their code beside.
        inside = (self.root / "odoo" / "addons" / "web").is_dir()
        return [] if inside else [self.root / "addons"]


def prepare():
    """Find Odoo 19, or fetch it, and return its :class:`OdooSource`."""
    named = os.environ.get("ODOO_PATH")
    if not named:
        return importable() or _unpacked()
    path = Path(named).expanduser().resolve()
    inside = path.glob("lib/python3*/site-packages")
    source = _first([path, path.parent, path / PACKAGES, *inside])
    if source:
        return source
    raise Problem(
        f"There is no Odoo 19.0 in ODOO_PATH ({path}): let it name the folder that "
        "holds odoo/release.py, or unset it to have Odoo fetched."
    )


def importable():
    """Return the Odoo 19 that the running Python can import, or ``None``."""
    found = importlib.util.find_spec("odoo")
    places = found.submodule_search_locations if found else []
    return _first(Path(place).parent for place in places or [])


def _unpacked():
    build_cache.build(
        folders.ODOO,
        build_cache.fingerprint(DEBIAN, NOT_NEEDED),
        lambda folder: debian.unpack(DEBIAN, folder, without=NOT_NEEDED),
    )
    return _first([folders.ODOO / PACKAGES])


def _first(roots):
    for root in roots:
        release = root / "odoo" / "release.py"
        if release.is_file() and re.search(SERIES, release.read_text(), re.M):
            return OdooSource(root.resolve(), release.stat().st_mtime_ns)
    return None
