# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of all formats: rows, their names for people, and the values in them."""

from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import NamedTuple

from ....exception import InvalidDataError
from ....tools.text import is_storable, shortened
from ....tools.translatable import joined, translatable

LONGEST_SHOWN = 60  #: characters of a value that a message shows
LONGEST_ROW = 1024 * 1024  #: characters that a line, or a row of several, may have
NUMBER = "\0"  #: stands for the number of a line


class Row(NamedTuple):
    """A row of a file.

    A row with an error has the values that could be read.
    """

    name: str  #: what people call it, such as "Line 17 of catalogue.csv"
    data: dict  #: its values, which JSON can store, by the keys of their columns
    error: str | None = None  #: what does not fit, and what to do


class Misfit(Exception):
    """A value does not fit its column.

    :param reason: a translated sentence
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class File:
    """A file that is being read.

    :param env: ``Environment``, for the language of the messages
    :param name: name of the file
    :param declared: its :class:`Format`
    """

    env: object
    name: str
    declared: object

    @cached_property
    def texts(self):
        return translatable(self.env)

    def row(self, number, value_of):
        """Return the row of a line.

        :param number: number of the line, from 1
        :param value_of: returns the value of a column by its name
        :rtype: Row
        """
        data, reasons = {}, []
        for name, column in self.declared.columns.items():
            try:
                data[column.key or name] = column.read(value_of(name), self, name)
            except Misfit as misfit:
                reasons.append(misfit.reason)
        return Row(self.label(number), data, self._error(number, reasons))

    def bad_row(self, number, reason):
        """Return a row of which nothing could be read."""
        return Row(self.label(number), {}, self._error(number, [reason]))

    def label(self, number):
        """Return what people call a row, in the language of the user."""
        return self._label.replace(NUMBER, str(number))

    @cached_property
    def _label(self):
        # Translating the text for each row would take longer than reading it.
        text = self.texts._(
            "Line %(number)s of %(file)s", number=NUMBER, file=self.name
        )
        return "".join(text)

    def _error(self, number, reasons):
        if not reasons:
            return None
        remedy = self.texts._("Correct it in the file, and deliver the file again.")
        return joined([f"{self.label(number)}:", *reasons, remedy], " ")

    def refuse(self, reason):
        """Return the error for a file that cannot be read as a whole.

        :param reason: a translated sentence
        :rtype: InvalidDataError
        """
        return InvalidDataError(joined([f"{self.name}:", reason], " "))

    def checked_header(self, found):
        """Return the names of the columns of a file.

        :param found: names in its header
        :raise InvalidDataError: when a declared one is missing, or is there twice
        """
        names = [str(name or "").strip() for name in found]
        declared = self.declared.columns
        missing = [name for name in declared if name not in names]
        twice = [name for name in declared if names.count(name) > 1]
        if missing:
            raise self.refuse(
                self.texts._(
                    "The column %(missing)s is missing. The header has: %(found)s. "
                    "Deliver a file with all columns, or correct the columns of the "
                    "connector.",
                    missing=_listed(missing),
                    found=_listed(filter(None, names)),
                )
            )
        if twice:
            raise self.refuse(
                self.texts._(
                    "The header has the column %s twice. Deliver a file that has each "
                    "column once.",
                    _listed(twice),
                )
            )
        return names


@dataclass(frozen=True)
class Format:
    """Base of the formats.

    :param columns: dict of the columns, by their names in the file; see :mod:`.values`
    :param locale: locale in which texts have numbers and dates, such as ``"de_DE"``
    :param timezone: time zone of moments that name none, such as ``"Europe/Berlin"``
    """

    columns: dict = field(default_factory=dict)
    locale: str = "en_US"
    timezone: str = "UTC"

    def rows(self, stream, name, env):
        """Read the rows of a file, one after the other.

        A row that cannot be read has an ``error``, and the next one follows.

        :param stream: seekable binary stream
        :param name: name of the file, for messages
        :param env: ``Environment``, for the language of the messages
        :return: generator of :class:`Row`
        :raise InvalidDataError: when the file as a whole is not in this format
        """
        yield from self._rows(stream, File(env, name, self))

    def _rows(self, stream, file):
        raise NotImplementedError


def lines_of(stream, *ends):
    """Yield the lines of a stream; of one that is too long, only its beginning.

    :param stream: binary or text stream
    :param ends: what ends a line
    """
    while line := stream.readline(LONGEST_ROW + 1):
        yield line
        while len(line) > LONGEST_ROW and not line.endswith(ends):
            line = stream.readline(LONGEST_ROW + 1)


def shown(value, most=LONGEST_SHOWN):
    """Return a value of a file as a message shows it.

    :param most: characters at the most
    """
    text = str(value) if isinstance(value, str | date | time) else repr(value)
    if not is_storable(text):
        text = text.encode("ascii", "backslashreplace").decode().replace("\0", r"\x00")
    return shortened(text, most)


def _listed(names):
    return ", ".join(f"'{shown(name)}'" for name in names)
