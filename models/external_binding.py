# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ExternalBinding(models.AbstractModel):
    """The link between an Odoo record and a record of a backend.

    A connector inherits it for each kind of record, as a rule with ``_inherits`` so
    that the binding has the fields of the record that it wraps::

        class ShopPartner(models.Model):
            _name = "shop.res.partner"
            _inherit = "external.binding"
            _inherits = {"res.partner": "odoo_id"}

            backend_id = fields.Many2one("shop.backend", required=True)
            odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
            external_id = fields.Char(index=True, copy=False)
    """

    _name = "external.binding"
    _description = "External Binding"

    sync_date = fields.Datetime(
        string="Last synchronization",
        copy=False,
        readonly=True,
        help="When the record was last exported to or imported from the backend.",
    )
