"""Scenario 6: anything at any time, by a seed, checked against a simple model."""

import random

from ..backend import Failure
from .random_kills import CONNECTION_LOST, terminate_worker

#: kind of misbehaviour, with its arguments
KINDS = (
    (Failure.HANG_UP_AFTER, {}),
    (Failure.RESET, {}),
    (Failure.SERVER_ERROR, {}),
    (Failure.SERVER_ERROR_AFTER, {}),
    (Failure.TOO_MANY, {"seconds": 1}),
    (Failure.MAINTENANCE, {}),
    (Failure.TRUNCATE, {}),
    (Failure.GARBAGE, {}),
    (Failure.SLOW, {"seconds": 1}),
    (Failure.LATE, {"seconds": 1}),
)
#: why jobs may fail, after all tries
CAUSES = ("JobFoundDead", r"Max\. retries")
#: what the log may say
LOGGED = (*CAUSES, *CONNECTION_LOST)
STEPS = {"create": 5, "edit": 6, "delete": 2, "misbehave": 4, "wait": 4, "kill": 1}


def run(chaos):
    """Walk at random, let all come to rest, and compare three sides."""
    with chaos.trial(f"6 random walk, seed {chaos.seed}", "walk", LOGGED) as shop:
        walk = Walk(chaos, shop)
        for number in range(chaos.choose(200, 1000)):
            chaos.note(f"step {number}")
            walk.go()
        walk.come_to_rest()
        walk.compare()


class Walk:
    """A seeded sequence of steps, and the model: what each item should be like."""

    def __init__(self, chaos, shop):
        self.chaos = chaos
        self.shop = shop
        self.chance = random.Random(chaos.seed)
        self.model = {}  #: values by label
        self._created = 0

    def go(self):
        """Do the next step."""
        [name] = self.chance.choices(list(STEPS), list(STEPS.values()))
        getattr(self, f"_{name}")()

    def come_to_rest(self):
        """Let all jobs come to their end; a person looks at what is left over."""
        for _attempt in range(3):
            self.chaos.wait_for_jobs(patience=120)
            self.shop.retry_failures("|".join(CAUSES))
        self.chaos.wait_for_jobs(patience=120)
        self.shop.discard_unconfirmed_creates_of_deleted_items()
        for number, call in enumerate(self.shop.calls()):
            if call["fault"]:
                self.shop.note_fault(f"{call['fault'].name} {number}", True)

    def compare(self):
        """Compare Odoo with the model; the invariants compare the backend with Odoo."""
        found = {item["code"]: item for item in self.shop.items()}
        for label, values in self.model.items():
            item = found.pop(self.shop.code(label), {})
            differing = {n: item.get(n) for n in values if item.get(n) != values[n]}
            if differing:
                self.shop.problems.append(
                    f"{label} should be {values}, and is {differing} in Odoo."
                )
        if found:
            self.shop.problems.append(f"{sorted(found)} should not be in Odoo.")

    def _create(self):
        """Create an item, of up to two that are there."""
        label = f"item {self._created}"
        self._created += 1
        parts = self._some_parts()
        quantity = self.chance.randrange(100)
        self.shop.create(label, parts=parts, quantity=quantity)
        self.model[label] = {
            "name": f"Item {label}",
            "quantity": quantity,
            "parts": sorted(self.shop.code(part) for part in parts),
        }

    def _edit(self):
        label = self._any()
        if label:
            values = {
                "name": f"Name {self.chance.randrange(1000)}",
                "quantity": self.chance.randrange(100),
            }
            self.shop.edit(label, **values)
            self.model[label].update(values)

    def _delete(self):
        used = {code for values in self.model.values() for code in values["parts"]}
        free = [label for label in self.model if self.shop.code(label) not in used]
        if free:
            label = self.chance.choice(sorted(free))
            self.shop.delete(label)
            del self.model[label]

    def _misbehave(self):
        kind, settings = self.chance.choice(KINDS)
        self.shop.misbehave(kind, **settings)

    def _wait(self):
        self.chaos.pause(self.chance.uniform(0, 1))

    def _kill(self):
        if self.chance.random() < 0.5:
            self.shop.misbehave(Failure.SLOW, seconds=1)
            self._create()
            terminate_worker(self.chaos, self.shop)
        else:
            self.chaos.odoo.kill()
            self.shop.note_fault(f"SIGKILL {len(self.shop.faults)}", True)
            self.chaos.odoo.start_again()

    def _any(self):
        return self.chance.choice(sorted(self.model)) if self.model else None

    def _some_parts(self):
        labels = sorted(self.model)
        return self.chance.sample(labels, min(len(labels), self.chance.randrange(3)))
