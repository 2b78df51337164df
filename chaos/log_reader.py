"""Warnings and errors in the logs that no fault explains."""

import re

from environment.odoo_log import RECORD, TROUBLE


class LogReader:
    """Reads what was added to a log since it was last read.

    :param path: of the log file
    """

    def __init__(self, path):
        self.path = path
        self._read_to = 0

    def trouble(self):
        """The new warnings and errors, each with its traceback as one text."""
        found, current = [], None
        for line in self._new_lines():
            record = RECORD.match(line)
            if record:
                current = None
                if record["level"] in TROUBLE:
                    current = [line]
                    found.append(current)
            elif current:
                current.append(line)
        return ["\n".join(lines) for lines in found]

    def _new_lines(self):
        if not self.path.exists():
            return []
        with self.path.open(errors="replace") as log:
            log.seek(self._read_to)
            lines = log.read().splitlines()
            self._read_to = log.tell()
        return lines


def unexpected(entries, patterns):
    """The entries that no pattern matches.

    :param patterns: regular expressions, each of which explains entries
    """
    known = [re.compile(pattern) for pattern in patterns]
    return [entry for entry in entries if not any(each.search(entry) for each in known)]


def brief(entry):
    """The first and the last line of an entry, without date and process."""
    lines = [line for line in entry.split("\n") if line.strip()]
    record = RECORD.match(lines[0])
    first = f"{record['level']} {record['logger']}: {record['message'].strip()}"
    return first if len(lines) == 1 else f"{first} ... {lines[-1].strip()}"
