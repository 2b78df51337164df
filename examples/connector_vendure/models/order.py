# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .binding import wrapped


class VendureOrder(models.Model):
    _name = "vendure.sale.order"
    _description = "Vendure Order"
    _inherit = "vendure.binding"
    _inherits = {"sale.order": "odoo_id"}

    odoo_id = wrapped("sale.order")
