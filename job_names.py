# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of jobs, which say which record they synchronise with which backend."""


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
    env = records.env
    if method_name in ("export_record", "export_changes") and len(records) == 1:
        text, name = env._("Export %(record)s to %(backend)s"), cached_name(records)
    elif method_name == "import_record":
        text = env._("Import record %(record)s from %(backend)s")
        name = args[1] if len(args) > 1 else kwargs.get("external_id")
    elif method_name == "export_delete_record":
        text = env._("Delete record %(record)s on %(backend)s")
        name = args[1] if len(args) > 1 else kwargs.get("external_id")
    else:
        return None
    if not name:
        return None
    return text % {"record": name, "backend": backend.sudo().display_name}


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
