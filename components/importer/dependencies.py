# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The records that an import needs, each of which is imported once."""

import random
import time
from contextlib import contextmanager

from ...exception import InvalidDataError
from ...tools.bindings import translatable_label
from ...tools.external_id import is_external_id
from ...tools.text import is_storable, shortened, storable
from ...tools.transactions import commit_if_allowed, may_commit
from ...tools.translatable import translatable
from ...tools.work_context import work_attribute
from .locking import HeldLocks, RecordLockedError
from .values import SHOWN

#: Dependencies that are imported within each other. Python limits the depth of calls.
MAX_DEPTH = 25
#: Records that may depend on each other, one on the next.
MAX_CHAIN = 2000
#: Seconds that an import waits for other jobs, as long as it gets nothing else done.
PATIENCE = 2
#: Seconds that it waits while it holds the locks of other records.
HOLDING_PATIENCE = 0.5
#: Shortest and longest pause between two attempts, in seconds.
PAUSE = (0.02, 0.1)
#: Classes of values that are not the id of a record.
NOT_IDS = (dict, float, list, set)


class DependencyTracker:
    """The records that an import has reached, by :func:`dependency_key`.

    Records may depend on each other in a cycle, and several records of a chunk may
    share a dependency.
    """

    def __init__(self):
        self._in_progress = set()
        self._data = {}  # of the records that were read, with the moment
        self._scopes = 0
        self.outcomes = {}  #: of the imported records; ``None`` if it is not known
        self.deliveries = {}  #: rows of the data that was delivered
        self.seen_bases = {}  #: that bindings had before their records were read
        self.imports = 0  #: how many records were imported so far
        #: keys of dependencies that nobody can bind now
        self.unbound = set()
        self.depth = 0  #: how many dependencies are imported within each other
        self.is_writing = False  #: whether a commit would store half a record
        self.patience = PATIENCE  #: seconds for which the import may still wait

    @classmethod
    def of(cls, work):
        """Return the tracker that all importers of a work context share."""
        return work_attribute(work, "import_tracker", cls)

    @contextmanager
    def scope(self):
        """Track one import with all its dependencies, and forget them afterwards."""
        self._scopes += 1
        try:
            yield self
        finally:
            self._scopes -= 1
            if not self._scopes:
                self.outcomes.clear()
                self._data.clear()
                self.deliveries.clear()
                self.seen_bases.clear()
                self.patience = PATIENCE

    def has_reached(self, key):
        """Return whether the import of a record, or of what it needs, has begun."""
        return key in self._in_progress or key in self.outcomes

    def keep(self, key, data):
        """Keep what was read, so that the record is not read again."""
        self._data.setdefault(key, (time.monotonic(), data))

    def data(self, key):
        """Return what was read of a record, ``None`` if it was not read."""
        return self._data.get(key, (None, None))[1]

    def seen(self, key, text):
        """Return the base that a binding had before its record was read.

        The base that it has now, ``text``, counts unless the record was read.
        """
        return self.seen_bases.setdefault(key, text)

    def drop(self, key):
        """Forget what was read of a record, to read it again."""
        for of_records in (self._data, self.deliveries, self.seen_bases):
            of_records.pop(key, None)

    def age(self):
        """Return the seconds since the first of the records was read."""
        now = time.monotonic()
        return now - min((moment for moment, _data in self._data.values()), default=now)

    def unused(self):
        """Return what was read of records that were not imported.

        Data that was delivered waits in its table.

        :return: list of the key, the moment (``time.monotonic()``) and the data
        """
        return [
            (key, *read)
            for key, read in self._data.items()
            if key not in self.outcomes and key not in self.deliveries
        ]

    @property
    def is_idle(self):
        """Whether no import is under way."""
        return not self._scopes

    @contextmanager
    def in_progress(self, *keys):
        """Mark records as in progress, so that a cycle does not import them twice."""
        new = set(keys) - self._in_progress
        self._in_progress |= new
        try:
            yield
        finally:
            self._in_progress -= new

    @contextmanager
    def writing(self):
        """Mark that the records of a flow are half written."""
        was_writing, self.is_writing = self.is_writing, True
        try:
            yield
        finally:
            self.is_writing = was_writing

    def imported(self, key, outcome=None):
        """Mark a record as imported."""
        self.outcomes[key] = outcome
        self.imports += 1
        self.patience = PATIENCE

    @contextmanager
    def rollback_on_error(self):
        """Forget what a step imported if the step fails and is rolled back."""
        outcomes = dict(self.outcomes)
        try:
            yield
        except BaseException:
            self.outcomes = outcomes
            raise

    def wait(self):
        """Wait a moment for another job.

        :return: ``False`` when the import has waited for long enough
        """
        if self.patience <= 0:
            return False
        seconds = random.uniform(*PAUSE)
        self.patience -= seconds
        time.sleep(seconds)
        return True


class TooDeep(BaseException):
    """Ends imports within each other, so that the deepest one begins again.

    No hook of a connector may take it for an error.
    """

    def __init__(self, dependency):
        super().__init__(dependency)
        self.dependency = dependency


class Dependency:
    """A record that another one needs.

    Where commits are allowed, it is read and imported in transactions of its own, under
    a lock that outlasts them. Other jobs that need it wait for it, and read nothing.

    :param importer: the importer of the other one
    :param always: whether to update a record that Odoo has
    """

    def __init__(self, importer, external_id, binding_model, always=False):
        self.importer = importer
        self.env = importer.env
        self.external_id = external_id
        self.binding_model = binding_model
        self.always = always
        self.key = dependency_key(binding_model, external_id)
        self.tracker = DependencyTracker.of(importer.work)
        self.locks = HeldLocks.of(importer.work)

    def import_(self):
        """Import the record, unless Odoo has it or its import has begun."""
        tracker = self.tracker
        check_external_id(self.env, self.external_id)
        if not is_external_id(self.external_id) or tracker.has_reached(self.key):
            return
        if self._is_known():
            return
        if not tracker.depth:
            self._import_chain()
        elif tracker.depth < MAX_DEPTH:
            self._import()
        else:
            raise TooDeep(self)

    def _is_known(self):
        if self.always:
            return False
        binder = self.importer.binder_for(self.binding_model)
        return bool(binder.to_internal(self.external_id))

    def _import_chain(self):
        """Import the record, and what it needs, however deep that is."""
        tracker, chain = self.tracker, [self]
        with self.locks.released_at_the_end():
            while chain:
                try:
                    with tracker.in_progress(*(each.key for each in chain)):
                        chain[-1]._import()
                except TooDeep as deeper:
                    self.locks.release()
                    chain.append(deeper.dependency)
                    if len(chain) * MAX_DEPTH > MAX_CHAIN:
                        raise self._endless(deeper.dependency) from None
                except RecordLockedError:
                    self.locks.release()
                    if not tracker.wait():
                        raise
                else:
                    chain.pop()

    def _endless(self, deepest):
        return InvalidDataError(
            translatable(self.env)._(
                "%(kind)s %(record)s needs another record, which needs another one, "
                "and so on for more than %(count)s records, up to %(last_kind)s "
                "%(last)s. Correct the references on the backend.",
                kind=translatable_label(self.env, self.binding_model),
                record=self.external_id,
                count=MAX_CHAIN,
                last_kind=translatable_label(self.env, deepest.binding_model),
                last=deepest.external_id,
            )
        )

    def _import(self):
        tracker = self.tracker
        importer = self.importer.component(
            usage="record.importer", model_name=self.binding_model
        )
        with tracker.in_progress(self.key):
            tracker.depth += 1
            try:
                if self._is_to_import(importer):
                    self._run(importer)
            finally:
                tracker.depth -= 1
                tracker.unbound.discard(self.key)

    def _is_to_import(self, importer):
        """Return whether the record is still unknown, in a transaction that begins."""
        if self.tracker.is_writing or not may_commit(self.env):
            return True
        # A connector's own importer takes its locks itself.
        if hasattr(importer, "run_chunk"):
            self._lock(importer)
        commit_if_allowed(self.env)
        return not self._is_known()

    def _lock(self, importer):
        deadline = time.monotonic() + random.uniform(0, HOLDING_PATIENCE)
        while not self.locks.acquire(importer, self.external_id):
            # An import that holds locks must not wait long: others may wait for it.
            is_outermost = self.tracker.depth == 1
            if is_outermost or time.monotonic() > deadline or not self.tracker.wait():
                raise RecordLockedError(importer, self.external_id)

    def _run(self, importer):
        if not self.always:
            self.tracker.unbound.add(self.key)
        data = self.tracker.data(self.key)
        known = {} if data is None else {"external_record": data}
        importer.run(self.external_id, **known)
        self.tracker.imported(self.key, importer.outcome)
        if not self.tracker.is_writing:
            commit_if_allowed(self.env)


def dependency_key(model_name, external_id):
    """Return the key of a record, the same for ``1`` and ``"1"``."""
    return model_name, str(external_id)


def check_external_id(env, external_id):
    """Refuse an id that the database cannot store, and what cannot be an id.

    A record may name no other one; an empty value is left to the caller.

    :raise InvalidDataError: with the id
    """
    if isinstance(external_id, str) and not is_storable(external_id):
        raise InvalidDataError(
            translatable(env)._(
                "The id %s contains a character that the database cannot store: NUL, "
                "or half of a surrogate pair.",
                storable(external_id),
            )
        )
    if external_id is True or isinstance(external_id, NOT_IDS):
        raise invalid_id(env, external_id)


def invalid_id(env, external_id):
    """Return the error for a value that cannot be an id, with the value."""
    return InvalidDataError(
        translatable(env)._(
            "The backend names a record by %s, which cannot be an id. Look for a "
            "record without an id there.",
            shortened(repr(external_id), SHOWN),
        )
    )
