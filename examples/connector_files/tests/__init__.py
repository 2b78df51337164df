from . import test_backend, test_catalogue, test_conformance, test_orders
