"""Jobs: what it costs to make them, and how fast Odoo gets through them."""

import time
from functools import partial

from .context import PARTNER

#: how long each call of the backend takes
MILLISECONDS = 20
WARM_UP_JOBS = 40
TO_RUN = ("wait_dependencies", "pending", "enqueued", "started")
#: seconds until we give up
TIMEOUT = 1200


def one_by_one(context, ids):
    """Delay a job for each record."""
    for partner in context.partners.browse(ids):
        partner.with_delay().export_record()


def by_chunks(context, ids):
    """Delay a job for each chunk of records."""
    with context.backend.work_on(PARTNER) as work:
        work.component(usage="batch.exporter").run([("id", "in", ids)])


def delay_all(context, _size):
    """Delay the export of all records that the backend does not have, as a job does."""
    job = context.partners.browse(context.not_exported(1).id).with_delay()
    backend = context.backend.with_context(job_uuid=job.export_record().uuid)
    count = context.partners.search_count([("external_id", "=", False)])
    context.start_afresh()
    with context.meter() as meter, backend.work_on(PARTNER) as work:
        work.component(usage="batch.exporter").run()
    return meter.cost(count)


def _enqueue(work, context, size):
    work(context, context.partners.search([], limit=5).ids)
    ids = context.partners.search([], limit=size).ids
    context.start_afresh()
    with context.meter() as meter:
        work(context, ids)
        context.env.cr.commit()
    context.env.cr.execute("DELETE FROM queue_job")
    context.env.cr.commit()
    return meter.cost(size)


def _run(work, context, size, takes_many=False):
    context.set_backend(milliseconds=MILLISECONDS, takes_many=takes_many)
    _let_all_processes_load(context)
    ids = context.not_exported(size).ids
    work(context, ids)
    with context.meter() as meter:
        context.env.cr.commit()
        _wait(context.env.cr)
    context.start_afresh()
    if not all(context.partners.browse(ids).mapped("external_id")):
        raise ValueError("Not all records were exported; the log of Odoo says why.")
    return meter.cost(size)


def _let_all_processes_load(context):
    """Let each process of the server load Odoo's models, as its first job does."""
    one_by_one(context, context.not_exported(WARM_UP_JOBS).ids)
    context.env.cr.commit()
    _wait(context.env.cr)
    context.start_afresh()


def _wait(cr):
    deadline = time.monotonic() + TIMEOUT
    left = True
    while left:
        if time.monotonic() > deadline:
            raise ValueError(f"Jobs are left after {TIMEOUT} seconds.")
        time.sleep(0.05)
        cr.execute("SELECT 1 FROM queue_job WHERE state IN %s LIMIT 1", [TO_RUN])
        left = cr.fetchone()
        cr.commit()


# -- the works: to delay the jobs, and to run them in a server that is there

enqueue_one_by_one = partial(_enqueue, one_by_one)
enqueue_by_chunks = partial(_enqueue, by_chunks)
run_one_by_one = partial(_run, one_by_one)
run_by_chunks = partial(_run, by_chunks)
#: a call of the backend for each chunk
run_by_chunks_at_once = partial(_run, by_chunks, takes_many=True)
