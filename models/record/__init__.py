from . import base, connector_link
