"""Jobs: what it costs to make them, and how fast Odoo gets through them."""

import time
from functools import partial

from odoo.addons.queue_job.controllers import main

from .context import PARTNER, WARM_UP

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


def by_edits(context, ids):
    """Let users change records one after the other, each with a job."""
    changes = context.env["connector.export.change"]
    for partner in context.partners.browse(ids):
        with context.env.cr.savepoint():
            changes.note(partner, ["name"])


def by_announcements(context, external_ids):
    """Let the backend announce records one after the other, each with a job."""
    for external_id in external_ids:
        context.partners.with_delay().import_announced(context.backend, external_id)


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
    _prepare(context, takes_many)
    ids = context.not_exported(size).ids
    work(context, ids)
    meter = _run_all(context)
    if not all(context.partners.browse(ids).mapped("external_id")):
        raise ValueError("Not all records were exported; the log of Odoo says why.")
    return meter.cost(size)


def _drain(work, context, size, takes_many=False, alone=False):
    """Measure how fast jobs of one record run that wait, as after an outage.

    :param alone: whether each job runs by itself
    """
    _prepare(context, takes_many)
    if work is by_announcements:
        work(context, context.new_ids(size))
    else:
        work(context, context.exported(size).ids)
    if alone:
        _interrupt(context)
    meter = _run_all(context)
    jobs = context.env["queue.job"].search([("outcome_counts", "!=", False)])
    if len(jobs) < size:
        raise ValueError("Not all jobs were done; the log of Odoo says why.")
    jobs.unlink()
    context.start_afresh()
    return meter.cost(size)


def _run_single(context, size, alone=False):
    """Measure a job of one record, while no other one waits.

    :param alone: whether it does not even look for others
    """
    context.set_backend(milliseconds=0, takes_many=True)
    partners = context.exported(size + WARM_UP)
    for partner in partners[:WARM_UP]:
        _run_job(context, partner, alone)
    with context.meter() as meter:
        for partner in partners[WARM_UP:]:
            _run_job(context, partner, alone)
    return meter.cost(size)


def _run_job(context, partner, alone):
    """Delay an export, and run the job as the server does."""
    uuid = partner.with_delay().export_record().uuid
    context.env.flush_all()
    if alone:
        _interrupt(context)
    context.env.cr.execute("UPDATE queue_job SET state = 'enqueued'")
    context.env.cr.commit()
    controller = next(
        iter(main.RunJobController.__subclasses__()), main.RunJobController
    )
    with context.env.registry.cursor() as cr:
        env = context.env(cr=cr)
        controller._runjob(env, controller._acquire_job(env, uuid))
    context.env.cr.execute("DELETE FROM queue_job")
    context.env.cr.commit()


def _interrupt(context):
    """Let all jobs look as if they were interrupted: each then runs by itself."""
    context.env.flush_all()
    context.env.cr.execute(
        "UPDATE queue_job SET date_started = now() AT TIME ZONE 'UTC'"
        " WHERE state = 'pending'"
    )


def _prepare(context, takes_many):
    context.set_backend(milliseconds=MILLISECONDS, takes_many=takes_many)
    _let_all_processes_load(context)


def _run_all(context):
    with context.meter() as meter:
        context.env.cr.commit()
        _wait(context.env.cr)
    context.start_afresh()
    return meter


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

drain_edits = partial(_drain, by_edits)
drain_edits_alone = partial(_drain, by_edits, alone=True)
drain_edits_together = partial(_drain, by_edits, takes_many=True)
drain_edits_together_alone = partial(_drain, by_edits, takes_many=True, alone=True)
drain_announced = partial(_drain, by_announcements, takes_many=True)
drain_announced_alone = partial(_drain, by_announcements, takes_many=True, alone=True)
single = _run_single
single_alone = partial(_run_single, alone=True)
