# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The steps at which the chaos test kills, around the hooks of the connector above."""

from odoo.addons.component.core import Component

from ..steps import reach


class ExporterSteps(Component):
    _inherit = "chaos.item.exporter"

    def _export_dependencies(self):
        reach("before the dependencies", self.binding.code)
        super()._export_dependencies()
        reach("after the dependencies", self.binding.code)

    def _lock(self):
        super()._lock()
        reach("locked", self.binding.code)

    def _create(self, data):
        external_id = super()._create(data)
        reach("created, not bound", self.binding.code)
        return external_id

    def _update(self, data):
        reach("before the update", self.binding.code)
        super()._update(data)
        reach("updated, not bound", self.binding.code)

    def _after_export(self):
        reach("in _after_export", self.binding.code)
        super()._after_export()


class AdapterSteps(Component):
    _inherit = "chaos.item.adapter"

    def create(self, data, idempotency_key=None):
        reach("before the request", data["code"])
        external_id = super().create(data, idempotency_key=idempotency_key)
        reach("answered", data["code"])
        return external_id


class BinderSteps(Component):
    _inherit = "chaos.item.binder"

    def bind(self, external_id, binding):
        reach("before bind", binding.code)
        super().bind(external_id, binding)
        reach("bound, not committed", binding.code)
