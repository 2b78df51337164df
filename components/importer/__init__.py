"""Imports of records: of one, of a chunk, and of all that a backend finds.

Start with :mod:`.flow`; :mod:`.record` has the hooks.
"""

from . import batch, record
