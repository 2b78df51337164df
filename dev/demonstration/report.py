"""Print the steps of the demonstration, the table at its end, and the differences."""

from environment import console

from . import jobs

SHOWN = 12  #: faults, of more
CONFLICTS = "connector.conflict"
IS_OPEN = ("state", "=", "open")


class Snapshot:
    """Both sides at one moment: the cards as bytes, and what Odoo links with them."""

    def __init__(self, odoo, book):
        self.last_job = jobs.last_job(odoo)
        self.cards = book.texts()
        # A date has whole seconds, so that one more field shows a change.
        dates = "sync_date odoo_id.write_date odoo_id.function"
        links = odoo.read("carddav.res.partner", [], f"external_id link_state {dates}")
        self.links = {each["external_id"]: each for each in links}
        rows = odoo.call(CONFLICTS, "read", odoo.search(CONFLICTS, IS_OPEN), ["res_id"])
        asked = {each["res_id"] for each in rows}
        self.conflicts = {n for n, each in self.links.items() if each["id"] in asked}

    def in_state(self, state):
        """Return the names of the cards that Odoo says are in a state."""
        return {name for name, it in self.links.items() if it["link_state"] == state}


def difference(before, after):
    """Return the names of the cards by what has happened between two snapshots."""
    both = before.cards.keys() & after.cards.keys()
    written = {name for name in both if before.cards[name] != after.cards[name]}
    read = {
        name
        for name in before.links.keys() & after.links.keys() & both - written
        if before.links[name]["sync_date"] != after.links[name]["sync_date"]
        and before.links[name]["odoo_id"] != after.links[name]["odoo_id"]
    }
    imported = (after.links.keys() - before.links.keys()) & both
    conflicts = after.conflicts
    return {
        "exported": after.cards.keys() - before.cards.keys(),
        "cards updated": written,
        "imported": imported,
        "contacts updated": read - conflicts,
        "deleted": after.in_state("deleted") - before.in_state("deleted"),
        "conflicts": conflicts,
        "unchanged": both - written - read - imported - conflicts,
    }


def table(phases):
    """Print the phases side by side: for each title a dict of the rows below it."""
    rows = next(iter(phases.values()))
    lines = [[name, *(str(it[name]) for it in phases.values())] for name in rows]
    for line in ["", *console.columns([["", *phases], *lines])]:
        console.say(f"  {line}")


def verdict(faults):
    """Print the sentences that say what is wrong, and return the exit code."""
    console.say()
    if not faults:
        console.say("  All is well: both sides say the same, field by field.")
        return 0
    for fault in faults[:SHOWN]:
        console.complain(f"  - {fault}")
    console.complain(f"\n  {console.plural(len(faults), 'fault')}.")
    return 1
