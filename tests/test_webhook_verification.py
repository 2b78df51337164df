# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Signatures of deliveries, with examples that the specifications publish."""

import hmac
from unittest.mock import patch

from werkzeug.datastructures import Headers

from odoo.addons.component.core import Component
from odoo.addons.connector.components.webhook import standard
from odoo.addons.connector.components.webhook.requests import WebhookRequest

from .common import ShopCase
from .webhooks import standard_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"test": 2432232314}'
MOMENT = 1614265330
#: As the reference implementation of Standard Webhooks signs this body.
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(MOMENT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


class VerificationCase(ShopCase):
    def webhook(self, parent, **attributes):
        """Return a webhook component that inherits a way to verify."""
        webhook = type(
            "TestWebhook",
            (Component,),
            {
                "_name": "test.shop.webhook",
                "_inherit": [parent, "base.test.shop"],
                "_apply_on": ["connector.test.binding"],
                "__module__": __name__,
                **attributes,
            },
        )
        self.build(webhook)
        return self.component("webhook")

    def verify(self, webhook, headers, body, secrets, received=MOMENT):
        request = WebhookRequest(Headers(headers), body, received)
        return webhook.verify(request, secrets)


class TestStandardWebhooks(VerificationCase):
    def setUp(self):
        super().setUp()
        self.standard = self.webhook("connector.webhook.standard")

    def check(self, headers=(), body=BODY, secrets=(SECRET,), received=MOMENT):
        signed = {**SIGNED, **dict(headers)}
        present = {name: value for name, value in signed.items() if value is not None}
        return self.verify(self.standard, present, body, list(secrets), received)

    def test_the_example_of_the_specification(self):
        self.assertIs(self.check(), True)

    def test_the_record_is_that_in_the_data(self):
        webhook = self.webhook("connector.webhook.standard")
        payload = {"type": "contact.changed", "data": {"id": "7"}}
        self.assertEqual(webhook.external_ids(payload), ["7"])
        with self.assertRaises(KeyError):
            webhook.external_ids({"type": "contact.changed", "data": {}})

    def test_any_of_several_secrets_counts(self):
        self.assertIs(self.check(secrets=[OTHER, SECRET]), True)
        self.assertIs(self.check(secrets=[OTHER]), False)
        self.assertIs(self.check(secrets=[]), False)

    def test_any_of_several_signatures_counts(self):
        mine = SIGNED["webhook-signature"]
        for given in (f"v1,AAAA {mine}", f"{mine} v1,AAAA", f"v1a,AAAA {mine}"):
            self.assertIs(self.check({"webhook-signature": given}), True, given)

    def test_a_secret_without_its_prefix_or_padding_is_the_same(self):
        for secret in (SECRET.removeprefix("whsec_"), SECRET.rstrip("=")):
            self.assertIs(self.check(secrets=[secret]), True, secret)

    def test_the_body_is_signed_once_however_many_signatures_are_given(self):
        signed = []
        digest = hmac.digest

        def count(*args):
            signed.append(args)
            return digest(*args)

        with patch.object(standard.hmac, "digest", count):
            self.check({"webhook-signature": "v1,a " * 1000})
        self.assertEqual(len(signed), 1)

    def test_another_version_of_a_signature_counts_nothing(self):
        _version, _, signature = SIGNED["webhook-signature"].partition(",")
        for given in (signature, f"v2,{signature}", f"v1a,{signature}", "v1,", "v1"):
            self.assertIs(self.check({"webhook-signature": given}), False, given)

    def test_each_signed_part_counts(self):
        self.assertIs(self.check(body=BODY + b" "), False)
        self.assertIs(self.check({"webhook-id": "msg_other"}), False)
        self.assertIs(self.check({"webhook-timestamp": str(MOMENT + 1)}), False)

    def test_each_header_is_needed(self):
        for name in SIGNED:
            self.assertIs(self.check({name: None}), False, name)
            self.assertIs(self.check({name: ""}), False, name)

    def test_five_minutes_are_tolerated_in_both_directions(self):
        for seconds, verified in (
            (300, True),
            (-300, True),
            (301, False),
            (-301, False),
        ):
            self.assertIs(self.check(received=MOMENT + seconds), verified, seconds)

    def test_a_time_is_written_in_digits(self):
        for text in ("1_614_265_330", " 1614265330", "1614265330.0", "nan", "٣", "1e9"):
            self.assertIs(self.check({"webhook-timestamp": text}), False, text)

    def test_an_id_of_any_characters_is_compared_without_an_error(self):
        self.assertIs(self.check({"webhook-id": "msg_\xe9"}), False)
        self.assertIs(self.check({"webhook-signature": "v1,\xe9"}), False)

    def test_a_new_secret_can_be_used(self):
        secret = self.standard.new_secret()
        self.assertIsNone(self.standard.secret_problem(secret))
        headers = standard_headers(secret, BODY, age=0)
        received = int(headers["webhook-timestamp"])
        self.assertIs(
            self.verify(self.standard, headers, BODY, [secret], received), True
        )

    def test_a_secret_of_another_kind_is_refused(self):
        for secret in ("whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all", "ü" * 40):
            problem = self.standard.secret_problem(secret)
            self.assertIn("Standard Webhooks", problem, secret)
            self.assertNotIn(secret.removeprefix("whsec_") or "!", problem)


class TestHmacHeader(VerificationCase):
    def test_github(self):
        """The example of GitHub's page *Validating webhook deliveries*."""
        webhook = self.webhook(
            "connector.webhook.hmac",
            _signature_header="X-Hub-Signature-256",
            _prefix="sha256=",
            _encoding="hex",
        )
        body, secrets = b"Hello, World!", ["It's a Secret to Everybody"]
        signature = (
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        )
        headers = {"x-hub-signature-256": signature}
        self.assertIs(self.verify(webhook, headers, body, secrets), True)
        for given in (
            signature.removeprefix("sha256="),
            signature[:-1],
            f"{signature} ",
            signature.upper(),
            "",
        ):
            headers = {"X-Hub-Signature-256": given}
            self.assertIs(self.verify(webhook, headers, body, secrets), False, given)
        headers = {"X-Hub-Signature-256": signature}
        self.assertIs(self.verify(webhook, headers, b"Hello, World?", secrets), False)
        self.assertIs(self.verify(webhook, headers, body, []), False)
        self.assertIs(self.verify(webhook, {}, body, secrets), False)

    def test_base64_as_shopify_and_woocommerce_send_it(self):
        """The vector of RFC 4231, case 2, in base64."""
        body, secrets = b"what do ya want for nothing?", ["old", "Jefe"]
        signature = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
        for header in ("X-Shopify-Hmac-Sha256", "X-WC-Webhook-Signature"):
            webhook = self.webhook("connector.webhook.hmac", _signature_header=header)
            headers = {header: signature}
            self.assertIs(self.verify(webhook, headers, body, secrets), True)
            self.assertIs(self.verify(webhook, headers, body, ["old"]), False)
            self.assertIs(
                self.verify(webhook, {"Other": signature}, body, secrets), False
            )

    def test_other_digests(self):
        """The same vector with SHA-512."""
        webhook = self.webhook(
            "connector.webhook.hmac",
            _signature_header="X-Signature",
            _digest="sha512",
            _encoding="hex",
        )
        signature = (
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        )
        body = b"what do ya want for nothing?"
        headers = {"X-Signature": signature}
        self.assertIs(self.verify(webhook, headers, body, ["Jefe"]), True)

    def test_without_the_name_of_a_header_nothing_is_verified(self):
        webhook = self.webhook("connector.webhook.hmac")
        self.assertIs(self.verify(webhook, {"": "x", "None": "x"}, b"", ["s"]), False)

    def test_a_short_secret_is_refused(self):
        webhook = self.webhook("connector.webhook.hmac")
        self.assertIn("16", webhook.secret_problem("short"))
        self.assertIsNone(webhook.secret_problem(webhook.new_secret()))


class TestWithoutVerification(VerificationCase):
    def test_a_webhook_without_a_way_to_verify_refuses(self):
        webhook = self.webhook("connector.webhook")
        with self.assertRaises(NotImplementedError):
            self.verify(webhook, {}, b"", ["secret"])
