"""Scenario 1: SIGKILL at every named step of an export.

Each victim is an item that comes to its step and waits there for its death. In the
full run each dies on its own, in the short form as many together as there are
workers.
"""

import itertools

from ..backend import Failure

CREATE = (
    "before the dependencies",
    "after the dependencies",
    "locked",
    "before the intent",
    "intent noted",
    "before the request",
    "answered",
    "created, not bound",
    "before bind",
    "bound, not committed",
    "before the intent is deleted",
    "intent deleted, not committed",
    "in _after_export",
    "exported, job not done",
)
UPDATE = ("before the update", "updated, not bound")
DEPENDENCY = (
    ("binding created, not committed", 1),
    ("intent noted", 2),
    ("answered", 2),
    ("bound, not committed", 3),
    ("in _after_export", 3),
)
#: The request has left: the backend works while we die, or has worked already.
REQUEST = (Failure.LATE, Failure.SLOW)
#: One item is killed again and again, also while it recovers.
AGAIN = ("answered", "before the update", "updated, not bound", "bound, not committed")
WORKERS = 8


def run(chaos):
    """Kill all victims, some at a time, and let their jobs come to their end."""
    victims = [
        *(CreateVictim(step) for step in CREATE),
        *(RequestVictim(kind) for kind in REQUEST),
        *(UpdateVictim(step) for step in UPDATE),
        *(DependencyVictim(step, part) for step, part in DEPENDENCY),
        RefusedVictim("before the intent is deleted"),
        PersistentVictim(chaos.choose(AGAIN[::2], AGAIN)),
    ]
    with chaos.trial("1 SIGKILL at every step", "steps") as shop:
        for victim in victims:
            victim.prepare(shop)
        chaos.wait_for_jobs()
        for group in _groups(victims, chaos.choose(WORKERS, 1)):
            _kill(chaos, shop, group)


def _groups(victims, size):
    victims = iter(victims)
    while group := list(itertools.islice(victims, size)):
        yield group


def _kill(chaos, shop, victims):
    for victim in victims:
        victim.start(shop)
    while victims:
        for each in victims:
            chaos.note(each.label)
            chaos.wait_until(lambda v=each: v.is_there(shop), f"gets to: {each.label}")
        chaos.odoo.kill()
        for each in victims:
            shop.note_fault(f"SIGKILL {each.label}, {each.step}", each.is_there(shop))
        victims = [each for each in victims if each.wants_more(shop)]
        chaos.odoo.start_again()
    chaos.wait_for_jobs()


class CreateVictim:
    """An item that is exported for the first time."""

    def __init__(self, step):
        self.step = step
        self.label = f"create, {step}"

    def prepare(self, shop):
        """Prepare the item before any process is killed."""

    def start(self, shop):
        shop.arm(self.step, self.label)
        shop.create(self.label)

    def is_there(self, shop):
        """Return whether it is where it is to be killed."""
        return shop.is_at(self.step, self.label)

    def wants_more(self, shop):
        """Return whether it is to be killed again when its job goes on."""
        return False


class PersistentVictim(CreateVictim):
    """An item that dies at one step, and at others while it recovers."""

    def __init__(self, steps):
        super().__init__(steps[0])
        self.label = "again and again"
        self._further = list(steps[1:])

    def wants_more(self, shop):
        if not self._further:
            return False
        self.step = self._further.pop(0)
        shop.arm(self.step, self.label)
        return True


class RefusedVictim(CreateVictim):
    """An item that the backend refuses once."""

    def __init__(self, step):
        super().__init__(step)
        self.label = f"refused, {step}"

    def start(self, shop):
        shop.misbehave(Failure.REFUSE, self.label, "create")
        super().start(shop)


class UpdateVictim(CreateVictim):
    """An item that the backend has already."""

    def prepare(self, shop):
        shop.create(self.label)

    def start(self, shop):
        shop.arm(self.step, self.label)
        shop.edit(self.label, quantity=7)


class DependencyVictim(CreateVictim):
    """An item whose job is killed while it exports one of three parts."""

    def __init__(self, step, part):
        self.step = step
        self.label = f"part {part}, {step}"
        self.parts = [f"{self.label}, {number}" for number in (1, 2, 3)]
        self.part = self.parts[part - 1]

    def start(self, shop):
        shop.arm(self.step, self.part)
        shop.create(self.label, parts=self.parts)

    def is_there(self, shop):
        return shop.is_at(self.step, self.part)


class RequestVictim(CreateVictim):
    """An item whose request is at the backend, which takes its time."""

    seconds = 4

    def start(self, shop):
        shop.misbehave(self.step, self.label, "create", seconds=self.seconds)
        shop.create(self.label)

    def is_there(self, shop):
        calls = shop.calls("create", self.label)
        return bool(calls) and "ended" not in calls[0]
