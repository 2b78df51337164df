"""``./dev/lint``: ruff on all Python files, pylint-odoo on addons, our glossary."""

import shutil
import subprocess
import sys
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
    codes = [
        _call("ruff check", "ruff", "check", ".", *arguments, cwd=folders.CHECKOUT),
        _call(
            "ruff format", "ruff", "format", "--check", "-q", ".", cwd=folders.CHECKOUT
        ),
    ]
    with tempfile.TemporaryDirectory(dir=folders.STATE, prefix="lint-") as copy:
        _copy_addons(Path(copy))
        codes.append(_call("pylint-odoo", *pylint(addons.names()), cwd=copy))
    codes.append(_report("prose", prose.check()))
    return int(any(codes))


def _call(title, module, *arguments, cwd):
    code = subprocess.call(
        [folders.VENV_PYTHON, "-m", module, *map(str, arguments)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
    )
    return _report(title, code)


def _report(title, code):
    say(f"  {title}: {'found something' if code else 'nothing found'}")
    return code


def pylint(modules):
    """Return the arguments of Python that run pylint-odoo on addons.

    :param modules: names of folders
    """
    settings = folders.CHECKOUT / "pyproject.toml"
    style = "colorized" if sys.stdout.isatty() else "text"
    options = [f"--rcfile={settings}", f"--output-format={style}"]
    return ["pylint", *options, f"--disable={','.join(MISTAKEN)}", *modules]


def _copy_addons(copy):
    """Copy the addons as Odoo sees them: pylint does not follow links to folders."""
    for name in addons.names():
        # .dev/addons/connector is a folder of links, an example is a link.
        shutil.copytree(addons.folder(name), copy / name, symlinks=False)
