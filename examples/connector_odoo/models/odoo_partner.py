# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class OdooPartner(models.Model):
    _name = "odoo.res.partner"
    _description = "Shop's Customer"
    _inherit = "odoo.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = fields.Many2one(
        "res.partner", "Linked Contact", required=True, index=True, ondelete="cascade"
    )


class Partner(models.Model):
    _inherit = "res.partner"

    odoo_bind_ids = fields.One2many("odoo.res.partner", "odoo_id", "Shops")
