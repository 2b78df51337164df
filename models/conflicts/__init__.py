# isort: off
from . import connector_conflict
from . import connector_conflict_screen
