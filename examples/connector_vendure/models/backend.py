# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from odoo.addons.connector.fields import Secret


class VendureBackend(models.Model):
    """A shop that runs on Vendure."""

    _name = "vendure.backend"
    _description = "Vendure Shop"
    _inherit = "connector.http.backend"

    api_key = Secret("API Key", required=True)
    company_id = fields.Many2one(required=True)
    extra_product_id = fields.Many2one(
        "product.product",
        "Product for Charges",
        required=True,
        default=lambda self: self.env.ref("connector_vendure.product_charges", False),
        check_company=True,
        domain=[("type", "=", "service")],
        help="Order lines for shipping, surcharges and discounts have this product.",
    )

    @api.private
    def work_language(self):
        return self.sudo().company_id.partner_id.lang or "en_US"

    @api.private
    def check_connection(self):
        with self.work_on("vendure.product.template") as work:
            code = work.component(usage="backend.adapter").channel()
        return self.env._("Connected with the channel %s.", code)
