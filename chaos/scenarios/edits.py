"""Scenario 4: records change while they are on their way."""

from ..backend import Failure

#: How long the backend takes, in seconds; long enough for a change in the meantime.
SLOWNESS = 2
#: Odoo logs this for an import that meets a user's edit; the import is retried.
USER_WAS_QUICKER = (r"UPDATE \"chaos_item\"[\s\S]*could not serialize access",)


def run(chaos):
    """Edit during exports, roll edits back, export and import at the same time."""
    with chaos.trial("4 edits while the export is in flight", "edits") as shop:
        for operation in ("create", "update"):
            for kind in (Failure.SLOW, Failure.LATE):
                _edit_during(chaos, shop, operation, kind, chaos.choose(3, 8))
        chaos.wait_for_jobs()
    with chaos.trial("4 edits while a create is recovered", "recovery") as shop:
        _edit_during_recovery(chaos, shop, chaos.choose(3, 8))
    with chaos.trial("4 edits during _after_export", "after") as shop:
        _edit_during_after_export(chaos, shop)
    with chaos.trial("4 edits that are rolled back", "rollbacks") as shop:
        _roll_back(chaos, shop)
    with chaos.trial(
        "4 import and export crossing", "crossing", USER_WAS_QUICKER
    ) as shop:
        _cross(chaos, shop, [f"crossing {n}" for n in range(chaos.choose(8, 40))])
        _import_during_create(chaos, shop, "announced")
        chaos.wait_for_jobs()


def _edit_during(chaos, shop, operation, kind, count):
    labels = [f"{operation}, {kind.name} {number}" for number in range(count)]
    if operation == "update":
        shop.create(*labels)
        chaos.wait_for_jobs()
    for label in labels:
        shop.misbehave(kind, label, operation, seconds=SLOWNESS)
    if operation == "update":
        for label in labels:
            shop.edit(label, name="Edited once")
    else:
        shop.create(*labels)
    _edit_once_asked(chaos, shop, operation, labels, "edit during")


def _edit_during_recovery(chaos, shop, count):
    """Edit when an export has found what it had made, and brings that up to date."""
    labels = [str(number) for number in range(count)]
    for label in labels:
        shop.misbehave(Failure.HANG_UP_AFTER, label, "create")
        shop.misbehave(Failure.LATE, label, "update", seconds=SLOWNESS)
    shop.create(*labels)
    _edit_once_asked(chaos, shop, "update", labels, "edit in the recovery of")
    chaos.wait_for_jobs()


def _edit_once_asked(chaos, shop, operation, labels, fault):
    """Edit each item when the backend has its request, and has not answered."""
    for label in labels:
        chaos.wait_until(lambda x=label: shop.calls(operation, x), f"{label} is asked")
        shop.edit(label, name="Edited in the meantime", quantity=3)
        [call, *_] = shop.calls(operation, label)
        shop.note_fault(f"{fault} {label}", "ended" not in call)


def _edit_during_after_export(chaos, shop):
    """Edit while _after_export takes long; no job has to wait for it."""
    step = "in _after_export"
    shop.arm(step, "it")
    shop.create("it")
    shop.wait_at(step, "it")
    shop.edit("it", quantity=3)
    chaos.wait_until(
        lambda: chaos.database.unfinished_jobs() == 1,
        "the second export does not wait for what comes after the first one",
        patience=10,
    )
    shop.note_fault("edit during _after_export", shop.is_at(step, "it"))
    shop.release(step, "it")
    chaos.wait_for_jobs()
    shop.expect_tries()


def _roll_back(chaos, shop):
    shop.create("whole", "part")
    chaos.wait_for_jobs()
    before = shop.jobs_and_tries(), len(shop.calls())
    shop.edit_and_roll_back("whole", quantity=5)
    shop.note_fault("rolled back with its job", True)
    if (shop.jobs_and_tries(), len(shop.calls())) != before:
        shop.problems.append("A job outlived the transaction that made it.")
    shop.edit_partly("part", quantity=5)
    chaos.wait_for_jobs()
    shop.note_fault("rolled back without its job", len(shop.calls()) > before[1])


def _cross(chaos, shop, labels):
    shop.create(*labels)
    chaos.wait_for_jobs()
    for item in chaos.backend.items(shop.space):
        chaos.backend.change(shop.space, item["id"], name="Changed by the backend")
    # Otherwise the exports are done before the imports begin.
    shop.misbehave(Failure.SLOW, operation="update", times=len(labels), seconds=1)
    for label in labels:
        shop.edit(label, quantity=9)
    shop.import_(*(item["id"] for item in chaos.backend.items(shop.space)))
    for label in labels:
        shop.edit(label, quantity=10)
    crossed = chaos.database.unfinished_jobs() > len(labels)
    shop.note_fault("imports and exports crossed", crossed)


def _import_during_create(chaos, shop, label):
    """Import a record while an export is creating it."""
    shop.misbehave(Failure.SLOW, label, "create", seconds=SLOWNESS)
    shop.create(label)
    call = []

    def has_worked():
        call[:] = [c for c in shop.calls("create", label) if c["worked"]]
        return call

    chaos.wait_until(has_worked, "the item is created")
    shop.import_(call[0]["id"])
    shop.note_fault("import during the create", "ended" not in call[0])
