# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Facts about a job of a connector, which its row shows to people."""

import logging
from typing import NamedTuple

import psycopg2

from ..exception import NetworkRetryableError
from ..tools.bindings import known_backend_of
from ..tools.translatable import terms_of
from .causes import cause_class_of, cause_terms_of, masked_cause
from .methods import job_method
from .outcome import counts_of
from .states import FAILED, FINISHED, WAITING

_logger = logging.getLogger(__name__)


class JobFacts(NamedTuple):
    """The backend and the records of a job."""

    backend: object  #: recordset, perhaps empty; its row is not necessarily read
    record_count: int  #: how many records the job handles


def facts_of(records, method_name, args, kwargs):
    """Return what a new job is about; ``None`` if it belongs to no known backend."""
    registry = records.env.registry
    backend_class = registry["connector.backend"]
    if isinstance(records, backend_class):
        return JobFacts(_stored(records), 0)
    if not isinstance(records, registry["external.binding"]):
        return None
    for argument in (*args, *kwargs.values()):
        if isinstance(argument, backend_class) and argument:
            count = _count(records, method_name, args, kwargs)
            return JobFacts(_stored(argument), count)
    backend = known_backend_of(records.sudo().with_prefetch(records.ids))
    return JobFacts(_stored(backend), len(records)) if backend else None


def _stored(backends):
    """Return the first backend that is stored, or an empty recordset."""
    return backends.browse() if backends._abstract else backends._origin[:1]


def _count(records, method_name, args, kwargs):
    method = job_method(method_name)
    if method.prepares:
        return 0
    listed = method.listed(args, kwargs)
    return len(records) or 1 if listed is None else len(listed)


def told(read, *args):
    """Return what a function reads about a job, ``None`` when it cannot.

    Connectors compute backends, companies and names in their own ways. An error in
    something that is only shown must not prevent the job.

    :param read: function that gets ``args``
    """
    try:
        return read(*args)
    except psycopg2.Error:
        raise  # The transaction may accept no further query.
    except Exception as error:
        kind = type(error).__name__
        _logger.info("Something that a job shows cannot be read: %s", kind)
        return None


def outcome_values(job):
    """Return what the row of a ``Job`` stores about its last attempt."""
    values = {}
    error = getattr(job, "connector_error", None)  # RunJobController sets it.
    if error is not None:
        terms = told(cause_terms_of, job.env, error) or type(error).__name__
        names = _names_of(job)
        values["cause"] = masked_cause(terms, names)
        values["outcome_terms"] = {
            "cause": terms,
            "names": names,
            "answer": getattr(error, "answer", None),
            "record": terms_of(getattr(error, "record_name", None) or ""),
        }
        values["cause_class"] = cause_class_of(error)
        values["is_unanswered"] = isinstance(error, NetworkRetryableError)
        kept_data = getattr(error, "kept_data", None)
        if kept_data and job.state in WAITING:
            before = job.db_record().sudo().kept_data or {}
            values["kept_data"] = {**before, **kept_data}
        elif job.state == FAILED and hasattr(error, "kept_by_failure"):
            values["kept_data"] = error.kept_by_failure
    elif job.state in FINISHED:  # A job that somebody has requeued keeps it.
        values["cause"] = values["cause_class"] = values["is_unanswered"] = False
        values["outcome_terms"] = {"result": terms_of(job.result or "")}
    counts = counts_of(job.result)
    if counts and job.state in FINISHED:
        values["outcome_counts"] = counts
    return values


def _names_of(job):
    """Return the name of the record of a job for one, which its cause may contain."""
    records = job.recordset.sudo()
    is_one = len(records) == 1 and isinstance(
        records, records.env.registry["external.binding"]
    )
    name = told(lambda: records.display_name) if is_one else None
    return [name] if name else []
