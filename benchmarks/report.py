"""The table, and what a user of the peer writes by hand."""

from environment.console import say

from . import server_runs
from .rows import BY_NAME

HEADINGS = ("work, per record", "peer", "ours", "times", "aim", "queries", "verdict")


def lines(results):
    """Return the table: rows of cells, the headings first."""
    return [HEADINGS, *map(_cells, results)]


def print_notes(results):
    """Print what the table has no room for."""
    if not results:
        return
    missed = [result for result in results if result.misses]
    if missed:
        say("\nMissed:")
    for result in missed:
        say(f"  {result.row.title}: {', '.join(result.misses)}")
    for result in results:
        if result.limit:
            limit, aim = result.row.within
            say(
                f"\n{result.row.title}: {result.over_limit:.2f} times "
                f"“{BY_NAME[limit].title}”; aim {aim:g}"
            )
    say("\nWhat a user of the peer writes by hand to get there:")
    for by_hand in dict.fromkeys(result.row.by_hand for result in results):
        titles = [r.row.title for r in results if r.row.by_hand == by_hand]
        say(f"  {by_hand}\n      for " + "\n      for ".join(titles))
    say("\nHow far the runs are apart:")
    for result in results:
        say(f"  {result.row.title}: {_spread(result.peer)}, {_spread(result.ours)}")


def duration(seconds):
    """Return a time as people like to read it."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:.2f} ms"


def _cells(result):
    row = result.row
    return (
        row.title,
        duration(result.peer.seconds),
        duration(result.ours.seconds),
        f"{result.ratio:.3g}",
        f"{row.faster:g}" if row.faster else "",
        _queries(result),
        _verdict(result),
    )


def _queries(result):
    if result.row.run is server_runs.run_on_copy:
        return ""  # they are in other processes
    aim = f" (aim {result.row.queries:g})" if result.row.queries else ""
    return f"{result.peer.queries:.2f} -> {result.ours.queries:.3f}{aim}"


def _verdict(result):
    if not (result.row.faster or result.row.within):
        return ""
    return "missed" if result.misses else "met"


def _spread(medians):
    shortest, longest = medians.spread
    return f"{duration(shortest)} to {duration(longest)}"
