# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class BenchmarkPartner(models.Model):
    _name = "benchmark.res.partner"
    _description = "Partner of the Benchmark"
    _inherit = "external.binding"
    _inherits = {"res.partner": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False, index=True)

    _one_per_partner = models.Constraint(
        "unique(backend_id, odoo_id)", "The partner is bound to this backend already."
    )
    _one_per_external_id = models.Constraint(
        "unique(backend_id, external_id)", "Another partner has this external id."
    )
