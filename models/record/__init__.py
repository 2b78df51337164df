from . import connector_link, ir_http
