# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class ConnectorComparisonStart(models.TransientModel):
    """Choice of the records to compare."""

    _name = "connector.comparison.start"
    _description = "Compare Both Sides"
    _inherit = "connector.kind.choice"

    def action_start(self):
        """Start the comparison."""
        self.ensure_one().check_access("read")
        state = self.state_id
        return self.env["connector.comparison"].start(
            state.backend_model, state.backend_id, self.kind
        )
