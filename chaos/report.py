"""The table of a run, and what it says."""

from dataclasses import dataclass, field

from environment.console import columns, plural, say

from .invariants import Findings

COLUMNS = (
    ("scenario", "title"),
    ("faults", "faults"),
    ("jobs", "jobs"),
    ("creates", "creates"),
    ("duplicates", "duplicates"),
    ("lost", "lost"),
    ("differing", "differing"),
    ("stuck", "stuck"),
    ("by hand", "retried_by_hand"),
    ("seconds", "seconds"),
    ("verdict", "verdict"),
)


@dataclass
class Trial:
    """One line of the table."""

    title: str
    faults: int
    seconds: float
    findings: Findings
    retried_by_hand: int = 0  #: jobs that had failed, with their cause
    notes: list = field(default_factory=list)

    @property
    def verdict(self):
        return "broken" if self.findings.problems else "ok"

    def cell(self, name):
        if name == "seconds":
            return f"{self.seconds:.1f}"
        return str(getattr(self if hasattr(self, name) else self.findings, name))


def print_table(trials):
    """Print a line for each trial, in columns."""
    rows = [[heading for heading, _ in COLUMNS]]
    rows += [[trial.cell(name) for _, name in COLUMNS] for trial in trials]
    say("\n".join(columns(rows)))
    for trial in trials:
        for note in trial.notes:
            say(f"{trial.title}: {note}")


def print_problems(trials):
    """Print what is broken.

    :return: whether something is
    """
    broken = [trial for trial in trials if trial.findings.problems]
    for trial in broken:
        say(f"\nBROKEN  {trial.title}")
        for problem in trial.findings.problems:
            say(f"    {problem}")
    if broken:
        say(f"\n{plural(len(broken), 'trial')} of {len(trials)} broken.")
    return bool(broken)
