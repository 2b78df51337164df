# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from odoo.addons.connector.fields import Wrapped


class OdooPartner(models.Model):
    _name = "odoo.res.partner"
    _description = "Shop's Customer"
    _inherit = "odoo.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = Wrapped("res.partner", bindings="odoo_bind_ids")
