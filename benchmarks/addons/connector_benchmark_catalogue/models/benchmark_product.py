# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class BenchmarkProduct(models.Model):
    """Products, which arrive in files."""

    _name = "benchmark.product"
    _description = "Product of the Benchmark"
    _inherit = "external.binding"
    _inherits = {"product.product": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = fields.Many2one("product.product", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False)

    _one_per_product = models.Constraint(
        "unique(backend_id, odoo_id)", "The product is bound to this backend already."
    )
    _one_per_external_id = models.Constraint(
        "unique(backend_id, external_id)", "Another product has this external id."
    )

    def create_by_orm(self, values):
        """Create products, and nothing else"""
        self.with_context(connector_no_export=True).create(values)
