"""Scenario 9: the backend announces its changes, and deliveries have accidents."""

import random
import threading

from ..sender import Sender

BINDINGS = "chaos.item.import.binding"
#: where the job of a delivery dies
STEPS = ("delivery begun", "delivery processed, not committed")
MET = "could not serialize access"
STORED = """
    SELECT count(*), count(DISTINCT digest), count(*) FILTER (WHERE job.state = 'done')
    FROM connector_webhook_delivery JOIN queue_job AS job ON job.uuid = job_uuid
    WHERE connector_webhook_delivery.backend_model = 'chaos.backend'
        AND connector_webhook_delivery.backend_id = %s
"""


def run(chaos):
    """Let deliveries come twice, late, in the wrong order, or never; kill Odoo."""
    for title, space, faults in (
        ("pushes, twice and out of order", "pushed", _twice_and_out_of_order),
        ("pushes, half of them dropped", "dropped", _half_dropped),
        ("SIGKILL between the 202 and the job", "accepted", _kill_after_acceptance),
        ("SIGKILL while deliveries come in", "incoming", _kill_during_requests),
    ):
        with chaos.trial(f"9 {title}", space, [MET], BINDINGS) as shop:
            faults(chaos, shop)


def _twice_and_out_of_order(chaos, shop):
    """Create, change and delete items; send all deliveries twice, in any order."""
    sender, backend = Sender(shop, chaos.seed), chaos.backend
    items = _add(shop, chaos.choose(20, 100))
    deliveries = [sender.delivery(item) for item in items]
    for item in items:
        backend.change(shop.space, item["id"], quantity=2, name="Changed")
        deliveries.append(sender.delivery(item))
    for item in items[::5]:
        backend.remove(shop.space, item["id"])
        deliveries.append(sender.delivery(item, "item.deleted"))
    sender.send(sender.shuffled(deliveries * 2))
    shop.note_fault("sent twice", len(deliveries))
    shop.note_fault("announced, then deleted", len(items[::5]))
    # A deleted item may appear again, for all that Odoo knows.
    chaos.wait_for_jobs(patience=200)
    _expect_stored(chaos, shop, sender, len(deliveries))


def _half_dropped(chaos, shop):
    """Drop half of the deliveries; the cursor import finds what they announced."""
    sender, backend = Sender(shop, chaos.seed), chaos.backend
    chance = random.Random(chaos.seed)
    items = _add(shop, chaos.choose(20, 100))
    changed = chance.sample(items, len(items) // 2)
    for item in changed:
        backend.change(shop.space, item["id"], quantity=3)
    deliveries = [sender.delivery(item) for item in (*items, *changed)]
    arrive = chance.sample(deliveries, len(deliveries) // 2)
    sender.send(arrive)
    chaos.wait_for_jobs()
    pushed = len(shop.items())
    shop.note_fault("missing before the sweep", len(items) - pushed)
    shop.expect("pushed some", pushed > 0, True)
    shop.import_changes()
    chaos.wait_for_jobs()
    _expect_stored(chaos, shop, sender, len(arrive))


def _kill_after_acceptance(chaos, shop):
    """Kill Odoo when it has accepted deliveries, and their jobs have come so far."""
    sender = Sender(shop, chaos.seed)
    count = 0
    for step in STEPS:
        items = _add(shop, 3, step)
        shop.arm(step, f"{step} 0")
        sender.send([sender.delivery(item) for item in items])
        count += len(items)
        shop.wait_at(step, f"{step} 0")
        shop.expect("accepted", sender.accepted, count)
        chaos.odoo.kill()
        shop.note_fault(f"SIGKILL {step}", shop.is_at(step, f"{step} 0"))
        chaos.odoo.start_again()
        chaos.wait_for_jobs()
    for round_ in range(chaos.choose(2, 10)):
        items = _add(shop, 8, f"round {round_}")
        sender.send([sender.delivery(item) for item in items])
        count += len(items)
        chaos.odoo.kill()
        left = chaos.database.unfinished_jobs()
        shop.note_fault(f"SIGKILL with jobs left, round {round_}", left)
        chaos.odoo.start_again()
    shop.finish_after_deaths()
    shop.expect("accepted", sender.accepted, count)
    _expect_stored(chaos, shop, sender, count)


def _kill_during_requests(chaos, shop):
    """Kill Odoo while it answers; the backend sends again what was not answered."""
    sender = Sender(shop, chaos.seed)
    items = _add(shop, chaos.choose(60, 300))
    deliveries = [sender.delivery(item) for item in items]
    kills = chaos.choose(2, 6)
    sending = threading.Thread(target=sender.send, args=(deliveries,))
    sending.start()
    for kill in range(1, kills + 1):
        enough = len(items) * kill // (kills + 1)
        chaos.wait_until(
            lambda enough=enough: sender.accepted >= enough, f"{enough} are accepted"
        )
        chaos.odoo.start_again()
        shop.note_fault(f"SIGKILL after {enough} deliveries", True)
    sending.join()
    shop.note_fault("deliveries sent again", sender.unanswered)
    shop.finish_after_deaths()
    _expect_stored(chaos, shop, sender, len(items))


def _add(shop, count, name="item"):
    """Put items on the backend, and return them."""
    ids = shop.put(*(f"{name} {number}" for number in range(count)))
    return [{"id": id_, "code": shop.code(label)} for label, id_ in ids.items()]


def _expect_stored(chaos, shop, sender, count):
    """Expect each delivery to be stored once, and its job to be done."""
    found = chaos.database.rows(STORED, shop.id)[0]
    shop.expect("deliveries, different ones, and done", found, (count,) * 3)
    shop.expect("answers that refuse", sender.refused, [])
