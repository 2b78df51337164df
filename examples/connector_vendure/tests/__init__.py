from . import test_catalogue, test_orders
