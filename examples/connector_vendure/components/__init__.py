# A component is defined after those that it inherits.
# isort: off
from . import core, adapter, catalogue, customers, orders
