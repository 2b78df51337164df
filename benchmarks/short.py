"""The short form: counts of our queries, which are the same on every machine."""

from environment import databases
from environment.console import say, step

from . import contenders, processes
from .bounds import BOUNDS
from .templates import SHORT_PARTNERS, prepare


def run():
    """Count the queries of each work.

    :return: the exit code, 0 when none takes more than its bound
    """
    template = prepare(contenders.OURS, SHORT_PARTNERS)
    works = [(name, records) for name, (records, _queries) in BOUNDS.items()]
    with (
        step("Count queries per record"),
        databases.temporary(template, "benchmark-short") as database,
    ):
        costs = processes.run(contenders.OURS, database, works)
    grown = [name for name, cost in costs.items() if cost.queries > BOUNDS[name][1]]
    for name, cost in costs.items():
        note = "GROWN" if name in grown else ""
        say(f"  {name:40} {cost.queries:8.3f}, at most {BOUNDS[name][1]:<8g} {note}")
    if grown:
        say(
            "\nThese take more queries per record than before. If there is a reason, "
            "benchmarks/bounds.py gets a new bound."
        )
    return int(bool(grown))
