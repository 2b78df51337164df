# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

from odoo.addons.connector.fields import Wrapped


class BenchmarkProduct(models.Model):
    """Products, which arrive in files."""

    _name = "benchmark.product"
    _description = "Product of the Benchmark"
    _inherit = "connector.binding"
    _inherits = {"product.product": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = Wrapped("product.product")

    def create_by_orm(self, values):
        """Create products, and nothing else"""
        self.with_context(connector_no_export=True).create(values)
