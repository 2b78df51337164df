# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    benchmark_bind_ids = fields.One2many("benchmark.res.partner", "odoo_id")
