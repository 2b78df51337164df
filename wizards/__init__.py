from . import connector_comparison_start
