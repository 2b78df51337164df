# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The export of many bindings, a job for each chunk."""

import json
from contextlib import suppress
from functools import partial
from inspect import signature

import psycopg2

from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent
from odoo.addons.queue_job.fields import JobEncoder

from ...jobs.alone import delay_alone
from ...jobs.methods import changes_job_key
from ...jobs.names_for_many import name_for_many
from ...jobs.outcome import (
    ADOPTED,
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
from ...jobs.states import STARTED, WAITING
from ...tools.bindings import checks_connection, chunk_size_of
from ...tools.orm import cache_value
from ...tools.transactions import new_transaction
from ...tools.translatable import joined, translatable
from ..chunk import Chunk
from .bulk import BulkExport, can_export_together, export_one_by_one
from .item import ExportItem, settle_changes

#: A job keeps this value to export each record before the next one: the hooks before a
#: call for many had needed more calls than the backend admits at a time.
ONE_BY_ONE = {"one_by_one": True}


class BatchExporter(AbstractComponent):
    """Delay the export of many bindings, a job for each chunk."""

    _name = "connector.batch.exporter"
    _inherit = "base.exporter"
    _usage = "batch.exporter"

    #: Chunks that are delayed in one transaction; a job ``export_batch`` continues.
    _chunks_at_a_time = 100

    @returns_message
    def run(self, domain=None, fields=None, chunk_size=None, after_id=None):
        """Delay the export of the bindings of this backend that match.

        After ``_chunks_at_a_time`` chunks, it delays a job ``export_batch`` that
        continues after the last binding. If a connector's own ``export_batch`` or
        ``run`` has no parameter for that, all chunks are delayed in one transaction.
        Bindings whose job waits already get no second one.

        :param domain: which bindings; by default those that were never exported
        :param fields: names of the fields that changed; all when empty
        :param chunk_size: records a job, as for the batch importer
        :param after_id: id of the binding after which to continue
        :return: a translated sentence that counts the records and the jobs
        :rtype: str
        :raise RetryableJobError: when another job is finding the same records
        """
        self._check_backend_active()
        self._lock_batch("export_batch", domain, fields)
        if after_id is None:
            self._check_connection()
            if domain is None:
                self._bind_unbound()
        records = jobs = left_out = 0
        more, waiting = "", self._waiting_ids(domain, fields)
        options = {"domain": domain, "fields": fields, "chunk_size": chunk_size}
        with self._within_run("export_batch"):
            for bindings in self._chunks(domain, chunk_size, after_id or 0):
                left_out += len(waiting.intersection(bindings.ids))
                bindings = bindings.filtered(lambda binding: binding.id not in waiting)
                if not bindings:
                    continue
                if jobs == self._chunks_at_a_time and self._continue(after_id, options):
                    more = translatable(self.env)._(
                        "Another job finds the other records."
                    )
                    break
                self._delay_chunk(bindings, fields)
                after_id = bindings.ids[-1]
                records += len(bindings)
                jobs += 1
                self.env.flush_all()
                self.env.invalidate_all()  # The memory does not grow with the records.
        message = self._count_message(records, jobs)
        message = self._with_left_out(message, left_out)
        return Outcome(DELAYED, joined(filter(None, [message, more]), " "))

    def _count_message(self, records, jobs):
        if records == 1:
            return translatable(self.env)._("1 record to export, in 1 job.")
        if jobs == 1:
            return translatable(self.env)._("%s records to export, in 1 job.", records)
        return translatable(self.env)._(
            "%(records)s records to export, in %(jobs)s jobs.",
            records=records,
            jobs=jobs,
        )

    def _waiting_ids(self, domain, fields):
        """Return the ids of the bindings whose fields a job will export.

        A job that runs may have read a record before its last change. That matters
        unless the record was never exported.
        """
        states = (*WAITING, STARTED) if domain is None else WAITING
        ids, methods = set(), ("export_chunk", "export_record")
        for job in self.env["queue.job"].waiting_jobs(
            self.backend_record, self.model, methods, states
        ):
            exported = job.kwargs.get("fields") or next(iter(job.args), None)
            # A connector's own method may have other arguments.
            names = exported if isinstance(exported, list | tuple) else ()
            if (
                not exported
                or domain is None
                or (fields and all(name in names for name in fields))
            ):
                ids.update(job.ids)
        return ids

    def _check_connection(self):
        """Check once that the backend answers, before each chunk finds out alone."""
        if checks_connection(self.env, self.backend_record._name):
            self.backend_record.check_connection()

    def _bind_unbound(self):
        """Create the bindings of the records that the backend is to get.

        It is called before the bindings that were never exported are searched for. By
        default it binds what :meth:`_domain_to_bind` describes.
        """
        domain = self._domain_to_bind()
        if domain is not None:
            self.binder.bind_new(self.binder.search_unbound(domain), exports=False)

    def _domain_to_bind(self):
        """Return the domain of the Odoo records that the backend is to get.

        A connector overrides it when its backend takes all records of a kind::

            def _domain_to_bind(self):
                return [("sale_ok", "=", True)]

        :return: a domain on the model that the bindings wrap, ``None`` for no record
        """
        return None

    def _chunks(self, domain, size, after_id):
        domain, shape = self._domain(domain), self.binder.shape
        size = size or chunk_size_of(self.backend_record)
        while bindings := self.model.search(
            Domain("id", ">", after_id) & domain, order="id", limit=size
        ):
            after_id = bindings.ids[-1]
            if shape.backend in bindings._fields:
                cache_value(bindings, shape.backend, self.backend_record.id)
            yield bindings

    def _domain(self, domain):
        if domain is None:
            domain = self.binder._unbound_domain()
        return Domain(domain) & self.binder.backend_domain()

    def _continue(self, after_id, options):
        """Delay the job for the other chunks; return whether there can be one."""
        options = {name: value for name, value in options.items() if value is not None}
        if "domain" in options:
            options["domain"] = list(options["domain"])
        names = {"after_id", *options}
        for method in (self.model.export_batch, self.run):
            if not names <= signature(method).parameters.keys():
                return False
        try:
            json.dumps(options, cls=JobEncoder)
        except TypeError:
            return False  # A domain may hold what no job can store.
        job = self._current_job()
        is_own = (job.method_name, job.model_name, job.backend_model, job.backend_id)
        backend = self.backend_record
        kept = {}
        if is_own == ("export_batch", self.model._name, backend._name, backend.id):
            kept = {name: job[name] for name in ("channel", "max_retries", "priority")}
            key = job.identity_key
            # A batch with the same key is not delayed before the last chunk is. But
            # another batch of this job may have a job with the key already.
            if key and not self.env.execute_query(job.find_by_key([key], WAITING)):
                kept["identity_key"] = key
        elif self._usage != BatchExporter._usage:
            return False
        delayed = self.model.with_delay(**kept)
        delayed.export_batch(backend, **options, after_id=after_id)
        return True

    def _delay_chunk(self, bindings, fields, **options):
        """Delay the export of one chunk.

        :param bindings: the bindings
        :param fields: names of the fields that changed
        :param options: options of the job, such as ``priority``
        """
        options.setdefault(
            "description",
            name_for_many("export_chunk", self.backend_record, len(bindings)),
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
        bindings = bindings.exists().union()
        items = [ExportItem(binding, fields=fields) for binding in bindings]

        def delay_rest(rest, **options):
            self._delay_chunk(rest, fields, **options)

        chunk = self._export_items(items)
        return self._report(chunk, "export_chunk", delay_rest)

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
                fields=by_id[binding.id].changed_fields(),
                changes=by_id[binding.id],
            )
            for binding in bindings
        ]

        def delay_rest(rest, **options):
            rest.with_delay(**options).export_changes()

        chunk = self._export_items(items)
        settle_changes(self.env, items)
        return self._report(chunk, "export_changes", delay_rest)

    def _export_items(self, items):
        """Export items, together if the connector and the backend allow it.

        :rtype: Chunk
        """
        chunk = Chunk(self.env, items)
        if items and not self.model.exports_by_own_method():
            exporter = self.component(usage="record.exporter")
            for item in items:
                item.exporter = exporter.for_item(item)
            if not _goes_one_by_one(chunk) and can_export_together(exporter, self):
                BulkExport(self, chunk).run()
                return chunk
        export_one_by_one(chunk, chunk.items)
        return chunk

    def _report(self, chunk, method_name, delay_rest):
        """Count the outcomes, and delay jobs for the records that were not exported.

        :param chunk: the :class:`~..chunk.Chunk`
        :param method_name: method of the bindings that jobs for such chunks call
        :param delay_rest: delays such a job, if there is none
        """
        report = partial(self._report_and_delay, chunk, method_name, delay_rest)
        call = self.model._name, method_name
        try:
            return chunk.settle(report, call, self._bindings_of)
        except Exception:
            if chunk.needs_many_calls:
                with suppress(psycopg2.Error), new_transaction(self.env) as env:
                    chunk.job.with_env(env).sudo().kept_data = ONE_BY_ONE
            raise

    def _bindings_of(self, items):
        return self.model.union(*(item.binding for item in items))

    def _report_and_delay(self, chunk, method_name, delay_rest):
        report = Report(self.env)
        self._leave_out_deleted([item for item in chunk.items if not item.is_done])
        for item in chunk.items:
            if item.is_open:
                continue
            if item.is_done:
                report.add(item.outcome)
                continue
            label = translatable(self.env)._(
                "%(name)s (id %(id)s)",
                name=item.binding.display_name,
                id=item.binding.id,
            )
            report.add_failure(label, item.error or item.outcome)
            if item.changes:
                item.changes.delay_alone(item.binding)
            else:
                self._delay_export_alone(item.binding, item.fields)
        if chunk.rest:
            rest = self._bindings_of(chunk.rest)
            call, options = (self.model._name, method_name), {}
            if method_name == "export_changes" and len(rest) == 1:
                # Changes of users wait for this job, as for those that they make.
                options["identity_key"] = changes_job_key(rest._name, rest.id)
            delay = partial(delay_rest, rest)
            job = chunk.delay_rest(report, call, rest, delay, **options)
            if job and (chunk.needs_many_calls or _goes_one_by_one(chunk)):
                job.sudo().kept_data = ONE_BY_ONE
        exported = report.counts[CREATED] + report.counts[UPDATED]
        return report.text(
            [
                (ADOPTED, translatable(self.env)._("linked with an existing record")),
                (UNCHANGED, translatable(self.env)._("unchanged")),
                (SKIPPED, translatable(self.env)._("skipped")),
                (GONE, translatable(self.env)._("deleted in Odoo")),
            ],
            translatable(self.env)._("%s exported", exported),
        )

    def _leave_out_deleted(self, items):
        """Give no job to records that a user has deleted in the meantime."""
        existing = self._bindings_of(items).exists()
        for item in items:
            if item.binding not in existing:
                item.outcome, item.error = Outcome(GONE, ""), None

    def _delay_export_alone(self, binding, fields):
        names = sorted(fields or ())
        key = f"connector.export_record({binding._name}, {binding.id}, {names})"
        description = translatable(self.env)._("Export %s alone", binding.display_name)
        options = {"description": description}
        delay_alone(binding.export_record, key=key, options=options, fields=fields)


def _goes_one_by_one(chunk):
    return bool((chunk.job.kept_data or {}).get("one_by_one"))
