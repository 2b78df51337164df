"""axe-core, which finds what keeps people from using a page."""

import shutil

from . import folders, processes
from .console import Problem, step

VERSION = "4.14.1"


def script():
    """Return the path of axe-core's script, and install it if it is missing.

    :raise Problem: when this machine has no npm
    """
    folder = folders.STATE / "cache" / f"axe-{VERSION}"
    path = folder / "node_modules" / "axe-core" / "axe.min.js"
    if path.exists():
        return path
    if not shutil.which("npm"):
        raise Problem(
            "This machine has no npm, which installs axe-core: no page was looked at "
            "with it. Install Node.js (on Debian: apt-get install npm)."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with step("Install axe-core"):
        command = ["npm", "install", "--no-save", "--prefix", str(folder)]
        processes.run([*command, f"axe-core@{VERSION}"], "npm", "Installing axe-core")
    return path
