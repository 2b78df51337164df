"""Profiles of the works."""

import contextlib
import cProfile
import pstats
import sys


@contextlib.contextmanager
def profile(title, wanted):
    """Print where the time went, if that is wanted.

    :param title: names the work
    :param wanted: how many functions to print, 0 for no profile
    :return: context manager that gives a ``cProfile.Profile`` to enable, or ``None``
    """
    if not wanted:
        yield None
        return
    watch = cProfile.Profile()
    yield watch
    print(f"\n== {title}", file=sys.stderr)
    stats = pstats.Stats(watch, stream=sys.stderr)
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(wanted)
