"""``./dev/bench``: the command line."""

import argparse

from environment import locks, running_postgres
from environment.console import columns, say

from . import (
    cards,
    catalogue,
    contenders,
    files,
    growth,
    page,
    plot,
    report,
    screens,
    short,
    table,
    webhooks,
)
from .rows import BY_NAME

#: What measures each table, by its option and its mark in the docs.
TABLES = {
    "screens": lambda options: screens.run(options.repeat, options.plans),
    "webhooks": lambda options: webhooks.run(options.repeat),
    "cards": lambda options: cards.run(options.cards),
    "files": lambda _options: files.run(),
    "catalogue": lambda options: catalogue.run(options.catalogue, options.repeat),
    "growth": lambda _options: growth.run(),
}


def main(arguments):
    """Measure, and print the table.

    :param arguments: strings of the command line
    :return: the exit code; only the short form has an opinion
    """
    options = _parse(arguments)
    with running_postgres(), locks.alone(contenders.STATE, "./dev/bench"):
        if options.short:
            return short.run()
        chosen = next((name for name in TABLES if getattr(options, name)), None)
        if chosen:
            lines, results = TABLES[chosen](options), []
        else:
            rows = _with_limits(options.only)
            results = table.measure(rows, options.repeat, options.profile)
            lines = report.lines(results)
    say("\n" + "\n".join(columns(lines)))
    report.print_notes(results)
    if options.write:
        page.put_table(chosen or "costs", lines)
        if results:
            plot.write(results)
    return 0


def _with_limits(names):
    """Return the rows of these names, and those that they are measured against."""
    limits = {BY_NAME[name].within[0] for name in names if BY_NAME[name].within}
    return [row for name, row in BY_NAME.items() if name in {*names, *limits}]


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev/bench")
    add = parser.add_argument
    add("--short", action="store_true", help="count queries, and fail if they grew")
    text = "time and memory up to 20,000 records"
    add("--long", action="store_true", dest="growth", help=text)
    add("--screens", action="store_true", help="time the screens, on a large database")
    add("--webhooks", action="store_true", help="time the answers to deliveries")
    add(
        "--cards",
        type=int,
        const=10_000,
        nargs="?",
        metavar="NUMBER",
        help="time and memory of imports from address books; 10,000 cards by default",
    )
    add(
        "--catalogue",
        type=int,
        const=20_000,
        nargs="?",
        metavar="NUMBER",
        help="time of a file of products, beside the ORM; 20,000 products by default",
    )
    add("--files", action="store_true", help="time and memory of files being read")
    add("--plans", action="store_true", help="print the plans of their slow queries")
    add(
        "--only",
        type=_names,
        default=list(BY_NAME),
        metavar="NAME,...",
        help=f"rows of the table: {', '.join(BY_NAME)}",
    )
    add("--repeat", type=int, default=5, help="how often; 5 by default")
    add("--write", action="store_true", help="write what comes of it into docs/, too")
    add(
        "--profile",
        type=int,
        default=0,
        const=30,
        nargs="?",
        metavar="LINES",
        help="print where the time goes, 30 lines of each work",
    )
    return parser.parse_args(arguments)


def _names(text):
    names = text.split(",")
    if set(names) - BY_NAME.keys():
        raise argparse.ArgumentTypeError(f"they are {', '.join(BY_NAME)}")
    return names
