"""Compare both sides without changing them: one record, and all of a backend.

Start with :mod:`.record`.
"""

from . import preview, record, sides
