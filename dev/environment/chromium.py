"""Debian's Chromium, for the tests and pictures of what people see."""

import os
import shutil

from . import processes
from .console import Problem, step

PACKAGE = "chromium"
INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", PACKAGE]


def require():
    """Return the path of Chromium, and install it if it is missing and we may.

    Its package is not unpacked like that of Odoo: it needs a hundred libraries, and
    those of another release of Debian need that release's libc.

    :raise Problem: when there is none; it says what to install
    """
    if not _path() and not os.geteuid() and shutil.which("apt-get"):
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with step("Install Chromium"):
            for command in (["apt-get", "update"], INSTALL):
                log, doing = "apt-get-chromium", "Installing Chromium"
                processes.run(command, log, doing, env=variables)
    if not _path():
        raise Problem(
            "This machine has no Chromium, which is needed to look at Odoo as a person "
            "does: install it (on Debian: apt-get install chromium), and try again."
        )
    return _path()


def _path():
    # Debian's place, also if PATH lacks that folder
    return shutil.which(PACKAGE) or shutil.which(f"/usr/bin/{PACKAGE}")
