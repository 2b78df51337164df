# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base components of exporters, importers and deleters.

A synchronizer controls the flow of a synchronisation. It calls the mapper, the binder
and the adapter of its model, whichever the connector provides.
"""

from odoo.addons.component.core import AbstractComponent

from ..backends import is_archived
from ..locks import pg_try_advisory_locks
from ..outcome import NothingToDo


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
        self.outcome = None  #: the :class:`~..outcome.Outcome` of the last run

    def run(self):
        """Run the synchronisation; each synchronizer defines its own parameters."""
        raise NotImplementedError(f"{self._name} does not implement run()")

    @property
    def mapper(self):
        """The mapper of the model, looked up on first use."""
        if self._mapper is None:
            self._mapper = self.component(usage=self._base_mapper_usage)
        return self._mapper

    @property
    def binder(self):
        """The binder of the model, looked up on first use."""
        if self._binder is None:
            self._binder = self.binder_for()
        return self._binder

    @property
    def backend_adapter(self):
        """The backend adapter of the model, looked up on first use."""
        if self._backend_adapter is None:
            self._backend_adapter = self.component(
                usage=self._base_backend_adapter_usage
            )
        return self._backend_adapter

    def _share_components(self, other):
        """Use the mapper, binder and adapter of another synchronizer.

        :param other: a synchronizer of the same model and backend
        """
        self._mapper = other.mapper
        self._binder = other.binder
        self._backend_adapter = other.backend_adapter

    def _check_backend_active(self):
        """End the synchronisation if the backend is archived.

        Jobs may run long after they were created.

        :raise NothingToDo: when the backend is archived
        """
        backend = self.backend_record.sudo()
        if is_archived(backend):
            raise NothingToDo(
                self.env._("Nothing was done: %s is archived.", backend.display_name)
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
        :raise RetryableJobError: when another job is importing the record, or has
            committed it after this transaction began, which hides it from us
        """
        reason = self._lock_imports([external_id]).get(external_id)
        if reason:
            self._retry_later(reason)

    def _lock_imports(self, external_ids, known=None):
        """Lock many external ids; see :meth:`_lock_import`.

        :param external_ids: list of ids on the backend
        :param known: their bindings by external id, where they were looked up before
        :return: a sentence for each id that another job is importing, or has just
            imported
        :rtype: dict
        """
        backend, model = self.backend_record, self.model
        locks = {
            f"import({backend._name}, {backend.id}, {model._name}, {id_})": id_
            for id_ in external_ids
        }
        reasons = {
            locks[lock]: self.env._("Another job is importing record %s.", locks[lock])
            for lock in pg_try_advisory_locks(self.env, locks)
        }
        if known is None:
            known = self.binder.to_internal_many(external_ids)
        for id_ in self.binder.committed_external_ids(set(external_ids) - set(known)):
            reasons[id_] = self.env._("Another job has just imported record %s.", id_)
        return reasons


class Deleter(AbstractComponent):
    """Base of the synchronizers that delete records on a backend."""

    _name = "base.deleter"
    _inherit = "base.synchronizer"
    _usage = "deleter"


# Connectors import the generic exporter from here. Its component inherits those above,
# which have to be defined first.
from .exporter.record import GenericExporter  # noqa: E402, F401
