# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests by which a service finds out, before it delivers, whether we are there."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .hmac_header import ENCODINGS

# Places of the values of a request
QUERY, HEADER, BODY, FORM = "query", "header", "body", "form"
#: Bytes of a body, and characters of a challenge, at the most.
LARGEST_BODY = 16 * 1024
LONGEST_CHALLENGE = 2000
#: A challenge that is signed. It must not be able to be the body of a delivery, since
#: many services sign both with the same secret.
SIGNABLE = re.compile(r"[A-Za-z0-9_+/-]{1,200}={0,2}")


def echo(challenge, secret):
    """Answer a challenge with itself; the answer of most services."""
    return challenge


def nothing(challenge, secret):
    """Answer without content."""
    return ""


def signature(challenge, secret, encoding="hex", digest="sha256"):
    """Return the HMAC of a challenge.

    :param challenge: text that came with the request
    :param secret: text of the secret
    :param encoding: ``hex`` or ``base64``
    :param digest: name of a digest of ``hashlib``
    :rtype: str
    :raise ValueError: when the challenge could be something else that is signed
    """
    if not SIGNABLE.fullmatch(challenge):
        raise ValueError("The challenge may be the content of a delivery.")
    return ENCODINGS[encoding](hmac.digest(secret.encode(), challenge.encode(), digest))


class Handshake(NamedTuple):
    """A request that only asks whether we are there, and the answer to it.

    Nothing is stored. By default, such a request needs no signature: somebody who knows
    the address gets back the text that he sends, and nothing else::

        _handshake = Handshake("hub.challenge", when={"hub.mode": "subscribe"})
    """

    #: Name of the challenge; in a body, the names of its parents come before it, with
    #: dots. ``None`` when there is none.
    name: str | None = None
    #: ``QUERY``, ``HEADER``, ``BODY`` (an object of JSON) or ``FORM``
    place: str = QUERY
    method: str = "GET"  #: of HTTP
    #: other values in the same place that such a request has, by name
    when: Mapping = MappingProxyType({})
    #: whether the request has to be signed as a delivery is
    is_signed: bool = False
    #: function that is called with the challenge and the secret; it returns a text, or
    #: a dict that is answered as JSON. An answer that depends on the secret is given by
    #: :func:`signature`.
    answer: Callable = echo

    def reply(self, request, secrets):
        """Return the answer to a request.

        :param request: :class:`~.requests.WebhookRequest`
        :param secrets: list of the valid secrets, the newest first
        :return: text or dict; ``None`` when the request is something else
        :rtype: str | dict | None
        """
        if request.method != self.method or len(request.body) > LARGEST_BODY:
            return None
        values = _VALUES[self.place](request)
        if any(_value(values, name) != each for name, each in self.when.items()):
            return None
        challenge = _value(values, self.name) if self.name else ""
        if not isinstance(challenge, str) or not challenge.isprintable():
            return None
        if bool(self.name) != bool(challenge) or len(challenge) > LONGEST_CHALLENGE:
            return None
        try:
            return self.answer(challenge, secrets[0] if secrets else "")
        except ValueError:  # of signature()
            return None


def _object(request):
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


_VALUES = {
    QUERY: lambda request: request.query,
    HEADER: lambda request: request.headers,
    BODY: _object,
    FORM: lambda request: request.form,
}


def _value(values, name):
    """Return a value by its name, or by the names of its parents and its own."""
    if name in values:
        return values[name]
    parent, _, rest = name.partition(".")
    below = values.get(parent) if rest else None
    return _value(below, rest) if isinstance(below, dict) else None
