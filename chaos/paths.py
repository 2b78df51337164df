"""Where the chaos test keeps its things, and where its addon lies."""

from pathlib import Path

from environment import folders

ADDON = "connector_chaos"
CARDS = "connector_carddav"
ADDON_FOLDER = Path(__file__).with_name("addons") / ADDON

STATE = folders.STATE / "chaos"
PREPARED = STATE / "prepared"
ADDONS = PREPARED / "addons"
RUN = STATE / "run"
STEPS = RUN / "steps"
