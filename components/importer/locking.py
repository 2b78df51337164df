# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks that keep two jobs from importing the same record."""

from odoo.addons.component.exception import NoComponentError

from ...jobs.outcome import POSTPONED, Outcome
from ...tools.external_id import unique_external_ids
from ...tools.locks import pg_try_advisory_locks
from ...tools.transactions import new_transaction
from .own_creates import UnconfirmedCreates


class ImportLocks:
    """Locks records of a backend that an importer is about to import.

    :param importer: the importer
    """

    def __init__(self, importer):
        self.importer = importer
        self.env = importer.env
        self.binder = importer.binder
        self.backend = importer.backend_record

    def lock(self, external_ids, known=None):
        """Make sure that no other job imports the records, or has just imported them.

        :param external_ids: list of ids on the backend
        :param known: their bindings by external id, where they were looked up before;
            bindings that get their external id now are added
        :return: the outcome of each record that must not be imported now, by its id
        :rtype: dict[object, Outcome]
        :raise RetryableJobError: when an export is creating records of this model
        """
        external_ids = unique_external_ids(external_ids)
        kind = f"{self.backend._name}, {self.backend.id}, {self.importer.model._name}"
        locks = {f"import({kind}, {id_})": id_ for id_ in external_ids}
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
            outcomes.update(self._check_unbound(unknown, known))
        return outcomes

    def _check_unbound(self, external_ids, known):
        """Find out which records Odoo has although this transaction does not see it."""
        # One snapshot: an export deletes its intent after it has bound the record.
        with new_transaction(self.env) as env:
            committed = self.binder.bound_external_ids(external_ids, env)
            creates = self._unconfirmed_creates(env)
        outcomes = {
            id_: Outcome(
                POSTPONED, self.env._("Another job has just imported record %s.", id_)
            )
            for id_ in committed
        }
        if creates:
            unknown = [id_ for id_ in external_ids if id_ not in outcomes]
            bound, skipped = UnconfirmedCreates(self.importer, creates).match(unknown)
            known.update(bound)
            outcomes.update(skipped)
        return outcomes

    def _unconfirmed_creates(self, env):
        """Return the creates of our exports whose external ids are not committed."""
        try:
            adapter = self.importer.backend_adapter
        except NoComponentError:  # The importer calls the backend itself.
            return []
        if not getattr(adapter, "_recovers_creates", False):
            return []
        return env["connector.create.intent"].unconfirmed_creates(
            self.backend.with_env(env), self.importer.model._name
        )
