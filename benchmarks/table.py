"""The measurement A B A B, and its medians."""

from dataclasses import dataclass
from statistics import median

from environment.console import step

from . import contenders
from .rows import BY_NAME, Row
from .templates import prepare


@dataclass
class Result:
    """A row with what was measured, per record; medians of all runs."""

    row: Row
    peer: object
    ours: object
    limit: object = None  #: what ours is also measured against

    @property
    def ratio(self):
        """Return how many times faster ours is."""
        return self.peer.seconds / self.ours.seconds

    @property
    def misses(self):
        """Return the aims that the row missed, as a list of texts."""
        row, missed = self.row, []
        if row.faster and self.ratio < row.faster:
            missed.append(f"{row.faster:g} times faster")
        if row.queries and self.ours.queries > row.queries:
            missed.append(f"{row.queries:g} queries")
        if self.limit and self.over_limit > row.within[1]:
            missed.append(f"{row.within[1]:g} times {BY_NAME[row.within[0]].title}")
        return missed

    @property
    def over_limit(self):
        """Return how many times the limit ours takes."""
        return self.ours.seconds / self.limit.seconds


@dataclass
class Medians:
    """Of several runs of one work."""

    costs: list

    @property
    def seconds(self):
        return median(cost.seconds for cost in self.costs)

    @property
    def queries(self):
        return median(cost.queries for cost in self.costs)

    @property
    def spread(self):
        """Return the shortest and the longest time."""
        seconds = [cost.seconds for cost in self.costs]
        return min(seconds), max(seconds)


def measure(rows, repeat, profile=0):
    """Measure rows, the peer and ours in turn.

    :param rows: list of :class:`Row`; those that others are measured against have to be
        among them
    :param repeat: how often
    :param profile: how many lines to print of where the time goes
    :return: list of :class:`Result`
    """
    both = (contenders.PEER, contenders.OURS)
    templates = {contender: prepare(contender) for contender in both}
    costs = {contender: {} for contender in both}
    for number in range(repeat):
        for contender in both:
            with step(f"Run {number + 1} of {repeat}, {contender.name}"):
                for run, works in _works(rows, contender).items():
                    found = run(contender, templates[contender], works, profile)
                    for name, cost in found.items():
                        costs[contender].setdefault(name, []).append(cost)
    medians = {
        contender: {name: Medians(each) for name, each in costs[contender].items()}
        for contender in both
    }
    peer, ours = medians[contenders.PEER], medians[contenders.OURS]
    return [_result(row, peer, ours) for row in rows]


def _works(rows, contender):
    """Return the works of one contender, each once, by the function that runs them."""
    works = {}
    for row in rows:
        work = [row.peer if contender is contenders.PEER else row.ours, row.records]
        if work not in works.setdefault(row.run, []):
            works[row.run].append(work)
    return works


def _result(row, peer, ours):
    limit = row.within and ours.get(BY_NAME[row.within[0]].ours)
    return Result(row, peer[row.peer], ours[row.ours], limit)
