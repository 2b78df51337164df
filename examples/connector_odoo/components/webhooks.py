# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Announcements of the shop, which an automation rule sends."""

from odoo.addons.component.core import AbstractComponent, Component

from .customers import CUSTOMERS, PARTNER
from .orders import ORDER


class OdooWebhook(AbstractComponent):
    """Import what the action *Send Webhook Notification* of the shop announces."""

    _name = "odoo.webhook"
    _inherit = ["connector.webhook", "base.odoo.connector"]

    def verify(self, request, secrets):
        """Accept every request to the address, since Odoo does not sign them.

        The log of the shop names the address. Somebody who reads it can make us import
        orders and customers from the shop, which we would import anyway.
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

    def external_ids(self, payload):
        """Return the contact if the company knows it, or if it is a customer."""
        [external_id] = super().external_ids(payload)
        if self.binder_for().to_internal(external_id):
            return [external_id]
        adapter = self.component(usage="backend.adapter")
        return list(adapter.search([*CUSTOMERS, ("id", "=", external_id)]))


class OrderWebhook(Component):
    _name = "odoo.sale.order.webhook"
    _inherit = "odoo.webhook"
    _apply_on = [ORDER]
    _topics = ["sale.order"]
