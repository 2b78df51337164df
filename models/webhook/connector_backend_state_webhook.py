# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import UserError

from ...components.webhook.requests import webhook_classes


class ConnectorBackendWebhook(models.Model):
    """The webhook of a backend, as the overview offers it."""

    _inherit = "connector.backend.state"

    can_push = fields.Boolean(
        compute="_compute_can_push",
        help="Whether the connector handles what the backend announces.",
    )

    def _compute_can_push(self):
        for state in self:
            state.can_push = state.backend_model in self.env and bool(
                webhook_classes(self.env[state.backend_model].browse(state.backend_id))
            )

    def action_open_webhook(self):
        """Open the webhook of the backend."""
        self.ensure_one().check_access("write")
        backend = self.sudo()._backend()
        if not backend:
            raise UserError(self.env._("The backend was deleted in the meantime."))
        endpoint = self.env["connector.webhook.endpoint"].of(backend)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Webhook · %s", self.backend_name),
            "res_model": endpoint._name,
            "res_id": endpoint.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
