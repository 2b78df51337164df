# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read from the headers of an answer how long a caller has to wait.

``docs/howto/rate_limits.rst`` lists the services whose headers these are.
"""

import re
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

LONGEST_RETRY_AFTER = 24 * 60 * 60  #: seconds; a server may be down for a night
LONGEST_VALUE = 100  #: characters; a longer value is not a time

RETRY_AFTER = re.compile(r"retry-?after(-ms|-milliseconds|-seconds)?$")
LIMIT = re.compile(r"limit|quota|throttl")
RESET = re.compile(r"reset|interval")
REMAINING = re.compile(r"remaining|-left$")
MILLISECONDS = re.compile(r"-(ms|milliseconds)$")
#: Parts of a header's name that say what it counts, not which limit.
KINDS = {
    *("after", "interval", "left", "milliseconds", "ms", "remaining", "reset"),
    *("resettime", "seconds", "time"),
}

NUMBER = re.compile(r"\d{1,20}(\.\d{0,9})?|\.\d{1,9}")
AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([a-z]{1,12}) ?")
#: Seconds of a unit, by its first three letters.
UNITS = {
    **dict.fromkeys(("ms", "mil"), 0.001),
    **dict.fromkeys(("s", "sec"), 1),
    **dict.fromkeys(("m", "min"), 60),
    **dict.fromkeys(("h", "hou"), 3600),
    **dict.fromkeys(("d", "day"), 86400),
}
#: What JavaScript writes around the time zone of a date.
AROUND_ZONE = re.compile(r"GMT(?=[+-])|\(.*")

FIRST_EPOCH = 10**9  #: in 2001; a smaller number is not a moment
LAST_EPOCH = 10**11  #: in 5138; larger numbers are milliseconds or less
LONGEST_AGE = 10 * 365 * 86400  #: seconds; a moment is not further away


class Limit(NamedTuple):
    """A limit of the backend, as an answer describes it."""

    remaining: float | None  #: calls that it still allows; ``None`` if it is unknown
    seconds: float | None  #: until it allows more; ``None`` if it is unknown


def asked_wait(headers):
    """Return the wait that an answer asks for.

    ``Retry-After`` counts first. Without it, it is the time until those limits are
    reset that have no call left, or whose remaining calls are unknown.

    :return: seconds, at most ``LONGEST_RETRY_AFTER``; ``None`` when no header has a
        valid time
    :rtype: float | None
    """
    limits = _limits(headers)
    spent = [limit.seconds for limit in limits if limit.remaining == 0]
    unknown = [limit.seconds for limit in limits if limit.remaining is None]
    waits = named_wait(headers), _longest(spent), _longest(unknown)
    return next((wait for wait in waits if wait is not None), None)


def named_wait(headers):
    """Return the seconds of ``Retry-After`` (RFC 9110, 10.2.3) and its relatives."""
    now = _now(headers)
    return _longest(
        _seconds(name, value, now)
        for name, value in _lower(headers)
        if RETRY_AFTER.search(name)
    )


def is_exhausted(headers):
    """Return whether an answer names a limit that has no call left."""
    return any(limit.remaining == 0 for limit in _limits(headers))


def _longest(waits):
    known = [wait for wait in waits if wait is not None]
    return min(max(*known, 0), LONGEST_RETRY_AFTER) if known else None


def _now(headers):
    """Return the moment of the answer on the backend's clock, as seconds since 1970.

    A clock of ours that differs then changes no wait.
    """
    return _moment(headers.get("Date", "")) or time.time()


def _lower(headers):
    return [(name.lower(), value.strip()) for name, value in headers.items()]


def _limits(headers):
    """Return each :class:`Limit` that the headers describe."""
    now = _now(headers)
    remaining, seconds, limits = {}, {}, []
    for name, value in _lower(headers):
        if RETRY_AFTER.search(name):
            continue
        if "=" in value and LIMIT.search(name):
            limits += _structured(value, headers)
        elif REMAINING.search(name):
            remaining[_key(name)] = _number(value)
        elif LIMIT.search(name) and RESET.search(name):
            found = _seconds(name, value, now)
            # Seconds are more exact than the moment that stands beside them.
            known = None if "after" in name else seconds.get(_key(name))
            seconds[_key(name)] = found if known is None else known
    keys = dict.fromkeys([*remaining, *seconds])
    return limits + [Limit(remaining.get(key), seconds.get(key)) for key in keys]


def _key(name):
    """Return what the headers of one limit have in common."""
    return frozenset(name.split("-")) - KINDS


def _structured(value, headers):
    """Return the limits in a structured field.

    The draft of the IETF for ``RateLimit`` changed: ``"default";r=0;t=30`` today was
    ``limit=100, remaining=0, reset=30`` before. A policy says how long its window is,
    for a limit that does not say when it is reset.
    """
    if "remaining" in value:
        value = value.replace(",", ";")
    windows = {
        name: _number(values.get("w", ""))
        for name, values in map(_item, headers.get("RateLimit-Policy", "").split(","))
    }
    for name, values in map(_item, value.split(",")):
        left = _number(values.get("r") or values.get("remaining", ""))
        time_left = values.get("t") or values.get("reset") or values.get("resets", "")
        seconds = _number(time_left)
        if left is not None:
            yield Limit(left, windows.get(name) if seconds is None else seconds)


def _item(text):
    """Return the name and the parameters of an item of a structured field."""
    name, *_rest = parts = text.strip().split(";")
    pairs = (part.partition("=") for part in parts)
    return name, {key.strip().lower(): value.strip() for key, _, value in pairs}


def _number(value):
    value = value.strip(' "')
    return float(value) if NUMBER.fullmatch(value) else None


def _seconds(name, value, now):
    """Return the seconds until the time that a header names, or ``None``."""
    if len(value) > LONGEST_VALUE:
        return None
    numbers = [_number(each) for each in value.split(",")]
    if None in numbers:
        moment = _moment(value)
        return _duration(value) if moment is None else moment - now
    number = max(numbers)
    if MILLISECONDS.search(name):
        number /= 1000
    if number < FIRST_EPOCH:
        return number
    while number >= LAST_EPOCH:
        number /= 1000
    wait = number - now
    return wait if abs(wait) < LONGEST_AGE else None


def _duration(value):
    """Return the seconds of a duration, such as ``1m30s``, ``12ms`` or ``PT1M``."""
    value = value.lower().removeprefix("pt")
    amounts = AMOUNT.findall(value)
    units = [UNITS.get(unit[:3]) for _number, unit in amounts]
    if not amounts or None in units or AMOUNT.sub("", value):
        return None
    return sum(
        float(amount) * unit for (amount, _), unit in zip(amounts, units, strict=True)
    )


def _moment(value):
    """Return a date of HTTP or ISO 8601 as seconds since 1970, or ``None``."""
    if len(value) > LONGEST_VALUE:
        return None
    for parse in (parsedate_to_datetime, _iso):
        try:
            moment = parse(AROUND_ZONE.sub("", value))
            if not moment.tzinfo:
                moment = moment.replace(tzinfo=timezone.utc)
            return moment.timestamp()
        except (ArithmeticError, LookupError, TypeError, ValueError):
            continue
    return None


def _iso(value):
    return datetime.fromisoformat(value.replace("Z", "+00:00"))
