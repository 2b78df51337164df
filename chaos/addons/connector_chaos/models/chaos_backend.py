# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ChaosBackend(models.Model):
    """A space of its own on the fake backend, one for each scenario."""

    _name = "chaos.backend"
    _description = "Backend of the Chaos Test"
    _inherit = "connector.backend"

    name = fields.Char(required=True)
    url = fields.Char(required=True)
    chunk_size = fields.Integer()
    takes_many = fields.Boolean(help="Whether the adapter takes many items a call.")
