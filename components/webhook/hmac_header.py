# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deliveries with the HMAC of their body in a header."""

import base64
import hmac

from odoo.addons.component.core import AbstractComponent

from .requests import equal

ENCODINGS = {
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "hex": bytes.hex,
}


class HmacWebhook(AbstractComponent):
    """Verify deliveries with the HMAC of their body in a header.

    A connector names the headers of its backend:

    ===========  ==========================  ================  ========  ===========
    backend      ``_signature_header``       ``_prefix``       encoding  digest
    ===========  ==========================  ================  ========  ===========
    Shopify      ``X-Shopify-Hmac-Sha256``                     base64    sha256
    GitHub       ``X-Hub-Signature-256``     ``sha256=``       hex       sha256
    WooCommerce  ``X-WC-Webhook-Signature``                    base64    sha256
    ===========  ==========================  ================  ========  ===========

    The signature does not cover the time. Whoever records a delivery can send it again,
    and only makes Odoo import the record as the backend has it.
    """

    _name = "connector.webhook.hmac"
    _inherit = "connector.webhook"

    #: Header with the signature; without it nothing is accepted.
    _signature_header = None
    #: Text at the beginning of the signature.
    _prefix = ""
    _digest = "sha256"  #: name of a digest of ``hashlib``
    _encoding = "base64"  #: ``base64`` or ``hex``

    def verify(self, request, secrets):
        given = self._signature_header and request.headers.get(self._signature_header)
        if not given:
            return False
        encode = ENCODINGS[self._encoding]
        return any(
            equal(
                self._prefix
                + encode(hmac.digest(secret.encode(), request.body, self._digest)),
                given,
            )
            for secret in secrets
        )
