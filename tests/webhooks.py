# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case whose shop announces changes, by requests to Odoo's own HTTP stack."""

import base64
import hashlib
import hmac
import json
import time
from uuid import uuid4

from werkzeug.test import Client

from odoo.http import root

from odoo.addons.component.core import Component

from .real_jobs import RealJobsCase
from .shop import ShopSource, import_components

TOPICS = ("contact.created", "contact.updated")
DELETED = "contact.deleted"


def webhook_components():
    """Return the class of a webhook of contacts, signed by Standard Webhooks."""

    class ContactWebhook(Component):
        _name = "test.shop.contact.webhook"
        _inherit = ["connector.webhook.standard", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        _topics = TOPICS
        _delete_topics = (DELETED,)

        def external_ids(self, payload):
            return payload["ids"]

    return (ContactWebhook,)


def announcement(*ids, topic="contact.updated", **more):
    """Return the body of a delivery that names contacts."""
    return json.dumps({"type": topic, "ids": ids, **more}).encode()


def standard_headers(secret, body, id_=None, age=0):
    """Return the headers by which Standard Webhooks signs a body.

    :param secret: with its prefix
    :param body: bytes
    :param id_: id of the delivery; by default a new one
    :param age: seconds ago at which it was signed
    """
    id_, moment = id_ or f"msg_{uuid4().hex}", str(int(time.time() - age))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([id_.encode(), moment.encode(), body])
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": id_,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }


class WebhookCase(RealJobsCase):
    """A shop with contacts, which it announces to the address of a webhook."""

    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source), *webhook_components())
        self.address, self.secret = self.set_up(self.shop_id)

    def endpoint(self, env, shop_id=None):
        """Return the webhook of a shop, by default the one of the test."""
        shop = env["connector.test.shop"].browse(shop_id or self.shop_id)
        return env["connector.webhook.endpoint"].of(shop)

    def set_up(self, shop_id):
        """Return a new address, as a path, and a new secret for a shop."""
        with self.transaction() as env:
            shown = self.endpoint(env, shop_id).action_set_up()["context"]
            base = env["connector.webhook.endpoint"].get_base_url()
        address = shown["default_address"].removeprefix(base)
        return address, shown["default_secret"]

    def request(self, method, address, **options):
        """Send a request through Odoo's HTTP stack; return the answer."""
        with Client(root).open(
            address, method=method, base_url="http://localhost", **options
        ) as answer:
            answer.get_data()
            return answer

    def post(self, body, headers, address=None, content_type="application/json"):
        """Send a delivery; return the answer."""
        return self.request(
            "POST",
            address or self.address,
            data=body,
            headers=headers,
            content_type=content_type,
        )

    def announce(self, *ids, topic="contact.updated", **options):
        """Announce contacts; return the answer."""
        body = announcement(*ids, topic=topic)
        return self.post(body, standard_headers(self.secret, body, **options))

    def waiting_jobs(self):
        """Return the UUIDs of the jobs that can run, the oldest first."""
        jobs = self.jobs([("state", "=", "pending")])
        return [job["uuid"] for job in sorted(jobs, key=lambda each: each["id"])]

    def run_jobs(self):
        """Run all jobs, and those that they delay."""
        while uuids := self.waiting_jobs():
            self.run_job(uuids[0])  # It may take others along.

    def deliveries(self):
        """Return the committed deliveries."""
        return self.read("connector.webhook.delivery", [])

    def names(self):
        """Return the names of the contacts that Odoo has, by their external id."""
        bindings = self.read("connector.test.binding", [])
        return {each["external_id"]: each["name"] for each in bindings}
