"""Files: their formats, the places where they are, and what becomes of them."""

# isort: off
from . import adapter
from . import outgoing
from . import incoming
