# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of JSON lines: a file with an object of JSON in each line."""

import json
from dataclasses import dataclass

from .row import LONGEST_ROW, Format, Row
from .values import is_clean


@dataclass(frozen=True)
class JSONLines(Format):
    """A file with an object of JSON in each line (UTF-8).

    Without declared columns, the data of a row is its object.
    """

    def _rows(self, stream, file):
        number = 0
        while line := stream.readline(LONGEST_ROW + 1):
            number += 1
            part = line
            while len(part) > LONGEST_ROW and not part.endswith(b"\n"):
                part = stream.readline(LONGEST_ROW + 1)
            if line.strip():
                yield self._row(file, number, line)

    def _row(self, file, number, line):
        try:
            data = parsed(line)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            reason = file.texts._("It is not an object of JSON in UTF-8.")
            return file.bad_row(number, reason)
        if self.columns:
            return file.row(number, data)
        if not is_clean(data):
            reason = file.texts._("It has a text or number that cannot be stored.")
            return file.bad_row(number, reason)
        return Row(file.label(number), data)


def parsed(line):
    """Return the value of a line of JSON.

    :param line: ``bytes`` in UTF-8, with or without a byte order mark
    :raise RecursionError: when it is nested too deeply
    :raise ValueError: when it is not JSON, too long, or has a name twice
    """
    if len(line) > LONGEST_ROW:
        raise ValueError
    return json.loads(
        line.decode("utf-8-sig"),
        object_pairs_hook=_object,
        parse_constant=_no_constant,
    )


def _object(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(name):
    raise ValueError(name)
