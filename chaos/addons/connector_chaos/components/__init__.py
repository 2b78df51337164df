# Components are built in this order: what others inherit comes first.
# isort: off
from . import core
from . import adapter
from . import binder
from . import mapper
from . import exporter
from . import importer
from . import both_ways
from . import deleter
from . import webhook
from . import failpoints
