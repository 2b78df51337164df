"""Debian's Chromium, for the tests and pictures of what people see."""

import os
import shutil

from . import processes
from .console import Problem, step

PACKAGE = "chromium"
#: where Debian installs it, also if PATH lacks that folder
USUAL = "/usr/bin/chromium"
REMEDY = (
    "Install Chromium (on Debian: apt-get install chromium), and run this again: it is "
    "needed to look at Odoo as a person does."
)


def path():
    """Return the path of Chromium, ``None`` if this machine has none."""
    return shutil.which(PACKAGE) or shutil.which(USUAL)


def require():
    """Return the path of Chromium, and install it if it is missing and we may.

    Its package is not unpacked like that of Odoo: it needs a hundred libraries, and
    those of another release of Debian need that release's libc.

    :raise Problem: when there is none; it says what to install
    """
    if not path() and not os.geteuid() and shutil.which("apt-get"):
        _install()
    if not path():
        raise Problem(f"This machine has no Chromium. {REMEDY}")
    return path()


def _install():
    with step("Install Chromium"):
        for arguments in (
            ["update"],
            ["install", "--yes", "--no-install-recommends", PACKAGE],
        ):
            processes.run(
                ["apt-get", *arguments],
                log="apt-get-chromium",
                doing="Installing Chromium",
                remedy=REMEDY,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
