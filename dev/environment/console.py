"""Output for people: steps with their time, tables, and errors of one sentence."""

import contextlib
import sys
import time

WIDTH = 44


class Problem(Exception):
    """Something stops the command: one sentence that says what, and what to do."""


def say(text=""):
    """Print a line immediately, also into a pipe."""
    print(text, flush=True)


def complain(text):
    """Print an error."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def plural(number, noun):
    """Return a number with its noun: ``plural(2, "test")`` is "2 tests"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def columns(rows, rule=""):
    """Return rows of cells as lines with columns, all but the first flush right.

    :param rule: a character for lines around the headings and at the end
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = map(str.rjust, others, widths[1:])
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    if rule:
        border = "  ".join(rule * width for width in widths)
        lines = [border, lines[0], border, *lines[1:], border]
    return lines


class Step:
    """A line of output for a step of the work, with its progress on a terminal."""

    def __init__(self, title):
        self.title = title
        self._started = time.monotonic()
        self.note("")

    def note(self, text):
        """Show what is going on, until something else is; only on a terminal."""
        if sys.stdout.isatty():
            line = f"  {self.title} ... {text}"[:78]
            print(f"\r\x1b[K{line}", end="", flush=True)

    def end(self, outcome=None):
        """Write the final line: how long it took, or ``outcome``."""
        outcome = outcome or f"{time.monotonic() - self._started:.1f} s"
        start = "\r\x1b[K" if sys.stdout.isatty() else ""
        say(f"{start}  {self.title} {'.' * max(WIDTH - len(self.title), 3)} {outcome}")


@contextlib.contextmanager
def step(title):
    """Time a step of the work: ``with step("Unpack Odoo") as shown: ...``"""
    shown = Step(title)
    try:
        yield shown
    except BaseException:
        shown.end("failed")
        raise
    shown.end()
