# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class BenchmarkPartnerExporter(Component):
    _name = "benchmark.partner.exporter"
    _inherit = ["generic.exporter", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]
    _usage = "record.exporter"
    _default_binding_field = "benchmark_bind_ids"

    def _export_dependencies(self):
        if self.backend_record.has_dependencies:
            self._export_dependency(self.binding.industry_id, "benchmark.industry")
