# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import nullcontext
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.fields import Domain

from odoo.addons.component.exception import NoComponentError

from ..components.along import export_together, import_together, takes_along
from ..components.chunk import Chunk
from ..components.exporter.deleter import DeleteItem
from ..components.merge.merge import add_new_bases
from ..jobs.alone import delay_alone
from ..jobs.deletes import delay_delete_chunk, delete_job_key
from ..jobs.facts import outcome_values
from ..jobs.methods import record_keys_of
from ..jobs.outcome import (
    DELAYED,
    DELETED,
    GONE,
    SKIPPED,
    Outcome,
    Report,
    outcome_of,
)
from ..jobs.rest import continue_job, running_job
from ..jobs.scope import is_lost
from ..tools.base_column import base_field, store_base
from ..tools.binding_cache import invalidate
from ..tools.bindings import BindingShape, backend_of, expects_deliveries
from ..tools.external_id import is_external_id
from ..tools.orm import changed_values
from ..tools.overrides import overrides
from ..tools.removals import create_triggers
from ..tools.rpc import private_unless_overridden
from ..tools.transactions import commit_on_success, rollback_on_error
from ..tools.translatable import translatable
from ..tools.versions import store_version


class ExternalBinding(models.AbstractModel):
    """The link between an Odoo record and a record of a backend.

    A connector inherits it for each kind of record, usually with ``_inherits`` so
    that the binding has the fields of the record that it wraps::

        class ShopPartner(models.Model):
            _name = "shop.res.partner"
            _inherit = "external.binding"
            _inherits = {"res.partner": "odoo_id"}

            backend_id = fields.Many2one("shop.backend", required=True)
            odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
            external_id = fields.Char(index=True, copy=False)
    """

    _name = "external.binding"
    _description = "External Binding"

    sync_date = fields.Datetime(
        string="Last synchronization",
        copy=False,  # A copy was never synchronised.
        help="When the record was last exported to or imported from the backend.",
    )
    # How the record was when both sides were last in step.
    sync_base = fields.Char(
        "Base of the Merge",
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="Digests of the values that both sides had when they were in step.",
    )
    sync_version = fields.Char(
        string="Last Synchronized Version",
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="The version that the record had on the backend when it was last "
        "synchronized, as far as the backend names versions.",
    )

    def _auto_init(self):
        super()._auto_init()
        if self._auto and not self._abstract:
            create_triggers(self)

    @api.model_create_multi
    def create(self, vals_list):
        invalidate(self, vals_list, creating=True)
        return super().create(vals_list)

    def _create(self, data_list):
        add_new_bases(self, data_list)
        return super()._create(data_list)

    def write(self, vals):
        linked = self._linked_otherwise(vals)
        name = BindingShape.of(self.env, self._name).external_id
        were_linked = linked.filtered(name) if linked else linked
        invalidate(self, [vals])
        result = super().write(vals)
        # The stored base, version and questions are about other records.
        if linked:
            store_base(linked, None)
        if were_linked:
            store_version(were_linked, False)
            self.env["connector.conflict"].close(were_linked)
        return result

    def _linked_otherwise(self, vals):
        """Return the bindings that values link with another record, here or there."""
        if base_field(self) is None:
            return self.browse()
        link = BindingShape.of(self.env, self._name)[:3]
        values = {name: vals[name] for name in link if name in vals}
        if not values:
            return self.browse()

        def is_linked_otherwise(binding):
            try:
                return changed_values(binding, values)
            except MissingError:  # Nor does Odoo refuse to write to it.
                return False

        return self.sudo().filtered(is_linked_otherwise)

    def unlink(self):
        self._forget_delivered()
        return super().unlink()

    def _forget_delivered(self):
        """Forget the data of records that wait to be imported once more."""
        if not expects_deliveries(self.env, self._name):
            return
        shape = BindingShape.of(self.env, self._name)
        for backend, bindings in self.sudo().exists().grouped(backend_of).items():
            ids = bindings.mapped(shape.external_id)
            table = self.env["connector.delivered.record"]
            table.forget(backend, self._name, filter(is_external_id, ids))

    # Entry points for jobs, each of which only calls a component; not for RPC.
    # The list of jobs shows the first line of the docstring.

    @private_unless_overridden
    def import_batch(self, backend, filters=None):
        """Prepare the import of records from the backend"""
        with backend.work_on(self._name) as work:
            return work.component(usage="batch.importer").run(filters)

    @private_unless_overridden
    def import_changes(self, backend, filters=None):
        """Prepare the import of what has changed on the backend"""
        with backend.work_on(self._name) as work:
            return work.component(usage="batch.importer").run_since(filters)

    @private_unless_overridden
    def import_chunk(self, backend, external_ids, force=False):
        """Import records from the backend"""
        with backend.work_on(self._name) as work:
            importer = work.component(usage="record.importer")
            return importer.run_chunk(external_ids, force=force)

    @private_unless_overridden
    @takes_along(import_together)
    def import_record(self, backend, external_id, force=False):
        """Import a record from the backend"""
        with backend.work_on(self._name) as work:
            return work.component(usage="record.importer").run(external_id, force=force)

    @private_unless_overridden
    def import_missing(self, backend, external_ids):
        """Remove records that the backend no longer has"""
        with backend.work_on(self._name) as work:
            return work.component(usage="batch.importer").run_missing(external_ids)

    @private_unless_overridden
    @takes_along(import_together)
    def import_announced(self, backend, external_id, deleted=False):
        """Import a record that the backend has announced"""
        result = self.import_record(backend, external_id)
        if outcome_of(result).kind != GONE:
            return result
        with backend.work_on(self._name) as work:
            importer = work.component(usage="record.importer")
            return importer.run_missing(external_id, deleted)

    @private_unless_overridden
    def export_batch(
        self, backend, domain=None, fields=None, chunk_size=None, after_id=None
    ):
        """Prepare the export of the records that were never exported"""
        options = {
            "domain": domain,
            "fields": fields,
            "chunk_size": chunk_size,
            "after_id": after_id,
        }
        options = {name: value for name, value in options.items() if value is not None}
        with backend.work_on(self._name) as work:
            return work.component(usage="batch.exporter").run(**options)

    @private_unless_overridden
    @takes_along(export_together)
    def export_record(self, fields=None):
        """Export a record to the backend"""
        try:
            backend = backend_of(self.ensure_one())
        except MissingError:
            message = translatable(self.env)._(
                "Nothing was exported: the record was deleted in Odoo."
            )
            return Outcome(GONE, message)
        with backend.work_on(self._name) as work:
            exporter = work.component(usage="record.exporter")
            result = exporter.run(self, fields=fields)
            return exporter.outcome or outcome_of(result)

    @private_unless_overridden
    @takes_along(export_together)
    def export_changes(self):
        """Export what has changed in a record"""
        changes = self.env["connector.export.change"].take(self)
        if not changes:
            return translatable(self.env)._(
                "There is nothing to export: an earlier job has done it."
            )
        if len(self) > 1:
            return self._export_changes_of_many(changes)
        if not self.exists():
            changes.forget()
            return translatable(self.env)._(
                "Nothing was exported: the record was deleted in Odoo."
            )
        outcome = outcome_of(self.export_record(fields=changes.changed_fields()))
        if outcome.kind == SKIPPED:
            changes.merge()
        else:
            changes.forget()
        return outcome

    def _export_changes_of_many(self, changes):
        """Export changes of many records, each with its own fields.

        :param changes: rows of ``connector.export.change``
        :return: a translated text
        """
        existing = self.exists()
        gone = changes.filtered(lambda change: change.res_id not in existing._ids)
        changes -= gone
        gone.forget()
        changed_ids = {change.res_id for change in changes}
        changed = existing.filtered(lambda binding: binding.id in changed_ids)

        def export(work, bindings):
            try:
                exporter = work.component(usage="batch.exporter")
            except NoComponentError:
                with commit_on_success(self.env):
                    for binding in bindings:
                        changes.delay_alone(binding)
                return translatable(self.env)._("A job exports each record.")
            return exporter.run_changes(bindings, changes)

        return changed._for_each_backend("export_changes", export)

    def _for_each_backend(self, method_name, export):
        """Export bindings, so that a backend that fails stops no other one.

        In a job, each backend gets a job of its own, which is retried or fails alone.

        :param method_name: method of the bindings that is called
        :param export: called with the work context and the bindings of a backend
        :rtype: Outcome
        """
        by_backend = self.grouped(backend_of)
        job = running_job(self.env) if len(by_backend) > 1 else None
        if job and (job.model_name, job.method_name) == (self._name, method_name):
            for bindings in by_backend.values():
                continue_job(job, bindings, 0)
            message = translatable(self.env)._(
                "A job exports the records of each backend."
            )
            return Outcome(DELAYED, message, {DELAYED: len(self)})
        results, errors = [], []
        for backend, bindings in by_backend.items():
            guard = (
                rollback_on_error(self.env) if len(by_backend) > 1 else nullcontext()
            )
            try:
                with guard, backend.work_on(self._name) as work:
                    results.append(export(work, bindings))
            except Exception as error:
                if is_lost(error):
                    raise
                errors.append(error)
        if errors:
            raise errors[0]
        return Outcome.join(results)

    @private_unless_overridden
    def exports_by_own_method(self):
        """Return whether a connector defines or extends ``export_record``."""
        return overrides(self, ExternalBinding, "export_record")

    @private_unless_overridden
    def export_chunk(self, fields=None):
        """Export records to the backend"""

        def export(work, bindings):
            exporter = work.component(usage="batch.exporter")
            return exporter.run_chunk(bindings, fields=fields)

        return self.exists()._for_each_backend("export_chunk", export)

    @private_unless_overridden
    def compare_sides(self, backend, comparison):
        """Prepare a comparison of both sides"""
        with backend.work_on(self._name, reader=self.env) as work:
            return work.component(usage="sides.comparison").prepare(
                comparison, self.env.context.get("job_uuid")
            )

    @private_unless_overridden
    def compare_chunk(self, comparison, again=False):
        """Compare records with those of the backend"""
        existing = self.exists()
        if not existing:
            if again:
                comparison.forget_lines(Domain("res_id", "in", self.ids))
            return translatable(self.env)._(
                "Nothing was compared: the records were deleted in Odoo."
            )
        with backend_of(existing[0]).work_on(self._name, reader=self.env) as work:
            sides = work.component(usage="sides.comparison")
            job_uuid = self.env.context.get("job_uuid")
            return sides.compare_bindings(comparison, self, job_uuid, again)

    @private_unless_overridden
    def compare_found(self, backend, external_ids, comparison, again=False):
        """Find records of the backend that Odoo does not have"""
        with backend.work_on(self._name, reader=self.env) as work:
            sides = work.component(usage="sides.comparison")
            job_uuid = self.env.context.get("job_uuid")
            return sides.compare_found(comparison, external_ids, job_uuid, again)

    @private_unless_overridden
    @takes_along()
    def export_delete_record(self, backend, external_id):
        """Delete a record on the backend"""
        with backend.work_on(self._name) as work:
            return work.component(usage="record.exporter.deleter").run(external_id)

    @private_unless_overridden
    def export_delete_records(self, backend, deletes):
        """Delete records on the backend"""
        chunk = Chunk(self.env, [DeleteItem(arguments) for arguments in deletes])

        def delete(item):
            with commit_on_success(self.env):
                self.export_delete_record(backend, *item.arguments)
            item.outcome = Outcome(DELETED, "")

        chunk.run_each(chunk.items, delete)
        call = self._name, "export_delete_records"
        report = partial(self._report_deletes, backend, chunk, call)
        return chunk.settle(report, call, DeleteItem.arguments_of)

    def _report_deletes(self, backend, chunk, call):
        """Count deletes, and delay jobs for those that were not done."""
        report = Report(self.env)
        for item in chunk.items:
            if item.is_done:
                report.add(item.outcome)
            elif not item.is_open:
                external_id = item.arguments[0]
                report.add_failure(external_id, item.error or item.outcome)
                key = delete_job_key(backend, self._name, external_id)
                delete = self.export_delete_record
                delay_alone(delete, backend, *item.arguments, key=key)
        if chunk.rest:
            deletes = DeleteItem.arguments_of(chunk.rest)
            delay_rest = partial(delay_delete_chunk, self, backend, deletes)
            chunk.delay_rest(report, call, deletes, delay_rest)
        return report.text([(DELETED, translatable(self.env)._("processed"))])

    def _job_store_values(self, job):
        """Give a job for a chunk the identity keys of the jobs of its records."""
        values = {**super()._job_store_values(job), **outcome_values(job)}
        if record_keys := record_keys_of(job):
            values["record_keys"] = record_keys
        return values
