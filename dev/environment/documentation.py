"""``./dev/docs``: the documentation as HTML."""

import subprocess

from . import folders, odoo_process, processes
from .console import say

SOURCES = folders.CHECKOUT / "docs"
BUILT = folders.STATE / "docs"


def build(arguments):
    """Build the documentation, whose problems go to the terminal.

    :param arguments: given to ``sphinx-build``
    :return: the exit code, 0 when nothing is wrong
    """
    code = subprocess.call(command(BUILT, *arguments), env=variables())
    if not code:
        say(f"  {processes.shown(BUILT / 'index.html')}")
    return code


def variables():
    """Return the environment variables for a program that imports the addon."""
    return odoo_process.variables(PYTHONWARNINGS="ignore")  # those of other packages


def command(target, *arguments):
    """Return the command line that builds the documentation.

    Warnings are errors, references to unknown names too; all of them are shown.

    :param target: folder for the pages
    :param arguments: given to ``sphinx-build``
    """
    options = ["-E", "-W", "--keep-going", "-n", "-q", "-b", "html", *arguments]
    parts = [folders.VENV_PYTHON, "-m", "sphinx", *options, SOURCES, target]
    return [str(part) for part in parts]
