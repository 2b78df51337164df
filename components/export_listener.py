# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Export what users change in Odoo."""

import logging

import psycopg2

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ..backends import backend_of
from ..external_id import is_external_id
from .deleter import delete_job_key

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
    while that job waits, further changes are added to it. The job runs with the rights
    of the system. Only fields that the export mapper reads count. What a connector
    writes itself (``connector_no_export`` in the context) is not exported, what is
    rolled back neither.

    Noticed are the fields that are passed to ``write``: not those that Odoo computes
    from others, and not the lines below a record. A connector that exports these
    listens to what they come from, and calls :meth:`_note`.
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
        # what the user wrote before is none of the connector's business
        self.env.cr.flush()
        for binding in self._bindings(record):
            try:
                with self.env.cr.savepoint():
                    self._delay_delete(binding)
            except psycopg2.OperationalError:
                raise  # Odoo tries the request again
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
        # archived ones too: as a rule they are archived together with the record
        record = record.sudo().with_context(active_test=False)
        return record[self._binding_field].with_env(self.env)

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
            try:
                mapper = work.component(usage="export.mapper")
            except NoComponentError:  # such records are not exported
                return set()
            read = mapper.changed_by_fields() | {row[0] for row in mapper.children}
            changed = read.intersection(fields)
            if not changed and self._may_read_more(mapper):
                return None
        return changed

    def _may_read_more(self, mapper):
        """Whether a part of the mapper does not tell which fields it reads."""
        return any(
            not definition.changed_by and not definition.only_create
            for _method, definition in mapper.map_methods
        ) or any(
            mapper._direct_source_field_name(source) is None
            for source, _target in mapper.direct
        )

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
        model = binding.sudo().browse()
        model.with_delay(
            identity_key=delete_job_key(backend, model._name, external_id)
        ).export_delete_record(backend, external_id)
