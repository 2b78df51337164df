# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class BenchmarkIndustry(models.Model):
    """Industries, to which the partners refer."""

    _name = "benchmark.industry"
    _description = "Industry of the Benchmark"
    _inherit = "external.binding"
    _inherits = {"res.partner.industry": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = fields.Many2one("res.partner.industry", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False, index=True)

    _one_per_industry = models.Constraint(
        "unique(backend_id, odoo_id)", "The industry is bound to this backend already."
    )
    _one_per_external_id = models.Constraint(
        "unique(backend_id, external_id)", "Another industry has this external id."
    )
