# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from odoo.addons.connector.fields import Secret


class OdooBackend(models.Model):
    """The Odoo database of a shop, a subsidiary or a warehouse."""

    _name = "odoo.backend"
    _description = "Shop's Odoo"
    _inherit = "connector.http.backend"

    database = fields.Char(help="Needed if the address serves several databases.")
    api_key = Secret(
        "API Key",
        required=True,
        help="Of a user of the shop who may access sales, stock and external ids.",
    )
    company_id = fields.Many2one(required=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        check_company=True,
        help="The shop offers the quantities of this warehouse; by default of all.",
    )

    @api.private
    def check_connection(self):
        with self.work_on("odoo.res.partner") as work:
            version = work.component(usage="backend.adapter").version()
        return self.env._("Connected with Odoo %s.", version)

    @api.private
    def record_url(self, binding, external_id):
        with self.work_on(binding._name) as work:
            adapter = work.component(usage="backend.adapter")
        return f"{self.url.rstrip('/')}/odoo/{adapter._model}/{external_id}"
