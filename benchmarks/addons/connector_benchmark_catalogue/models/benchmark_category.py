# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class BenchmarkCategory(models.Model):
    """Categories, which the lines of a catalogue name."""

    _name = "benchmark.category"
    _description = "Category of the Benchmark"
    _inherit = "external.binding"
    _inherits = {"product.category": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = fields.Many2one("product.category", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False)

    _one_per_category = models.Constraint(
        "unique(backend_id, odoo_id)", "The category is bound to this backend already."
    )
    _one_per_external_id = models.Constraint(
        "unique(backend_id, external_id)", "Another category has this external id."
    )
