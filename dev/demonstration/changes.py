"""Changes that people make in Odoo, on the server and on a phone."""

from .contacts import ADDRESSES, PEOPLE, TREES, picture

CHANGED = 12  #: contacts that are changed in Odoo, one way or another
OTHERS_LINE = "BDAY:1815-12-10"
ON_PHONE = (
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
#: cards as various programs write them, by their UIDs
NEW = {
    "apple": (
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
        f"PHOTO;ENCODING=b;TYPE=PNG:{picture(7, width=320)}",
    ),
    "employee": (
        "PRODID:-//Google Inc.//Contacts//EN",
        "FN:Emmy Noether",
        "N:Noether;Emmy;;;",
        f"ORG:{TREES[1][0]}",
        "TITLE:Professor",
        "NOTE:Ring; ideal\\, and so on",
        "CATEGORIES:myContacts,Plain",
    ),
    "company": (
        "FN:Institut du Radium",
        "N:Institut du Radium;;;;",
        "ORG:Institut du Radium",
        "X-ABSHOWAS:COMPANY",
        "ADR;TYPE=WORK:;;26 rue d'Ulm\\n2e étage;Paris;;75005;France",
        "TEL;TYPE=WORK,VOICE:+33 1 44 32 40 00",
    ),
    "short": ("FN:山田 花子", "N:花子;山田;;;"),
}


def change_in_odoo(odoo, book, names, people):
    """Change contacts in Odoo, which exports them immediately, and two cards.

    :param names: names of the cards by the ids of the contacts
    :param people: ids of the contacts of ``contacts.PEOPLE``; another program adds a
        property to the card of the first one
    :return: the names of the cards that have to be written
    """
    edited, (_, deleted, untouched, *_) = people[:CHANGED], people[CHANGED:]
    book.edit(names[edited[0]], OTHERS_LINE)
    book.delete(names[deleted])
    for number, contact in enumerate(edited):
        odoo.write("res.partner", [contact], **_edit(number))
    (company,) = find(odoo, TREES[0][:1])
    members = ("id", "child_of", company), ("name", "!=", False)
    below = odoo.search("res.partner", *members)
    odoo.write("res.partner", [company], name=f"{TREES[0][0]}, renamed")
    # It changes nothing of the card, so that nothing is sent.
    odoo.write("res.partner", [untouched], ref="not on the card")
    return {names[each] for each in (*edited, *below)}


def _edit(number):
    return (
        {"phone": "+1 555 0100; ext, 7"},
        {"street": "Changed 1", "email": False, "phone": False, "website": False},
        {"image_1920": picture(number + 100)},
        {"name": f"Renamed, {PEOPLE[number]}", "function": "Chief \\ Change; Officer"},
        {"category_id": [(5,)], **ADDRESSES[1], "street2": "changed"},
        {"image_1920": False, "city": "Elsewhere"},
    )[number % 6]


def find(odoo, names):
    """Return the ids of the contacts with some names."""
    return [odoo.search("res.partner", ("name", "=", it), limit=1)[0] for it in names]


def change_on_phone(phone, names):
    """Change, add and delete cards on the phone.

    :param names: names of the cards of the people of ``contacts.PEOPLE``
    :return: the names of cards by what an import has to find, see ``report.difference``
    """
    changed, rest = names[: len(ON_PHONE)], names[len(ON_PHONE) :]
    for name, lines in zip(changed, ON_PHONE, strict=True):
        phone.edit(name, *lines)
    conflict, harmless, *deleted = rest[:4]
    phone.edit(conflict, CONFLICT)
    phone.edit(harmless, *NOT_FOR_ODOO)
    for name in deleted:
        phone.delete(name)
    return {
        "imported": {phone.add(uid, *lines) for uid, lines in NEW.items()},
        "contacts updated": set(changed),
        "deleted": set(deleted),
        "conflicts": {conflict},
        "cards updated": set(),  # no echo
        "exported": set(),
    }
