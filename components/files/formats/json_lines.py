# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of JSON lines: a file with an object of JSON in each line."""

from dataclasses import dataclass

from ....tools.strict_json import strict_json
from .row import LONGEST_ROW, Format, Row, lines_of
from .values import is_clean


@dataclass(frozen=True)
class JSONLines(Format):
    """A file with an object of JSON in each line (UTF-8).

    Without declared columns, the data of a row is its object.
    """

    def _rows(self, stream, file):
        for number, line in enumerate(lines_of(stream, b"\n"), 1):
            if line.strip():
                yield self._row(file, number, line)

    def _row(self, file, number, line):
        try:
            is_too_long = len(line) > LONGEST_ROW
            data = None if is_too_long else strict_json(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            reason = file.texts._("It is not an object of JSON in UTF-8.")
            return file.bad_row(number, reason)
        if self.columns:
            return file.row(number, data.get)
        if not is_clean(data):
            reason = file.texts._("It has a text or number that cannot be stored.")
            return file.bad_row(number, reason)
        return Row(file.label(number), data)
