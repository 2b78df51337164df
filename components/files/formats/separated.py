# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of CSV files."""

import codecs
import csv
import io
from collections import deque
from dataclasses import dataclass
from functools import partial

from .row import LONGEST_ROW, Format, lines_of

#: Byte order marks, with what they say. That of UTF-32 begins like that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: Lines that are read again after quotation marks that do not end, in a file.
MOST_REPEATED = 200_000
LONGEST_RECORD = 1000  #: lines of a row with line breaks in quotation marks


@dataclass(frozen=True)
class CSV(Format):
    """A file of rows with separators between the columns.

    Delimiter, encoding and locale are stated, not guessed: guesses are wrong on short
    files. Empty rows are left out, columns that are not declared are ignored.

    :param encoding: such as ``"windows-1252"``; a byte order mark of UTF-8 may be there
    :param delimiter: character between the columns
    :param quotechar: character around texts; a second one within a text stands for one
    :param header: whether the first row has the names of the columns; otherwise each
        row has exactly the declared ones, in their order
    :param skip: number of lines before the header
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str = '"'
    header: bool = True
    skip: int = 0

    def _rows(self, stream, file):
        reader = partial(
            csv.reader, delimiter=self.delimiter, quotechar=self.quotechar, strict=True
        )
        lines = _Lines(self._text(stream, file), reader)
        try:
            for _line in range(self.skip):
                lines.drop()
            names = list(self.columns)
            if self.header:
                names = file.checked_header(self._first(lines, file))
            for number, cells in lines.records():
                if cells is None or any(map(str.strip, cells)):
                    yield self._row(file, number, names, cells)
        except UnicodeError as error:
            raise self._wrong_encoding(file) from error
        except _TooManyBroken as error:
            raise file.refuse(
                file.texts._(
                    "Too many quotation marks have no end. Check the delimiter and the "
                    "quotation mark that the connector declares."
                )
            ) from error

    def _text(self, stream, file):
        """Return the text of a stream; characters that do not fit become surrogates."""
        codec = codecs.lookup(self.encoding).name
        start = stream.read(4)
        stream.seek(0)
        mark = next((each for each in MARKS if start.startswith(each)), None)
        if mark and not codec.startswith(MARKS[mark]):
            raise self._wrong_encoding(file, MARKS[mark])
        codec = "utf-8-sig" if codec == "utf-8" else codec
        errors = "strict" if codec.startswith("utf-16") else "surrogateescape"
        return io.TextIOWrapper(stream, codec, errors, newline="")

    def _wrong_encoding(self, file, found="?"):
        return file.refuse(
            file.texts._(
                "The file is not in the encoding %(stated)s (found: %(found)s). "
                "Deliver it in this encoding, or correct the encoding of the "
                "connector.",
                stated=self.encoding,
                found=found,
            )
        )

    def _first(self, lines, file):
        number, cells = next(lines.records(), (1, None))
        if cells is not None:
            return cells
        raise file.refuse(
            file.texts._(
                "Line %s has no header that can be read. Deliver a file with the names "
                "of its columns.",
                number,
            )
        )

    def _row(self, file, number, names, cells):
        if cells is None:
            reason = file.texts._(
                "The quotation marks do not fit together, or the line is too long."
            )
            return file.bad_row(number, reason)
        if len(cells) != len(names):
            reason = file.texts._(
                "It has %(found)s columns instead of %(expected)s. A text that "
                "contains '%(delimiter)s' or a line break has to be in quotation "
                "marks.",
                found=len(cells),
                expected=len(names),
                delimiter=self.delimiter,
            )
            return file.bad_row(number, reason)
        return file.row(number, dict(zip(names, cells, strict=True)).get)


class _TooManyBroken(Exception):
    """Too many lines would have to be read again."""


class _Lines:
    """The lines of a text, which can go back to the one after a broken row's first.

    :param text: text stream that keeps line breaks
    :param reader: returns a reader of ``csv`` for this object
    """

    def __init__(self, text, reader):
        self._reader = reader
        self._lines = lines_of(text, "\r", "\n")
        self._again = deque()
        self._record = []
        self._length = 0  # of the record, in characters
        self._repeated = 0
        self._number = 0  # of the last line before the record

    def __iter__(self):
        return self

    def __next__(self):
        line = self._again.popleft() if self._again else next(self._lines)
        self._record.append(line)
        self._length += len(line)
        if self._length > LONGEST_ROW or len(self._record) > LONGEST_RECORD:
            raise csv.Error("The row does not end.")
        return line

    def drop(self):
        """Leave out a line."""
        next(self._lines, None)
        self._number += 1

    def records(self):
        """Yield the number of the first line of each row, and its cells.

        A row that cannot be read has ``None`` in place of its cells. The line after
        its first one is read as a row again.
        """
        rows = self._reader(self)
        while True:
            try:
                cells = next(rows, None)
            except csv.Error:
                yield self._number + 1, None
                self._go_back()
                rows = self._reader(self)
                continue
            if cells is None:
                return
            number = self._number + 1
            self._end()
            yield number, cells

    def _end(self):
        self._number += len(self._record)
        self._record, self._length = [], 0

    def _go_back(self):
        self._repeated += len(self._record) - 1
        if self._repeated > MOST_REPEATED:
            raise _TooManyBroken
        self._again.extendleft(reversed(self._record[1:]))
        del self._record[1:]
        self._end()
