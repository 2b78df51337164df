# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests by which services ask, before they deliver, whether we are there.

The requests are those that the services' documentation describes.
"""

import base64
import hashlib
import hmac
import json
import logging

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.connector.components.webhook.handshakes import (
    BODY,
    FORM,
    HEADER,
    LONGEST_CHALLENGE,
    Handshake,
    nothing,
    signature,
)

from .shop import override
from .webhooks import WebhookCase, announcement, standard_headers

FORM_TYPE = "application/x-www-form-urlencoded"


def response_token(challenge, secret):
    return {"response_token": f"sha256={signature(challenge, secret, 'base64')}"}


def encrypted_token(challenge, secret):
    return {
        "plainToken": challenge,
        "encryptedToken": signature(challenge, secret),
    }


def as_json(name):
    return lambda challenge, secret: {name: challenge}


DROPBOX = Handshake("challenge")
META = Handshake("hub.challenge", when={"hub.mode": "subscribe"})
STRAVA = META._replace(answer=as_json("hub.challenge"))
GRAPH = Handshake("validationToken", method="POST")
MONDAY = Handshake("challenge", BODY, "POST", answer=as_json("challenge"))
SLACK = Handshake(
    "challenge", BODY, "POST", when={"type": "url_verification"}, is_signed=True
)
OKTA = Handshake(
    "X-Okta-Verification-Challenge", HEADER, answer=as_json("verification")
)
WOOCOMMERCE = Handshake("webhook_id", FORM, "POST", answer=nothing)
TRELLO = Handshake(method="HEAD")
GOOGLE = Handshake(None, HEADER, "POST", when={"X-Goog-Resource-State": "sync"})
X = Handshake("crc_token", answer=response_token)
ZOOM = Handshake(
    "payload.plainToken",
    BODY,
    "POST",
    when={"event": "endpoint.url_validation"},
    is_signed=True,
    answer=encrypted_token,
)


@tagged("post_install", "-at_install")
class TestHandshakes(WebhookCase):
    def declare(self, handshake):
        self.build(override("test.shop.contact.webhook", _handshake=handshake))

    def get(self, query="", method="GET", headers=None, address=None):
        address = f"{address or self.address}?{query}"
        return self.request(method, address, headers=headers)

    def send(self, data, signed=True, content_type="application/json"):
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        headers = standard_headers(self.secret, body) if signed else {}
        return self.post(body, headers, content_type=content_type)

    def hmac(self, text):
        return hmac.digest(self.secret.encode(), text.encode(), hashlib.sha256)

    def assert_answer(self, answer, text="", mimetype="text/plain"):
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.mimetype, mimetype)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        found = json.loads(answer.text) if isinstance(text, dict) else answer.text
        self.assertEqual(found, text)
        self.assertEqual((self.deliveries(), self.waiting_jobs()), ([], []))

    def test_a_challenge_in_the_query_comes_back(self):
        for handshake, method, query in (
            (DROPBOX, "GET", "challenge=1%2F%C3%A4"),
            (META, "GET", "hub.mode=subscribe&hub.verify_token=v&hub.challenge=1/ä"),
            (GRAPH, "POST", "validationToken=1/%C3%A4"),
        ):
            with self.subTest(handshake.name):
                self.declare(handshake)
                self.assert_answer(self.get(query, method), "1/ä")

    def test_a_challenge_may_come_back_as_json(self):
        json_type = "application/json"
        self.declare(STRAVA)
        answer = self.get("hub.mode=subscribe&hub.challenge=15f7")
        self.assert_answer(answer, {"hub.challenge": "15f7"}, json_type)
        self.declare(MONDAY)
        answer = self.send({"challenge": "3eZb"}, signed=False)
        self.assert_answer(answer, {"challenge": "3eZb"}, json_type)
        self.declare(OKTA)
        answer = self.get(headers={"X-Okta-Verification-Challenge": "3eZb"})
        self.assert_answer(answer, {"verification": "3eZb"}, json_type)

    def test_a_signed_challenge_has_to_be_signed(self):
        self.declare(SLACK)
        asked = {"token": "t", "challenge": "3eZb", "type": "url_verification"}
        self.assert_answer(self.send(asked), "3eZb")
        self.assertEqual(self.send(asked, signed=False).status_code, 403)

    def test_the_answer_may_be_a_signature(self):
        self.declare(X)
        token = base64.b64encode(self.hmac("MDNl-_Ow==")).decode()
        answer = self.get("crc_token=MDNl-_Ow==&nonce=x")
        expected = {"response_token": f"sha256={token}"}
        self.assert_answer(answer, expected, "application/json")
        self.declare(ZOOM)
        event = {"event": "endpoint.url_validation", "payload": {"plainToken": "q9ib"}}
        expected = {"plainToken": "q9ib", "encryptedToken": self.hmac("q9ib").hex()}
        self.assert_answer(self.send(event), expected, "application/json")

    def test_only_the_newest_secret_signs_an_answer(self):
        with self.transaction() as env:
            shown = self.endpoint(env).action_renew_secret()["context"]
        self.declare(X)
        digest = hmac.digest(shown["default_secret"].encode(), b"abc", hashlib.sha256)
        token = base64.b64encode(digest).decode()
        answer = self.get("crc_token=abc").text
        self.assertEqual(json.loads(answer)["response_token"], f"sha256={token}")

    @mute_logger("odoo.http")
    def test_nobody_gets_the_signature_of_a_delivery(self):
        self.declare(X)
        for content in ('{"ids":["7"]}', "a=b", "v0:1:{}", "7 8", "", "a" * 300):
            answer = self.request(
                "GET", self.address, query_string={"crc_token": content}
            )
            self.assertEqual(answer.status_code, 405, content)

    def test_a_ping_is_answered_without_content(self):
        self.declare(WOOCOMMERCE)
        answer = self.send(b"webhook_id=17", signed=False, content_type=FORM_TYPE)
        self.assert_answer(answer)
        self.declare(TRELLO)
        self.assert_answer(self.get(method="HEAD"))
        self.declare(GOOGLE)
        sync = {"X-Goog-Resource-State": "sync"}
        self.assert_answer(self.get(method="POST", headers=sync))

    @mute_logger("odoo.http")
    def test_other_requests_have_the_answers_of_every_address(self):
        unknown = "/connector/webhook/unknown"
        for handshake, method, query, status in (
            (None, "GET", "challenge=1", 405),
            (DROPBOX, "GET", "other=1", 405),
            (DROPBOX, "GET", "challenge=", 405),
            (DROPBOX, "GET", "challenge=%00", 405),
            (DROPBOX, "GET", "challenge=1%0D%0AX:2", 405),
            (DROPBOX, "GET", f"challenge={'1' * (LONGEST_CHALLENGE + 1)}", 405),
            (DROPBOX, "HEAD", "challenge=1", 405),
            (DROPBOX, "POST", "challenge=1", 403),
            (META, "GET", "hub.mode=unsubscribe&hub.challenge=1", 405),
            (TRELLO, "GET", "", 405),
        ):
            with self.subTest(query=query, method=method):
                self.declare(handshake)
                answer = self.get(query, method)
                other = self.get(query, method, address=unknown)
                self.assertEqual(answer.status_code, status)
                self.assertEqual(
                    (answer.status_code, answer.text, dict(answer.headers)),
                    (other.status_code, other.text, dict(other.headers)),
                )
        self.assertEqual(self.deliveries(), [])

    def test_bodies_that_are_no_handshake_are_refused_as_ever(self):
        self.declare(MONDAY)
        for body in (
            b"",
            b"[]",
            b"{",
            b'{"challenge": 7}',
            b'{"challenge": "\\u0000"}',
        ):
            self.assertEqual(self.send(body, signed=False).status_code, 403, body)
        large = {"challenge": "1", "more": "x" * 20000}
        self.assertEqual(self.send(large, signed=False).status_code, 403)
        self.declare(WOOCOMMERCE)
        for body in (b"webhook=1", b"\xff=1", b"&".join([b"webhook_id=1"] * 99)):
            answer = self.send(body, signed=False, content_type=FORM_TYPE)
            self.assertEqual(answer.status_code, 403, body)
        self.assertEqual(self.deliveries(), [])

    def test_deliveries_come_in_beside_a_handshake(self):
        self.declare(SLACK)
        self.assertEqual(self.announce("7").status_code, 202)
        self.assertEqual(self.post(announcement("7"), {}).status_code, 403)
        self.assertEqual(len(self.deliveries()), 1)

    def test_an_error_of_a_connector_is_logged_without_the_secret(self):
        def answer(challenge, secret):
            raise KeyError(secret)

        self.declare(DROPBOX._replace(answer=answer))
        with (
            mute_logger("odoo.http"),
            self.assertLogs("odoo.addons.connector", logging.ERROR) as logs,
        ):
            self.assertEqual(self.get("challenge=1").status_code, 405)
        self.assertIn("cannot answer a handshake: KeyError", logs.output[0])
        self.assertNotIn(self.secret, "\n".join(logs.output))
