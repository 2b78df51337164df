# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of jobs, with the record and the backend that they synchronise."""

from .facts import PREPARING, external_ids_of


def default_name(records, method_name):
    """Return the name that queue_job gives to a job without a description.

    :param records: recordset on which the job calls the method
    :param method_name: name of the method
    :return: the first line of the docstring; ``None`` without one
    :rtype: str | None
    """
    text = getattr(records, method_name).__doc__
    return text.splitlines()[0].strip() if text else None


def name_of(records, method_name, args, kwargs, backend):
    """Return a name for a job on a binding, if it costs no query for each record.

    :param records: recordset on which the job calls the method
    :param method_name: name of the method
    :param args: positional arguments of the call
    :param kwargs: named arguments of the call
    :param backend: record of the backend
    :return: a translated name; ``None`` when the name of the record is not in memory,
        or the method is another one
    :rtype: str | None
    """
    text = _text_of(records.env, method_name)
    if text is None:
        return None
    of_backend = backend.sudo().display_name
    if method_name in PREPARING:
        return text % {"backend": of_backend}
    external_ids = external_ids_of(method_name, args, kwargs)
    if external_ids:
        [name] = external_ids
    else:
        name = cached_name(records) if len(records) == 1 else None
    return text % {"record": name, "backend": of_backend} if name else None


def _text_of(env, method_name):
    return {
        "export_batch": env._("Find what to export to %(backend)s"),
        "export_changes": env._("Export %(record)s to %(backend)s"),
        "export_delete_record": env._("Delete record %(record)s on %(backend)s"),
        "export_record": env._("Export %(record)s to %(backend)s"),
        "import_announced": env._("Import record %(record)s from %(backend)s"),
        "import_batch": env._("Find what to import from %(backend)s"),
        "import_changes": env._("Find what to import from %(backend)s"),
        "import_record": env._("Import record %(record)s from %(backend)s"),
    }.get(method_name)


def cached_name(record):
    """Return the name of a record if it is in memory.

    :param record: a record whose model has a field for the name
    :return: ``None`` when a query would be necessary
    :rtype: str | None
    """
    name = record._rec_name
    if not name or not record:
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
