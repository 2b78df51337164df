# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Return also which models have *Connectors* in the menu of their forms."""
        linked = self.env["connector.link"].linked_models()
        return {**super().session_info(), "connector_linked_models": linked}
