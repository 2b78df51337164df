"""Scenario 12: people edit the same contacts in Odoo and on their phones."""

import random
import time

from environment import Radicale

from .. import paths
from ..people import FIELDS, ODOO, PHONE, AddressBook

#: What becomes of a field that both sides have changed.
POLICIES = ("odoo", "backend", "ask")
#: Processes of Odoo, and how many requests each answers.
PROCESSES, REQUESTS = 3, 60
#: Seconds between two imports.
IMPORTS = 3
#: Why jobs fail of which a process died too often.
CAUSES = r"JobFoundDead|Max\. retries"
#: Odoo logs this when a job or a person was quicker than another one.
MET = (r"could not serialize access", CAUSES)


def run(chaos):
    """Edit different fields of some contacts and one field of others, and kill Odoo."""
    server = Radicale(paths.RUN / "radicale", name="chaos-radicale")
    with server, chaos.odoo.several_processes(PROCESSES, REQUESTS):
        for policy in POLICIES:
            with chaos.trial(f"12 both sides edit, {policy}", policy, MET) as shop:
                Soak(chaos, shop, AddressBook(chaos, server, policy, policy)).run()


class Soak:
    """People who edit an address book on both sides, and what must come of it."""

    def __init__(self, chaos, shop, book):
        self.chaos = chaos
        self.shop = shop
        self.book = book
        self.chance = random.Random(chaos.seed)
        #: a user changes one field, and a phone the other one
        self.disjoint = [f"Other {n}" for n in range(chaos.choose(8, 100))]
        #: both change the same field
        self.same = [f"Same {n}" for n in range(chaos.choose(4, 20))]

    def run(self):
        self.book.fill([*self.disjoint, *self.same])
        self._edit(rounds=self.chaos.choose(2, 4))
        self._come_to_rest()
        self._compare()

    def _edit(self, rounds):
        """Edit each contact on both sides some times; import and kill in between."""
        names = [*self.disjoint, *self.same]
        edits = [(name, side) for name in names for side in (ODOO, PHONE)] * rounds
        self.chance.shuffle(edits)
        # A job is found dead only after ten seconds.
        kills = self.chaos.choose(int(self.book.name == POLICIES[-1]), 3)
        moments = {len(edits) * part // (kills + 1) for part in range(1, kills + 1)}
        imported = time.monotonic()
        for number, (name, side) in enumerate(edits):
            self._edit_one(name, side)
            if number in moments:
                self._kill()
            if time.monotonic() - imported > IMPORTS:
                self.book.import_changes()
                imported = time.monotonic()
                self.chaos.note(f"{number} of {len(edits)} edits")

    def _edit_one(self, name, side):
        in_odoo = side == ODOO
        field = "function" if in_odoo or name in self.same else "phone"
        edit = self.book.edit_in_odoo if in_odoo else self.book.edit_on_phone
        edit(name, field)

    def _kill(self):
        self.chaos.odoo.kill_one_process(self.chance)
        self.shop.note_fault(f"SIGKILL {len(self.shop.faults)}", True)

    def _come_to_rest(self):
        for _attempt in range(2):
            self.book.synchronise()
            self.shop.retry_failures(CAUSES)
        self.book.synchronise()

    # -- what must be so

    def _compare(self):
        sides = {ODOO: self.book.in_odoo(), PHONE: self.book.on_server()}
        names = sorted([*self.disjoint, *self.same])
        for side, found in sides.items():
            if sorted(name for name, _values in found) != names:
                self.shop.problems.append(f"{side} has {len(found)} of {len(names)}.")
        found = {side: dict(values) for side, values in sides.items()}
        conflicts = self.book.conflicts()
        problems = [
            (name, problem)
            for name in names
            for field in FIELDS
            if (problem := self._problem(name, field, found, conflicts.get(name, ())))
        ]
        problems += [
            (name, f"{fields} were settled, and one side only wrote them")
            for name, fields in self.book.settled().items()
            if name in self.disjoint or fields != {"function"}
        ]
        self.shop.problems += [f"{name}: {problem}" for name, problem in problems]
        self._say_what_happened(conflicts, problems)

    def _problem(self, name, field, found, conflict):
        """Return what is wrong with a field of a person, otherwise ``None``."""
        values = {side: found[side].get(name, {}).get(field) for side in found}
        written = self.book.written[name, field]
        if field in conflict and len(written) < 2:
            return f"{field} is a conflict, and only {written} was written"
        if field in conflict:
            kept = values == written
            return None if kept else f"{field} is {values}, written was {written}"
        if len(set(values.values())) > 1:
            return f"{field} differs: {values}"
        if written and values[ODOO] not in written.values():
            return f"{field} is {values[ODOO]}, and {written} is lost"
        return None

    def _say_what_happened(self, conflicts, problems):
        counts = self.book.edits
        self.shop.notes.append(
            f"{counts[ODOO]} edits in Odoo, {counts[PHONE]} on phones"
        )
        settled = self.book.settled()
        for what, names in (
            ("different fields", self.disjoint),
            ("one field", self.same),
        ):
            broken = len({name for name, _problem in problems if name in names})
            self.shop.notes.append(
                f"{len(names)} contacts with edits of {what}: {broken} broken, "
                f"{_named(conflicts, names)} to decide, "
                f"{_named(settled, names)} settled"
            )


def _named(conflicts, names):
    """Count those of some people who have conflicts, and name the first ones."""
    found = [
        f"{name}: {', '.join(sorted(conflicts[name]))}"
        for name in names
        if name in conflicts
    ]
    return f"{len(found)} ({'; '.join(found[:3])} ...)" if found else "0"
