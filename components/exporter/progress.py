# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How far the export of many records has come."""

from ...jobs.outcome import DELAYED, Outcome
from ...tools.transactions import commit_if_allowed


class Progress:
    """The progress of a run in the caller's transaction.

    :param env: ``Environment``
    """

    def __init__(self, env):
        self.env = env
        self.last_id = self.records = self.jobs = 0

    def add(self, bindings):
        """Note that a job exports some bindings.

        :param bindings: the bindings, in the order of their ids
        """
        self.last_id = bindings.ids[-1]
        self.records += len(bindings)
        self.jobs += 1
        self.save()

    def save(self):
        """Keep what was done, and free the memory that it used."""
        self.env.flush_all()
        self.env.invalidate_all()

    def end(self):
        """Return the outcome of the run.

        :rtype: Outcome
        """
        message = self.env._(
            "%(records)s records to export, in %(jobs)s jobs.",
            records=self.records,
            jobs=self.jobs,
        )
        return Outcome(DELAYED, message)


class JobProgress(Progress):
    """The progress of a job, which its next attempt continues after an interruption.

    :param env: ``Environment``
    :param job: ``queue.job``
    :param run: text that differs for other records that the same job delays
    """

    def __init__(self, env, job, run):
        super().__init__(env)
        self._position = env["connector.batch.position"].of_job(job, run)
        self.last_id = self._position.last_id
        self.records = self._position.records
        self.jobs = self._position.jobs

    def save(self):
        self._position.write(
            {"last_id": self.last_id, "records": self.records, "jobs": self.jobs}
        )
        if not commit_if_allowed(self.env):
            super().save()

    def end(self):
        self._position.unlink()
        return super().end()
