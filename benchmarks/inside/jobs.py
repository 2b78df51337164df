"""Jobs: what it costs to make them, and how fast Odoo gets through them."""

import time

from .workshop import PARTNER

#: how long each call of the backend takes
MILLISECONDS = 20
WARM_UP_JOBS = 40
UNFINISHED = ("wait_dependencies", "pending", "enqueued", "started")
#: seconds until we give up
PATIENCE = 1200


def enqueue_one_by_one(workshop, size):
    """A job for each record."""
    return _enqueue(workshop, _one_by_one, size)


def enqueue_by_chunks(workshop, size):
    """A job for each chunk of records."""
    return _enqueue(workshop, _by_chunks, size)


def run_one_by_one(workshop, size):
    """Exports with a job each, which a server that is there works off."""
    return _run(workshop, _one_by_one, size)


def run_by_chunks(workshop, size):
    """Exports with a job for each chunk."""
    return _run(workshop, _by_chunks, size)


def run_by_chunks_at_once(workshop, size):
    """Exports with a job for each chunk, and a call of the backend for each chunk."""
    return _run(workshop, _by_chunks, size, takes_many=True)


def _one_by_one(workshop, ids):
    for partner in workshop.partners.browse(ids):
        partner.with_delay().export_record()


def _by_chunks(workshop, ids):
    with workshop.backend.work_on(PARTNER) as work:
        work.component(usage="batch.exporter").run([("id", "in", ids)])


def _enqueue(workshop, work, size):
    work(workshop, workshop.partners.search([], limit=5).ids)
    ids = workshop.partners.search([], limit=size).ids
    workshop.start_afresh()
    with workshop.meter() as meter:
        work(workshop, ids)
        workshop.env.cr.commit()
    workshop.env.cr.execute("DELETE FROM queue_job")
    workshop.env.cr.commit()
    return meter.cost(size)


def _run(workshop, work, size, takes_many=False):
    workshop.set_backend(milliseconds=MILLISECONDS, takes_many=takes_many)
    _let_all_processes_load(workshop)
    ids = workshop.not_exported(size).ids
    work(workshop, ids)
    with workshop.meter() as meter:
        workshop.env.cr.commit()
        _wait(workshop.env.cr)
    workshop.start_afresh()
    if not all(workshop.partners.browse(ids).mapped("external_id")):
        raise ValueError("Not all records were exported; the log of Odoo says why.")
    return meter.cost(size)


def _let_all_processes_load(workshop):
    """Each process of the server loads Odoo's models with its first job."""
    _one_by_one(workshop, workshop.not_exported(WARM_UP_JOBS).ids)
    workshop.env.cr.commit()
    _wait(workshop.env.cr)
    workshop.start_afresh()


def _wait(cr):
    deadline = time.monotonic() + PATIENCE
    left = True
    while left:
        if time.monotonic() > deadline:
            raise ValueError(f"Jobs are left after {PATIENCE} seconds.")
        time.sleep(0.05)
        cr.execute("SELECT 1 FROM queue_job WHERE state IN %s LIMIT 1", [UNFINISHED])
        left = cr.fetchone()
        cr.commit()
