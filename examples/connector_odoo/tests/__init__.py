from . import (
    test_access,
    test_adapter,
    test_answers,
    test_catalogue,
    test_conformance,
    test_customers,
    test_deliveries,
    test_orders,
    test_secret,
    test_webhooks,
)
