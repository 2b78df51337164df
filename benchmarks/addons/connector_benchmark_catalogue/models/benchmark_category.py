# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

from odoo.addons.connector.fields import Wrapped


class BenchmarkCategory(models.Model):
    """Categories, which the lines of a catalogue name."""

    _name = "benchmark.category"
    _description = "Category of the Benchmark"
    _inherit = "connector.binding"
    _inherits = {"product.category": "odoo_id"}

    backend_id = fields.Many2one("benchmark.backend", required=True)
    odoo_id = Wrapped("product.category")
