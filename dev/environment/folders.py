"""Where things lie. All that the environment makes is below ``STATE``."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEV = CHECKOUT / "dev"
EXAMPLES = CHECKOUT / "examples"
REQUIREMENTS = DEV / "requirements.txt"

STATE = CHECKOUT / ".dev"
ADDONS = STATE / "addons"
CACHE = STATE / "cache"
LOGS = STATE / "logs"
ODOO = STATE / "odoo"
ODOO_CONF = STATE / "odoo.conf"
ODOO_DATA = STATE / "data"
POSTGRES = STATE / "postgres"
VENV = STATE / "venv"
VENV_PYTHON = VENV / "bin" / "python"


def tracked():
    """Return the paths of all files that git tracks, from the checkout on."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.check_output(command, cwd=CHECKOUT, text=True).split("\0")
    return [name for name in listed if (CHECKOUT / name).is_file()]
