# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class BenchmarkBackend(models.Model):
    """A backend in the same process, which takes its time, or none."""

    _name = "benchmark.backend"
    _description = "Backend of the Benchmark"
    _inherit = "connector.backend"

    name = fields.Char(required=True)
    milliseconds = fields.Integer(help="How long each call takes.")
    has_dependencies = fields.Boolean(
        help="Whether the backend must know the industry of a partner first."
    )
    records = fields.Integer(help="How many partners it lists.")
    takes_many = fields.Boolean(help="Whether a call can be about many records.")
