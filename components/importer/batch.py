# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of all records that the backend finds, a job for each chunk."""

from odoo.tools import split_every

from odoo.addons.component.core import AbstractComponent

from ...jobs.methods import job_method
from ...jobs.names_for_many import name_for_many
from ...jobs.outcome import DELAYED, Outcome, outcome_of, returns_message
from ...jobs.states import WAITING
from ...tools.bindings import chunk_size_of
from ...tools.overrides import overrides
from ...tools.translatable import joined, translatable
from .delivery import Delivery
from .missing import MissingRecords, remove_asked


class BatchImporter(AbstractComponent):
    """Delay the import of all records that the backend finds, a job for each chunk.

    The adapter's ``search`` returns the ids, as a list or, page by page, as a
    generator. A connector defines the filters that find recent changes::

        class OrderBatchImporter(Component):
            _name = "shop.order.batch.importer"
            _inherit = ["connector.batch.importer", "base.shop.connector"]
            _apply_on = ["shop.sale.order"]

            def _since_filters(self, filters, since):
                return {**(filters or {}), "changed_after": since.isoformat()}
    """

    _name = "connector.batch.importer"
    _inherit = "base.importer"
    _usage = "batch.importer"

    #: Whether each search is a run. A search that begins runs by itself, when it finds
    #: something, says no.
    _begins_run = True
    #: Minutes that two runs of :meth:`run_since` overlap, for records that the backend
    #: stored late, and for clocks that differ. If clocks differ by more, a run imports
    #: all changes since the last run whose clock was right.
    _overlap_minutes = 5
    #: Share of the linked records that may be missing in a delivery of all records, see
    #: :data:`.COMPLETE`. If more are missing, a person decides about them.
    _most_missing = 0.1

    @property
    def finds_changes(self):
        """Whether a connector lets :meth:`run_since` find what has changed."""
        return overrides(self, BatchImporter, "run_since", "_since_filters")

    @returns_message
    def run(self, filters=None, chunk_size=None):
        """Delay the import of the records that the backend finds.

        Records whose job waits already get no second one.

        :param filters: passed to the adapter's ``search``
        :param chunk_size: records a job; by default that of the backend (its field
            ``chunk_size``, if it has one), otherwise 100
        :return: a translated sentence that counts the records and the jobs
        :rtype: str
        :raise RetryableJobError: when another job is finding the same records
        """
        self._check_backend_active()
        self._lock_batch("import_batch", filters)
        waiting, delivery = self._waiting_ids(), Delivery(self)
        records = jobs = 0
        size = chunk_size or chunk_size_of(self.backend_record)
        with self._within_run("import_batch"):
            for found in split_every(size, self._search(filters), list):
                external_ids = delivery.take(found, waiting)
                if external_ids:
                    self._delay_chunk(external_ids)
                    records += len(external_ids)
                    jobs += 1
            removal = MissingRecords(self, delivery).remove()
        unchanged = delivery.unchanged and delivery.unchanged_message
        texts = [self._count_message(records, jobs), unchanged, removal]
        message = joined(filter(None, texts), " ")
        return Outcome(DELAYED, self._with_left_out(message, delivery.left_out))

    @returns_message
    def run_missing(self, external_ids):
        """Ask whether to remove records; remove them when a person retries the job.

        :param external_ids: list of ids on the backend
        :return: a translated sentence that says what was done
        :rtype: str
        :raise TooManyMissingError: which asks the person
        """
        self._check_backend_active()
        return remove_asked(self, external_ids)

    def _count_message(self, records, jobs):
        if records == 1:
            return translatable(self.env)._("1 record to import, in 1 job.")
        if jobs == 1:
            return translatable(self.env)._("%s records to import, in 1 job.", records)
        return translatable(self.env)._(
            "%(records)s records to import, in %(jobs)s jobs.",
            records=records,
            jobs=jobs,
        )

    def _waiting_ids(self):
        """Return the ids, as texts, of the records that a waiting job will read."""
        methods = ("import_chunk", "import_record")
        jobs = self.env["queue.job"].waiting_jobs(
            self.backend_record, self.model, methods, WAITING
        )
        return {
            str(external_id)
            for job in jobs
            for external_id in job_method(job.method).external_ids(job.args, job.kwargs)
        }

    @returns_message
    def run_since(self, filters=None, chunk_size=None):
        """Delay the import of what has changed since the last run.

        The checkpoint is kept for the backend, the model and the filters. It moves on
        in the transaction that stores the jobs: after a failure, the next run starts
        from the same moment. No record falls between two runs; a record that changed
        during the overlap may be imported by both.

        :param filters: more filters for the adapter's ``search``
        :param chunk_size: as for :meth:`run`
        :return: a translated sentence that counts the records and the jobs
        :rtype: str
        """
        self._check_backend_active()
        # Two runs at the same time would delay the same imports twice.
        self.advisory_lock_or_retry(
            f"import_changes({self.backend_record}, {self.model._name}, {filters})"
        )
        with self._retry_unique_violation():
            checkpoint = self.env["connector.checkpoint"].of(
                self.backend_record, self.model._name, filters
            )
        # Before the search: a change during the search belongs to the next run.
        started = self._backend_now()
        since = checkpoint.since(self._overlap_minutes, started)
        if since:
            filters = self._since_filters(filters, since)
        result = self.run(filters, chunk_size)
        if since != checkpoint.since(self._overlap_minutes):
            note = translatable(self.env)._(
                "The clock was wrong during an earlier import. Changes since then are "
                "imported again."
            )
            result = Outcome(DELAYED, joined([outcome_of(result).message, note], " "))
        checkpoint.move(started)
        return result

    # -- hooks

    def _since_filters(self, filters, since):
        """Return the filters that find what has changed since a moment.

        :param filters: those of the caller
        :param since: ``datetime`` in UTC, without a time zone
        """
        raise NotImplementedError(f"{self._name} does not implement _since_filters()")

    def _backend_now(self):
        """Return the time of the clock that dates the backend's changes.

        :return: ``datetime`` in UTC, without a time zone; by default the time of the
            database, whose clock all workers share
        """
        return self.env["connector.checkpoint"].database_now()

    def _search(self, filters):
        """Return the ids of the records to import, any iterable.

        A source that has the data of the records yields them with it, see
        :class:`.Delivered`. The whole search takes place in one transaction.

        :param filters: those of :meth:`run`
        """
        return self.backend_adapter.search(filters)

    def _delivered_at(self):
        """Return when the source made what it delivers, such as the time of a file.

        In a delivery of all records, a record that was synchronised later is not
        missing. By default, that is not looked at.

        :return: ``datetime`` in UTC, without a time zone
        """
        return None

    def _delay_chunk(self, external_ids, **options):
        """Delay the import of one chunk.

        :param external_ids: list of ids
        :param options: options of the job, such as ``priority``
        """
        options.setdefault(
            "description",
            name_for_many("import_chunk", self.backend_record, len(external_ids)),
        )
        self.model.with_delay(**options).import_chunk(self.backend_record, external_ids)
