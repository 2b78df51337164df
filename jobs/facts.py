# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Facts about a job of a connector, which its row shows to people."""

from typing import NamedTuple

from ..exception import NetworkRetryableError
from ..tools.bindings import backend_of
from .causes import cause_class_of, masked_cause_of
from .methods import job_method
from .states import FINISHED, WAITING


class JobFacts(NamedTuple):
    """The backend and the records of a job."""

    backend: object  #: recordset; its row is not necessarily read
    record_count: int  #: how many records the job handles


def facts_of(records, method_name, args, kwargs):
    """Return what a new job is about; ``None`` if it belongs to no backend."""
    registry = records.env.registry
    backend_class = registry["connector.backend"]
    if isinstance(records, backend_class):
        return JobFacts(records[:1], 0)
    if not isinstance(records, registry["external.binding"]):
        return None
    for argument in (*args, *kwargs.values()):
        if isinstance(argument, backend_class):
            return JobFacts(argument[:1], _count(records, method_name, args, kwargs))
    if not records:
        return None
    backend = backend_of(records.sudo()[0].with_prefetch(records.ids))
    return JobFacts(backend, len(records))


def _count(records, method_name, args, kwargs):
    method = job_method(method_name)
    if method.prepares:
        return 0
    if method.handles_list:
        return len(method.external_ids(args, kwargs))
    return len(records) or 1


def outcome_values(job):
    """Return what the row of a ``Job`` stores about its last attempt."""
    values = {}
    error = getattr(job, "connector_error", None)  # RunJobController sets it.
    if error is not None:
        values["cause"] = masked_cause_of(job.env, error)
        values["cause_class"] = cause_class_of(error)
        values["is_unanswered"] = isinstance(error, NetworkRetryableError)
        kept_data = getattr(error, "kept_data", None)
        if kept_data and job.state in WAITING:
            before = job.db_record().sudo().kept_data or {}
            values["kept_data"] = {**before, **kept_data}
    elif job.state in FINISHED:  # A job that somebody has requeued keeps it.
        values["cause"] = values["cause_class"] = values["is_unanswered"] = False
    counts = getattr(job.result, "counts", None)
    if counts and job.state in FINISHED:
        values["outcome_counts"] = dict(counts)
    return values
