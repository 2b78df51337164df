# A component is defined after those that it inherits.
# isort: off
from . import core, binder, adapter, mapper, exporter
