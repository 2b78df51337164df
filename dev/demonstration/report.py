"""The table at the end, and what was not as it should be."""

from environment import console, odoo_log

SHOWN = 12  #: of a long list


class Snapshot:
    """Both sides at one moment.

    :param odoo: an ``OdooClient``
    :param address_book: an ``AddressBook``
    """

    def __init__(self, odoo, address_book):
        self.etags = address_book.etags()
        fields = ["external_id", "etag", "link_state", "odoo_id"]
        links = odoo.search_read("carddav.res.partner", [], fields)
        self.links = {each["external_id"]: each for each in links}
        contacts = odoo.by_id("res.partner", [], ["write_date"])
        self.dates = {
            name: contacts[link["odoo_id"][0]]["write_date"]
            for name, link in self.links.items()
        }

    def in_state(self, state):
        """Return the names of the cards that Odoo says are in a state."""
        found = self.links.items()
        return {name for name, link in found if link["link_state"] == state}


class Phase:
    """One synchronisation of all contacts, seen from all sides.

    :param run: a ``jobs.Run``
    :param before: a :class:`Snapshot` before it
    :param after: the same after it
    """

    def __init__(self, run, before, after):
        self.run = run
        self.comparison = None  #: a ``comparison.Comparison`` after it
        self.exported = after.etags.keys() - before.etags.keys()
        both = before.etags.keys() & after.etags.keys()
        self.cards_updated = {n for n in both if before.etags[n] != after.etags[n]}
        self.imported = (after.links.keys() - before.links.keys()) & both
        seen = before.links.keys() & after.links.keys() & both - self.cards_updated
        self.contacts_updated = {
            name
            for name in seen
            if before.links[name]["etag"] != after.links[name]["etag"]
            and before.dates[name] != after.dates[name]
        }
        self.unchanged = both - self.cards_updated - self.contacts_updated
        self.unchanged -= self.imported
        self.deleted = after.in_state("deleted") - before.in_state("deleted")
        self.conflicts = after.in_state("conflict")

    def rows(self):
        """Return the lines of its column, by title."""
        count = len(self.run.jobs)
        handled = len(self.unchanged | self.exported | self.cards_updated)
        handled += len(self.imported | self.contacts_updated | self.deleted)
        return {
            "jobs": count,
            "exported": len(self.exported),
            "cards updated": len(self.cards_updated),
            "imported": len(self.imported),
            "contacts updated": len(self.contacts_updated),
            "deleted": len(self.deleted),
            "conflicts": len(self.conflicts),
            "unchanged": len(self.unchanged - self.conflicts),
            "failed": len(self.run.failed),
            "seconds": f"{self.run.seconds:.1f}",
            "contacts per second": f"{handled / self.run.seconds:.1f}",
            "fields compared": self.comparison.fields,
            "mismatches": len(self.comparison.mismatches),
        }

    def faults(self):
        """Return what is wrong with it, as sentences."""
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
    counted = [phase.rows() for phase in phases.values()]
    lines = [[name, *(str(each[name]) for each in counted)] for name in counted[0]]
    console.say()
    for line in console.columns([["", *phases], *lines]):
        console.say(f"  {line}")


def faults_in_log(path):
    """Return the warnings and errors of Odoo's log, as sentences."""
    with path.open(errors="replace") as log:
        return [f"Odoo's log: {odoo_log.brief(each)}" for each in odoo_log.trouble(log)]


def verdict(faults):
    """Print what is wrong, or that nothing is.

    :param faults: list of sentences
    :return: the exit code
    """
    console.say()
    if not faults:
        console.say("  All is well: both sides say the same, field by field.")
        return 0
    for fault in faults[:SHOWN]:
        console.complain(f"  - {fault}")
    if len(faults) > SHOWN:
        console.complain(f"  ... and {len(faults) - SHOWN} more")
    console.complain(f"\n  {console.plural(len(faults), 'fault')}.")
    return 1
