# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Components that need our framework; not loaded with the peer."""

from odoo.addons.component.core import Component


class BenchmarkPartnerImporter(Component):
    _name = "benchmark.partner.importer"
    _inherit = ["connector.record.importer", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]


class BenchmarkBatchExporter(Component):
    _name = "benchmark.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]


class BenchmarkPartnerWebhook(Component):
    _name = "benchmark.partner.webhook"
    _inherit = ["connector.webhook.standard", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]

    def external_ids(self, payload):
        return [payload["id"]]
