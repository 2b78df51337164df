"""The sizes of records in the database and of jobs in the runner's memory."""

import time
import tracemalloc
import uuid
from typing import NamedTuple

from odoo.addons.queue_job.jobrunner.channels import ChannelManager

from .jobs import by_chunks, one_by_one


class Size(NamedTuple):
    """The bytes of one record, and how many records were measured."""

    records: int
    bytes: float


def binding(context, size):
    """Measure a binding in the database, with its indexes, without what it wraps."""
    context.env.cr.execute("SELECT count(*) FROM benchmark_res_partner")
    [count] = context.env.cr.fetchone()
    return Size(count, _table(context, "benchmark_res_partner") / count)


def job_of_one(context, size):
    """Measure a job for one record in the database."""
    return _jobs(context, one_by_one, size)


def job_of_chunk(context, size):
    """Measure a job for a chunk of records in the database."""
    return _jobs(context, by_chunks, size)


def waiting_job(context, size):
    """Measure a job that waits, in the memory of the runner."""
    manager = ChannelManager()
    manager.simple_configure("root:4")
    now = time.time()
    tracemalloc.start()
    for number in range(size):
        manager.notify(
            "database", "root", str(uuid.uuid4()), number, now, 10, None, "pending"
        )
    taken, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Size(size, taken / size)


def _jobs(context, enqueue, size):
    context.env.cr.execute("TRUNCATE queue_job CASCADE")
    enqueue(context, context.partners.search([], limit=size).ids)
    context.env.cr.commit()
    context.env.cr.execute("SELECT count(*) FROM queue_job")
    [count] = context.env.cr.fetchone()
    return Size(count, _table(context, "queue_job") / count)


def _table(context, name):
    context.env.cr.execute("SELECT pg_total_relation_size(%s)", [name])
    return context.env.cr.fetchone()[0]
