# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The jobs that delete on backends what was deleted in Odoo."""

from odoo.tools import SQL

from odoo.addons.queue_job.job import Job

from ..tools.bindings import split_for_jobs
from ..tools.external_id import unique_external_ids
from ..tools.read_only import is_read_only
from ..tools.text import storable_key
from .names_for_many import name_for_many
from .states import DONE, UNFINISHED


def delete_job_key(backend, model_name, external_id):
    """Return the identity key of the job that deletes a record on a backend.

    :param backend: record of the backend
    :param model_name: name of the model of the binding
    :param external_id: id of the record on the backend
    :rtype: str
    """
    return storable_key(
        f"connector.delete({backend._name}, {backend.id}, {model_name}, {external_id})"
    )


def waiting_deletes(backend, model_name, external_ids, ended_within=0):
    """Return the ids that were deleted in Odoo, but not yet on the backend.

    :param backend: record of the backend
    :param model_name: name of the model of the bindings
    :param external_ids: list of ids on the backend
    :param ended_within: seconds; ids that a job has deleted since then count, too
    :return: the ids as they were given; of ``1`` and ``"1"`` the one that came first
    :rtype: set
    """
    keys = {
        delete_job_key(backend, model_name, id_): id_
        for id_ in unique_external_ids(external_ids)
    }
    if not keys:
        return set()
    query = SQL(
        "%s UNION ALL %s UNION ALL SELECT NULL, NULL WHERE EXISTS (SELECT"
        " FROM connector_export_change WHERE removed IS NOT NULL AND model_name = %s)",
        backend.env["queue.job"].sudo().find_by_key(keys, UNFINISHED),
        _ended(backend, keys, ended_within),
        model_name,
    )
    found = backend.env.execute_query(query)
    if (None, None) in found and not is_read_only(backend.env):
        backend.env["connector.export.change"].delay_deletes_of_removed(model_name)
        found = backend.env.execute_query(query)
    return {keys[key] for key, _uuid in found if key}


def _ended(backend, keys, seconds):
    """Return the query for the keys of the deletes that have ended lately."""
    return SQL(
        "SELECT coalesce(record.key, identity_key), uuid FROM queue_job"
        " LEFT JOIN LATERAL jsonb_array_elements_text(record_keys) AS record(key)"
        " ON TRUE WHERE state = %s AND backend_model = %s AND backend_id = %s"
        " AND date_done >= now() AT TIME ZONE 'UTC' - %s * interval '1s'"
        " AND coalesce(record.key, identity_key) = ANY(%s)",
        DONE,
        backend._name,
        backend.id,
        seconds,
        list(keys),
    )


def delay_deletes(model, deletes):
    """Delay jobs that delete records on their backends.

    A few deletes get a job each, many get a job for each chunk.

    :param deletes: list of the arguments of ``export_delete_record`` for each record:
        the backend, the external id, and what a connector adds
    """
    by_backend = {}
    for backend, *arguments in deletes:
        by_backend.setdefault(backend, []).append(arguments)
    jobs = []
    for backend, of_backend in by_backend.items():
        for chunk in split_for_jobs(backend, of_backend):
            if len(chunk) == 1:
                delay_delete(model, backend, *chunk[0])
            else:
                jobs.append(_chunk_job(model, backend, list(chunk)))
    if jobs:
        model.env["queue.job"].store_new(jobs)


def delay_delete(model, backend, external_id, *more):
    """Delay the job that deletes one record on its backend.

    :param model: empty recordset of the binding's model
    :param backend: record of the backend
    :param external_id: id of the record on the backend
    :param more: what a connector adds to the arguments of ``export_delete_record``
    """
    key = delete_job_key(backend, model._name, external_id)
    delayed = model.with_delay(identity_key=key)
    delayed.export_delete_record(backend, external_id, *more)


def delay_delete_chunk(model, backend, deletes, **options):
    """Delay the job that deletes many records on their backend.

    :param deletes: list of what :func:`delay_delete` gets for each record
    """
    model.env["queue.job"].store_new([_chunk_job(model, backend, deletes, **options)])


def _chunk_job(model, backend, deletes, **options):
    description = name_for_many("export_delete_records", backend, len(deletes))
    functions = model.env["queue.job.function"].sudo()
    return Job(
        model.export_delete_records,
        args=(backend, deletes),
        description=description,
        channel=functions.shared_channel(model, "export_delete_records"),
        **options,
    )
