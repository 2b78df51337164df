# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write vCards, and change cards that other programs write too.

The properties of a card are a dict. Its keys are the names of properties. A value is

* a text, or bytes for a picture;
* a tuple, for a property of several parts, such as ``ORG``: a :class:`Name` for ``N``,
  an :class:`Address` for ``ADR``;
* a list of such values, for a property that occurs several times;
* false, for a property that the card must not have.

New cards have version 3.0 (RFC 2426). Cards of the versions 2.1 and 4.0 (RFC 6350) are
read, too, and keep their version. ``lines.py`` has the syntax; ``card.py`` chooses the
lines that are Odoo's, and changes them; ``values.py`` compares and shows values.
"""

from .card import Card
from .values import (
    LINKS,
    NO_CONTACTS,
    READ,
    SERVICE_PROPERTIES,
    Address,
    Name,
    digests,
    picture_type,
    shown,
)

_EMPTY = "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n"


def serialize(properties):
    """Return a card as text.

    :param properties: dict as described above
    :return: a vCard 3.0
    :rtype: str
    """
    return merge(_EMPTY, properties)


def read(text):
    """Read the properties of a card that Odoo supports.

    :param text: text of the card
    :return: dict as described above, with the properties that the card has; and
        ``KIND`` if the card is not a contact, for example ``"GROUP"``
    :raise ValueError: when the card is not valid, with the cause
    """
    card = Card(text)
    found = {name: card.get(name) for name in (*READ, *LINKS, "X-ABSHOWAS")}
    for name, kinds in NO_CONTACTS.items():
        values = {line.value.strip().upper() for line in card.named(name)}
        found["KIND"] = found.get("KIND") or next(iter(values & kinds), None)
    return {name: value for name, value in found.items() if value}


def merge(text, properties, new=()):
    """Change properties of a card, and keep everything else.

    Lines of other properties stay as they are, as do lines whose value does not change.

    :param text: text of the card
    :param properties: dict as described above
    :param new: names of properties that Odoo did not have before; values of the card
        are then those of other programs, and are kept, too
    :return: the text of the changed card
    :rtype: str
    :raise ValueError: when the card is not valid, with the cause
    """
    card = Card(text)
    for name, value in properties.items():
        card.set(name, value, name in new)
    return card.text()


def is_same(text, other):
    """Return whether two cards differ at most in the order and the revision date.

    :param text: text of a card
    :param other: text of the other card
    :rtype: bool
    """
    return Card(text).content() == Card(other).content()
