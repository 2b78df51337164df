from . import connector_comparison_start, connector_finding
