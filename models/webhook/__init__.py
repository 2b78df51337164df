from . import (
    connector_backend_state_webhook,
    connector_webhook_delivery,
    connector_webhook_endpoint,
)
