from . import connector_run
