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
    """Run the linters, whose findings go to the terminal.

    :param arguments: given to ruff, such as ``--fix``
    :return: the exit code, 0 when nothing was found
    """
    with tempfile.TemporaryDirectory(dir=folders.STATE, prefix="lint-") as copy:
        for name in addons.names():
            # pylint does not follow links to folders.
            shutil.copytree(addons.folder(name), Path(copy) / name)
        codes = [
            _call(folders.CHECKOUT, "ruff", "check", ".", *arguments),
            _call(folders.CHECKOUT, "ruff", "format", "--check", "-q", "."),
            _call(copy, *pylint(addons.names())),
        ]
    found = prose.check()
    print(*found, sep="\n", end="\n" * bool(found))
    codes.append(_report("prose", found))
    return int(any(codes))


def _call(folder, *command):
    code = subprocess.call([folders.VENV_PYTHON, "-m", *command], cwd=folder)
    return _report(" ".join(command[:2]) if command[0] == "ruff" else command[0], code)


def _report(title, code):
    say(f"  {title}: {'found something' if code else 'nothing found'}")
    return code


def pylint(modules):
    """Return the arguments of Python that run pylint-odoo on addons.

    :param modules: names of folders
    """
    settings = folders.CHECKOUT / "pyproject.toml"
    options = [f"--rcfile={settings}", f"--disable={','.join(MISTAKEN)}"]
    return ["pylint", *options, *modules]
