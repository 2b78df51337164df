# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Moments that were stored, and a clock that may have been set since then."""

from datetime import datetime


def is_recent(moment, age):
    """Return whether a moment is not longer ago than an age.

    A moment in the future was stored before the clock was set back. It is as long ago
    as it is ahead: nobody has to wait until the clock is there again.

    :param moment: ``datetime`` of the clock of this host, without a time zone
    :param age: ``timedelta``
    """
    return abs(datetime.now() - moment) < age
