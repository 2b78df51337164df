# A component is defined after those that it inherits.
# isort: off
from . import core, binder, adapter, export_mapper, import_mapper
from . import comparison, matcher, exporter, importer, batch, deleter, listener
