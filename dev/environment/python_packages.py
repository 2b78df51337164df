"""The virtual environment: Odoo's needs, the addons we stand on, our tools."""

import ast
import importlib.util
import os
import subprocess
import sys

from . import build_cache, debian, folders, processes
from .console import step

# On the command line: this is the second start, in the virtual environment.
INSIDE = "--inside"
UV = "uv>=0.13,<0.14"  # installs packages in parallel
OVERRIDES = folders.DEV / "overrides.txt"
# The program that runs Odoo. "python -m odoo" would import from the current folder.
PROGRAM = """\
import sys

from odoo.cli.command import main

sys.exit(main())
"""
#: pip's settings, and the variables that tell uv the same.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "no-index": "UV_NO_INDEX",
}


def prepare(source):
    """Have a virtual environment that runs the Odoo of an ``OdooSource``.

    It is made in place, since virtual environments cannot be moved; the stamp, which
    comes last, says that it is complete. Once made it stays with its Python, also
    when the next command is run by another.
    """
    wanted = [file.read_text() for file in (folders.REQUIREMENTS, OVERRIDES)]
    key = build_cache.fingerprint(UV, wanted, str(folders.VENV), source)
    if build_cache.is_current(folders.VENV, key) and _works():
        return
    with step("Create the Python environment"):
        _create()
        (packages,) = folders.VENV.glob("lib/python3*/site-packages")
        (packages / "odoo-source.pth").write_text(f"{source.root}\n")
        (folders.VENV / "bin" / "odoo").write_text(PROGRAM)
    with step("Install the Python packages"):
        install("-r", folders.REQUIREMENTS, "--override", OVERRIDES)
    build_cache.mark(folders.VENV, key)


def _works():
    """Return whether the Python that it was made from is still there."""
    check = [folders.VENV_PYTHON, "-c", "import odoo.release, psycopg2"]
    try:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _create():
    """Create the environment, with pip, and with uv, which is quicker."""
    has_pip = importlib.util.find_spec("ensurepip")
    _run(
        [sys.executable, "-m", "venv", "--clear", folders.VENV]
        + ["--without-pip"] * (not has_pip),
        remedy="Install the package that holds Python's venv (apt-get install "
        "python3-venv), and run this again.",
    )
    pip = ["-m", "pip"]
    if not has_pip:  # as on Debian
        wheels = folders.CACHE / "pip-wheels"
        wanted = {"python3-pip-whl": ["usr/share/python-wheels"]}
        build_cache.build(wheels, repr(wanted), lambda to: debian.unpack(wanted, to))
        wheel = next(wheels.glob("usr/share/python-wheels/pip-*.whl"))
        pip = [wheel / "pip"]
        _run([folders.VENV_PYTHON, *pip, "install", "--no-index", wheel])
    _run(
        [folders.VENV_PYTHON, *pip, "install", UV, "--no-compile", "--no-input"]
        + ["--disable-pip-version-check", "--only-binary=:all:", "--no-cache-dir"]
    )


def install(*arguments):
    """Install packages with ``uv pip install``, from where pip would fetch them."""
    _run(
        [folders.VENV / "bin" / "uv", "pip", "install", "--python", folders.VENV_PYTHON]
        + ["--no-progress", "--only-binary=:all:", *arguments],
        env={**_settings(), **os.environ, "UV_CACHE_DIR": str(folders.CACHE / "uv")},
    )


def _settings():
    """Return the settings of pip as environment variables for uv."""
    command = [folders.VENV_PYTHON, "-m", "pip", "config", "list"]
    listed = subprocess.check_output(command, text=True).splitlines()
    # Environment variables (":env:") override the files of pip.
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}
    for line in sorted(listed, key=lambda each: each.startswith(":env:")):
        name, _, value = line.partition("=")
        variable = SETTINGS.get(name.rpartition(".")[2])
        if variable:
            separator = "," if variable == "UV_FIND_LINKS" else " "
            found[variable] = separator.join(str(ast.literal_eval(value)).split())
    return found


def _run(command, remedy="", **options):
    processes.run(
        command,
        log="python-packages",
        doing="Installing the Python packages",
        remedy=remedy
        or "Check that pip reaches its package index (python3 -m pip config list shows "
        "which), and run this again.",
        **options,
    )


def enter(arguments):
    """Go on in the virtual environment's Python, with the same command line."""
    sys.stdout.flush()
    script = folders.DEV / "environment"
    os.execv(folders.VENV_PYTHON, [folders.VENV_PYTHON, script, INSIDE, *arguments])
