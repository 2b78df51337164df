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
    """Return a name for a job on a binding, if it costs no query.

    :param records: recordset on which the job calls the method
    :param method_name: name of the method
    :param args: positional arguments of the call
    :param kwargs: named arguments of the call
    :param backend: record of the backend
    :return: a translated name; ``None`` when the names are not in memory, or the method
        is another one
    :rtype: str | None
    """
    of_backend = cached_name(backend)
    if not of_backend:
        return None
    if method_name in ("export_record", "export_changes") and len(records) == 1:
        return _export_name(records, of_backend)
    if method_name in ("import_record", "export_delete_record"):
        external_id = args[1] if len(args) > 1 else kwargs.get("external_id")
        if method_name == "import_record":
            text = records.env._("Import record %(record)s from %(backend)s")
        else:
            text = records.env._("Delete record %(record)s on %(backend)s")
        return text % {"record": external_id, "backend": of_backend}
    return None


def _export_name(binding, of_backend):
    name = cached_name(binding)
    return name and binding.env._(
        "Export %(record)s to %(backend)s", record=name, backend=of_backend
    )


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
