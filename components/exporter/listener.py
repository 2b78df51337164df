# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Export what users change in Odoo."""

import logging

import psycopg2

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ...backends import backend_of
from ...external_id import is_external_id
from .deleter import delete_job_key

_logger = logging.getLogger(__name__)


class ExportListener(AbstractComponent):
    """Export bindings when they, or the records that they wrap, change.

    A connector declares the models that it listens to::

        class PartnerExportListener(Component):
            _name = "shop.partner.export.listener"
            _inherit = "connector.export.listener"
            _apply_on = ["shop.res.partner", "res.partner"]
            _binding_field = "shop_bind_ids"

    The changes of one transaction make one job for each binding, at the end of the
    transaction. While that job waits, it takes further changes along. The job runs with
    the rights of the system. Only fields that the export mapper reads count. Changes
    made by a connector (``connector_no_export`` in the context), or rolled back, are
    not exported.

    Only fields passed to ``write()`` are detected; computed fields and lines are not. A
    connector that exports these listens to the models that they depend on, and calls
    :meth:`_note`.
    """

    _name = "connector.export.listener"
    _inherit = "base.connector.listener"

    #: name of the field of Odoo records that holds their bindings
    _binding_field = None

    def on_record_create(self, record, fields=None):
        """Export a new binding."""
        if not self.no_connector_export(record) and self._is_binding(record):
            self._note(record)

    def on_record_write(self, record, fields=None):
        """Export the fields that changed."""
        if self.no_connector_export(record):
            return
        for binding in self._bindings(record):
            changed = self._exported_fields(binding, fields)
            if changed or changed is None:
                self._note(binding, changed)

    def on_record_unlink(self, record):
        """Delete on the backend what is deleted in Odoo."""
        if self.no_connector_export(record):
            return
        # An error in what the user wrote before must not look like the connector's.
        self.env.cr.flush()
        for binding in self._bindings(record):
            try:
                with self.env.cr.savepoint():
                    self._delay_delete(binding)
            except psycopg2.OperationalError:
                raise  # Odoo tries the request again
            except Exception:
                # Never block a user's delete because a connector failed.
                _logger.exception("%s will not be deleted on its backend", binding)

    # -- hooks

    def _bindings(self, record):
        """Return the bindings of a record that are to be exported with it.

        :param record: a binding, or the record that it wraps
        """
        if self._is_binding(record):
            return record
        if not self._binding_field:
            return []
        # Archived bindings too: they are often archived together with the record.
        record = record.sudo().with_context(active_test=False)
        return record[self._binding_field].with_env(self.env)

    def _exported_fields(self, binding, fields):
        """Return the changed fields that are exported.

        :param binding: the binding that is exported
        :param fields: names of the fields that changed
        :return: names of fields; ``None`` when every field may matter, because a
            mapping method does not declare with ``@changed_by`` what it reads
        """
        if fields is None:
            return None
        with backend_of(binding.sudo()).work_on(binding._name) as work:
            try:
                mapper = work.component(usage="export.mapper")
            except NoComponentError:  # Such records are not exported.
                return set()
            read = mapper.source_fields()
        return None if read is None else read.intersection(fields)

    def _delete_arguments(self, binding):
        """Return the arguments of ``export_delete_record`` for a binding.

        An override may add what the deleter needs of the binding, such as its version.

        :param binding: the binding that is deleted
        :return: the backend, the external id, and what a connector adds
        :rtype: tuple
        """
        backend = backend_of(binding)
        with backend.work_on(binding._name) as work:
            external_id = work.component(usage="binder").to_external(binding)
        return backend, external_id

    # -- steps

    def _is_binding(self, record):
        return isinstance(record, self.env.registry["external.binding"])

    def _note(self, binding, fields=None):
        self.env["connector.export.change"]._note(binding, fields)

    def _delay_delete(self, binding):
        binding = binding.sudo()
        backend, external_id, *more = self._delete_arguments(binding)
        if not is_external_id(external_id):
            return
        key = delete_job_key(backend, binding._name, external_id)
        model = binding.browse().with_delay(identity_key=key)
        model.export_delete_record(backend, external_id, *more)
