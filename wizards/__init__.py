from . import connector_comparison_start, connector_finding, connector_webhook_setup
