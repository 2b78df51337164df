"""Files: their formats, the places where they are, and what becomes of them."""

from . import adapter
