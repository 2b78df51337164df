# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _lang_get
from odoo.addons.connector.fields import Secret


class VendureBackend(models.Model):
    """A shop that runs on Vendure."""

    _name = "vendure.backend"
    _description = "Vendure Shop"
    _inherit = "connector.backend"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="Nothing is synchronised with an archived shop."
    )
    url = fields.Char("Address", required=True, help="Such as https://shop.example.com")
    api_key = Secret("API Key", required=True)
    lang = fields.Selection(
        _lang_get,
        "Language",
        required=True,
        default=lambda self: self.env.lang or "en_US",
        help="Names go to the shop in this language.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        help="The orders of the shop belong to this company.",
    )
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
    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Work in the language of the shop, whoever causes it."""
        backend = self.with_context(lang=self.sudo().lang)
        with super(VendureBackend, backend).work_on(model_name, **kwargs) as work:
            yield work

    @api.private
    def check_connection(self):
        with self.work_on("vendure.product.template") as work:
            code = work.component(usage="backend.adapter").channel()
        return self.env._("Connected with the channel %s.", code)
