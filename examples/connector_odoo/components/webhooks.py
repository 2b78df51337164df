# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Announcements of the shop, which an automation rule sends."""

from odoo.addons.component.core import AbstractComponent, Component

from .customers import PARTNER
from .orders import ORDER


class OdooWebhook(AbstractComponent):
    """Import what the action *Send Webhook Notification* of the shop announces."""

    _name = "odoo.webhook"
    _inherit = ["connector.webhook", "base.odoo.connector"]

    def verify(self, request, secrets):
        """Accept every request to the address, since Odoo does not sign them.

        Only the shop knows the address. Somebody who learns it can make us read
        records from the shop again, and nothing else.
        """
        return True

    def topic_of_payload(self, payload):
        return payload["_model"]

    def external_ids(self, payload):
        return [payload["_id"]]


class PartnerWebhook(Component):
    _name = "odoo.res.partner.webhook"
    _inherit = "odoo.webhook"
    _apply_on = [PARTNER]
    _topics = ["res.partner"]


class OrderWebhook(Component):
    _name = "odoo.sale.order.webhook"
    _inherit = "odoo.webhook"
    _apply_on = [ORDER]
    _topics = ["sale.order"]
