# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class BenchmarkPartner(models.Model):
    """Code that users of the peer write for each binding, and ours contains."""

    _inherit = "benchmark.res.partner"

    def export_record(self, fields=None):
        """Export a record"""
        with self.backend_id.work_on(self._name) as work:
            return work.component(usage="record.exporter").run(self, fields=fields)
