"""``./dev/chaos``: the command line."""

import argparse
import random

from environment import locks, running_postgres
from environment.console import say

from . import paths, postgres_server, report, scenarios
from .chaos import Chaos


def main(arguments):
    """Run scenarios, and print what came of them.

    :param arguments: strings of the command line
    :return: the exit code, 0 when no invariant is broken
    """
    options = _parse(arguments)
    # while the environment's server is in use, ./dev/clean refuses
    with locks.alone(paths.STATE, "./dev/chaos"), running_postgres():
        postgres_server.prepare()
        return _run(options)


def _run(options):
    say(f"  The seed is {options.seed}.")
    with Chaos(options.short, options.seed) as chaos:
        for number in options.only:
            scenarios.ALL[number](chaos)
        say()
        report.print_table(chaos.trials)
        broken = report.print_problems(chaos.trials)
        chaos.print_surprises()
        if broken or chaos.surprises:
            chaos.say_where_logs_are()
    return int(broken)


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev/chaos")
    parser.add_argument("--short", action="store_true", help="the short form of each")
    parser.add_argument(
        "--only",
        type=_numbers,
        default=list(scenarios.ALL),
        metavar="1,3",
        help="numbers of scenarios",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=random.randrange(10**6),
        help="of scenario 6, to replay it",
    )
    return parser.parse_args(arguments)


def _numbers(text):
    numbers = [int(part) for part in text.split(",")]
    if not set(numbers) <= scenarios.ALL.keys():
        raise argparse.ArgumentTypeError(
            f"they are {', '.join(map(str, scenarios.ALL))}"
        )
    return numbers
