# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of XLSX workbooks.

openpyxl reads the structure and the styles. Its own reader of rows leaves out those
outside of a wrong dimension, keeps all texts and an element for each row in the memory,
and does not tell a formula without a result from an empty cell. So rows are read here.
"""

import re
import tempfile
from array import array
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zipfile import BadZipFile, ZipFile

from lxml import etree

from .row import Format
from .tree import SAFE, ForbiddenContent, elements_only
from .values import Uncertain

#: Bytes that a workbook may have after decompression, without its sheets and texts.
LARGEST_PART = 64 * 1024 * 1024
#: Bytes that a sheet, or all texts, may have.
LARGEST_SHEET = 8 * 1024**3
STREAMED = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")
#: Errors of a file that is not a workbook.
UNREADABLE = (
    *(BadZipFile, EOFError, KeyError, OSError, ValueError),
    *(ForbiddenContent, etree.XMLSyntaxError),
)


@dataclass(frozen=True)
class XLSX(Format):
    """A workbook of which one sheet has a row for each record.

    Number and date cells are what they are, whatever the locale. Texts that have
    numbers are read by the locale. Columns that are not declared are ignored.

    :param sheet: name of the sheet; by default the first one
    :param skip: number of rows before the header
    """

    sheet: str | None = None
    skip: int = 0

    def _rows(self, stream, file):
        try:
            with closing(_Workbook(stream)) as workbook:
                yield from self._rows_of(workbook, file)
        except UNREADABLE as error:
            raise file.refuse(
                file.texts._(
                    "The file cannot be read as a workbook. Save it as XLSX in a "
                    "spreadsheet program, and deliver it again."
                )
            ) from error

    def _rows_of(self, workbook, file):
        if self.sheet and self.sheet not in workbook.sheets:
            raise file.refuse(
                file.texts._(
                    "The workbook has no sheet '%(sheet)s'. It has: %(found)s.",
                    sheet=self.sheet,
                    found=", ".join(workbook.sheets),
                )
            )
        rows = workbook.rows(self.sheet or next(iter(workbook.sheets)))
        names = None
        for number, cells in rows:
            if number <= self.skip or all(cell in (None, "") for cell in cells):
                continue
            if names is None:
                names = file.checked_header(cells)
            else:
                yield file.row(number, dict(zip(names, cells, strict=False)).get)
        if names is None:
            file.checked_header(())


class _Workbook:
    """A workbook whose rows are read one after the other."""

    def __init__(self, stream):
        # A connector without workbooks does not load it.
        from openpyxl.reader.excel import ExcelReader, _find_workbook_part
        from openpyxl.xml.constants import SHARED_STRINGS

        class Reader(ExcelReader):
            def read_strings(self):
                """Leave the texts where they are."""

        self._check(stream)
        reader = Reader(stream, read_only=True, data_only=True, keep_links=False)
        reader.read()
        self._book, self._archive = reader.wb, reader.archive
        strings = reader.package.find(SHARED_STRINGS)
        self._texts = _Texts(self._archive, strings and strings.PartName[1:])
        book = _find_workbook_part(reader.package).PartName[1:]
        self._is_computed = _is_computed(self._archive, book)
        self.sheets = {
            sheet.title: sheet._worksheet_path
            for sheet in self._book.worksheets
            if hasattr(sheet, "_worksheet_path")
        }

    def close(self):
        self._texts.close()
        self._archive.close()

    def _check(self, stream):
        """Refuse an archive that fills the memory."""
        for part in ZipFile(stream).infolist():
            is_streamed = part.filename.startswith(STREAMED)
            if part.file_size > (LARGEST_SHEET if is_streamed else LARGEST_PART):
                raise BadZipFile(part.filename)
        stream.seek(0)

    def rows(self, sheet):
        """Yield the number and the cells of each row of a sheet."""
        number = 0
        with self._archive.open(self.sheets[sheet]) as part:
            for row in elements_only(part, "row"):
                number = int(row.get("r") or number + 1)
                yield number, self._cells(row)

    def _cells(self, row):
        from openpyxl.utils.cell import coordinate_to_tuple

        cells = []
        for cell in row.iterfind("{*}c"):
            position = cell.get("r")
            column = coordinate_to_tuple(position)[1] if position else len(cells) + 1
            if column <= len(cells):
                raise ValueError(position)
            cells += [None] * (column - 1 - len(cells))
            cells.append(self._value(cell))
        return cells

    def _value(self, cell):
        kind, value = cell.get("t", "n"), cell.findtext("{*}v")
        if cell.find("{*}f") is not None and (not self._is_computed or value is None):
            return Uncertain()
        if kind == "inlineStr":
            return _text(cell)
        if not value:
            return None
        if kind == "n":
            return self._number(value, int(cell.get("s", 0)))
        return self._typed(kind, value)

    def _typed(self, kind, value):
        if kind == "s":
            return self._texts[int(value)]
        if kind == "b":
            return value == "1"
        if kind == "e":
            return Uncertain(value)
        if kind == "d":
            return datetime.fromisoformat(value.removesuffix("Z"))
        return unescape(value)

    def _number(self, value, style):
        from openpyxl.utils.datetime import from_excel

        number = float(value) if re.search("[.eE]", value) else int(value)
        if style not in self._book._date_formats:
            return number
        lasts = style in self._book._timedelta_formats
        return from_excel(number, self._book.epoch, timedelta=lasts)


class _Texts:
    """The texts that the cells of a workbook share, in a temporary file.

    :param archive: the workbook, a ``ZipFile``
    :param name: name of the part with the texts, ``None`` without one
    """

    def __init__(self, archive, name):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (close() closes it)
        self._ends = array("Q", [0])
        if name:
            with archive.open(name) as part:
                for element in elements_only(part, "si"):
                    self._file.write(_text(element).encode())
                    self._ends.append(self._file.tell())

    @lru_cache(maxsize=1000)  # noqa: B019  (it lives as long as the file is read)
    def __getitem__(self, number):
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def close(self):
        self._file.close()


def _text(element):
    """Return the text of a cell, without its styles and its pronunciation."""
    parts = element.iterfind(".//{*}t")
    return unescape(
        "".join(
            each.text or ""
            for each in parts
            if etree.QName(each.getparent()).localname != "rPh"
        )
    )


def unescape(text):
    """Return a text without the escapes of XLSX, such as ``_x000D_``."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def _is_computed(archive, name):
    """Return whether a spreadsheet program has computed the formulas.

    Libraries that write workbooks ask the program that opens them to do it.
    """
    with archive.open(name) as part:
        for _event, element in etree.iterparse(part, tag="{*}calcPr", **SAFE):
            return element.get("fullCalcOnLoad") not in ("1", "true")
    return True
