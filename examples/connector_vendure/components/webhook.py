# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent, Component

from .mapper import ORDER, PARTNER


class VendureWebhook(AbstractComponent):
    """Import what the plugin of the shop announces."""

    _name = "vendure.webhook"
    _inherit = ["connector.webhook.standard", "base.vendure.connector"]

    def external_ids(self, payload):
        return [payload["data"]["id"]]


class CustomerWebhook(Component):
    _name = "vendure.res.partner.webhook"
    _inherit = "vendure.webhook"
    _apply_on = [PARTNER]

    _topics = ["customer.changed"]
    _delete_topics = ["customer.deleted"]


class OrderWebhook(Component):
    _name = "vendure.sale.order.webhook"
    _inherit = "vendure.webhook"
    _apply_on = [ORDER]

    _topics = ["order.changed"]
