"""Scenario 10: a backlog of jobs for one record each, which take one another along."""

from ..backend import Failure

CHANNELS = 8
#: the step at which a job works on others, too
REQUEST = "before the request"
TAKEN = """
    SELECT count(*) FROM queue_job WHERE id > %s AND state = 'pending'
    AND date_started IS NOT NULL AND eta > now() AT TIME ZONE 'UTC'
"""


REFUSED = (r"InvalidDataError",)
#: what Odoo logs when a user cancels jobs that begin at that moment
CROSSED = (r"could not serialize access", r"was requested to run job")
BOTH_WAYS = "chaos.item.import.binding"


def run(chaos):
    """Kill, refuse and cancel while a job works on the records of others."""
    count = chaos.choose(60, 300)
    for many in (False, True):
        how, name = ("many a call", "many") if many else ("a call each", "each")
        for title, space, expect, faults in (
            ("SIGKILL in mid-drain", "kills", (), _kill),
            ("poisoned records", "poison", REFUSED, _poison),
            ("cancelled in mid-drain", "cancel", CROSSED, _cancel),
        ):
            title, space = f"10 {title}, {how}", f"{name}-{space}"
            with chaos.trial(title, space, expect, BOTH_WAYS) as shop:
                faults(chaos, shop, many, count)


def _begin(shop, many, count, armed=()):
    """Have a backlog of jobs, and let them run."""
    if many:
        shop.take_many()
    for label in armed:
        shop.arm(REQUEST, label)
    shop.pause()
    for number in range(count):
        shop.create(str(number), export=False)  # The listener makes a job for each.
    shop.resume()


def _kill(chaos, shop, many, count):
    kills = chaos.choose(2, 8)
    labels = [str(count * (number + 1) // (kills + 1)) for number in range(kills)]
    _begin(shop, many, count, labels)
    taken = 0
    for label in labels:
        shop.wait_at(REQUEST, label)
        taken += _taken(shop)
        chaos.odoo.start_again()
    shop.note_fault("jobs were taken along at a SIGKILL", taken)
    chaos.wait_for_jobs(patience=120)
    # Only the jobs that had begun count an attempt, not those that they took along.
    shop.expect_tries(most=kills * CHANNELS)


def _taken(shop):
    return shop.chaos.database.rows(TAKEN, shop.first_job)[0][0]


def _poison(chaos, shop, many, count):
    """Let the backend refuse a record and fail at another one, twice each."""
    refused, failing = str(count // 3), str(count // 2)
    shop.misbehave(Failure.REFUSE, refused, times=2)
    shop.misbehave(Failure.SERVER_ERROR, failing, times=2)
    _begin(shop, many, count)
    chaos.wait_for_jobs(patience=120)
    failed = [name for _uuid, name, _message, _info in shop.failures()]
    if len(failed) > 1:
        shop.problems.append(f"A bad record made others fail: {failed}.")
    shop.note_fault("refused", len(shop.calls("create", refused)))
    shop.note_fault("failed", len(shop.calls("create", failing)))
    while shop.failures():  # The backend may have refused it once so far.
        shop.retry_failures("InvalidDataError")
        chaos.wait_for_jobs()


def _cancel(chaos, shop, many, count):
    """Cancel what waits while a job works on others; what it has taken goes on."""
    label = str(count // 2)
    _begin(shop, many, count, [label])
    shop.wait_at(REQUEST, label)
    cancelled = shop.cancel()
    shop.note_fault("jobs were taken along at the cancel", _taken(shop))
    shop.release(REQUEST, label)
    chaos.wait_for_jobs()
    exported = {item["code"] for item in chaos.backend.items(shop.space)}
    if cancelled & exported:
        shop.problems.append(f"Exported although cancelled: {cancelled & exported}.")
    shop.requeue()
    chaos.wait_for_jobs()
