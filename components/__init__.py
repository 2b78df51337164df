# Components are built in the order of their import: a component comes after those that
# it inherits.
# isort: off
from . import core
from . import backend_adapter
from . import binder
from . import mapper
from . import locker
from . import listener
from . import synchronizer
from . import remote_adapter
from . import http
from . import http_adapter
from . import graphql_adapter
from . import importer
from . import exporter
from . import comparison
from . import webhook
from . import files
