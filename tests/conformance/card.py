# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The report card of a connector: what became of each scenario."""

from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple
from unittest import SkipTest

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Line(NamedTuple):
    """The outcome of one scenario."""

    outcome: str  #: ``PASSED``, ``FAILED`` or ``SKIPPED``
    sentence: str  #: what the scenario shows
    reason: str = ""  #: why it failed or was skipped

    def __str__(self):
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.outcome:<8} {self.sentence}{reason}"


class ReportCard:
    """The outcomes of the scenarios of a connector.

    :param title: its first line
    :param order: names of the tests, in the order of their lines
    """

    def __init__(self, title, order):
        self.title = title
        self.order = order
        self.lines = {}  #: each :class:`Line`, by the name of the test
        #: Why the connector lacks a part, by the part; ``None`` if it has it.
        self.lacks = {}

    @contextmanager
    def noting(self, name, sentence):
        """Note the outcome of a scenario, whose error is raised.

        :param name: name of the test
        :param sentence: what it shows
        """
        try:
            with self.noting_a_skip(name, sentence):
                yield
        except SkipTest:
            raise
        except BaseException as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            self.lines[name] = Line(FAILED, sentence, reason)
            raise
        self.lines[name] = Line(PASSED, sentence)

    @contextmanager
    def noting_a_skip(self, name, sentence):
        """Note that a scenario is skipped, if it is; as :meth:`noting`."""
        try:
            yield
        except SkipTest as skip:
            self.lines[name] = Line(SKIPPED, sentence, str(skip))
            raise

    def names(self, outcome):
        """Return the names of the tests with an outcome.

        :param outcome: ``PASSED``, ``FAILED`` or ``SKIPPED``
        :rtype: set[str]
        """
        return {name for name, line in self.lines.items() if line.outcome == outcome}

    def text(self):
        """Return the report card, with a line for each scenario."""
        counts = ", ".join(
            f"{len(self.names(outcome))} {outcome}"
            for outcome in (PASSED, FAILED, SKIPPED)
        )
        lines = [str(self.lines[name]) for name in self.order if name in self.lines]
        return "\n".join([self.title, *lines, counts])


def scenarios_of(cls):
    """Return the names of the tests of a class that are scenarios.

    :rtype: list[str]
    """
    return [
        name
        for base in cls.__mro__
        for name, method in vars(base).items()
        if getattr(method, "is_scenario", False)
    ]


def scenario(*parts):
    """Make a test a scenario, which is a line of the report card.

    The first line of its docstring is what the card says.

    :param parts: usages of the components that the connector needs for it, and
        ``LISTENER``; without them, the scenario is skipped
    """

    def decorate(method):
        @wraps(method)
        def run(case):
            with case.card.noting(method.__name__, run.sentence):
                case.require(*parts)
                method(case)

        run.is_scenario = True
        run.sentence = method.__doc__.splitlines()[0].rstrip(".")
        run.parts = parts
        return run

    return decorate
