from . import (
    base_partner_merge,
    connector_comparison_start,
    connector_finding,
    connector_webhook_setup,
)
