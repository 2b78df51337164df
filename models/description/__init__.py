from . import connector_description
