"""The measurement A B A B, and the medians that come of it."""

from dataclasses import dataclass
from statistics import median

from environment.console import step

from . import sides
from .rows import BY_NAME, Row
from .templates import Template


@dataclass
class Result:
    """A row with what was measured, per record; medians of all runs."""

    row: Row
    peer: object
    ours: object
    limit: object = None  #: what ours is measured against, besides the peer

    @property
    def ratio(self):
        """How many times faster ours is."""
        return self.peer.seconds / self.ours.seconds

    @property
    def misses(self):
        """What the row aims at and did not reach: a list of sentences."""
        row, missed = self.row, []
        if row.faster and self.ratio < row.faster:
            missed.append(f"{row.faster:g} times faster")
        if row.queries and self.ours.queries > row.queries:
            missed.append(f"{row.queries:g} queries")
        if self.limit and self.over_limit > row.within[1]:
            missed.append(f"{row.within[1]:g} times the ORM's limit")
        return missed

    @property
    def over_limit(self):
        """How many times the limit ours takes."""
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
        """Shortest and longest time."""
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
    both = (sides.PEER, sides.OURS)
    templates = {side: Template(side).prepare() for side in both}
    costs = {side: {} for side in both}
    for number in range(repeat):
        for side in both:
            with step(f"Run {number + 1} of {repeat}, {side.name}"):
                for run, works in _works(rows, side).items():
                    found = run(side, templates[side], works, profile)
                    for name, cost in found.items():
                        costs[side].setdefault(name, []).append(cost)
    medians = {
        side: {name: Medians(each) for name, each in costs[side].items()}
        for side in both
    }
    return [_result(row, medians[sides.PEER], medians[sides.OURS]) for row in rows]


def _works(rows, side):
    """The works of one side, each once, by the function that runs them."""
    works = {}
    for row in rows:
        work = [row.peer if side is sides.PEER else row.ours, row.records]
        if work not in works.setdefault(row.run, []):
            works[row.run].append(work)
    return works


def _result(row, peer, ours):
    limit = row.within and ours.get(BY_NAME[row.within[0]].ours)
    return Result(row, peer[row.peer], ours[row.ours], limit)
