# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of jobs, with the record and the backend that they synchronise."""

from functools import partial

from ..tools.translatable import translatable
from .methods import job_method


def default_name(records, method_name):
    """Return the name that queue_job gives to a job without a description."""
    text = getattr(records, method_name).__doc__
    return text.splitlines()[0].strip() if text else None


def name_of(records, method_name, args, kwargs, backend):
    """Return a name for a job on a binding, if it costs no query for each record.

    :return: ``None`` when the name of the record is not in memory, or the table of
        methods has no label
    """
    method = job_method(method_name)
    if not method.label:
        return None
    text = partial(translatable(records.env)._, method.label)
    of_backend = backend.name_in_jobs()
    if method.prepares:
        return text(backend=of_backend)
    if method.ids_argument:
        [name] = method.readable_ids(args, kwargs) or [None]
    else:
        name = _cached_name(records) if len(records) == 1 else None
    if name is None:
        return None
    return text(record=name, backend=of_backend)


def general_terms(env, method_name, backend):
    """Return the JSON of the name of a job that names no record; none without one."""
    label = job_method(method_name).general_label
    if not label:
        return None
    return translatable(env)._(label, backend=backend.name_in_jobs()).terms


def _cached_name(record):
    name = record._rec_name
    if not name:
        return None
    field = record._fields[name]
    while field.inherited:
        link = record._fields[field.related.split(".")[0]]
        if not _is_cached(record, link):
            return None
        record = record[link.name]
        field = record._fields[name]
    if field.type != "char" or not _is_cached(record, field):
        return None
    return field._get_cache(record.env)[record.id] or None


def _is_cached(record, field):
    return record.id in field._get_cache(record.env)
