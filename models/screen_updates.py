# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Messages to open screens that jobs of connectors have changed.

A message has no content: a screen that gets it reads again what its user may see.
"""

import logging
import time

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)

#: Type of the message on Odoo's bus.
SCREEN_UPDATE = "connector/updated"
#: Seconds between two messages of a process for a database. Screens read once more two
#: seconds after a message, so that they miss nothing that happens in between.
INTERVAL = 1


class Throttle:
    """Admits one event an interval.

    :param seconds: the length of the interval
    :param clock: function that returns the seconds since any moment
    """

    def __init__(self, seconds, clock=time.monotonic):
        self._seconds = seconds
        self._clock = clock
        self._last = {}

    def admits(self, key):
        """Return whether the last event that was admitted is long enough ago.

        :param key: what the event is about; each key has its own intervals
        """
        now = self._clock()
        last = self._last.get(key)
        if last is not None and now - last < self._seconds:
            return False
        self._last[key] = now
        return True


_throttle = Throttle(INTERVAL)


def notify_screens(registry):
    """Tell the screens of all users of connectors to read again what they show.

    It uses a transaction of its own, and never raises an error: a job must not fail
    because nobody could be told about it.
    """
    if not _throttle.admits(registry.db_name):
        return
    try:
        with registry.cursor() as cr:
            send(api.Environment(cr, SUPERUSER_ID, {}))
    except Exception:
        _logger.info("The screens could not be notified", exc_info=True)


def send(env):
    """Send the message when the transaction is committed.

    Odoo lets each user receive the messages to their groups, and to no others.
    """
    users = env.ref("connector.group_connector_user", raise_if_not_found=False)
    if users:
        users.sudo()._bus_send(SCREEN_UPDATE, {})
