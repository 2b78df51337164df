# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The properties of cards, and their values."""

import hashlib
import re
from typing import NamedTuple

from odoo.tools.mimetypes import guess_mimetype

from .lines import ILLEGAL

#: Properties that Odoo reads.
READ = (
    "FN",
    "N",
    "ORG",
    "TITLE",
    "ADR",
    "EMAIL",
    "TEL",
    "URL",
    "CATEGORIES",
    "NOTE",
    "PHOTO",
)
#: Properties that link cards, and do not describe the contact.
LINKS = {"UID", "X-PARENT-UID"}
#: Properties that describe the card itself.
SERVICE_PROPERTIES = {"BEGIN", "END", "PRODID", "REV", "VERSION"}
#: Properties and values of cards that are not contacts: lists, rooms, machines.
NO_CONTACTS = {
    "KIND": {"APPLICATION", "DEVICE", "GROUP", "LOCATION"},
    "X-ADDRESSBOOKSERVER-KIND": {"GROUP"},
    "X-EVOLUTION-LIST": {"TRUE"},
}
#: Types of pictures that every program can show, by mimetype.
PICTURE_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}


class Name(NamedTuple):
    """The parts of ``N``."""

    family: str = ""
    given: str = ""
    additional: str = ""
    prefix: str = ""
    suffix: str = ""


class Address(NamedTuple):
    """The parts of ``ADR``."""

    box: str = ""
    extended: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    code: str = ""
    country: str = ""


def digests(properties):
    """Return a short digest of each property that has a value.

    :param properties: dict as :mod:`..vcard` describes it
    :return: digests by name of the property; they are equal for equal values, whichever
        program wrote the card
    """
    return {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
        for name, value in properties.items()
        if name not in SERVICE_PROPERTIES | LINKS | {"KIND"}
        # The order of tags has no meaning.
        and (
            content := canonical(sorted(value or ()) if name == "CATEGORIES" else value)
        )
    }


def shown(value):
    """Return the value of a property as text for people."""
    if isinstance(value, bytes):
        return f"({len(value)} B)"
    parts = filter(None, canonical(value).decode().split("\0"))
    return ", ".join(parts) or "-"


def canonical(value):
    """Return a value as bytes that are equal for equal meanings; empty for none."""
    if isinstance(value, bytes):
        return value
    values = value if isinstance(value, list | tuple) else [value]
    texts = [ILLEGAL.sub("", each or "") for each in values]
    texts = [re.sub(r"\r\n?", "\n", each).strip() for each in texts]
    return "\0".join(texts).encode() if any(texts) else b""


def picture_type(content):
    """Return the ``TYPE`` of a picture, or ``None`` if not all programs can show it.

    :param content: the picture (``bytes``)
    """
    return PICTURE_TYPES.get(guess_mimetype(content))
