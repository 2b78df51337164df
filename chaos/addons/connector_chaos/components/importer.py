# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class ChaosItemImporter(Component):
    """Imports an item, after the parts that Odoo does not know yet."""

    _name = "chaos.item.importer"
    _inherit = ["base.importer", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding"]
    _usage = "record.importer"

    def run(self, external_id, force=False):
        self._lock_import(external_id)
        binding = self.binder.to_internal(external_id)
        if binding:
            self._lock_or_retry(binding)
        values = self._values(self.backend_adapter.read(external_id))
        if binding:
            binding.with_context(connector_no_export=True).write(values)
        else:
            binding = self._create(external_id, values)
        self.binder.bind(external_id, binding)
        return self.env._("Imported.")

    def _create(self, external_id, values):
        values = {
            **values,
            "backend_id": self.backend_record.id,
            "external_id": external_id,
        }
        with self._retry_unique_violation():
            return self.model.with_context(connector_no_export=True).create(values)

    def _values(self, data):
        parts = [self._part(external_id).id for external_id in data["parts"]]
        direct = {name: data[name] for name in ("code", "name", "quantity")}
        return {**direct, "part_ids": [(6, 0, parts)]}

    def _part(self, external_id):
        if not self.binder.to_internal(external_id):
            self.component(usage="record.importer").run(external_id)
        return self.binder.to_internal(external_id, unwrap=True)
