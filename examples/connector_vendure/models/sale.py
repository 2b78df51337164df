# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .binding import wrapped


class VendurePartner(models.Model):
    _name = "vendure.res.partner"
    _description = "Vendure Customer"
    _inherit = "vendure.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = wrapped("res.partner")


class VendureOrder(models.Model):
    _name = "vendure.sale.order"
    _description = "Vendure Order"
    _inherit = "vendure.binding"
    _inherits = {"sale.order": "odoo_id"}

    odoo_id = wrapped("sale.order")
