"""The table at the end, and what was not as it should be."""

from environment import console
from environment.odoo_log import RECORD, TROUBLE

SHOWN = 12  #: of a long list


class Phase:
    """One export of all contacts, seen from all sides.

    :param run: a ``jobs.Run``
    :param before: etags of the cards by name before it
    :param after: the same after it
    """

    def __init__(self, run, before, after):
        self.run = run
        self.comparison = None  #: a ``comparison.Comparison`` after it
        self.created = after.keys() - before.keys()
        self.removed = before.keys() - after.keys()
        self.updated = {
            name for name in before.keys() & after.keys() if before[name] != after[name]
        }
        self.unchanged = (before.keys() & after.keys()) - self.updated

    def rows(self):
        """The lines of its column, by title."""
        count = len(self.run.jobs)
        return {
            "jobs": count,
            "exported": len(self.created),
            "updated": len(self.updated),
            "unchanged": len(self.unchanged),
            "failed": len(self.run.failed),
            "seconds": f"{self.run.seconds:.1f}",
            "contacts per second": f"{count / self.run.seconds:.1f}",
            "fields compared": self.comparison.fields,
            "mismatches": len(self.comparison.mismatches),
        }

    def faults(self):
        """What is wrong with it, as sentences."""
        yield from (
            f"{job['name']}: {job['state']} ({job['exc_message']})"
            for job in self.run.failed
        )
        yield from (
            f"{job['name']} took {job['retry']} tries" for job in self.run.retried
        )
        yield from map(str, self.comparison.mismatches)


def table(phases):
    """Print the phases side by side.

    :param phases: dict of :class:`Phase` by title
    """
    console.say()
    console.say(f"  {'':20}" + "".join(f"{title:>16}" for title in phases))
    columns = [phase.rows() for phase in phases.values()]
    for title in columns[0]:
        console.say(f"  {title:20}" + "".join(f"{each[title]:>16}" for each in columns))


def faults_in_log(path):
    """Warnings and errors of Odoo's log, as sentences."""
    with path.open(errors="replace") as log:
        for line in log:
            record = RECORD.match(line)
            if record and record["level"] in TROUBLE:
                yield f"Odoo's log: {record['level']} {record['message']}"


def verdict(faults):
    """Print what is wrong, or that nothing is.

    :param faults: list of sentences
    :return: the exit code
    """
    console.say()
    if not faults:
        console.say("  All is well: each card says what Odoo says, field by field.")
        return 0
    for fault in faults[:SHOWN]:
        console.complain(f"  - {fault}")
    if len(faults) > SHOWN:
        console.complain(f"  ... and {len(faults) - SHOWN} more")
    console.complain(f"\n  {console.plural(len(faults), 'fault')}.")
    return 1
