# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Announcements of the shop, which an automation rule sends."""

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.jobs.outcome import SKIPPED, Outcome
from odoo.addons.connector.tools.translatable import translatable

from .adapter import is_odoo_id
from .customers import CUSTOMERS, PARTNER
from .orders import ORDER

#: models of the shop that are imported
ANNOUNCED = ("res.partner", "sale.order")


class OdooWebhook(AbstractComponent):
    """Import what the action *Send Webhook Notification* of the shop announces."""

    _name = "odoo.webhook"
    _inherit = ["connector.webhook", "base.odoo.connector"]

    def verify(self, request, secrets):
        """Accept every request to the address, since Odoo cannot sign them.

        The token of the address is the secret, and the log of the shop names it.
        Somebody who reads it can make us import orders and customers from the shop,
        which we would import anyway. Nothing else of a request is used than its model
        and its id, and both are checked.
        """
        return True

    def topic_of_payload(self, payload):
        if payload["_model"] not in ANNOUNCED:
            raise ValueError("A rule of the shop announces another model.")
        return payload["_model"]

    def external_ids(self, payload):
        return [payload["_id"]]

    def is_id(self, value):
        return is_odoo_id(value)


class PartnerWebhook(Component):
    _name = "odoo.res.partner.webhook"
    _inherit = "odoo.webhook"
    _apply_on = [PARTNER]
    _topics = ["res.partner"]

    def process(self, topic, payload):
        """Import the contact if the company knows it, or if it is a customer."""
        [external_id] = self.external_ids(payload)
        adapter = self.component(usage="backend.adapter")
        if not self.binder_for().to_internal(external_id) and not any(
            adapter.search([*CUSTOMERS, ("id", "=", external_id)])
        ):
            return Outcome(
                SKIPPED, translatable(self.env)._("Skipped: it is not a customer.")
            )
        return super().process(topic, payload)


class OrderWebhook(Component):
    _name = "odoo.sale.order.webhook"
    _inherit = "odoo.webhook"
    _apply_on = [ORDER]
    _topics = ["sale.order"]
