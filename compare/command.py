"""``./dev/compare``: the command line."""

import argparse
import contextlib
import random
from collections import Counter
from functools import partial

from environment import folders, locks, running_postgres
from environment.console import columns, say, step
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from .cases import KINDS
from .differences import differences
from .known import KNOWN, known_as
from .sides import OURS, PEER

#: How many cases of each kind show each known difference.
CASES = {"binders": 300, "mappers": 400, "exporters": 150, "jobs": 100, "look-ups": 80}
#: From ten cases on, hypothesis repeats parts of those that it has tried.
AT_ONCE = 10
#: Of how many new differences of a kind to find a small case; each may take a minute.
SMALL = 3


class Shown(AssertionError):
    """A case shows a difference, for hypothesis, which makes it smaller."""


class Comparison:
    """Runs cases of one kind on both sides, and counts.

    :param count: how many cases
    :param first: the first seed of hypothesis
    """

    def __init__(self, kind, count, first, sides):
        self.kind, self.count, self.first = kind, count, first
        self.sides = sides
        self.cases = self.operations = 0
        self.known = Counter()
        #: differences that are not known, and their seeds, by their signature
        self.new = {}

    def run(self):
        """Run the cases, and find a small one for each difference that is not known."""
        for number in range(self.first, self.first + self.count // AT_ONCE):
            self._run(partial(self._count, number), number, [Phase.generate])
        for signature, (number, _difference) in list(self.new.items())[:SMALL]:
            phases = [Phase.generate, Phase.shrink]
            with contextlib.suppress(Shown):
                self._run(partial(self._show, signature), number, phases)

    def _run(self, check, number, phases):
        @seed(number)
        @settings(
            max_examples=AT_ONCE,
            deadline=None,
            database=None,
            phases=phases,
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(KINDS[self.kind])
        def run(case):
            check(case)

        run()

    def _count(self, number, case):
        found, compared = self._compare(case)
        self.cases += 1
        self.operations += compared
        for each in found:
            if known := known_as(each):
                self.known[known.name] += 1
            else:
                self.new.setdefault(each.signature, (number, each))

    def _show(self, signature, case):
        for each in self._compare(case)[0]:
            if each.signature == signature and not known_as(each):
                self.new[signature] = None, each
                raise Shown

    def _compare(self, case):
        for side in self.sides:
            side.ask(case.setup, case.operations)
        return differences(case, *(side.answer() for side in self.sides))


def main(arguments):
    """Compare, and print what differs.

    :param arguments: strings of the command line
    :return: the exit code, 0 when all differences are known and each of them is shown
    """
    options = _parse(arguments)
    is_random = options.seed is not None
    done = []
    with (
        running_postgres(),
        locks.alone(folders.STATE / "compare", "./dev/compare"),
        PEER.running() as peer,
        OURS.running() as ours,
    ):
        for kind in options.only:
            count = options.times * CASES[kind]
            comparison = Comparison(kind, count, options.seed or 0, (peer, ours))
            with step(f"Compare {kind}"):
                comparison.run()
            done.append(comparison)
    known = sum((each.known for each in done), Counter())
    new = [each for comparison in done for _seed, each in comparison.new.values()]
    _print_table(done, known)
    for each in new:
        say(f"\nNew difference, {each.signature}\n\n{each}")
    complete = not is_random and options.only == list(KINDS)
    often = [each.name for each in KNOWN if not each.rare] if complete else []
    gone = [name for name in often if not known[name]]
    if gone:
        names = "\n  ".join(gone)
        say(f"\nNo case shows these any more; remove them from known.py:\n  {names}")
    return int(bool(new or gone))


def _print_table(done, known):
    rows = [
        (c.kind, *map(str, (c.cases, c.operations, c.known.total(), len(c.new))))
        for c in done
    ]
    headings = ("kind", "cases", "operations", "known", "new")
    say("\n" + "\n".join(columns([headings, *rows])))
    say()
    for each in KNOWN:
        if count := known[each.name]:
            say(f"{count:6}  {each.name}")


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev/compare")
    add = parser.add_argument
    add("--times", type=int, default=1, help="how many times as many cases")
    add(
        "--seed",
        type=int,
        nargs="?",
        const=random.randrange(10**6),
        help="other cases than each time; without a number, any",
    )
    add("--only", type=_kinds, default=list(KINDS), metavar="KIND,...")
    return parser.parse_args(arguments)


def _kinds(text):
    names = text.split(",")
    if set(names) - KINDS.keys():
        raise argparse.ArgumentTypeError(f"they are {', '.join(KINDS)}")
    return names
