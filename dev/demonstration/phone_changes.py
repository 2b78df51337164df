"""Changes that people make on their phones: changed, new and deleted cards."""

from typing import NamedTuple

from .contacts import TREES, picture

EDITS = (
    ("TEL;TYPE=CELL:+1 555 0199",),
    ("FN:Minh Khai Trần-Nguyễn", "N:Trần-Nguyễn;Minh Khai;;;"),
    ("NOTE:Met her at the fair\\; said:\\n“call me”\\, or so",),
    ("ADR:", "TEL:", "item1.TEL;type=IPHONE:+32 81 0", "item1.X-ABLabel:boat"),
    ("ADR;TYPE=HOME:;;Rue de l'Étoile 1\\, bât. B;Namur;;5000;Belgium",),
    ("EMAIL:one@example.org", "EMAIL;TYPE=INTERNET,PREF:two@example.org"),
    ("CATEGORIES:Plain,Made on a phone", "TITLE:", "URL:https://example.org/?a=1"),
    ("PHOTO:", "EMAIL:", "ORG:Nobody's \\, Ltd"),
)
NOT_FOR_ODOO = "BDAY:1903-12-28", "X-SPOUSE:Klara"
CONFLICT = "TITLE:Changed on the phone"
NEW = (
    # as various programs write them
    (
        "PRODID:-//Apple Inc.//iOS 18.0//EN",
        "N:Curie;Marie;Salomea;Mme;",
        "FN:Mme Marie Salomea Curie",
        "EMAIL;type=INTERNET;type=HOME;type=pref:marie@example.org",
        "TEL;type=CELL;type=VOICE;type=pref:+33 6 12 34 56 78",
        "TEL;type=FAX:+33 1 0",
        "item1.ADR;type=HOME;type=pref:;;11 rue Pierre Curie;Paris;;75005;France",
        "item1.X-ABADR:fr",
        "item2.URL;type=pref:https://example.org/radium",
        "item2.X-ABLabel:_$!<HomePage>!$_",
        "PHOTO;ENCODING=b;TYPE=PNG:{photo}",
    ),
    (
        "PRODID:-//Google Inc.//Contacts//EN",
        "FN:Emmy Noether",
        "N:Noether;Emmy;;;",
        "ORG:{company}",
        "TITLE:Professor",
        "NOTE:Ring; ideal\\, and so on",
        "CATEGORIES:myContacts,Plain",
    ),
    (
        "FN:Institut du Radium",
        "N:Institut du Radium;;;;",
        "ORG:Institut du Radium",
        "X-ABSHOWAS:COMPANY",
        "ADR;TYPE=WORK:;;26 rue d'Ulm\\n2e étage;Paris;;75005;France",
        "TEL;TYPE=WORK,VOICE:+33 1 44 32 40 00",
    ),
    ("FN:山田 花子", "N:花子;山田;;;"),
)


class Played(NamedTuple):
    """The names of the cards that somebody has played with."""

    added: set
    changed: set  #: in what Odoo reads
    deleted: set
    conflict: str
    employee: str  #: who was added and belongs to a company


def play(phone, names):
    """Change, add and delete cards on the phone.

    :param phone: a ``Phone`` that has all cards
    :param names: names of the cards of the people of ``contacts.PEOPLE``
    :rtype: Played
    """
    edited = names[: len(EDITS)]
    for name, lines in zip(edited, EDITS, strict=True):
        phone.replace(name, *lines)
    conflict, harmless, *deleted = names[len(EDITS) : len(EDITS) + 4]
    phone.replace(conflict, CONFLICT)
    phone.replace(harmless, *NOT_FOR_ODOO)
    for name in deleted:
        phone.delete(name)
    photo = picture(7, width=320)
    company = TREES[1][0]
    added = [
        phone.add(
            f"phone-{number}",
            *(line.format(photo=photo, company=company) for line in lines),
        )
        for number, lines in enumerate(NEW)
    ]
    return Played(set(added), set(edited), set(deleted), conflict, added[1])
