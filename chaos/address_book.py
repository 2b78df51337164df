"""The parts of a trial with an address book: contacts, their cards, and their jobs."""

import re
from urllib.parse import unquote

import requests
from demonstration.cards import card_reader

from .shop import Shop

BINDINGS = "carddav.res.partner"
MAKE = """\
<mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>
<collection/><c:addressbook/></resourcetype></prop></set></mkcol>"""
CARD = """\
BEGIN:VCARD\r
VERSION:3.0\r
UID:{uid}\r
FN:{name}\r
N:{name};;;;\r
EMAIL;TYPE=INTERNET,WORK:{email}\r
END:VCARD\r
"""


class AddressBook(Shop):
    """An address book of Odoo on a CardDAV server.

    A contact is known by its e-mail address on both sides.

    :param server: the running :class:`environment.Server`
    """

    def __init__(self, server, chaos, space, bindings=BINDINGS):
        self.server = server
        self.url = f"{server.url}/{server.user}/{space}/"
        super().__init__(chaos, space, bindings)

    def _open(self):
        xml = {"Content-Type": "application/xml"}
        self.request("MKCOL", data=MAKE, headers=xml)
        values = {
            "name": self.space,
            "url": self.url,
            "username": self.server.user,
            "new_password": self.server.password,
        }
        return self.chaos.database.user_does(
            lambda env: env["carddav.backend"].create(values).id
        )

    def code(self, label):
        return f"{label}@{self.space}.example.com"

    # -- what users do

    def add_contacts(self, *labels):
        """Create contacts in Odoo, and jobs that export them."""

        def work(env):
            for label in labels:
                values = {"name": f"Contact {label}", "email": self.code(label)}
                contact = env["res.partner"].create(values)
                link = {"backend_id": self.id, "odoo_id": contact.id}
                env[BINDINGS].create(link).with_delay().export_record()

        self.chaos.database.user_does(work)

    def add_cards(self, *labels):
        """Create cards on the server, like another program."""
        for label in labels:
            card = CARD.format(uid=label, name=f"Card {label}", email=self.code(label))
            self.request("PUT", f"{label}.vcf", data=card.encode())

    def rename_cards(self, *names):
        """Change the names on cards, like another program."""
        for name in names:
            card = self.request("GET", name).content.decode()
            card = re.sub(r"(?m)^FN:(?:.*\n )*.*", "FN:Renamed\r", card)
            self.request("PUT", name, data=card.encode())

    def import_cards(self):
        """Make the job that looks for what has changed on the server."""
        self.chaos.database.user_does(
            lambda env: (
                env[BINDINGS]
                .with_delay()
                .import_changes(env["carddav.backend"].browse(self.id))
            )
        )

    # -- what there is

    def items(self):
        def work(env):
            links = env[BINDINGS].search([("backend_id", "=", self.id)])
            return [_item(each.external_id, each.name, each.email) for each in links]

        return self.chaos.database.user_does(work)

    def items_there(self):
        cards = {
            name: card_reader.read(self.request("GET", name).content)
            for name in self.cards()
        }
        return [
            {"id": name, **_item(name, card.get("FN"), card.get("EMAIL"))}
            for name, card in cards.items()
        ]

    def cards(self):
        """Return the names of the cards on the server."""
        listing = self.request("PROPFIND", headers={"Depth": "1"}).text
        names = re.findall(r"<(?:\w+:)?href>[^<]*/([^/<]+)</", listing)
        return sorted(map(unquote, names))

    def calls(self, operation=None, label=None):
        """Return no calls: the server does not note them."""
        return []

    def request(self, method, name="", **kwargs):
        """Send a request like another program, without the connector."""
        auth = self.server.user, self.server.password
        url = self.url + name
        response = requests.request(method, url, auth=auth, timeout=10, **kwargs)
        response.raise_for_status()
        response.encoding = "utf-8"
        return response


def _item(external_id, name, email):
    values = {"code": email, "name": name, "external_id": external_id}
    return {**values, "quantity": None, "parts": []}
