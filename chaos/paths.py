"""Where the chaos test keeps its things, and where its addon lies."""

import configparser
from pathlib import Path

from environment import folders

ADDON = "connector_chaos"
ADDON_FOLDER = Path(__file__).with_name("addons") / ADDON

STATE = folders.STATE / "chaos"
PREPARED = STATE / "prepared"
RUN = STATE / "run"
STEPS = RUN / "steps"


def addons_path(prepared=PREPARED):
    """Return the option of Odoo that takes our addons from the copies in a folder.

    :param prepared: the folder with the copies
    """
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(folders.ODOO_CONF)
    paths = settings["options"]["addons_path"].split(",")
    others = [path for path in paths if path != str(folders.ADDONS)]
    return f"--addons-path={','.join([str(prepared / 'addons'), *others])}"
