"""The address book as a program without Odoo sees it."""

import sys
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote, unquote

import requests
from environment import folders

sys.path.append(str(folders.EXAMPLES / "connector_carddav" / "tests"))

import card_reader  # noqa: E402

COLLECTION = """\
<mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>
<collection/><c:addressbook/></resourcetype></prop></set></mkcol>"""
THERE_ALREADY = 405
ETAGS = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'


class AddressBook:
    """An address book on a server, which is created if it is missing.

    :param server: the running :class:`environment.Radicale`
    :param name: name of the address book
    """

    patience = 30  #: seconds that the server may take for an answer

    def __init__(self, server, name):
        self.url = f"{server.url}/{server.user}/{name}/"
        self._session = requests.Session()
        self._session.auth = (server.user, server.password)
        made = self._session.request(
            "MKCOL", self.url, data=COLLECTION, timeout=self.patience
        )
        #: whether it was missing
        self.is_new = made.status_code != THERE_ALREADY
        if self.is_new:
            made.raise_for_status()

    def etags(self):
        """Return the etag of each card, by its name."""
        listing = self._request("PROPFIND", data=ETAGS, headers={"Depth": "1"})
        found = {}
        for response in ElementTree.fromstring(listing.content).iter("{DAV:}response"):
            path = response.findtext("{DAV:}href")
            if not path.endswith("/"):
                name = unquote(path.rpartition("/")[2])
                found[name] = response.findtext(".//{DAV:}getetag")
        return found

    def text(self, name):
        """Return a card as bytes."""
        return self._request("GET", name).content

    def cards(self):
        """Return all cards, read by our own parser, by their names."""
        return {name: card_reader.read(self.text(name)) for name in self.etags()}

    def add_line(self, name, line):
        """Add a property to a card, as somebody with a phone would."""
        text = self.text(name).decode()
        head, end, tail = text.rpartition("END:VCARD")
        self.put(name, f"{head}{line}\r\n{end}{tail}".encode())

    def put(self, name, card):
        """Write a card.

        :param card: bytes
        """
        self._request("PUT", name, data=card)

    def delete(self, name):
        """Delete a card, as somebody with a phone would."""
        self._request("DELETE", name)

    def _request(self, method, name="", **kwargs):
        answer = self._session.request(
            method, self.url + quote(name), timeout=self.patience, **kwargs
        )
        answer.raise_for_status()
        return answer
