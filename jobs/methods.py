# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The methods that the jobs of connectors call."""

from collections.abc import Callable
from typing import NamedTuple

from odoo.models import BaseModel
from odoo.tools.translate import LazyGettext, LazyTranslate

from ..tools.external_id import is_external_id
from ..tools.overrides import overrides
from .deletes import delete_job_key

_lt = LazyTranslate(__name__)

EXPORT = "export"  #: from Odoo to the backend
IMPORT = "import"  #: from the backend to Odoo
COMPARE = "compare"  #: reads both sides
BOTH = "both"


class JobMethod(NamedTuple):
    """What a job shows, and how it is made, by the method that it calls."""

    label: LazyGettext | None = None  #: the name of its jobs
    ids_argument: str = ""  #: the argument after the backend, with external ids
    handles_list: bool = False  #: whether the ids are the records of the job
    prepares: bool = False  #: whether it only delays jobs that handle records
    channel_of: str = ""  #: the method whose channel its jobs share
    usage: str = ""  #: of the component that it calls, if it does nothing else
    #: From its records, the positional and the keyword arguments, the identity keys of
    #: the jobs that it replaces.
    record_keys: Callable | None = None
    #: Keyword arguments in which jobs differ that run together.
    own_options: tuple = ()
    general_label: LazyGettext | None = None  #: the name of a job that names no record

    def external_ids(self, args, kwargs):
        """Return the external ids that the call of a job names."""
        if not self.ids_argument:
            return []
        if not self.handles_list:
            return [self._ids(args, kwargs)]
        # A delete is an external id, with more arguments for the deleter.
        return [
            each[0] if isinstance(each, list | tuple) and each else each
            for each in self.listed(args, kwargs) or ()
        ]

    def listed(self, args, kwargs):
        """Return the list of what the job handles.

        :return: ``None`` if it has none: a connector's own method of the same name may
            have other arguments
        """
        value = self._ids(args, kwargs) if self.handles_list else None
        return value if isinstance(value, list | tuple) else None

    def _ids(self, args, kwargs):
        return args[1] if len(args) > 1 else kwargs.get(self.ids_argument)

    def readable_ids(self, args, kwargs):
        """Return the external ids that people may read."""
        return [
            id_
            for id_ in self.external_ids(args, kwargs)
            if isinstance(id_, str | int) and is_external_id(id_)
        ]

    def for_others(self, job, others):
        """Return the records and arguments of a job, for other records than its own.

        :param others: recordset, or what the argument lists instead of the ids
        """
        if not self.handles_list:
            return job.recordset.browse(others.ids), job.args, job.kwargs
        if len(job.args) > 1:
            args = (job.args[0], others, *job.args[2:])
            return job.recordset, args, job.kwargs
        return job.recordset, job.args, {**job.kwargs, self.ids_argument: others}


def job_method(name):
    """Return what is known of a method, which a connector may have defined."""
    return METHODS.get(name) or JobMethod()


def offers(backend, model, method_name):
    """Return whether a connector has what a job needs that calls a method.

    By default, the method only calls a component.
    """
    if overrides(model, model.env.registry["external.binding"], method_name):
        return True
    with backend.work_on(model._name) as work:
        return bool(work.many_components(usage=job_method(method_name).usage))


def begins_run(backend, model_name, method_name):
    """Return whether a job that somebody delays begins a run.

    A search does not whose component begins runs when it has found something.
    """
    method = job_method(method_name)
    if not (method.prepares and method.usage):
        return method.prepares
    with backend.work_on(model_name) as work:
        found = work.many_components(usage=method.usage)
        return all(getattr(component, "_begins_run", True) for component in found)


def direction_of(method_name):
    """Return the direction of a method by its name, or an empty text."""
    directions = (EXPORT, IMPORT, COMPARE)
    return next((each for each in directions if each in method_name), "")


def record_keys_of(job):
    """Return the identity keys of the jobs for one record that a job replaces."""
    record_keys = job_method(job.method_name).record_keys
    return record_keys(job.recordset, job.args, job.kwargs) if record_keys else []


def changes_job_key(model_name, res_id):
    """Return the identity key of the job that exports the changes of a binding."""
    return f"connector.export_changes({model_name}, {res_id})"


def _keys_of_changes(bindings, _args, _kwargs):
    several = bindings.ids if len(bindings) > 1 else ()
    return [changes_job_key(bindings._name, id_) for id_ in several]


def _keys_of_deletes(model, args, kwargs):
    backend = args[0] if args else kwargs.get("backend")
    deletes = job_method("export_delete_records").listed(args, kwargs) or ()
    is_ours = isinstance(backend, BaseModel) and all(
        isinstance(each, list | tuple) and each for each in deletes
    )
    if not is_ours:
        return []
    return [delete_job_key(backend[:1], model._name, each[0]) for each in deletes]


_FIND_IMPORTS = _lt("Find what to import from %(backend)s")
_FIND_EXPORTS = _lt("Find what to export to %(backend)s")
_IMPORT = _lt("Import record %(record)s from %(backend)s")
_EXPORT = _lt("Export %(record)s to %(backend)s")
_EXPORT_ONE = _lt("Export a record to %(backend)s")
_DELETE = _lt("Delete record %(record)s on %(backend)s")

METHODS = {
    "import_batch": JobMethod(_FIND_IMPORTS, prepares=True, usage="batch.importer"),
    "import_changes": JobMethod(_FIND_IMPORTS, prepares=True),
    "import_chunk": JobMethod(None, "external_ids", handles_list=True),
    "import_missing": JobMethod(None, "external_ids", handles_list=True),
    "import_record": JobMethod(_IMPORT, "external_id", usage="record.importer"),
    "import_announced": JobMethod(
        _IMPORT, "external_id", channel_of="import_record", own_options=("deleted",)
    ),
    "export_batch": JobMethod(_FIND_EXPORTS, prepares=True),
    "export_record": JobMethod(
        _EXPORT,
        usage="record.exporter",
        own_options=("fields",),
        general_label=_EXPORT_ONE,
    ),
    "export_changes": JobMethod(
        _EXPORT, record_keys=_keys_of_changes, general_label=_EXPORT_ONE
    ),
    "export_delete_record": JobMethod(
        _DELETE, "external_id", usage="record.exporter.deleter"
    ),
    "export_delete_records": JobMethod(
        ids_argument="deletes",
        handles_list=True,
        channel_of="export_delete_record",
        record_keys=_keys_of_deletes,
    ),
    "compare_sides": JobMethod(prepares=True),
    "compare_found": JobMethod(None, "external_ids", handles_list=True),
}
