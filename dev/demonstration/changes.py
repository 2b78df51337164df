"""Changes between two exports, in Odoo and on the server."""

from .contacts import ADDRESSES, PEOPLE, TREES, picture

CHANGED = 12  #: contacts that are changed in Odoo, one way or another
OTHERS_LINE = "BDAY:1815-12-10"


def change_some(odoo, address_book, names, people):
    """Change cards on the server and contacts in Odoo, which exports them immediately.

    :param odoo: an ``OdooClient``
    :param address_book: an ``AddressBook``
    :param names: names of the cards by the ids of the contacts
    :param people: ids of the contacts of ``contacts.PEOPLE``
    :return: ids of the contacts whose cards have to be written, ids of those whose
        cards have to be created again, and the name of the card that got a property
        from another program
    """
    edited = people[:CHANGED]
    played_with = edited[0]
    address_book.add_line(names[played_with], OTHERS_LINE)
    deleted = people[CHANGED + 1]
    address_book.delete(names[deleted])
    for number, contact_id in enumerate(edited):
        odoo.write("res.partner", [contact_id], **_edit(number))
    company, below = _company_and_below(odoo)
    odoo.write("res.partner", [company], name=f"{TREES[0][0]}, renamed")
    # a write that changes nothing, so nothing is to be sent
    untouched = people[CHANGED + 2]
    odoo.write("res.partner", [untouched], ref="not on the card")
    return {*edited, company, *below}, {deleted}, names[played_with]


def people(odoo):
    """Return the ids of the contacts of ``contacts.PEOPLE`` by their first names."""
    return _ids(odoo, PEOPLE)


def _edit(number):
    return (
        {"phone": "+1 555 0100; ext, 7"},
        {"street": "Changed 1", "email": False, "phone": False, "website": False},
        {"image_1920": picture(number + 100)},
        {"name": f"Renamed, {PEOPLE[number]}", "function": "Chief \\ Change; Officer"},
        {"category_id": [(5,)], **ADDRESSES[1], "street2": "changed"},
        {"image_1920": False, "city": "Elsewhere"},
    )[number % 6]


def _company_and_below(odoo):
    (company,) = _ids(odoo, TREES[0][:1])
    below = [("id", "child_of", company), ("id", "!=", company), ("name", "!=", False)]
    return company, odoo.call("res.partner", "search", below)


def _ids(odoo, names):
    return [
        odoo.call("res.partner", "search", [("name", "=", name)], limit=1)[0]
        for name in names
    ]
