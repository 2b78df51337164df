from . import connector_conflict
