# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base components of exporters, importers and deleters.

A synchronizer controls the flow of a synchronisation. It calls the mapper, the binder
and the adapter of its model, whichever the connector provides.
"""

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ..backends import is_archived
from ..capabilities import has_capability
from ..exception import JobError
from ..external_id import unique_external_ids
from ..locks import pg_try_advisory_locks
from ..outcome import POSTPONED, NothingToDo, Outcome
from ..transactions import new_transaction
from .own_creates import OwnCreates


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
        self.outcome = None  #: the :class:`~..outcome.Outcome` of the last run

    def run(self):
        """Run the synchronisation; each synchronizer defines its own parameters."""
        raise NotImplementedError(f"{self._name} does not implement run()")

    @property
    def mapper(self):
        """The mapper of the model, looked up on first use."""
        if self._mapper is None:
            self._mapper = (
                self._shares_with.mapper
                if self._shares_with
                else self.component(usage=self._base_mapper_usage)
            )
        return self._mapper

    @property
    def binder(self):
        """The binder of the model, looked up on first use."""
        if self._binder is None:
            self._binder = (
                self._shares_with.binder if self._shares_with else self.binder_for()
            )
        return self._binder

    @property
    def backend_adapter(self):
        """The backend adapter of the model, looked up on first use."""
        if self._backend_adapter is None:
            self._backend_adapter = (
                self._shares_with.backend_adapter
                if self._shares_with
                else self.component(usage=self._base_backend_adapter_usage)
            )
        return self._backend_adapter

    def share_components(self, other):
        """Use the mapper, binder and adapter of another synchronizer.

        Many records then share what these have prepared, such as a mapping plan. The
        components are looked up on first use.

        :param other: a synchronizer of the same model and backend
        """
        self._shares_with = other

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

        :param external_ids: list of ids on the backend
        :param known: their bindings by external id, where they were looked up before;
            bindings that get their external id now are added
        :return: the outcome of each record that must not be imported now, by its id
        :rtype: dict[object, Outcome]
        :raise RetryableJobError: when an export is creating records of this model
        """
        backend, model = self.backend_record, self.model
        external_ids = unique_external_ids(external_ids)
        locks = {
            f"import({backend._name}, {backend.id}, {model._name}, {id_})": id_
            for id_ in external_ids
        }
        outcomes = {
            locks[lock]: Outcome(
                POSTPONED,
                self.env._("Another job is importing record %s.", locks[lock]),
            )
            for lock in pg_try_advisory_locks(self.env, locks)
        }
        if known is None:
            known = self.binder.to_internal_many(external_ids)
        unknown = [id_ for id_ in external_ids if id_ not in known]
        if unknown:
            outcomes.update(self._check_unbound_ids(unknown, known))
        return outcomes

    def _check_unbound_ids(self, external_ids, known):
        """Find out which records Odoo has although this transaction does not see it."""
        # One snapshot: an export deletes its intent after it has bound the record.
        with new_transaction(self.env) as env:
            committed = self.binder.bound_external_ids(external_ids, env)
            creates = self._open_creates(env)
        outcomes = {
            id_: Outcome(
                POSTPONED, self.env._("Another job has just imported record %s.", id_)
            )
            for id_ in committed
        }
        if creates:
            unknown = [id_ for id_ in external_ids if id_ not in outcomes]
            bound, skipped = OwnCreates(self, creates).match(unknown)
            known.update(bound)
            outcomes.update(skipped)
        return outcomes

    def _open_creates(self, env):
        """Return the creates of our exports whose external ids are not committed."""
        try:
            adapter = self.backend_adapter
        except NoComponentError:  # The importer calls the backend itself.
            return []
        if not has_capability(adapter, "_recovers_creates"):
            return []
        intents = env["connector.create.intent"]
        return intents.open_creates(self.backend_record.with_env(env), self.model._name)


class Deleter(AbstractComponent):
    """Base of the synchronizers that delete records on a backend."""

    _name = "base.deleter"
    _inherit = "base.synchronizer"
    _usage = "deleter"


# Connectors import the generic exporter from here. Its component inherits those above,
# which have to be defined first.
from .exporter.record import GenericExporter  # noqa: E402, F401
