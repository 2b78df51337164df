from . import (
    base_partner_merge,
    connector_comparison_start,
    connector_file_upload,
    connector_finding,
    connector_webhook_setup,
)
