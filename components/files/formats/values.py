# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Columns of a file: how their values are read, and which ones are refused.

Numbers stay numbers. Texts are read by the locale that the format states. Nothing is
guessed: a value that does not fit is refused, with the file, the line, the column and
the value.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from datetime import time as time_of_day
from decimal import Decimal
from functools import cache, lru_cache
from math import isfinite
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_date_format
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from odoo.tools import DEFAULT_SERVER_DATETIME_FORMAT

from ....tools.text import is_storable
from .row import Misfit, shown

SPACES = "[ \u00a0\u202f]"  #: between thousands; programs write each of them
APOSTROPHES = "['\u2019]"  #: likewise, in Switzerland
#: Numbers from here on have lost digits in a workbook, which keeps 15 of them.
LARGEST_EXACT = 10**15
EXAMPLE, EXAMPLE_DATE = 1234.5, date(2026, 12, 31)


@dataclass(frozen=True)
class Column:
    """Base of the columns.

    :param key: name of the value in the data of the record; by default the name of the
        column
    :param required: whether an empty value is refused; otherwise it is ``None``
    """

    key: str | None = None
    required: bool = False

    def read(self, value, file, name):
        """Return the value of a cell, as JSON has it.

        :param value: a text, or what the format knows: a number, a date, ...
        :param file: the :class:`~.row.File`
        :param name: name of the column
        :raise Misfit: when it does not fit
        """
        if isinstance(value, Elements):
            value = value.text(file, name)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if self.required:
                reason = file.texts._("The column '%s' is empty.", name)
                raise Misfit(reason)
            return None
        if isinstance(value, Uncertain):
            raise Misfit(value.reason(file, name))
        try:
            return self._read(value, file)
        except (ArithmeticError, ValueError) as error:
            raise Misfit(self._reason(value, file, name)) from error

    def _read(self, value, file):
        """Return the value of a cell that is not empty.

        :raise ValueError: when it does not fit
        """
        raise NotImplementedError

    def _reason(self, value, file, name):
        return file.texts._(
            "'%(value)s' in the column '%(column)s' is not %(kind)s.",
            value=shown(value),
            column=name,
            kind=self._kind(file),
        )

    def _kind(self, file):
        """Return what the column has, as a part of a sentence."""
        raise NotImplementedError


@dataclass(frozen=True)
class Uncertain:
    """A cell of a workbook whose value is unknown.

    :param value: what the cell shows, ``None`` for a formula without a result
    """

    value: str | None = None

    def reason(self, file, name):
        """Return why the value cannot be used."""
        if self.value is not None:
            return file.texts._(
                "The column '%(column)s' has the error %(value)s.",
                column=name,
                value=self.value,
            )
        return file.texts._(
            "The column '%s' has a formula that no spreadsheet program has computed. "
            "Open the file in such a program and save it.",
            name,
        )


class Elements:
    """Elements of XML, which are a text or lines, as the column says.

    :param found: list of elements
    :param values_of: returns a function that returns the value of a column of one
    """

    def __init__(self, found, values_of=None):
        self._found = found
        self._values_of = values_of

    def text(self, file, name):
        """Return the text of the only element, ``None`` without one."""
        if not self._found:
            return None
        if len(self._found) > 1 or len(self._found[0]):
            raise Misfit(
                file.texts._(
                    "The column '%s' has several values, or elements within it.", name
                )
            )
        return self._found[0].text

    def lines(self):
        """Return a function for each element, which returns the value of a column."""
        return [self._values_of(each) for each in self._found]


class Text(Column):
    """A text, without the spaces around it.

    A number of a workbook is its digits, without leading zeros: the workbook has none.
    """

    def _read(self, value, file):
        if isinstance(value, bool | dict | list | date | time_of_day):
            raise ValueError(value)
        if isinstance(value, int | float):
            if abs(value) >= LARGEST_EXACT or not isfinite(value):
                raise ValueError(value)
            return str(int(value)) if value == int(value) else repr(value)
        if not is_clean(value):
            raise ValueError(value)
        return value

    def _kind(self, file):
        return file.texts._("a text that can be read with the stated encoding")


class Number(Column):
    """A number: in texts by the locale, with or without thousands separators."""

    def _read(self, value, file):
        exact = _number_in(value, file.declared.locale)
        number = float(exact)
        # A float has 15 digits. Longer numbers are ids, which are texts.
        if not isfinite(number) or Decimal(repr(number)) != exact:
            raise ValueError(value)
        return number

    def _kind(self, file):
        locale = file.declared.locale
        return file.texts._(
            "a number such as %s, of 15 digits at the most",
            format_decimal(EXAMPLE, locale=locale),
        )


class Integer(Number):
    """A whole number."""

    def _read(self, value, file):
        number = super()._read(value, file)
        if number != int(number):
            raise ValueError(value)
        return int(number)

    def _kind(self, file):
        return file.texts._("a whole number")


@dataclass(frozen=True)
class Date(Column):
    """A date, which is a text such as ``2026-12-31`` in the data.

    :param pattern: how texts have it, as for ``strptime``; by default in the order of
        the locale, with a year of four digits, or as ISO 8601 has it
    """

    pattern: str | None = None

    def _read(self, value, file):
        if isinstance(value, datetime):
            if value.time() != time_of_day():
                raise ValueError(value)
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, str):
            raise ValueError(value)
        if self.pattern:
            return datetime.strptime(value, self.pattern).date().isoformat()
        return _date_in(value, file.declared.locale).isoformat()

    def _kind(self, file):
        pattern = self.pattern or _date_pattern(file.declared.locale)
        return file.texts._("a date such as %s", EXAMPLE_DATE.strftime(pattern))


@dataclass(frozen=True)
class Datetime(Column):
    """A moment, which is a text in UTC as Odoo stores it in the data.

    A text without a time zone, and each moment of a workbook, is in that of the format.

    :param pattern: how texts have it, as for ``strptime``; by default ISO 8601
    """

    pattern: str | None = None

    def _read(self, value, file):
        if isinstance(value, str):
            value = self._parsed(value)
        if not isinstance(value, datetime):
            raise ValueError(value)
        zone = ZoneInfo(file.declared.timezone)
        moment = value if value.tzinfo else value.replace(tzinfo=zone)
        utc = moment.astimezone(timezone.utc)
        if utc.astimezone(moment.tzinfo).replace(tzinfo=None) != value.replace(
            tzinfo=None
        ):
            raise ValueError(value)  # the hour that summer time leaves out
        return utc.strftime(DEFAULT_SERVER_DATETIME_FORMAT)

    def _parsed(self, text):
        if self.pattern:
            return datetime.strptime(text, self.pattern)
        # Python 3.10 does not know the Z of UTC.
        return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))

    def _kind(self, file):
        moment = datetime.combine(EXAMPLE_DATE, time_of_day(23, 59))
        pattern = self.pattern or "%Y-%m-%d %H:%M"
        return file.texts._("a moment such as %s", moment.strftime(pattern))


@dataclass(frozen=True)
class Choice(Column):
    """One of several values.

    :param values: dict of the values in the data, by the values in the file, such as
        ``{"ja": True, "nein": False}``
    """

    values: dict = field(default_factory=dict)

    def _read(self, value, file):
        try:
            return self.values[value]
        except (KeyError, TypeError) as error:
            raise ValueError(value) from error

    def _kind(self, file):
        known = ", ".join(f"'{each}'" for each in self.values)
        return file.texts._("one of %s", known)


class Anything(Column):
    """A value as the file has it, such as an object of JSON.

    A date or a time of a workbook is a text of ISO 8601, such as ``"01:30:00"``.
    """

    def _read(self, value, file):
        if isinstance(value, date | time_of_day):
            return value.isoformat()
        if not is_clean(value):
            raise ValueError(value)
        return value

    def _kind(self, file):
        return file.texts._("a value that can be stored")


@dataclass(frozen=True)
class Lines(Column):
    """A list of lines within a record of XML or JSON, such as those of an order.

    :param columns: dict of the columns of a line
    """

    columns: dict = field(default_factory=dict)

    def read(self, value, file, name):
        return [
            {
                column.key or source: column.read(
                    line(source), file, f"{name} {number}: {source}"
                )
                for source, column in self.columns.items()
            }
            for number, line in enumerate(self._lines(value, file, name), 1)
        ]

    def _lines(self, value, file, name):
        lines = value.lines() if isinstance(value, Elements) else value or []
        if not lines and self.required:
            raise Misfit(file.texts._("The column '%s' is empty.", name))
        if not isinstance(lines, list):
            raise Misfit(self._reason(value, file, name))
        for line in lines:
            if not callable(line) and not isinstance(line, dict):
                raise Misfit(self._reason(line, file, name))
            yield line if callable(line) else line.get

    def _kind(self, file):
        return file.texts._("a list of lines")


def _number_in(value, locale):
    """Return the exact number of a cell: a number, or a text in the locale."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    if not isinstance(value, str):
        return Decimal(repr(value))
    pattern, group, decimal = _number_rules(locale)
    if not pattern.fullmatch(value):
        raise ValueError(value)
    plain = re.sub(group, "", value).replace(decimal, ".").replace("\u2212", "-")
    return Decimal(plain)


@cache
def _number_rules(locale):
    """Return the pattern of numbers, that of a group's end, and the decimal symbol."""
    group = get_group_symbol(locale)
    decimal = get_decimal_symbol(locale)
    if group.isspace():
        group = SPACES
    elif group in APOSTROPHES:
        group = APOSTROPHES
    else:
        group = re.escape(group)
    last, others = Locale.parse(locale).decimal_formats[None].grouping
    grouped = rf"\d{{1,{others}}}(?:{group}\d{{{others}}})*{group}\d{{{last}}}"
    pattern = rf"[+\-\u2212]?(?:\d+|{grouped})(?:{re.escape(decimal)}\d+)?"
    return re.compile(pattern, re.ASCII), group, decimal


@lru_cache(maxsize=1000)
def _date_in(text, locale):
    for pattern in ("%Y-%m-%d", _date_pattern(locale)):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise ValueError(text)


@cache
def _date_pattern(locale):
    """Return the order of day, month and year of a locale, as for ``strptime``."""
    letters = get_date_format("short", locale).pattern
    names = {"d": "%d", "M": "%m", "y": "%Y"}
    return re.sub("d+|M+|y+", lambda found: names[found[0][0]], letters)


def is_clean(value):
    """Return whether all texts of a value can be stored, and belong to the encoding."""
    if isinstance(value, dict):
        return all(is_clean(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(is_clean, value))
    if not isinstance(value, str):
        return value is None or isinstance(value, bool | int) or isfinite(value)
    return is_storable(value)
