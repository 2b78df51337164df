# Components are built in this order: what others inherit comes first.
# isort: off
from . import core
from . import backend_adapter
from . import binder
from . import mapper
from . import synchronizer
from . import locker
from . import listener
from . import export_listener
from . import http_adapter
from . import importer
from . import batch
from . import deleter
