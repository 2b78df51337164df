"""Warnings and errors in the logs that no fault explains."""

import re

from environment import odoo_log


class LogReader:
    """Reads what was added to a log since it was last read.

    :param path: of the log file
    """

    def __init__(self, path):
        self.path = path
        self._read_to = 0

    def unexpected(self, patterns):
        """Return the new warnings and errors that no pattern matches.

        :param patterns: regular expressions, each of which explains entries
        """
        return [
            entry
            for entry in odoo_log.trouble(self._new_lines())
            if not any(re.search(pattern, entry) for pattern in patterns)
        ]

    def _new_lines(self):
        if not self.path.exists():
            return []
        with self.path.open(errors="replace") as log:
            log.seek(self._read_to)
            lines = log.read().splitlines()
            self._read_to = log.tell()
        return lines
