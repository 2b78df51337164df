# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The texts of jobs, as a user may read them."""

from collections import defaultdict

from ..tools.access import readable
from .causes import example_of
from .facts import told
from .states import FAILED


class JobTexts:
    """The messages of jobs.

    A message may contain values of the records on which its job works. It is empty for
    a user who may not read all of them.

    :param env: ``Environment`` of the user
    :param jobs: recordset of ``queue.job``, with the rights of the system
    :param known: records that the user may read
    """

    def __init__(self, env, jobs, known=()):
        self.records = {(record._name, record.id): record for record in known}
        ids = defaultdict(set)
        for job in jobs:
            for name, id_ in _keys(job):
                if (name, id_) not in self.records:
                    ids[name].add(id_)
        for name, of_model in ids.items():
            for record in readable(env[name].browse(of_model)):
                self.records[name, record.id] = record

    def may_read(self, job):
        """Return whether the user may read all records of a job."""
        return all(key in self.records for key in _keys(job))

    def message(self, job):
        """Return why a job failed, or what it did."""
        if not self.may_read(job):
            return ""
        message = job.exc_message if job.state == FAILED else job.result
        return example_of(job.exc_name, message)


def record_ids_of(job):
    """Return the ids of the records of a job, none if their model was uninstalled."""
    return told(lambda: job.records.ids) or []


def _keys(job):
    return [(job.records._name, id_) for id_ in record_ids_of(job)]
