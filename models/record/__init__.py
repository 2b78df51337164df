from . import connector_link, external_binding, ir_http
