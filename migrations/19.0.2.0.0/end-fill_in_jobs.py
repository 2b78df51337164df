# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fill in what people see of jobs from before this version.

It runs when all addons are loaded, since it reads the models of connectors.
"""

import logging

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, split_every

from odoo.addons.connector.jobs.causes import stored_cause
from odoo.addons.connector.jobs.facts import facts_of, told
from odoo.addons.connector.jobs.states import FAILED, FINISHED
from odoo.addons.connector.tools.bindings import (
    all_binding_models,
    backend_field,
    backend_models,
    backend_of,
)

_logger = logging.getLogger(__name__)

BATCH = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["connector.backend.state"].make_missing()
    only_backends = _only_backends(env)
    count = 0
    for ids in split_every(BATCH, _unfinished(env)):
        jobs = env["queue.job"].browse(ids)
        _prefetch_backends(jobs)
        rows = [_row(job, only_backends.get(job.model_name)) for job in jobs]
        _update(cr, [row for row in rows if row])
        count += len(jobs)
        env.invalidate_all()
    _logger.info("Filled in %s unfinished jobs of connectors", count)


def _unfinished(env):
    """Return the ids of the jobs of connectors that are unfinished or failed."""
    names = [*backend_models(env), *all_binding_models(env)]
    query = SQL(
        "SELECT id FROM queue_job WHERE backend_id IS NULL AND state NOT IN %s"
        " AND model_name = ANY(%s) ORDER BY id",
        FINISHED,
        names,
    )
    return [id_ for (id_,) in env.execute_query(query)]


def _only_backends(env):
    """Return the backends that are the only ones of their kind, by binding model.

    A job whose record is gone can belong to no other one.
    """
    found = {}
    for backend_model in backend_models(env):
        backend = env[backend_model].with_context(active_test=False).search([], limit=2)
        for name in all_binding_models(env):
            if len(backend) == 1 and backend_field(env, name, backend_model):
                found[name] = backend
    return found


def _prefetch_backends(jobs):
    """Read the backends of all bindings of the jobs with one query for each model."""
    ids_by_model = {}
    for job in jobs:
        records = told(lambda job=job: job.records)
        if records:
            ids_by_model.setdefault(records._name, set()).add(records.ids[0])
    for name, ids in ids_by_model.items():
        for record in jobs.env[name].browse(ids).exists():
            told(lambda record=record: backend_of(record))


def _row(job, only_backend):
    """Return the values of a job, ``None`` when its backend is unknown.

    :param job: ``queue.job``
    :param only_backend: its backend if it does not name one, or ``None``
    """
    # Its records, their model or an argument may be gone.
    facts = told(lambda: facts_of(job.records, job.method_name, job.args, job.kwargs))
    backend = facts.backend if facts else only_backend
    if not backend:
        return None
    count = facts.record_count if facts else 1
    cause = stored_cause(job.exc_name, job.exc_message) if job.state == FAILED else ()
    return job.id, backend._name, backend.id, count, *(cause or (None, None))


def _update(cr, rows):
    if rows:
        cr.execute(
            SQL(
                "UPDATE queue_job AS job SET backend_model = new.backend_model,"
                " backend_id = new.backend_id, record_count = new.record_count,"
                " cause = new.cause, cause_class = new.cause_class"
                " FROM unnest(%s::int[], %s::varchar[], %s::int[], %s::int[],"
                "  %s::varchar[], %s::varchar[])"
                "  AS new(id, backend_model, backend_id, record_count, cause,"
                "  cause_class)"
                " WHERE job.id = new.id",
                *(list(column) for column in zip(*rows, strict=True)),
            )
        )
