# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time

from odoo.addons.connector.components.webhook.requests import WebhookRequest
from odoo.addons.connector.tests.remote_system import FailingServer

from .common import OrderCase

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#: Seconds until an announcement has come.
PATIENCE = 60


class TestWebhooks(OrderCase):
    """The plugin of the shop announces changes, which Odoo verifies and imports."""

    def setUp(self):
        super().setUp()
        self.receiver = self.enterContext(FailingServer())
        self.set_up(self.receiver.url, SECRET)
        self.addCleanup(self.set_up, None, None)

    def set_up(self, url, secret):
        """Enter the address and the secret in the global settings of the shop."""
        settings = {"odooWebhookUrl": url, "odooWebhookSecret": secret}
        self.shop.change("GlobalSettings", "__typename", customFields=settings)

    def announced(self, topic, external_id):
        """Return the call that announces a record, which comes within a moment."""
        wanted = {"type": topic, "data": {"id": external_id}}
        return self.wait_for(
            lambda: next((it for it in self.receiver.calls if it.body == wanted), None)
        )

    def wait_for(self, look):
        """Return what a function finds, which may take some seconds."""
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            self.assertLess(time.monotonic(), deadline, "The shop announces nothing.")
            time.sleep(0.05)
        return found

    def verified(self, call, *secrets):
        """Return whether the webhook accepts a delivery of the shop."""
        request = WebhookRequest(call.headers, call.content, time.time())
        return self.component("webhook").verify(request, secrets)

    def test_an_order_that_is_placed_is_announced_and_signed(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        call = self.announced("order.changed", external_id)
        self.assertTrue(self.verified(call, SECRET))
        self.assertFalse(self.verified(call, SECRET[:-1] + "A"))
        self.announce(call.body)
        self.assertEqual(self.binding_of(external_id).state, "sale")

    def test_a_customer_who_changes_or_goes_is_announced(self):
        external_id = self.customer()
        call = self.announced("customer.changed", external_id)
        self.announce(call.body)
        ada = self.env["res.partner"].search([("email", "=", self.email)])
        self.assertEqual(ada.name, "Ada Lovelace")
        self.shop.delete("Customer", external_id)
        self.announce(self.announced("customer.deleted", external_id).body)
        self.assertFalse(
            self.env["vendure.res.partner"].search([("external_id", "=", external_id)])
        )
        self.assertTrue(ada.exists())

    def test_junk_is_refused(self):
        payload = {"type": "order.changed", "data": {"id": "1"}}
        self.assert_refuses_junk(payload, "data", "id")
