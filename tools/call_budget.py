# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Count the calls to a backend in windows of time.

A window slides: at no moment have more calls been made in its last seconds than it
allows, wherever the backend lets its own window begin. Calls are counted in slots, so
that a large window needs no more memory than a small one.
"""

import math

SLOTS = 50  #: in each window
#: Seconds by which one call may need longer than another one until it arrives, as with
#: a new connection. The backend counts when it arrives.
LATENCY = 0.5


def windows_of(declared):
    """Return the windows that an adapter declares.

    :param declared: ``(calls, seconds)``, or several of them
    :return: list of ``(calls, seconds)``
    """
    return [declared] if declared and not hasattr(declared[0], "__len__") else declared


def take(used, windows, now, calls=1):
    """Take calls from all windows, or from none.

    :param used: the calls of each window by slot, as the last ``take`` returned them;
        an empty dict at first
    :param windows: list of ``(calls, seconds)``
    :param now: seconds on a clock
    :param calls: how many to take; more than a window allows are taken as all of it
    :return: the seconds until the calls are free, 0 when they were taken, and what is
        used then
    """
    kept = {str(seconds): _kept(used, seconds, now) for _, seconds in windows}
    waits = [
        _wait(kept[str(seconds)], allowed - min(calls, allowed), seconds, now)
        for allowed, seconds in windows
    ]
    if any(waits):
        return max(waits), kept
    for name, slots in kept.items():
        slot = str(_slot(now, float(name)))
        slots[slot] = slots.get(slot, 0) + calls
    return 0, kept


def _slot(now, seconds):
    return math.floor(now * SLOTS / seconds)


def _end(slot, seconds):
    """Return when the calls of a slot leave the window."""
    return (int(slot) + 1) * seconds / SLOTS + seconds + min(LATENCY, seconds / 4)


def _kept(used, seconds, now):
    """Return the slots in a window.

    A slot in the future was made before a clock was set back: its calls count as made
    now.
    """
    latest, kept = _slot(now, seconds), {}
    for slot, calls in used.get(str(seconds), {}).items():
        if _end(slot, seconds) > now:
            slot = str(min(int(slot), latest))
            kept[slot] = kept.get(slot, 0) + calls
    return kept


def _wait(slots, most, seconds, now):
    """Return the seconds until a window has at most so many calls."""
    left = sum(slots.values())
    wait = 0
    for slot in sorted(slots, key=int):
        if left <= most:
            break
        left -= slots[slot]
        wait = _end(slot, seconds) - now
    return wait
