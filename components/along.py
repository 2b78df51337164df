# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The job of one record synchronises the records of other jobs along with its own.

After an outage of a backend, many jobs wait for one record each. One of them takes
others along (see :mod:`..jobs.taking_along`): one call of the adapter then does for
many, or at least one start of a job. Each job ends with the outcome of its own record.
A record that was not synchronised keeps its job.
"""

import logging
import time
from functools import wraps

import psycopg2

from odoo.exceptions import MissingError

from odoo.addons.component.exception import ComponentException

from ..exception import RetryableJobError
from ..jobs.closing import close_failures_of_taken
from ..jobs.methods import job_method
from ..jobs.outcome import GONE, outcome_of
from ..jobs.scope import BACKEND, JOB, RECORD, scope_of
from ..jobs.taking_along import present_taker
from ..tools.bindings import backend_of, chunk_size_of, is_archived
from ..tools.locks import contention_wait
from ..tools.overrides import attribute_of, overrides
from ..tools.transactions import commit_if_allowed, commit_on_success, new_transaction
from .chunk import MOST_FAILURES, Chunk
from .exporter.bulk import BulkExport, can_export_together
from .exporter.item import ExportItem, settle_changes
from .importer.flow import ImportFlow
from .importer.item import ImportItem
from .importer.record import RecordImporter
from .item import run_each

_logger = logging.getLogger(__name__)

#: How many records a job synchronises, and about for how many seconds, when each needs
#: a call of its own. It must not occupy its channel for long.
ONE_BY_ONE = 20
SECONDS = 2


def takes_along(together=None):
    """Let the jobs of a method take along others of its kind, if they are for a record.

    :param together: function that gets the :class:`~..jobs.taking_along.Taker` and what
        the method gets, and returns an :class:`Along`; ``None`` when each record needs
        a call of its own
    """

    def decorate(method):
        name = method.__name__

        @wraps(method)
        def run(records, *args, **kwargs):
            # A connector's own method around this one is for one record.
            found = attribute_of(type(records), name)
            is_own = run not in (found, getattr(found, "__wrapped__", None))
            taker = None if is_own or len(records) > 1 else present_taker(name)
            if not taker:
                return method(records, *args, **kwargs)
            along = together and together(taker, records, *args, **kwargs)
            if along:
                result = along.run()
                return method(records, *args, **kwargs) if result is None else result
            started = time.monotonic()
            result = method(records, *args, **kwargs)
            limit = SECONDS / (time.monotonic() - started) - 1
            _run_others(taker, records, name, args, min(int(limit), ONE_BY_ONE - 1))
            return result

        run.takes_along = True
        return run

    return decorate


def _run_others(taker, records, method_name, args, limit):
    """Take jobs along, and run one after the other. The own record is done."""
    jobs = taker.take(limit) if limit > 0 else []
    if not jobs:
        return
    commit_if_allowed(records.env)
    deadline = time.monotonic() + SECONDS
    results, error, failures = {}, None, 0
    for job in jobs:
        record = records.browse(job.record_id or ())
        job_args = (*args[:1], *job.args[1:2], *args[2:])
        if time.monotonic() > deadline:
            break
        if (record, job_args) == (records, args):
            continue  # Somebody has changed the own record in the meantime.
        try:
            with commit_on_success(records.env):
                result = getattr(record, method_name)(*job_args, **job.kwargs)
            if outcome_of(result).kind == GONE:
                # Only its own job knows how long it has waited for the record.
                taker.leave_alone([job])
            else:
                results[job] = result
            failures = 0
        except Exception as caught:
            taker.leave_alone([job])
            scope = scope_of(caught)
            failures = failures + 1 if scope == BACKEND else 0
            if scope == JOB or failures == MOST_FAILURES:
                error = caught
                break
    _complete(taker, records, results)
    _give_back(taker, error)


def _complete(taker, model, results):
    """Store that jobs are done, which has also made up for earlier failures."""
    if results:
        # A process that dies in between leaves the jobs, which then do both again.
        close_failures_of_taken(taker, model, results)
        taker.done(results)


def _give_back(taker, error=None):
    """Let the jobs wait again that are not done.

    :param error: the error that concerns all of them, if there is one
    """
    if error:
        kind = type(error).__name__
        _logger.info("Jobs that were taken along wait again because of %s", kind)
    if isinstance(error, RetryableJobError | psycopg2.OperationalError):
        taker.give_back(getattr(error, "seconds", None) or contention_wait())
    elif error:
        taker.leave_alone(taker.jobs)
    else:
        taker.give_back()


# -- many records with one call


def export_together(taker, binding, fields=None):
    """Return the export of a binding with others; ``None`` if it has its own calls."""
    if binding.exports_by_own_method():
        return None
    try:
        backend = backend_of(binding)
        with backend.work_on(binding._name) as work:
            exporter = work.component(usage="record.exporter")
            if not can_export_together(exporter, exporter):
                return None
    except (ComponentException, MissingError):
        return None  # The method can do without, or raises its own error.
    kinds = {"export_record": ExportAlong, "export_changes": ExportChangesAlong}
    return kinds[taker.method_name](exporter, taker, binding.id, fields)


def import_together(taker, model, backend, external_id, *options, **named_options):
    """Return the import of a record with others; ``None`` if it has its own calls."""
    if is_archived(backend) or not hasattr(type(model).import_record, "takes_along"):
        return None
    try:
        with backend.work_on(model._name) as work:
            importer = work.component(usage="record.importer")
            if not getattr(importer.backend_adapter, "_reads_many", False):
                return None
    except ComponentException:
        return None
    if overrides(importer, RecordImporter, "run"):
        return None
    kinds = {"import_record": ImportAlong, "import_announced": AnnouncedAlong}
    kind = kinds[taker.method_name]
    return kind(importer, taker, external_id, *options, **named_options)


class Along:
    """A record, and others whose jobs are taken along.

    :param own_id: id of the record of the job itself
    """

    def __init__(self, synchronizer, taker, own_id):
        self.synchronizer = synchronizer
        self.env = synchronizer.env
        self.taker = taker
        self.own_id = own_id
        self.jobs = {}  #: the jobs that are taken along, by the id of their record
        self.items = {}  #: the records on their way, by their id
        self.chunk = None  #: their :class:`~.chunk.Chunk`

    def run(self):
        """Synchronise the records.

        :return: what was done with the own record; ``None`` if it has to be done alone
        """
        self._take(chunk_size_of(self.synchronizer.backend_record) - 1)
        if not self.jobs:
            return None
        error = None
        try:
            self._work()
        except Exception as caught:
            self.env.cr.rollback()
            error = caught
        results = self._results(error)
        done = {job: results[id_] for id_, job in self.jobs.items() if id_ in results}
        _complete(self.taker, self.synchronizer.model, done)
        own_result = results.get(self.own_id)
        if error and own_result is None:
            self.taker.is_suspicious = True
        elif error:
            _give_back(self.taker, error)
        else:
            self.taker.leave_alone(self.taker.jobs)
        return own_result

    def _take(self, limit):
        for job in self.taker.take(limit):
            self.jobs.setdefault(self._id_of(job), job)
        self.jobs.pop(self.own_id, None)
        # Two jobs of one record must not run together.
        twice = set(self.taker.jobs).difference(self.jobs.values())
        self.taker.leave_alone(twice)

    def _raise_interruption(self):
        if self.chunk.interruption:
            raise self.chunk.interruption

    # -- what a subclass defines

    def _id_of(self, job):
        """Return the id of the record of a job."""
        raise NotImplementedError

    def _work(self):
        """Synchronise the records and commit.

        :raise Exception: an error that concerns all records
        """
        raise NotImplementedError

    def _results(self, error):
        """Return what was done with each record, by its id.

        :param error: the error that has ended the work, if one has
        """
        return {id_: item.outcome for id_, item in self.items.items() if item.is_done}


class ExportAlong(Along):
    """The export of bindings, whose jobs call ``export_record``."""

    def __init__(self, synchronizer, taker, own_id, fields):
        super().__init__(synchronizer, taker, own_id)
        self.fields = fields

    def _id_of(self, job):
        return job.record_id

    def _work(self):
        self._begin(self.synchronizer.model.browse([self.own_id, *self.jobs]))
        for item in self.items.values():
            item.exporter = self.synchronizer.for_item(item)
        self.chunk = Chunk(self.env, [*self.items.values()])
        BulkExport(self.synchronizer, self.chunk).run()
        self._raise_interruption()

    def _begin(self, bindings):
        for binding in bindings.exists():
            job = self.jobs.get(binding.id)
            # Positional arguments are the same for all.
            fields = job.kwargs.get("fields") if job and not job.args else self.fields
            self.items[binding.id] = ExportItem(binding, fields=fields)

    def _results(self, error):
        settle_changes(self.env, self.items.values())
        return super()._results(error)


class ExportChangesAlong(ExportAlong):
    """The export of bindings, whose jobs call ``export_changes``."""

    def _begin(self, bindings):
        all_changes = self.env["connector.export.change"]
        others = all_changes.without_commits(bindings[1:])
        all_changes.take(bindings[0])
        changes = all_changes.of(bindings[0] + others).grouped("res_id")
        for binding in bindings.browse(changes).exists():
            of_binding = changes[binding.id]
            self.items[binding.id] = ExportItem(
                binding, fields=of_binding.changed_fields(), changes=of_binding
            )


class ImportAlong(Along):
    """The import of records, whose jobs call ``import_record``."""

    def __init__(self, synchronizer, taker, own_id, force=False):
        super().__init__(synchronizer, taker, str(own_id))
        self.own_external_id = own_id
        self.force = force

    def _id_of(self, job):
        method = job_method(self.taker.method_name)
        [external_id] = method.external_ids(job.args, job.kwargs)
        return str(external_id)

    def _work(self):
        ids = [self.own_external_id, *(job.args[1] for job in self.jobs.values())]
        items = [ImportItem(id_, importer=self.synchronizer) for id_ in ids]
        self.items = {str(item.external_id): item for item in items}
        self.chunk = Chunk(self.env, items)
        ImportFlow(self.synchronizer, items, self.force).run_isolated(self.chunk)
        done = [item for item in items if item.is_done]
        run_each(done, self._finish, lambda error: scope_of(error) != RECORD)
        commit_if_allowed(self.env)
        self._raise_interruption()

    def _finish(self, item):
        item.outcome = item.importer._with_message(item.outcome)

    def _results(self, error):
        if error and error is not (self.chunk and self.chunk.interruption):
            return {}
        # The jobs of records that lack only ``_after_import`` make up for it.
        for id_, item in self.items.items():
            if not item.unfinished or item.is_done:
                continue
            kept = {"unfinished": {id_: item.unfinished}}
            if id_ in self.jobs:
                self.taker.kept_data[self.jobs[id_]] = kept
            else:
                with new_transaction(self.env) as env:
                    own_job = env["queue.job"].sudo().browse(self.chunk.job.id)
                    own_job.kept_data = kept
        return super()._results(error)


class AnnouncedAlong(ImportAlong):
    """The import of records, whose jobs call ``import_announced``."""

    def __init__(self, synchronizer, taker, own_id, deleted=False):
        super().__init__(synchronizer, taker, own_id)
        self.deleted = deleted

    def _finish(self, item):
        if item.outcome.kind != GONE:
            super()._finish(item)
            return
        job = self.jobs.get(str(item.external_id))
        deleted = job.kwargs.get("deleted", False) if job else self.deleted
        if job and not deleted:
            item.reopen()  # Only its job knows how long it has waited for the record.
            return
        with self.env.cr.savepoint():
            item.outcome = item.importer.run_missing(item.external_id, deleted)
