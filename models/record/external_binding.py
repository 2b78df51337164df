# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ExternalBinding(models.AbstractModel):
    """How the link of a record is doing, for the forms of connectors."""

    _inherit = "external.binding"

    connector_state = fields.Selection(
        [
            ("failed", "Failed"),
            ("conflict", "Changed on both sides"),
            ("unconfirmed", "Unconfirmed"),
            ("waiting", "Waiting"),
            ("never", "Never exported"),
            ("linked", "In sync"),
        ],
        string="Synchronisation State",
        compute="_compute_connector_state",
        compute_sudo=True,
        help="The same answer as that of the screen Connectors.",
    )

    def _compute_connector_state(self):
        states = self.env["connector.link"].states_of(self)
        for binding in self:
            binding.connector_state = states.get(binding.id, False)
