from . import connector_cause, connector_failure
