# Components are built in this order: what others inherit comes first.
# isort: off
from importlib.util import find_spec

from . import core
from . import adapter
from . import binder
from . import mapper
from . import exporter
from . import by_hand

if find_spec("odoo.addons.connector.components.exporter"):
    from . import chunks
