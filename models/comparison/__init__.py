from . import connector_comparison, connector_comparison_line, connector_preview
