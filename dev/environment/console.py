"""Output for people: steps with their time, progress, and errors of one sentence."""

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
    """Lay out rows of cells in columns, all but the first flush right.

    :param rows: lists of strings, the headings first
    :param rule: a character for lines around the headings and at the end
    :return: a list of lines
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    if rule:
        border = "  ".join(rule * width for width in widths)
        lines = [border, lines[0], border, *lines[1:], border]
    return lines


class Step:
    """One line of output for one step of the work, with its progress on a terminal.

    :param title: a command: "Unpack Odoo"
    """

    _open = None  # the step whose line is not finished, without a terminal

    def __init__(self, title):
        self.title = title
        self.live = sys.stdout.isatty()
        self._started = time.monotonic()
        self._shown = ""
        if not self.live:
            if Step._open:
                say()  # this one is a part of it
            print(f"  {title} ", end="", flush=True)
            Step._open = self
        self.note("")

    def note(self, text):
        """Show what is going on, until something else is; only on a terminal."""
        line = f"  {self.title} ... {text}"[:78]
        if line != self._shown:
            self._show(line)
            self._shown = line

    def progress(self, done, total):
        """Show the share of ``done`` in ``total``; only on a terminal."""
        self.note(f"{done / total:.0%}")

    def count(self, number, noun):
        """Show how many are done: each on a terminal, every fiftieth elsewhere."""
        self.note(plural(number, noun))
        if Step._open is self and number % 50 == 0:
            print(f".. {number} ", end="", flush=True)

    def end(self, outcome=None):
        """Write the final line: how long it took, or ``outcome``."""
        outcome = outcome or f"{time.monotonic() - self._started:.1f} s"
        dots = "." * max(WIDTH - len(self.title), 3)
        self._show("")
        begun = Step._open is self
        say(f"{dots} {outcome}" if begun else f"  {self.title} {dots} {outcome}")
        Step._open = None

    def _show(self, line):
        if self.live:
            print(f"\r\x1b[K{line}", end="", flush=True)


@contextlib.contextmanager
def step(title):
    """Time a step of the work: ``with step("Unpack Odoo") as shown: ...``"""
    shown = Step(title)
    try:
        yield shown
    except (KeyboardInterrupt, SystemExit):
        shown.end("interrupted")
        raise
    except BaseException:
        shown.end("failed")
        raise
    shown.end()
