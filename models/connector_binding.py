# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ConnectorBinding(models.AbstractModel):
    """A binding with its external id, and the constraints that each binding needs.

    A connector adds its backend, and the record that the binding wraps::

        class ShopPartner(models.Model):
            _name = "shop.res.partner"
            _description = "Contact in a Shop"
            _inherit = "connector.binding"
            _inherits = {"res.partner": "odoo_id"}

            backend_id = fields.Many2one("shop.backend", required=True)
            odoo_id = Wrapped("res.partner", bindings="shop_bind_ids")

    A record has one binding on a backend, and an external id one binding.
    """

    _name = "connector.binding"
    _description = "Connector Binding"
    _inherit = "external.binding"

    external_id = fields.Char("ID on the Backend", copy=False)

    _odoo_uniq = models.Constraint(
        "UNIQUE(backend_id, odoo_id)", "The record is linked with this backend already."
    )
    _external_uniq = models.Constraint(
        "UNIQUE(backend_id, external_id)",
        "Another record is linked with this ID already.",
    )
