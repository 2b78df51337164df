"""What things take in the database and in the runner's memory, in bytes each."""

import time
import tracemalloc
import uuid
from typing import NamedTuple

from odoo.addons.queue_job.jobrunner.channels import ChannelManager

from .jobs import _by_chunks, _one_by_one


class Size(NamedTuple):
    """What one takes of a kind, and how many of them were measured."""

    records: int
    bytes: float


def binding(context, size):
    """A binding in the database, with its indexes and without what it wraps."""
    context.env.cr.execute("SELECT count(*) FROM benchmark_res_partner")
    [count] = context.env.cr.fetchone()
    return Size(count, _table(context, "benchmark_res_partner") / count)


def job_of_one(context, size):
    """A job for one record in the database."""
    return _jobs(context, _one_by_one, size)


def job_of_chunk(context, size):
    """A job for a chunk of records in the database."""
    return _jobs(context, _by_chunks, size)


def waiting_job(context, size):
    """A job that waits, in the memory of the runner, whatever it is about."""
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
