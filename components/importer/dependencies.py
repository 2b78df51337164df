# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which records an import has reached, so that each is imported once."""

from contextlib import contextmanager
from enum import Enum

from ...tools.work_context import work_attribute


class State(Enum):
    NEW = 0  #: not reached yet
    IN_PROGRESS = 1  #: its import, or that of its dependencies, has begun
    IMPORTED = 2


class DependencyTracker:
    """The state of each record that an import reaches.

    Records may depend on each other in a cycle, and several records of a chunk may
    share a dependency.
    """

    def __init__(self):
        self._states = {}
        self._outcomes = {}
        self._depth = 0
        self.imports = 0  #: how many records were imported so far

    @classmethod
    def of(cls, work):
        """Return the tracker that all importers of a work context share.

        :param work: ``WorkContext`` of an importer
        """
        return work_attribute(work, "import_tracker", cls)

    @contextmanager
    def scope(self):
        """Track one import with all its dependencies, and forget them afterwards."""
        self._depth += 1
        try:
            yield self
        finally:
            self._depth -= 1
            if not self._depth:
                self._states.clear()
                self._outcomes.clear()

    def state(self, key):
        """Return the state of a record.

        :param key: its model and its external id; see :func:`dependency_key`
        """
        return self._states.get(key, State.NEW)

    def outcome(self, key):
        """Return the outcome of a record that was imported, otherwise ``None``."""
        return self._outcomes.get(key)

    @contextmanager
    def in_progress(self, key):
        """Mark a record as in progress, so that a cycle does not import it twice.

        Its state before is restored at the end, unless it was imported.
        """
        before = self.state(key)
        self._states[key] = State.IN_PROGRESS
        try:
            yield
        finally:
            if self._states[key] is State.IN_PROGRESS:
                self._states[key] = before

    def imported(self, key, outcome=None):
        """Mark a record as imported.

        :param outcome: its :class:`~...jobs.outcome.Outcome`, if it is known
        """
        self._states[key] = State.IMPORTED
        self._outcomes[key] = outcome
        self.imports += 1

    @contextmanager
    def rollback_on_error(self):
        """Forget what a step imported if the step fails and is rolled back."""
        states, outcomes = dict(self._states), dict(self._outcomes)
        try:
            yield
        except BaseException:
            self._states, self._outcomes = states, outcomes
            raise


def dependency_key(model_name, external_id):
    """Return the key of a record, the same for ``1`` and ``"1"``."""
    return model_name, str(external_id)
