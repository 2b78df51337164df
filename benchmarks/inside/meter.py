"""Seconds and queries of a piece of work."""

import resource
import time
from typing import NamedTuple

from odoo import sql_db


class Cost(NamedTuple):
    """Costs of a piece of work."""

    records: int
    seconds: float
    queries: int
    megabytes: float  #: the most that the process has had so far


class Meter:
    """Counts in a ``with`` block, on all cursors of the process.

    :param watch: a ``cProfile.Profile``, or ``None``
    """

    def __init__(self, watch=None):
        self.seconds = 0
        self.queries = 0
        self.megabytes = 0
        self._watch = watch

    def __enter__(self):
        self._queries = sql_db.sql_counter
        self._started = time.perf_counter()
        if self._watch:
            self._watch.enable()
        return self

    def __exit__(self, *exception):
        if self._watch:
            self._watch.disable()
        self.seconds += time.perf_counter() - self._started
        self.queries += sql_db.sql_counter - self._queries
        self.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def cost(self, records):
        """Return the cost for a number of records."""
        return Cost(records, self.seconds, self.queries, self.megabytes)
