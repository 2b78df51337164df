"""Scenario 8: the same new records are exported and imported, while Odoo dies."""

from ..backend import Failure
from .imports import BINDINGS, MET

#: How long the backend takes, in seconds, so that many creates are in flight.
SLOWNESS = 1
#: Items that a user creates in one transaction.
AT_ONCE = 5
#: Odoo logs this when an import meets a create of an export.
MEETING = "An export is creating records"


def run(chaos):
    """Let users create records while imports poll, and kill Odoo in between."""
    count = chaos.choose(60, 200)
    kills = chaos.choose([20], [30, 80, 130, 180])
    expect = (MET, "JobFoundDead", "connector_checkpoint")
    with chaos.trial("8 import and export cross", "cross", expect, BINDINGS) as shop:
        shop.misbehave(Failure.SLOW, operation="create", times=-1, seconds=SLOWNESS)
        announced = set()
        for first in range(0, count, AT_ONCE):
            shop.create(*map(str, range(first, first + AT_ONCE)), export=False)
            chaos.pause(SLOWNESS)
            shop.import_changes(chunk_size=20)
            _announce(chaos, shop, announced)
            if kills and len(announced) >= kills[0]:
                kills.pop(0)
                chaos.odoo.kill()
                shop.note_fault(f"SIGKILL {len(shop.faults)}", True)
                chaos.odoo.start_again()
        chaos.wait_for_jobs(patience=120)
        shop.import_changes()
        chaos.wait_for_jobs(patience=60)
        shop.note_fault("imports met a create", shop.odoo_said(MEETING))
        query = "SELECT count(*) FROM chaos_item WHERE code LIKE %s"
        [[items]] = chaos.database.rows(query, shop.code("%"))
        if items != count:
            shop.problems.append(f"Odoo has {items} items instead of {count}.")


def _announce(chaos, shop, announced):
    """Import new records of the backend immediately, before the jobs that wait."""
    new = {item["id"] for item in chaos.backend.items(shop.space)} - announced
    shop.import_(*sorted(new), priority=1)
    announced.update(new)
