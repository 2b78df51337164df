# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class OdooBinding(models.AbstractModel):
    """Base of the links between records of both databases."""

    _name = "odoo.binding"
    _description = "Link with a Shop's Odoo"
    _inherit = "external.binding"

    backend_id = fields.Many2one(
        "odoo.backend", "Shop", required=True, ondelete="cascade"
    )
    external_id = fields.Char("ID in the Shop", copy=False, readonly=True)

    _odoo_uniq = models.Constraint(
        "UNIQUE(backend_id, odoo_id)", "The record already is in this shop."
    )
    _external_uniq = models.Constraint(
        "UNIQUE(backend_id, external_id)", "Another record already has this id."
    )
