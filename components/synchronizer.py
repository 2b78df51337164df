# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base components of exporters, importers and deleters.

A synchronizer controls the flow of a synchronisation. It calls the mapper, the binder
and the adapter of its model, whichever the connector provides.
"""

from odoo.addons.component.core import AbstractComponent

from ..exception import JobError
from ..jobs.outcome import ARCHIVED, POSTPONED, SKIPPED, NothingToDo
from ..tools.bindings import is_archived
from ..tools.locks import pg_try_advisory_lock
from ..tools.translatable import joined, translatable


class Synchronizer(AbstractComponent):
    """Base of exporters, importers and deleters."""

    _name = "base.synchronizer"
    _inherit = "base.connector"

    _base_mapper_usage = "mapper"
    _base_backend_adapter_usage = "backend.adapter"

    def __init__(self, work_context):
        super().__init__(work_context)
        self._backend_adapter = None
        self._binder = None
        self._mapper = None
        self._shares_with = None  #: a synchronizer whose components are used
        self.outcome = None  #: the :class:`~..jobs.outcome.Outcome` of the last run

    def run(self):
        """Run the synchronisation; each synchronizer defines its own parameters."""
        raise NotImplementedError(f"{self._name} does not implement run()")

    @property
    def mapper(self):
        """The mapper of the model, looked up on first use."""
        if self._mapper is None:
            other, usage = self._shares_with, self._base_mapper_usage
            self._mapper = other.mapper if other else self.component(usage=usage)
        return self._mapper

    @property
    def binder(self):
        """The binder of the model, looked up on first use."""
        if self._binder is None:
            other = self._shares_with
            self._binder = other.binder if other else self.binder_for()
        return self._binder

    @property
    def backend_adapter(self):
        """The backend adapter of the model, looked up on first use."""
        if self._backend_adapter is None:
            other, usage = self._shares_with, self._base_backend_adapter_usage
            self._backend_adapter = (
                other.backend_adapter if other else self.component(usage=usage)
            )
        return self._backend_adapter

    def for_item(self, item):
        """Return a synchronizer like this one for a record of its own.

        It uses our components: see :meth:`share_components`.

        :param item: the :class:`~.item.Item` of the record
        """
        other = type(self)(self.work)
        other.share_components(self)
        other._item = item
        return other

    def share_components(self, other):
        """Use the mapper, binder and adapter of another synchronizer.

        Many records then share what these have prepared, such as a mapping plan. The
        components are looked up on first use. A connector overrides it to share more.

        :param other: a synchronizer of the same model and backend
        """
        self._shares_with = other

    def _check_backend_active(self):
        """End the synchronisation if the backend is archived.

        Jobs may run long after they were created. They run again when the backend is
        active again.

        :raise NothingToDo: when the backend is archived
        """
        backend = self.backend_record.sudo()
        if is_archived(backend):
            raise NothingToDo(
                translatable(self.env)._(
                    "Nothing was done: %s is archived.", backend.display_name
                ),
                counts={SKIPPED: 1, ARCHIVED: 1},
            )

    def _lock_batch(self, *batch):
        """Make sure that no other job finds the same records at the same time.

        :param batch: the method, and what it is asked to find
        :raise RetryableJobError: when another job does
        """
        lock = ", ".join(map(str, (self.backend_record, self.model._name, *batch)))
        if not pg_try_advisory_lock(self.env, f"find({lock})"):
            message = translatable(self.env)._(
                "Another job is finding the same records."
            )
            self._retry_job_later(message, seconds=5)

    def _with_left_out(self, message, count):
        """Add to a message how many records were left out, since they have a job."""
        if not count:
            return message
        if count == 1:
            text = translatable(self.env)._(
                "1 more record has a job that waits or runs."
            )
        else:
            text = translatable(self.env)._(
                "%s more records have a job that waits or runs.", count
            )
        return joined([message, text], " ")

    def _within_run(self, method_name):
        """Let the jobs that are delayed within belong to a run, which may begin here.

        :param method_name: method of ``external.binding`` whose job would begin the run
        :return: context manager
        """
        return self.env["connector.run.start"].within(
            self.backend_record, self.model._name, method_name, self._current_job()
        )


class Exporter(AbstractComponent):
    """Base of the synchronizers from Odoo to a backend."""

    _name = "base.exporter"
    _inherit = "base.synchronizer"
    _usage = "exporter"
    _base_mapper_usage = "export.mapper"


class Importer(AbstractComponent):
    """Base of the synchronizers from a backend to Odoo."""

    _name = "base.importer"
    _inherit = "base.synchronizer"
    _usage = "importer"
    _base_mapper_usage = "import.mapper"

    def _lock_import(self, external_id):
        """Make sure that no other job imports the same record, or has just imported it.

        Call this before the binding is looked up. Another job may still create the
        binding, for example as a dependency of another record. The unique constraint
        detects that: create the binding within :meth:`_retry_unique_violation`.

        :param external_id: id on the backend of the record to import
        :raise RetryableJobError: when another job is importing the record, has
            committed it after this transaction began, which hides it from us, or is
            creating it on the backend
        :raise JobError: when the record must not be imported
        """
        outcome = self._lock_imports([external_id]).get(external_id)
        if outcome and outcome.kind == POSTPONED:
            self._retry_job_later(outcome.message)
        if outcome:
            raise JobError(outcome.message)

    def _lock_imports(self, external_ids, known=None):
        """Lock many external ids; see :meth:`_lock_import`.

        :return: the outcome of each record that must not be imported now, by its id
        """
        return ImportLocks(self).lock(external_ids, known)


class Deleter(AbstractComponent):
    """Base of the synchronizers that delete records on a backend."""

    _name = "base.deleter"
    _inherit = "base.synchronizer"
    _usage = "deleter"


# These inherit the components above, which must be defined first. Connectors import
# the generic exporter from here.
from .exporter.record import GenericExporter  # noqa: E402, F401
from .importer.locking import ImportLocks  # noqa: E402
