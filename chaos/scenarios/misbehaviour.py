"""Scenario 5: a backend that does not do what it should."""

from typing import NamedTuple

from ..backend import Failure


class Fault(NamedTuple):
    """A fault and the call that has it; ``settings`` are arguments of its kind."""

    kind: Failure
    operation: str
    settings: dict = {}

    @property
    def label(self):
        return f"{self.operation}, {self.kind.name}"


KINDS = {
    Failure.HANG_UP_AFTER: {},
    Failure.RESET: {},
    Failure.SERVER_ERROR: {},
    Failure.SERVER_ERROR_AFTER: {},
    Failure.TOO_MANY: {"seconds": 3},
    Failure.TOO_MANY_UNTIL: {"seconds": 3},
    Failure.MAINTENANCE: {},
    Failure.TRUNCATE: {},
    Failure.GARBAGE: {},
    Failure.TRICKLE: {"seconds": 2},
    Failure.SILENT_BEFORE: {"seconds": 6},
    Failure.SILENT_AFTER: {"seconds": 6},
}
WRITE = tuple(
    Fault(kind, operation, settings)
    for operation in ("create", "update")
    for kind, settings in KINDS.items()
)
#: people are told, and try again by hand
REFUSALS = (
    Fault(Failure.REFUSE, "create"),
    Fault(Failure.GONE, "create"),
    Fault(Failure.OTHER_DATA, "create"),
    Fault(Failure.REFUSE, "update"),
    Fault(Failure.GONE, "update"),
)
REFUSED = r"InvalidDataError.*refuses|IDMissingInBackend.*no such item|KeyError: 'id'"
#: while an export looks whether an earlier create was done
FIND = tuple(
    Fault(kind, "find")
    for kind in (Failure.HANG_UP_AFTER, Failure.SERVER_ERROR, Failure.TRUNCATE)
)
DELETE = (
    Fault(Failure.HANG_UP_AFTER, "delete"),
    Fault(Failure.SERVER_ERROR, "delete"),
    Fault(Failure.SERVER_ERROR_AFTER, "delete"),
)
SECONDS_DOWN = 4


def run(chaos):
    """Let each misbehaviour happen to an item of its own, all at the same time."""
    faults = [*WRITE, *FIND, *DELETE]
    with chaos.trial("5 misbehaving backend", "misbehaviour") as shop:
        _misbehave(chaos, shop, faults)
        chaos.wait_for_jobs()
        _check(shop, faults)
    with chaos.trial("5 refusals", "refusals", [REFUSED]) as shop:
        _misbehave(chaos, shop, REFUSALS)
        chaos.wait_for_jobs()
        if len(shop.failures()) != len(REFUSALS):
            shop.problems.append(f"Only {len(shop.failures())} refusals are visible.")
        shop.retry_failures(REFUSED)
        chaos.wait_for_jobs()
        _check(shop, REFUSALS)
    with chaos.trial("5 the backend is down for a while", "down") as shop:
        _be_down(chaos, shop, SECONDS_DOWN)


def _misbehave(chaos, shop, faults):
    old = [fault.label for fault in faults if fault.operation in ("update", "delete")]
    shop.create(*old)
    chaos.wait_for_jobs()
    for fault in faults:
        shop.misbehave(fault.kind, fault.label, fault.operation, **fault.settings)
        if fault.operation == "find":
            shop.misbehave(Failure.HANG_UP_AFTER, fault.label, "create")
    for fault in faults:
        if fault.operation == "update":
            shop.edit(fault.label, name="Edited", quantity=4)
        elif fault.operation == "delete":
            shop.delete(fault.label)
    new = {fault.label for fault in faults} - set(old)
    shop.create(*sorted(new))


def _check(shop, faults):
    """Check that all faults happened, and that retries waited as long as asked."""
    for fault in faults:
        calls = shop.calls(fault.operation, fault.label)
        faulty = [call for call in calls if call["fault"] == fault.kind]
        shop.note_fault(fault.label, len(faulty))
        if faulty and fault.kind in (Failure.TOO_MANY, Failure.TOO_MANY_UNTIL):
            later = [call["time"] for call in calls if call["fault"] is None]
            # a date has no fractions of a second
            if later[0] - faulty[0]["time"] < fault.settings["seconds"] - 1:
                shop.problems.append(f"{fault.label}: Retry-After was not obeyed.")


def _be_down(chaos, shop, seconds):
    with chaos.backend.down():
        shop.create(*map(str, range(8)))
        chaos.wait_until(lambda: shop.postponed_jobs() == 8, "all jobs were postponed")
        shop.note_fault("refused connections", True)
        chaos.pause(seconds)
    chaos.wait_for_jobs()
