# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests of backends that announce changes, and their signatures."""

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header

from odoo.addons.component.core import WorkContext

#: Seconds that the time of a signature may differ from ours.
TOLERANCE = 5 * 60
#: Fields of a form at the most.
MOST_FIELDS = 20
#: Characters of a secret at least, so that nobody can guess it.
SHORTEST_SECRET = 16


class WebhookRequest(NamedTuple):
    """A request as it came, before anything of it is trusted."""

    headers: object  #: mapping whose keys ignore case
    body: bytes
    received: float  #: seconds since 1970
    method: str = "POST"  #: of HTTP
    query: Mapping = MappingProxyType({})  #: texts of the address, by name

    @property
    def mimetype(self):
        """The content type in lower case, without its parameters."""
        content_type = self.headers.get("Content-Type") or ""
        return content_type.partition(";")[0].strip().lower()

    @property
    def charset(self):
        """The charset that the content type names, in lower case, or an empty text."""
        _, parameters = parse_options_header(self.headers.get("Content-Type"))
        return parameters.get("charset", "").strip().lower()

    @property
    def form(self):
        """The texts of a body that is a form, by name."""
        if self.mimetype != "application/x-www-form-urlencoded" or self.text is None:
            return {}
        try:
            return dict(parse_qsl(self.text, max_num_fields=MOST_FIELDS))
        except ValueError:
            return {}

    @property
    def text(self):
        """The body as a text; ``None`` when it cannot be stored as a text."""
        try:
            text = self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        return None if "\0" in text else text


def digest_of_token(token):
    """Return the digest of the token of an address, which is all that Odoo stores.

    A search for the digest takes the same time however much of a token is right. Only
    somebody who has the whole token could measure that its address exists.

    :param token: text of the token
    :rtype: str
    """
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def equal(expected, given):
    """Compare signatures; the time that it takes does not depend on their content.

    :param expected: text of the signature
    :param given: text that came with the request
    :rtype: bool
    """
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def webhook_classes(backend):
    """Return the classes of the webhook components of a backend.

    :param backend: record of the backend, which is not read
    :rtype: list
    """
    registry = WorkContext(backend._name, backend).components_registry
    return registry.lookup(backend._name, usage="webhook")


def webhooks_of(backend):
    """Yield the webhook components of a backend, each in a work context on its model.

    :param backend: record of the backend
    """
    for webhook_class in webhook_classes(backend):
        for model_name in webhook_class.apply_on_models or [backend._name]:
            with backend.work_on(model_name) as work:
                yield work.component_by_name(webhook_class._name)
