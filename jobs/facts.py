# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Facts about a job of a connector, which its row shows to people."""

from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

from ..exception import NetworkRetryableError
from ..tools.bindings import backend_of
from .causes import cause_class_of, masked_cause_of
from .states import FINISHED

#: Methods whose records are the items of an argument: its name and its position.
COUNTED_ARGUMENT = {
    "compare_found": ("external_ids", 1),
    "import_chunk": ("external_ids", 1),
    "export_delete_records": ("deletes", 1),
}
#: Methods that name records of the backend in an argument.
EXTERNAL_IDS = {
    **COUNTED_ARGUMENT,
    "import_announced": ("external_id", 1),
    "import_record": ("external_id", 1),
    "export_delete_record": ("external_id", 1),
}
#: Methods that handle no records themselves, but delay jobs that do.
PREPARING = ("import_batch", "import_changes", "export_batch", "compare_sides")

#: Errors of the last attempts, by ``Job``.
_ERRORS = WeakKeyDictionary()


class JobFacts(NamedTuple):
    """The backend and the records of a job."""

    backend: object  #: recordset; its row is not necessarily read
    record_count: int  #: how many records the job handles


def facts_of(records, method_name, args, kwargs):
    """Return what a new job is about.

    :param records: recordset on which the job calls the method
    :param method_name: name of the method
    :param args: positional arguments of the call
    :param kwargs: named arguments of the call
    :return: ``None`` for a job that belongs to no backend
    :rtype: JobFacts | None
    """
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
    if method_name in PREPARING:
        return 0
    if method_name in COUNTED_ARGUMENT:
        return len(external_ids_of(method_name, args, kwargs))
    return len(records) or 1


def external_ids_of(method_name, args, kwargs):
    """Return the external ids that the call of a job names.

    :param method_name: name of the method
    :param args: positional arguments of the call
    :param kwargs: named arguments of the call
    :return: an empty list for methods that name none
    :rtype: list
    """
    if method_name not in EXTERNAL_IDS:
        return []
    name, position = EXTERNAL_IDS[method_name]
    value = args[position] if len(args) > position else kwargs.get(name, ())
    if method_name not in COUNTED_ARGUMENT:
        return [value]
    # A delete is an external id, with more arguments for the deleter.
    return [each[0] if isinstance(each, list | tuple) else each for each in value]


def outcome_values(job):
    """Return what the row of a job stores about its last attempt.

    :param job: ``Job`` that is being stored
    :return: values of ``queue.job``
    :rtype: dict
    """
    values = {}
    error = _ERRORS.get(job)
    if error is not None:
        values["cause"] = masked_cause_of(job.env, error)
        values["cause_class"] = cause_class_of(error)
        values["is_unanswered"] = isinstance(error, NetworkRetryableError)
    elif job.state in FINISHED:  # A job that somebody has requeued keeps it.
        values["cause"] = values["cause_class"] = values["is_unanswered"] = False
    counts = getattr(job.result, "counts", None)
    if counts and job.state in FINISHED:
        values["outcome_counts"] = dict(counts)
    return values


@contextmanager
def note_error(job):
    """Keep the error of an attempt until the job is stored.

    queue_job stores only the message of an error after which it retries a job.

    :param job: ``Job`` that is performed within
    """
    _ERRORS.pop(job, None)
    try:
        yield
    except Exception as error:
        _ERRORS[job] = error
        raise
