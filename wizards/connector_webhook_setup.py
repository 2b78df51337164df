# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ConnectorWebhookSetup(models.TransientModel):
    """What a person enters at the backend. It is shown once, and never stored."""

    _name = "connector.webhook.setup"
    _description = "Address and Secret of a Webhook"

    address = fields.Char(store=False, readonly=True)
    secret = fields.Char(store=False, readonly=True)
