# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class HandWrittenImporter(Component):
    """The importer that users of the peer write, as it offers none."""

    _name = "benchmark.partner.importer.by.hand"
    _inherit = ["base.importer", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]
    _usage = "importer.by.hand"

    def run(self, external_id):
        map_record = self.mapper.map_record(self.backend_adapter.read(external_id))
        binding = self.binder.to_internal(external_id)
        if binding:
            self._quietly(binding).write(map_record.values())
        else:
            binding = self._quietly(self.model).create(
                map_record.values(for_create=True)
            )
        self.binder.bind(external_id, binding)

    def _quietly(self, records):
        return records.with_context(connector_no_export=True)
