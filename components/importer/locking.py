# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks that keep two jobs from importing the same record."""

from contextlib import contextmanager

from odoo.addons.component.exception import NoComponentError

from ...exception import RetryableJobError
from ...jobs.outcome import POSTPONED, Outcome
from ...tools.bindings import translatable_label
from ...tools.external_id import unique_external_ids
from ...tools.locks import contention_wait, pg_try_advisory_locks
from ...tools.transactions import new_transaction
from ...tools.translatable import translatable
from ...tools.work_context import work_attribute
from .own_creates import UnconfirmedCreates


def import_lock(importer, external_id):
    """Return the name of the lock of a record."""
    backend, model = importer.backend_record, importer.model
    return f"import({backend._name}, {backend.id}, {model._name}, {external_id})"


def importing_message(importer, external_id):
    """Return the sentence that another job imports a record."""
    return translatable(importer.env)._(
        "Another job is importing %(kind)s %(record)s.",
        kind=translatable_label(importer.env, importer.model._name),
        record=external_id,
    )


class RecordLockedError(RetryableJobError):
    """Another job is importing a record."""

    def __init__(self, importer, external_id):
        message = importing_message(importer, external_id)
        super().__init__(message, seconds=contention_wait(), ignore_retry=True)


class HeldLocks:
    """Locks of records that outlast the transactions in which these are imported.

    A transaction of its own holds them.
    """

    def __init__(self):
        self._env = None
        self._names = set()

    @classmethod
    def of(cls, work):
        """Return the locks that all importers of a work context share."""
        return work_attribute(work, "held_import_locks", cls)

    def __contains__(self, name):
        return name in self._names

    @contextmanager
    def released_at_the_end(self):
        """Release at the end what is locked within."""
        try:
            yield
        finally:
            if self._env:
                self._env.cr.close()
            self._env = None
            self._names.clear()

    def acquire(self, importer, external_id):
        """Lock a record, without waiting; return whether it is locked."""
        name = import_lock(importer, external_id)
        if name in self._names:
            return True
        if not self._env:
            env = importer.env
            self._env = env(cr=env.registry.cursor())
        if pg_try_advisory_locks(self._env, [name]):
            return False
        self._names.add(name)
        return True

    def release(self):
        """Release the locks now."""
        if self._env:
            self._env.cr.rollback()
        self._names.clear()


class ImportLocks:
    """Locks records of a backend that an importer is about to import."""

    def __init__(self, importer):
        self.importer = importer
        self.env = importer.env
        self.binder = importer.binder

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
        locks = {import_lock(self.importer, id_): id_ for id_ in external_ids}
        held = HeldLocks.of(self.importer.work)
        wanted = [lock for lock in locks if lock not in held]
        outcomes = {
            locks[lock]: Outcome(
                POSTPONED, importing_message(self.importer, locks[lock])
            )
            for lock in pg_try_advisory_locks(self.env, wanted)
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
            moment = env.cr.now()
        outcomes = {
            id_: Outcome(
                POSTPONED,
                translatable(self.env)._(
                    "Another job has just imported %(kind)s %(record)s.",
                    kind=translatable_label(self.env, self.importer.model._name),
                    record=id_,
                ),
            )
            for id_ in committed
        }
        if creates:
            unknown = [id_ for id_ in external_ids if id_ not in outcomes]
            found = UnconfirmedCreates(self.importer, creates, moment)
            bound, skipped = found.match(unknown)
            known.update(bound)
            outcomes.update(skipped)
        return outcomes

    def _unconfirmed_creates(self, env):
        """Return the creates of our exports whose external ids are not committed."""
        importer = self.importer
        try:
            adapter = importer.backend_adapter
        except NoComponentError:  # The importer calls the backend itself.
            return []
        if not getattr(adapter, "_recovers_creates", False):
            return []
        return env["connector.create.intent"].unconfirmed_creates(
            importer.backend_record.with_env(env), importer.model._name
        )
