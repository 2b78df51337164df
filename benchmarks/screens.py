"""``./dev/bench --screens``: what the screens take on a large database."""

from environment import build_cache, databases, postgres
from environment.console import say, step

from . import contenders, processes
from .templates import SHORT_PARTNERS, prepare

BINDINGS = 1_000_000
#: the requests, and how many milliseconds they may take
REQUESTS = {
    "overview": 300,
    "failures": 500,
    "failures_grouped": 500,
    "runs": 500,
    "record_button": 200,
    "record": 500,
}
HEADINGS = ("request", "median", "worst", "queries", "aim", "verdict")


def run(repeat, plans):
    """Measure the requests of the screens.

    :param repeat: how often
    :param plans: whether to print the plans of slow queries
    :return: the table: rows of cells, the headings first
    """
    database = _database()
    works = [(f"screens.{name}", repeat) for name in REQUESTS]
    with step("Measure the screens"):
        found = processes.do(contenders.OURS, database, works)
    lines = [HEADINGS]
    for name, aim in REQUESTS.items():
        screen = found[f"screens.{name}"]
        if plans:
            _print_plans(name, screen["plans"])
        lines.append(_line(name, screen, aim))
    return lines


def _line(name, screen, aim):
    return (
        name.replace("_", ", "),
        f"{screen['seconds'] * 1000:.0f} ms",
        f"{screen['worst'] * 1000:.0f} ms",
        str(screen["queries"]),
        f"{aim} ms",
        "met" if screen["seconds"] * 1000 < aim else "missed",
    )


def _print_plans(name, plans):
    for milliseconds, query, lines in plans:
        say(f"\n== {name}: {milliseconds:.0f} ms\n{query}\n")
        say("\n".join(f"    {line}" for line in lines))


def _database():
    """Have the large database, which is kept.

    :return: its name
    """
    template = prepare(contenders.OURS, SHORT_PARTNERS)
    filling = (processes.PROGRAM / "crowd.py").read_text()
    key = build_cache.fingerprint(template, filling)
    return databases.template(
        "benchmark-screens", key, lambda name: _fill(name, template)
    )


def _fill(name, template):
    databases.create(name, template)
    with step(f"Make {BINDINGS:,} bindings and their jobs"):
        processes.do(contenders.OURS, name, [("crowd.fill", BINDINGS)])
        # PostgreSQL does it by itself after a while.
        postgres.execute("VACUUM ANALYZE", name)
