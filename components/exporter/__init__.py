"""Exports of records: of one, of a chunk, and of all that were never exported.

Start with :mod:`.record`.
"""

from . import batch, deleter, listener, record
