"""``./dev/lint``: ruff on all Python files, pylint-odoo on addons, our glossary."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from . import addons, folders, prose
from .console import say

# Checks that are wrong about us. They cannot be in pyproject.toml, where what is
# disabled stands below what is enabled. The first does not see that tests extend
# components on purpose, the second takes a function in a method for the method.
MISTAKEN = ("consider-merging-classes-inherited", "missing-return")


def run(arguments):
    """Run the linters, whose findings go to the terminal, and return the exit code.

    :param arguments: given to ``ruff check``; with ``--fix``, files are formatted, too
    """
    form = () if "--fix" in arguments else ("--check",)
    found = {
        "ruff check": _call(folders.CHECKOUT, "ruff", "check", ".", *arguments),
        "ruff format": _call(folders.CHECKOUT, "ruff", "format", *form, "-q", "."),
    }
    with tempfile.TemporaryDirectory(dir=folders.STATE, prefix="lint-") as copy:
        for name in addons.names():
            # pylint does not follow links to folders.
            shutil.copytree(addons.folder(name), Path(copy) / name)
        found["pylint-odoo"] = _call(copy, *pylint(addons.names()))
    found["prose"] = prose.check()
    for finding in found["prose"]:
        say(finding)
    for title, result in found.items():
        say(f"  {title}: {'found something' if result else 'nothing found'}")
    if found["ruff check"] or found["ruff format"]:
        say("  ./dev/lint --fix formats the files, and corrects what ruff can correct.")
    return int(any(found.values()))


def _call(folder, *command):
    return subprocess.call([folders.VENV_PYTHON, "-m", *command], cwd=folder)


def pylint(modules):
    """Return the arguments of Python that run pylint-odoo on folders of addons."""
    settings = folders.CHECKOUT / "pyproject.toml"
    options = [f"--rcfile={settings}", f"--disable={','.join(MISTAKEN)}"]
    return ["pylint", *options, *modules]
