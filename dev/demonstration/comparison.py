"""Odoo's contacts beside the cards of the address book, field by field."""

from typing import NamedTuple

from . import expectation


class Mismatch(NamedTuple):
    """One field in which a card is not what it should be."""

    contact: str
    field: str
    in_odoo: object
    on_card: object

    def __str__(self):
        return (
            f"{_short(self.contact)}: {self.field} is {_short(self.in_odoo)} in Odoo, "
            f"{_short(self.on_card)} on the card"
        )


class Comparison:
    """Result of a comparison: how many fields were compared, and which differ."""

    def __init__(self):
        self.fields = 0
        self.mismatches = []

    def compare(self, contact, field, in_odoo, on_card):
        """Compare one field."""
        self.fields += 1
        if in_odoo != on_card:
            self.mismatches.append(Mismatch(contact, field, in_odoo, on_card))


def compare(odoo, address_book, written, foreign=(), conflicts=()):
    """Compare all contacts that are linked with all cards.

    :param odoo: an ``OdooClient``
    :param address_book: an ``AddressBook``
    :param written: names of the cards that Odoo has just written; the others may be
        of an earlier date than the contact
    :param foreign: names of the cards that Odoo has never written: they do not tell
        the card of the company
    :param conflicts: names of the cards that differ from their contacts
    :rtype: Comparison
    """
    result = Comparison()
    contacts, cards = expectation.read_contacts(odoo), address_book.cards()
    names = names_of_cards(odoo)
    contacts = {id_: each for id_, each in contacts.items() if id_ in names}
    result.compare(
        "All", "cards", sorted(names[each] for each in contacts), sorted(cards)
    )
    for id_, contact in contacts.items():
        card = cards.get(names[id_])
        if card is None:
            result.compare(contact["name"], "card", names[id_], None)
            continue
        if names[id_] in conflicts:
            continue
        in_odoo, on_card = expectation.expected(contact), expectation.found(card)
        if names[id_] not in written:
            del in_odoo["changed"]
        in_odoo["uid"], on_card["uid"] = _uid(names[id_]), card.get("UID")
        if names[id_] not in foreign:
            parent = contact["parent"] and names.get(contact["parent"]["id"])
            in_odoo["parent"] = _uid(parent)
            on_card["parent"] = card.get("X-PARENT-UID")
        for field, value in in_odoo.items():
            result.compare(contact["name"], field, value, on_card[field])
    return result


def names_of_cards(odoo):
    """Return the names of the cards by the ids of their contacts."""
    domain = [("link_state", "!=", "deleted")]
    links = odoo.search_read("carddav.res.partner", domain, ["odoo_id", "external_id"])
    return {each["odoo_id"][0]: each["external_id"] for each in links}


def _uid(name):
    return (name or "").removesuffix(".vcf")


def _short(value):
    shown = value if isinstance(value, str) else repr(value)
    return f"{shown[:60]}..." if len(shown) > 60 else shown
