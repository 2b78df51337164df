# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an interrupted import has read, with which its job goes on later."""

import json
import time
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg2

from ...exception import JobError, LimitReachedError
from ...jobs.deletes import waiting_deletes
from ...jobs.methods import EXPORT, direction_of, job_method
from ...jobs.rest import running_job
from ...jobs.scope import RECORD, scope_of
from ...tools.bindings import translatable_label
from ...tools.transactions import new_transaction
from ...tools.translatable import translatable
from .dependencies import DependencyTracker

#: Key of ``kept_data``: the data of records that were read.
RECORDS = "records"
#: Attempts after which the calls of ``_after_import`` are too many for the backend.
MOST_ATTEMPTS = 20
#: Attempts in a row that read nothing, after which each record is read by itself: the
#: calls of ``read_many`` may be more than the backend admits at a time.
MOST_REFUSALS = 5


class ImportMemory:
    """Keeps what was read and not imported, in the row of a job.

    :param job: the running ``queue.job``, an empty one outside jobs
    """

    def __init__(self, importer, job):
        self.importer = importer
        self.env = importer.env
        self.job = job
        self.tracker = DependencyTracker.of(importer.work)
        self._kept = job.kept_data or {}

    @classmethod
    def of_record(cls, importer, external_id):
        """Return the memory of the import of one record.

        A job that imports a record on its way, such as one whose job it takes along,
        keeps nothing. It may end as done, and its row must not have changed then.
        """
        job = running_job(importer.env)
        ids = job_method(job.method_name).external_ids(job.args or (), job.kwargs or {})
        is_on_its_way = direction_of(job.method_name or "") == EXPORT
        is_of_other = ids and str(external_id) not in map(str, ids)
        return cls(importer, job.browse() if is_on_its_way or is_of_other else job)

    def recall(self, items):
        """Give items the data that an earlier job, or attempt, has read.

        What another job has synchronised since then is read again.

        :return: the items; the one that has stopped the others comes last
        """
        for model_name, records in self._kept.get(RECORDS, {}).items():
            changed = self._changed_since(model_name, records)
            changed |= self._deleted_since(model_name, records)
            for external_id, (_moment, data, *seen) in records.items():
                if external_id not in changed:
                    key = model_name, external_id
                    self.tracker.keep(key, data)
                    if seen and seen[0] is not None:
                        self.tracker.seen(key, seen[0])
        for item in items:
            data = self.tracker.data((self.importer.model._name, str(item.external_id)))
            if data is not None:
                item.data, item.is_read = data, True
            item.unfinished = self._kept.get("unfinished", {}).get(
                str(item.external_id)
            )
        last = self._kept.get("last", ())
        return sorted(items, key=lambda item: str(item.external_id) in last)

    @property
    def goes_one_by_one(self):
        """Whether each record is finished before the next.

        It is if data cannot be kept, or a step for many needs too many calls.
        """
        return bool(self._kept.get("one_by_one"))

    def _changed_since(self, model_name, records):
        binder = self.importer.binder_for(model_name)
        if "write_date" not in binder.model._fields:
            return set()
        found = binder.to_internal_many(list(records))
        return {
            external_id
            for external_id, binding in found.items()
            if binding.write_date > datetime.fromisoformat(records[external_id][0])
        }

    def _deleted_since(self, model_name, records):
        moments = [datetime.fromisoformat(moment) for moment, *_ in records.values()]
        age = self.env.cr.now() - min(moments)
        backend = self.importer.backend_record
        # A clock that was set back makes it negative.
        return waiting_deletes(backend, model_name, records, abs(age).total_seconds())

    def to_keep(self, items):
        """Return the ``kept_data`` of the job that goes on with items."""
        self.env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        [now] = self.env.cr.fetchone()
        stored = {str(i.external_id): i for i in items if i.unfinished}
        unfinished = {id_: item.unfinished for id_, item in stored.items()}
        records, is_storable = {}, True
        for (model_name, external_id), moment, data in self.tracker.unused():
            if not _is_storable(data):
                is_storable = False
                continue
            age = timedelta(seconds=time.monotonic() - moment)
            read = now - age
            seen = self.tracker.seen_bases.get((model_name, external_id))
            if model_name == self.importer.model._name and external_id in unfinished:
                # Its import has stored another base.
                read, seen = now, stored[external_id].seen_base
            of_model = records.setdefault(model_name, {})
            of_model[external_id] = read.isoformat(), data, seen
        return {
            RECORDS: records,
            "unfinished": unfinished,
            "last": [str(item.external_id) for item in items if item.has_stopped],
            "one_by_one": (
                self.goes_one_by_one
                or not is_storable
                or any(item.stopped_storing for item in items)
            ),
        }

    def keep_for_retry(self, error, items):
        """Keep what was read for the next attempt of the job.

        :param error: the exception that ends this attempt
        :raise JobError: instead, when the calls after the import of a record are more
            than the backend admits at a time
        """
        if not self.job or scope_of(error) == RECORD:
            return
        kept = self.to_keep(items)
        is_limit = isinstance(error, LimitReachedError)
        # The only record was stopped after it was written.
        is_after = len(items) == 1 and items[0].has_stopped
        kept["attempts"] = self._count("attempts", is_limit and is_after)
        is_unread = not any(item.is_read for item in items)
        kept["refusals"] = self._count("refusals", is_limit and is_unread)
        kept["one_by_one"] |= kept["refusals"] >= MOST_REFUSALS
        if kept["attempts"] > MOST_ATTEMPTS:
            raise self._too_many_calls(items[0]) from error
        with suppress(psycopg2.Error), new_transaction(self.env) as env:
            kept_data = kept if any(kept.values()) else False
            self.job.with_env(env).sudo().kept_data = kept_data

    def _count(self, name, counts):
        """Return how many attempts in a row, with this one, have ended in a way."""
        return self._kept.get(name, 0) + 1 if counts else 0

    def _too_many_calls(self, item):
        return JobError(
            translatable(self.env)._(
                "%(kind)s %(record)s needs more calls after its import than the "
                "backend admits at a time. The connector has to make them in jobs of "
                "their own.",
                kind=translatable_label(self.env, self.importer.model._name),
                record=item.external_id,
            )
        )


def _is_storable(data):
    """Return whether PostgreSQL can store data as JSON, without any change."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        text.encode()
        return "\\u0000" not in text and json.loads(text) == data
    except (TypeError, ValueError, RecursionError):
        return False
