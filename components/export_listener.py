# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Export what users change in Odoo."""

import logging

from odoo.addons.component.core import AbstractComponent

from .binder import backend_of, is_external_id

_logger = logging.getLogger(__name__)


class ExportListener(AbstractComponent):
    """Export bindings when they, or the records that they wrap, change.

    A connector names the models that it listens to::

        class PartnerExportListener(Component):
            _name = "shop.partner.export.listener"
            _inherit = "connector.export.listener"
            _apply_on = ["shop.res.partner", "res.partner"]
            _binding_field = "shop_bind_ids"

    Changes of one transaction make one job a binding, at the end of the transaction;
    while that job waits, further changes are added to it. Only fields that the export
    mapper reads count. What a connector writes itself (``connector_no_export`` in the
    context) is not exported, what is rolled back neither.
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
        for binding in self._bindings(record):
            try:
                with self.env.cr.savepoint():
                    self._delay_delete(binding)
            except Exception:
                # a user who deletes a record has nothing to do with the connector
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
        # users need no right on bindings to change the records that they wrap
        bindings = record.sudo()[self._binding_field]
        return bindings.with_env(record.env)

    def _exported_fields(self, binding, fields):
        """Return those of the changed fields that are exported.

        :param binding: the binding that is exported
        :param fields: names of the fields that changed
        :return: names of fields; ``None`` when all may matter, as a mapping method
            does not declare with ``@changed_by`` what it reads
        """
        if fields is None:
            return None
        with backend_of(binding.sudo()).work_on(binding._name) as work:
            mapper = work.component(usage="export.mapper")
            read = mapper.changed_by_fields() | {row[0] for row in mapper.children}
            changed = read.intersection(fields)
            unknown = any(
                not definition.changed_by and not definition.only_create
                for _method, definition in mapper.map_methods
            )
        return None if unknown and not changed else changed

    # -- steps

    def _is_binding(self, record):
        return isinstance(record, self.env.registry["external.binding"])

    def _note(self, binding, fields=None):
        self.env["connector.export.change"]._note(binding, fields)

    def _delay_delete(self, binding):
        backend = backend_of(binding.sudo())
        with backend.work_on(binding._name) as work:
            external_id = work.component(usage="binder").to_external(binding.sudo())
        if not is_external_id(external_id):
            return
        model = binding.browse()
        model.with_delay(
            identity_key=f"connector.delete({backend}, {model._name}, {external_id})"
        ).export_delete_record(backend.with_env(binding.env), external_id)
