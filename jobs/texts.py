# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The texts of jobs, as a user may read them."""

from collections import defaultdict

from ..tools.access import readable
from ..tools.secrets import without_secrets
from ..tools.translatable import language_of, shown_in
from .causes import INTERRUPTED, example_of, full_cause, masked_cause
from .facts import told
from .methods import COMPARE, EXPORT, IMPORT
from .states import FAILED


class JobTexts:
    """The messages of jobs.

    A message may contain values of the records on which its job works. It is empty for
    a user who may not read all of them.

    :param jobs: recordset of ``queue.job``, with the rights of the system
    :param known: records that the user may read
    """

    def __init__(self, env, jobs, known=()):
        self.env, self.lang = env, language_of(env)
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
        if terms := cause_terms(job):
            return full_cause(terms, self.lang)
        if job.state == FAILED and job.exc_name in INTERRUPTED:
            return interrupted(self.env)
        if job.state == FAILED:
            return example_of(job.exc_name, job.exc_message)
        return example_of(job.exc_name, job_result(self.env, job))

    def answer(self, job):
        """Return the words in which the backend refused the last attempt of a job."""
        answer = (job.outcome_terms or {}).get("answer") if self.may_read(job) else ""
        return without_secrets(answer or "")


def interrupted(env):
    """Return why a job failed that could not say it itself, in the reader's language.

    :param env: ``Environment`` of the reader
    """
    return env._("The job was interrupted each time it was tried.")


def cause_terms(job):
    """Return the JSON that stores the cause of a job; none if it does not explain it.

    An earlier cause does not explain why a job was interrupted.
    """
    job = job.sudo()
    is_known = job.cause and job.exc_name not in INTERRUPTED
    return (job.outcome_terms or {}).get("cause") if is_known else None


def shown_cause(env, outcome_terms):
    """Return the cause that jobs have in common, in the language of a reader.

    :param outcome_terms: what the row of one of the jobs stores
    """
    names = outcome_terms.get("names") or ()
    return masked_cause(outcome_terms["cause"], names, language_of(env))


def job_name(env, job):
    """Return the name of a job in the language of a reader."""
    terms = job.sudo().name_terms
    return shown_in(language_of(env), terms) if terms else job.name


def job_result(env, job):
    """Return the result of a job in the language of a reader; false without one."""
    terms = (job.sudo().outcome_terms or {}).get("result")
    return shown_in(language_of(env), terms) if terms and job.result else job.result


def record_name(env, job):
    """Return the name of the record of a failed import; empty without one."""
    terms = (job.sudo().outcome_terms or {}).get("record")
    return shown_in(language_of(env), terms) if terms else ""


def search_failed(env, direction, cause=""):
    """Return which job without records failed, and why."""
    failure = {
        IMPORT: env._("The search for changes failed"),
        EXPORT: env._("The search for records to export failed"),
        COMPARE: env._("The comparison failed"),
    }.get(direction, env._("A job of the connector failed"))
    if not cause:
        return failure
    return env._("%(records)s: %(cause)s", records=failure, cause=cause)


def record_ids_of(job):
    """Return the ids of the records of a job, none if their model was uninstalled."""
    return told(lambda: job.records.ids) or []


def _keys(job):
    return [(job.records._name, id_) for id_ in record_ids_of(job)]
