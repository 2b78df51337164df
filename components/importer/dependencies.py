# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which records an import has reached, so that each is imported once."""

from contextlib import contextmanager

from ...tools.work_context import work_attribute


class DependencyTracker:
    """The records that an import has reached, by :func:`dependency_key`.

    Records may depend on each other in a cycle, and several records of a chunk may
    share a dependency.
    """

    def __init__(self):
        self._in_progress = set()
        self._outcomes = {}  # of the imported records; ``None`` when it is not known
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
                self._outcomes.clear()

    def has_reached(self, key):
        """Return whether the import of a record, or of what it needs, has begun."""
        return key in self._in_progress or key in self._outcomes

    def outcome(self, key):
        """Return the outcome of a record that was imported, otherwise ``None``."""
        return self._outcomes.get(key)

    @contextmanager
    def in_progress(self, key):
        """Mark a record as in progress, so that a cycle does not import it twice."""
        is_new = key not in self._in_progress
        self._in_progress.add(key)
        try:
            yield
        finally:
            if is_new:
                self._in_progress.discard(key)

    def imported(self, key, outcome=None):
        """Mark a record as imported.

        :param outcome: its :class:`~...jobs.outcome.Outcome`, if it is known
        """
        self._outcomes[key] = outcome
        self.imports += 1

    @contextmanager
    def rollback_on_error(self):
        """Forget what a step imported if the step fails and is rolled back."""
        outcomes = dict(self._outcomes)
        try:
            yield
        except BaseException:
            self._outcomes = outcomes
            raise


def dependency_key(model_name, external_id):
    """Return the key of a record, the same for ``1`` and ``"1"``."""
    return model_name, str(external_id)
