"""Scenario 3: many workers want the same record; none of them fails."""

import threading
import time
import urllib.request

from ..backend import Failure

PARTS = [f"part {number}" for number in range(10)]
#: Odoo logs these when jobs meet, and when a job is delivered again.
MEETING = "Another job"
REFUSED = "was requested to run job"
AIM = 5  # seconds


def run(chaos):
    """Export and import the same records with many workers."""
    with chaos.trial("3 8 workers, 1 record", "same") as shop:
        shop.create("it", export=False)
        shop.export("it", times=8)
        _finish(chaos, shop)
    count = chaos.choose(60, 200)
    with chaos.trial(f"3 8 workers, {count} records, 10 parts", "parts") as shop:
        shop.create(*map(str, range(count)), parts=PARTS, each=2)
        _finish(chaos, shop)
    with chaos.trial("3 4 workers, 60 records, 10 parts", "four") as shop:
        started = time.monotonic()
        shop.create(
            *map(str, range(60)), parts=PARTS, each=2, delay={"channel": "root.four"}
        )
        _finish(chaos, shop, seconds=0.05)
        shop.notes.append(
            f"{time.monotonic() - started:.1f} s from commit to the last job "
            f"(aim: {AIM} s)"
        )
    with chaos.trial("3 a job delivered 8 times", "twice", [REFUSED]) as shop:
        _deliver_often(chaos, shop, times=8)
        chaos.wait_for_jobs()
    with chaos.trial("3 imports of the same", "imports") as shop:
        parts = [*shop.put(*"abc").values()]
        labels = map(str, range(chaos.choose(16, 64)))
        whole = [*shop.put(*labels, parts=parts).values()]
        shop.import_(*whole, *[whole[0]] * 7, *parts)
        _finish(chaos, shop)


def _finish(chaos, shop, seconds=0.2):
    chaos.wait_for_jobs(seconds=seconds)
    shop.expect_tries()
    shop.note_fault("jobs met", shop.odoo_said(MEETING))


def _deliver_often(chaos, shop, times):
    """Ask Odoo to run a job, as the runner does, but several times in parallel."""
    shop.misbehave(Failure.SLOW, "it", seconds=1)
    shop.create("it", export=False)
    uuid = shop.export("it", eta=3600)
    chaos.database.user_does(
        lambda env: env.cr.execute(
            "UPDATE queue_job SET state = 'enqueued', date_enqueued = now() AT TIME "
            "ZONE 'utc' WHERE uuid = %s",
            [uuid],
        )
    )
    url = f"{chaos.odoo.url}/queue_job/runjob?job_uuid={uuid}"
    deliveries = [
        threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=20).read())
        for _ in range(times)
    ]
    for delivery in deliveries:
        delivery.start()
    for delivery in deliveries:
        delivery.join()
    shop.note_fault("delivered again", shop.odoo_said(REFUSED))
