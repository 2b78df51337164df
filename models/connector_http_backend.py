# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ConnectorHTTPBackend(models.AbstractModel):
    """A backend with an address, of a company: the fields that most backends have.

    A connector adds its credentials, and changes what differs::

        class ShopBackend(models.Model):
            _name = "shop.backend"
            _description = "Shop"
            _inherit = "connector.http.backend"

            token = Secret(required=True)
            company_id = fields.Many2one(required=True)
    """

    _name = "connector.http.backend"
    _description = "Connector Backend with an Address"
    _inherit = "connector.backend"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="An archived system is not synchronised."
    )
    url = fields.Char("Address", required=True, help="Such as https://shop.example.com")
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="The work is done in this company. New records of Odoo belong to it.",
    )
