"""The expected card of a contact, computed from its fields in Odoo.

This knows nothing of the connector: it reads the contacts through Odoo's own
interface, and shares no code with the mapper.
"""

import base64
import hashlib
import io
import re
from email.utils import getaddresses
from html.parser import HTMLParser
from urllib.parse import unquote

FIELDS = [
    "name",
    "is_company",
    "parent_id",
    "company_name",
    "function",
    "street",
    "street2",
    "zip",
    "city",
    "state_id",
    "country_id",
    "email",
    "phone",
    "website",
    "category_id",
    "comment",
    "image_512",
    "write_date",
]
PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF"}


def read_contacts(odoo):
    """Read all contacts with a name, and what their fields point to.

    :param odoo: an ``OdooClient``
    :return: dicts by the id of the contact
    """
    contacts = odoo.by_id("res.partner", [], FIELDS)
    states = odoo.by_id("res.country.state", [], ["name"])
    countries = odoo.by_id("res.country", [], ["name"])
    tags = odoo.by_id("res.partner.category", [], ["display_name"])
    for contact in contacts.values():
        contact["state"] = _name(states, contact["state_id"])
        contact["country"] = _name(countries, contact["country_id"])
        contact["parent"] = contact["parent_id"] and contacts[contact["parent_id"][0]]
        contact["tags"] = [tags[id_]["display_name"] for id_ in contact["category_id"]]
    return {id_: each for id_, each in contacts.items() if (each["name"] or "").strip()}


def expected(contact):
    """Return the expected values of a card by field."""
    return {
        "name": text(contact["name"]),
        "name in parts": words(contact["name"]),
        "organization": tuple(text(each) for each in organization(contact)),
        "address": address(contact),
        "email": sorted(text(each) for each in emails(contact["email"] or "")),
        "phone": text(contact["phone"]),
        "website": unquote(text(contact["website"])),
        "function": text(contact["function"]),
        "tags": sorted(text(each) for each in contact["tags"]),
        "note": words(plain(contact["comment"] or "")),
        "photo": photo(contact["image_512"]),
        "shown as company": "COMPANY" if contact["is_company"] else "",
        "changed": re.sub("[- :]", "", contact["write_date"]),
    }


def found(card):
    """Return the values that a card has for the same fields."""
    family, given, additional, prefix, suffix = card.get("N")
    return {
        "name": card.get("FN"),
        "name in parts": words(" ".join([prefix, given, additional, family, suffix])),
        "organization": card.get("ORG", ()),
        "address": one_of(card, "ADR", ("",) * 7),
        "email": sorted(of_work(card, "EMAIL")),
        "phone": one_of(card, "TEL"),
        "website": unquote(one_of(card, "URL")),
        "function": card.get("TITLE"),
        "tags": sorted(card.get("CATEGORIES", ())),
        "note": words(card.get("NOTE")),
        "photo": (*pixels(card.get("PHOTO", b"")), *_only(card.types("PHOTO"))),
        "shown as company": card.get("X-ABSHOWAS"),
        "changed": card.get("REV").replace("T", "").replace("Z", ""),
    }


def of_work(card, name):
    """Return the values that Odoo takes: of the type work, untyped, or the first."""
    values = [
        (types - {"INTERNET", "PREF", "VOICE"}, "PREF" not in types, value)
        for types, value in zip(card.types(name), card.all(name), strict=True)
        if "FAX" not in types
    ]
    values.sort(key=lambda each: each[1])
    work = [value for types, _order, value in values if "WORK" in types]
    plain = [value for types, _order, value in values if not types]
    return work or plain or [value for *_types, value in values[:1]]


def one_of(card, name, default=""):
    """Return the one of several values that Odoo has."""
    return next(iter(of_work(card, name)), default)


def text(value):
    """Return a text without characters that no vCard has, and with simple line ends."""
    value = (value or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each for each in value if each in "\t\n" or ord(each) not in CONTROLS
    )


CONTROLS = {*range(0x20), 0x7F, 0xFFFE, 0xFFFF}


def words(value):
    """Return a text for which white space does not matter."""
    return " ".join(text(value).split())


def organization(contact):
    """Return the companies above a contact from the top, with itself when it is one."""
    above = contact if contact["is_company"] else contact["parent"]
    names = []
    while above:
        names = [above["name"], *names]
        above = above["parent"]
    return [name for name in names or [contact["company_name"]] if name]


def address(contact):
    """Return the seven parts of an address."""
    street = [contact["street"], contact["street2"]]
    return (
        "",
        "",
        "\n".join(text(line) for line in street if line),
        text(contact["city"]),
        text(contact["state"]),
        text(contact["zip"]),
        text(contact["country"]),
    )


def emails(value):
    """Return the addresses in a field that may have several, or none that is one."""
    addresses = [each for _name, each in getaddresses([value]) if "@" in each]
    return addresses or ([value] if value else [])


def photo(content):
    """Return a photo with its type, if it is one that every phone shows."""
    picture = base64.b64decode(content or "")
    for start, kind in PICTURES.items():
        if picture.startswith(start):
            return *pixels(picture), kind
    return pixels(b"")


def pixels(picture):
    """Return size and hash of what a picture shows; its bytes may differ."""
    from PIL import Image

    if not picture:
        return 0, 0
    image = Image.open(io.BytesIO(picture))
    return image.size, hashlib.sha1(image.convert("RGBA").tobytes()).hexdigest()


def plain(html):
    """Return the text in HTML."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _TextReader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_starttag(self, tag, attributes):
        self.parts.append(" ")

    def handle_data(self, data):
        self.parts.append(data)


def _name(records, many2one):
    return many2one and records[many2one[0]]["name"]


def _only(types):
    return [each for found_types in types for each in found_types]
