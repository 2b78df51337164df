"""The virtual environment: Odoo's needs, the addons we stand on, our tools."""

import importlib.util
import os
import re
import subprocess
import sys

from . import build_cache, debian, folders, processes
from .console import step

# Packages that pip has to find, so that odoo-addon-* and our own package can be
# installed. Odoo is not in the package registry; psycopg2 is there as source only,
# which needs a compiler, and psycopg2-binary has the same module. Our list contains the
# packages that Odoo itself needs.
STAND_INS = {"odoo": "19.0", "psycopg2": "2.9"}
METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Stands in for a package that is importable all the same
"""
# The program that runs Odoo. "python -m odoo" would import from the current folder.
PROGRAM = """\
import sys

from odoo.cli.command import main

sys.exit(main())
"""
# On the command line: this is the second start, in the virtual environment.
INSIDE = "--inside"
REMEDY = (
    "Check that pip reaches its package index (python3 -m pip config list shows "
    "which), and run this again."
)


def prepare(source):
    """Have a virtual environment that runs Odoo.

    It is made in place, since virtual environments cannot be moved; the stamp, which
    comes last, says that it is complete. Once made it stays with its Python, also
    when the next command is run by another. What pip downloaded is kept.

    :param source: the :class:`~.odoo_source.OdooSource` to make importable
    :raise Problem: when the packages cannot be installed
    """
    wanted = folders.REQUIREMENTS.read_text()
    key = build_cache.fingerprint(
        wanted, STAND_INS, str(folders.VENV), str(source.root)
    )
    if build_cache.is_current(folders.VENV, key) and _works():
        return
    pip = _pip_wheel()
    with step("Create the Python environment"):
        _create(pip)
        _show_odoo(source)
    with step("Install the Python packages") as shown:
        _install(shown)
    build_cache.mark(folders.VENV, key)


def _works():
    """Return whether the Python that it was made from is still there."""
    script = "import odoo.release, psycopg2"
    check = [folders.VENV_PYTHON, "-c", script]
    try:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip_wheel():
    """Return a wheel of pip if Python has none, as on Debian."""
    if importlib.util.find_spec("ensurepip"):
        return None
    folder = folders.CACHE / "pip-wheels"
    wanted = {"python3-pip-whl": ["usr/share/python-wheels"]}
    key = build_cache.fingerprint(wanted)
    if not build_cache.is_current(folder, key):
        build_cache.build(folder, key, lambda aside: debian.unpack(wanted, aside))
    return next(folder.glob("usr/share/python-wheels/pip-*.whl"))


def _create(pip):
    processes.run(
        [sys.executable, "-m", "venv", "--clear", folders.VENV]
        + ["--without-pip"] * bool(pip),
        log="venv",
        doing="Creating the Python environment",
        remedy="Install the package that holds Python's venv (apt-get install "
        "python3-venv), and run this again.",
    )
    if pip:
        processes.run(
            [folders.VENV_PYTHON, pip / "pip", "install", "--no-index", pip],
            log="pip-itself",
            doing="Installing pip",
            remedy="Run ./dev/clean, and this again.",
        )


def _show_odoo(source):
    """Make Odoo importable in the virtual environment, and visible to pip."""
    (packages,) = folders.VENV.glob("lib/python3*/site-packages")
    (packages / "odoo-source.pth").write_text(f"{source.root}\n")
    (folders.VENV / "bin" / "odoo").write_text(PROGRAM)
    for name, version in STAND_INS.items():
        metadata = packages / f"{name}-{version}.dist-info"
        metadata.mkdir()
        content = METADATA.format(name=name, version=version)
        (metadata / "METADATA").write_text(content)
        (metadata / "INSTALLER").write_text("connector-dev\n")
        (metadata / "RECORD").write_text("")


def _install(shown):
    def follow(line):
        name = re.match(r"(?:Collecting|Using cached|Downloading) (\S+)", line.strip())
        if name:
            shown.note(name[1].rpartition("/")[2])

    processes.run(
        [folders.VENV_PYTHON, "-m", "pip", "install", "--requirement"]
        + [folders.REQUIREMENTS, "--no-compile", "--no-input", "--progress-bar=off"]
        + ["--disable-pip-version-check", "--only-binary=:all:"],
        log="pip",
        doing="Installing the Python packages",
        remedy=REMEDY,
        follow=follow,
        env={**os.environ, "PIP_CACHE_DIR": str(folders.CACHE / "pip")},
    )


def enter(arguments):
    """Replace this process by the virtual environment's Python.

    :param arguments: what the command line said
    """
    sys.stdout.flush()
    script = folders.DEV / "environment"
    os.execv(folders.VENV_PYTHON, [folders.VENV_PYTHON, script, INSIDE, *arguments])
