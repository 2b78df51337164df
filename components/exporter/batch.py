# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of many bindings, a job for each chunk."""

import hashlib

from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent

from ...jobs.outcome import (
    CREATED,
    DELAYED,
    GONE,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Outcome,
    Report,
    returns_message,
)
from ...tools.bindings import checks_connection, chunk_size_of
from ...tools.capabilities import has_capability
from ...tools.orm import cache_value
from ...tools.transactions import commit_if_allowed, commit_on_success
from .bulk import BulkExport, ExportItem, OwnMethod, SingleExports
from .progress import JobProgress, Progress


class BatchExporter(AbstractComponent):
    """Delay the export of many bindings, a job for each chunk."""

    _name = "connector.batch.exporter"
    _inherit = "base.exporter"
    _usage = "batch.exporter"

    @returns_message
    def run(self, domain=None, fields=None, chunk_size=None):
        """Delay the export of the bindings of this backend that match.

        The bindings are read page by page, so that the memory does not grow with their
        number. A job commits after each page. When it is interrupted, its next attempt
        continues with the page that follows.

        :param domain: which bindings; by default those that were never exported
        :param fields: names of the fields that changed; all when empty
        :param chunk_size: records a job, as for the batch importer
        :return: a translated sentence that counts the records and the jobs
        :rtype: str
        """
        self._check_backend_active()
        self._check_connection()
        size = chunk_size or chunk_size_of(self.backend_record)
        if domain is None:
            self._bind_unbound()
        domain = self._domain(domain)
        progress = self._progress(domain, fields)
        with self._within_run("export_batch"):
            for bindings in self._pages(domain, size, progress):
                self._delay_chunk(bindings, fields)
                progress.add(bindings)
        return progress.end()

    def _check_connection(self):
        """Check once that the backend answers, before each chunk finds out alone."""
        if checks_connection(self.env, self.backend_record._name):
            self.backend_record.check_connection()

    def _bind_unbound(self):
        """Create the bindings of the records that the backend is to get.

        It is called before the bindings that were never exported are searched for. By
        default nothing is created. A connector overrides it when its backend takes all
        records of a kind::

            def _bind_unbound(self):
                bound = self.model.search(self.binder.backend_domain()).odoo_id
                new = self.env["product.product"].search([("id", "not in", bound.ids)])
                self.model.with_context(connector_no_export=True).create(
                    [
                        {"backend_id": self.backend_record.id, "odoo_id": record.id}
                        for record in new
                    ]
                )
        """

    def _progress(self, domain, fields):
        """Return the progress of this run, which a job can continue."""
        job = self._current_job()
        if not job:
            return Progress(self.env)
        run = f"{self.backend_record} {self.model._name} {domain} {fields}"
        digest = hashlib.sha1(run.encode(), usedforsecurity=False).hexdigest()
        return JobProgress(self.env, job, digest)

    def _pages(self, domain, size, progress):
        backend_field = self.binder.shape.backend
        while True:
            page = self.model.search(
                Domain("id", ">", progress.last_id) & domain, order="id", limit=size
            )
            if not page:
                return
            if backend_field in page._fields:
                cache_value(page, backend_field, self.backend_record.id)
            yield page

    def _domain(self, domain):
        binder = self.binder
        if domain is None:
            domain = Domain(binder.shape.external_id, "=", False)
        return Domain(domain) & binder.backend_domain()

    def _delay_chunk(self, bindings, fields, **options):
        """Delay the export of one chunk.

        :param bindings: the bindings
        :param fields: names of the fields that changed
        :param options: options of the job, such as ``priority``
        """
        options.setdefault(
            "description",
            self.env._(
                "Export %(count)s records to %(backend)s",
                count=len(bindings),
                backend=self.backend_record.display_name,
            ),
        )
        bindings.with_delay(**options).export_chunk(fields=fields)

    @returns_message
    def run_chunk(self, bindings, fields=None):
        """Export the bindings of one chunk.

        The job commits what the backend has accepted. A record that fails is retried by
        a job of its own, which shows the details of its error.

        An adapter with ``create_many`` and ``write_many`` gets one call each for the
        whole chunk; see ``connector.bulk.adapter``.

        :param bindings: recordset of the model that we work on
        :param fields: names of the fields that changed; all when empty
        :return: a translated text that counts what was done, and names the failed
            records
        :rtype: str
        """
        self._check_backend_active()
        items = [
            ExportItem(binding, self._exporter_of(binding), fields)
            for binding in bindings.exists().union()
        ]
        self._flow(items)(self, items).run()
        return Outcome(DELAYED, self._report(items))

    @returns_message
    def run_changes(self, bindings, changes):
        """Export what has changed in the bindings of one chunk, as :meth:`run_chunk`.

        Changes that are exported are deleted. A record that fails is retried by a job
        of its own, which finds its changes.

        :param bindings: existing bindings of the model that we work on
        :param changes: rows of ``connector.export.change`` of these bindings
        :return: a translated text, see :meth:`run_chunk`
        :rtype: str
        """
        self._check_backend_active()
        by_id = changes.grouped("res_id")
        items = [
            ExportItem(
                binding,
                self._exporter_of(binding),
                by_id[binding.id].changed_fields(),
                by_id[binding.id],
            )
            for binding in bindings
        ]
        self._flow(items)(self, items).run()
        settled = [item.changes for item in items if item.settles_changes]
        commit_if_allowed(self.env)  # so that no conflict undoes the next step
        changes.browse().union(*settled).forget()
        skipped = [item.changes for item in items if item.keeps_changes]
        changes.browse().union(*skipped).merge()
        return Outcome(DELAYED, self._report(items))

    def _exporter_of(self, binding):
        if binding.exports_by_own_method():
            return OwnMethod()
        return self.component(usage="record.exporter")

    def _flow(self, items):
        exporter = items[0].exporter if items else None
        if has_capability(exporter, "can_use_bulk_calls") and has_capability(
            self.backend_adapter, "_creates_many"
        ):
            return BulkExport
        return SingleExports

    def retry_contention(self):
        """Retry the job, since another one has changed the records.

        :raise RetryableJobError: always
        """
        self._retry_job_later(self.env._("Another job has changed the records."))

    def _report(self, items):
        """Count the outcomes; delay a job for each record that was not exported."""
        with commit_on_success(self.env):  # The next chunk's failure rolls back.
            return self._report_and_delay(items)

    def _report_and_delay(self, items):
        report = Report(self.env)
        self._leave_out_deleted([item for item in items if not item.is_done])
        for item in items:
            if item.is_done:
                report.add(item.outcome)
                continue
            label = self.env._(
                "%(name)s (id %(id)s)",
                name=item.binding.display_name,
                id=item.binding.id,
            )
            report.add_failure(label, item.error or item.outcome)
            if item.changes:
                item.changes.delay_alone(item.binding)
            else:
                self._delay_export_alone(item.binding, item.fields)
        exported = report.counts[CREATED] + report.counts[UPDATED]
        return report.text(
            [
                (UNCHANGED, self.env._("unchanged")),
                (SKIPPED, self.env._("skipped")),
                (GONE, self.env._("deleted in Odoo")),
            ],
            self.env._("%s exported", exported),
        )

    def _leave_out_deleted(self, items):
        """Give no job to records that a user has deleted in the meantime."""
        existing = self.model.union(*(item.binding for item in items)).exists()
        for item in items:
            if item.binding not in existing:
                item.outcome, item.error = Outcome(GONE, ""), None

    def _delay_export_alone(self, binding, fields):
        binding.with_delay(
            description=self.env._("Export %s alone", binding.display_name)
        ).export_record(fields=fields)
