# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare the addresses of backends."""

import re
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException

#: The scheme of an address, and the user in it.
USER = re.compile(r"([\w+.-]+)://([^/?#]*)@")
PORTS = {"http": 80, "https": 443}


def origin(address):
    """Return the server that an address leads to, in one spelling.

    It is read as ``requests`` reads it, which connects to it.

    :return: scheme, host and port of a web address; another text as it is, and one with
        a backslash, in which programs find different hosts
    """
    text = (address or "").strip()
    if "\\" in text:
        return text
    try:
        request = PreparedRequest()
        request.prepare_url(text, None)
        parts = urlsplit(request.url)
        port = parts.port or PORTS[parts.scheme]
        return f"{parts.scheme}://{parts.hostname.removesuffix('.')}:{port}"
    except (AttributeError, KeyError, RequestException, ValueError):
        return text


def has_credentials(address):
    """Return whether an address contains a user name or a password."""
    found = USER.match("".join((address or "").split()))
    return bool(found) and (found[1].lower() in PORTS or ":" in found[2])
