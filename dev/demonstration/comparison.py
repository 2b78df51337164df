"""Odoo's contacts beside the cards of the address book, field by field.

This knows nothing of the connector: it reads the contacts through Odoo's own
interface, computes the expected card of each, and shares no code with the mapper.
"""

import base64
import contextlib
import hashlib
import io
import re
from email.utils import getaddresses
from urllib.parse import unquote

from bs4 import BeautifulSoup
from PIL import Image, UnidentifiedImageError

FIELDS = """
name is_company parent_id company_name function street street2 zip city state_id.name
country_id.name email phone website category_id.display_name comment image_512
write_date
"""


class Comparison:
    """Compare all contacts that are linked with all cards of an ``AddressBook``.

    ``fields`` counts the fields that were compared, ``mismatches`` are sentences.

    :param written: names of the cards that Odoo has just written; the others may be
        of an earlier date than the contact
    :param foreign: names of the cards that Odoo has never written: they do not tell
        the card of the company
    :param conflicts: names of the cards that differ from their contacts
    """

    def __init__(self, odoo, book, written, foreign=(), conflicts=()):
        self.fields = 0
        self.mismatches = []
        read = {each["id"]: each for each in odoo.read("res.partner", [], FIELDS)}
        for each in read.values():
            each["parent"] = each["parent_id"] and read[each["parent_id"]["id"]]
        names, cards = names_of_cards(odoo), book.read()
        linked = [read[id_] for id_ in names if (read[id_]["name"] or "").strip()]
        on_cards = sorted(names[each["id"]] for each in linked)
        self._compare("All", "cards", on_cards, sorted(cards))
        for contact in linked:
            name = names[contact["id"]]
            if name not in cards:
                self._compare(contact["name"], "card", name, None)
            elif name not in conflicts:
                in_odoo, on_card = expected(contact, names), found(cards[name])
                if name not in written:
                    del in_odoo["changed"]
                if name in foreign:
                    del in_odoo["parent"]
                for field, value in in_odoo.items():
                    self._compare(contact["name"], field, value, on_card[field])

    def _compare(self, contact, field, in_odoo, on_card):
        self.fields += 1
        if in_odoo != on_card:
            sides = f"{in_odoo!r:.60} in Odoo, {on_card!r:.60} on the card"
            self.mismatches.append(f"{contact:.60}: {field} is {sides}")


def names_of_cards(odoo):
    """Return the names of the cards by the ids of their contacts."""
    linked = [("link_state", "!=", "deleted")]
    links = odoo.read("carddav.res.partner", linked, "odoo_id external_id")
    return {each["odoo_id"]["id"]: each["external_id"] for each in links}


def expected(contact, names):
    """Return the expected values of a card by field.

    :param names: names of the cards by the ids of the contacts
    """
    parent, email = contact["parent"], contact["email"] or ""
    addresses = [each for _name, each in getaddresses([email]) if "@" in each]
    companies = _companies(contact if contact["is_company"] else parent)
    state, country = (
        each and each["name"] for each in (contact["state_id"], contact["country_id"])
    )
    street = [text(contact[each]) for each in ("street", "street2") if contact[each]]
    place = contact["city"], state, contact["zip"], country
    picture = photo(base64.b64decode(contact["image_512"] or ""))
    return {
        "uid": names[contact["id"]].removesuffix(".vcf"),
        "parent": names.get(parent and parent["id"], "").removesuffix(".vcf"),
        "name": text(contact["name"]),
        "name in parts": words(contact["name"]),
        "organization": texts(companies or [contact["company_name"]]),
        "address": ("", "", "\n".join(street), *map(text, place)),
        "email": sorted(texts(addresses or [email])),
        "phone": text(contact["phone"]),
        "website": unquote(text(contact["website"])),
        "function": text(contact["function"]),
        "tags": sorted(texts(each["display_name"] for each in contact["category_id"])),
        "note": words(BeautifulSoup(contact["comment"] or "", "lxml").get_text(" ")),
        "photo": picture,
        "type of the photo": picture[:1],
        "shown as company": "COMPANY" if contact["is_company"] else "",
        "changed": re.sub("[- :]", "", contact["write_date"]),
    }


def _companies(contact):
    """Return the names of a contact and all above it, from the top."""
    return [*_companies(contact["parent"]), contact["name"]] if contact else []


def found(card):
    """Return the values that a card has for the same fields."""
    family, given, additional, prefix, suffix = card.get("N")
    return {
        "uid": card.get("UID"),
        "parent": card.get("X-PARENT-UID"),
        "name": card.get("FN"),
        "name in parts": words(" ".join([prefix, given, additional, family, suffix])),
        "organization": card.get("ORG", ()),
        "address": next(of_work(card, "ADR"), ("",) * 7),
        "email": sorted(of_work(card, "EMAIL")),
        "phone": next(of_work(card, "TEL"), ""),
        "website": unquote(next(of_work(card, "URL"), "")),
        "function": card.get("TITLE"),
        "tags": sorted(card.get("CATEGORIES", ())),
        "note": words(card.get("NOTE")),
        "photo": photo(card.get("PHOTO", b"")),
        "type of the photo": tuple(*card.types("PHOTO")),
        "shown as company": card.get("X-ABSHOWAS"),
        "changed": re.sub("[TZ]", "", card.get("REV")),
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
    return iter(work or plain or [value for *_types, value in values[:1]])


def text(value):
    """Return a text without characters that no vCard has, and with simple line ends."""
    value = (value or "").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "", value)


def texts(values):
    """Return those texts that are not empty."""
    return tuple(text(value) for value in values if value)


def words(value):
    """Return a text for which white space does not matter."""
    return " ".join(text(value).split())


def photo(content):
    """Return what a picture shows, if all phones can show it; its bytes may differ."""
    with contextlib.suppress(UnidentifiedImageError):
        image = Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "GIF"])
        shown = hashlib.sha1(image.convert("RGBA").tobytes()).hexdigest()
        return image.format, image.size, shown
    return ()
