# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class OdooBinding(models.AbstractModel):
    """Base of the links between records of both databases."""

    _name = "odoo.binding"
    _description = "Link with a Shop's Odoo"
    _inherit = "connector.binding"

    backend_id = fields.Many2one(
        "odoo.backend", "Shop", required=True, ondelete="cascade"
    )
