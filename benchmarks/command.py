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


def main(arguments):
    """Measure, and print the table.

    :param arguments: strings of the command line
    :return: the exit code; only the short form has an opinion
    """
    options = _parse(arguments)
    with running_postgres(), locks.alone(contenders.STATE, "./dev/bench"):
        if options.short:
            return short.run()
        if options.screens:
            lines, results = screens.run(options.repeat, options.plans), []
        elif options.webhooks:
            lines, results = webhooks.run(options.repeat), []
        elif options.cards:
            lines, results = cards.run(options.cards), []
        elif options.files:
            lines, results = files.run(), []
        elif options.catalogue:
            lines, results = catalogue.run(options.catalogue, options.repeat), []
        elif options.long:
            lines, results = growth.run(), []
        else:
            rows = _with_limits(options.only)
            results = table.measure(rows, options.repeat, options.profile)
            lines = report.lines(results)
    say("\n" + "\n".join(columns(lines)))
    report.print_notes(results)
    if options.write:
        page.put_table(_mark(options), lines)
        if results:
            plot.write(results)
    return 0


#: Options whose tables have a mark of this name in the docs.
MARKS = ("cards", "catalogue", "files", "screens", "webhooks")


def _mark(options):
    """Return the name of the table in the docs."""
    names = {name: name for name in MARKS}
    names["long"] = "growth"
    chosen = (name for option, name in names.items() if getattr(options, option))
    return next(chosen, "costs")


def _with_limits(names):
    """Return the rows of these names, and those that they are measured against."""
    limits = {BY_NAME[name].within[0] for name in names if BY_NAME[name].within}
    return [row for name, row in BY_NAME.items() if name in {*names, *limits}]


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev/bench")
    add = parser.add_argument
    add("--short", action="store_true", help="count queries, and fail if they grew")
    add("--long", action="store_true", help="time and memory up to 20,000 records")
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
