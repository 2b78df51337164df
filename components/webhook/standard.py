# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deliveries that are signed as the specification Standard Webhooks defines it."""

import base64
import hashlib
import hmac
import re
from contextlib import suppress
from secrets import token_bytes

from odoo.addons.component.core import AbstractComponent

from .requests import TOLERANCE, equal

#: Begins a secret, whose rest is the key in base64.
PREFIX = "whsec_"
#: Begins a signature with a symmetric key.
VERSION = "v1,"
#: Python's int() would accept spaces, signs, underscores and other digits, too.
SECONDS = re.compile(r"[0-9]{1,12}")
#: Bytes of a key, as the specification recommends.
KEY_BYTES = 24, 64


class StandardWebhook(AbstractComponent):
    """Verify deliveries of a backend that follows Standard Webhooks.

    The signature covers the id, the time and the body. A delivery that is more than
    five minutes old, or that much in the future, is refused.

    See https://www.standardwebhooks.com.
    """

    _name = "connector.webhook.standard"
    _inherit = "connector.webhook"

    _id_header = "webhook-id"

    def verify(self, request, secrets):
        id_ = request.headers.get("webhook-id")
        timestamp = request.headers.get("webhook-timestamp") or ""
        given = (request.headers.get("webhook-signature") or "").split()
        if not id_ or not SECONDS.fullmatch(timestamp):
            return False
        if abs(request.received - int(timestamp)) > TOLERANCE:
            return False
        # Headers are Latin-1 in WSGI.
        signed = f"{id_}.{timestamp}.".encode("latin-1") + request.body
        # A header may have thousands of signatures: the body is signed only once.
        expected = [VERSION + _signature(secret, signed) for secret in secrets]
        return any(equal(ours, theirs) for ours in expected for theirs in given)

    def external_ids(self, payload):
        """Return the id in the ``data`` of a delivery."""
        return [payload["data"]["id"]]

    def new_secret(self):
        return PREFIX + base64.b64encode(token_bytes(32)).decode()

    def secret_problem(self, secret):
        least, most = KEY_BYTES
        with suppress(ValueError):  # The error of base64 is one, too.
            if least <= len(_key(secret)) <= most:
                return None
        return self.env._(
            "This is not a secret of Standard Webhooks. Enter whsec_, followed by "
            "%(least)s to %(most)s bytes in base64.",
            least=least,
            most=most,
        )


def _signature(secret, signed):
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return base64.b64encode(digest).decode()


def _key(secret):
    """Return the key of a secret; its padding may be missing."""
    text = secret.removeprefix(PREFIX)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
