# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write the cards of one address book (RFC 6352)."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from lxml import etree

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
)

from ..vcard import serialize

NAMESPACES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:carddav"}
PROPERTIES = '<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>'


class Card(NamedTuple):
    """A card as the server has it."""

    text: str
    etag: str  #: names this version of the card


class CardAdapter(Component):
    """The cards of an address book; their external id is the name of the resource."""

    _name = "carddav.card.adapter"
    _inherit = ["connector.http.adapter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    _timeout = 30  #: seconds that the server may be silent
    _recovers_creates = True

    def __init__(self, work_context):
        super().__init__(work_context)
        self.etag = None  #: of the card that was read or written last

    def create(self, data, idempotency_key):
        """Put a new card into the address book.

        :param data: properties of the card, see :mod:`..vcard`
        :param idempotency_key: becomes the UID of the card and the name of the resource
        :return: the name of the resource
        :raise InvalidDataError: when there is a card of this name; it stays as it is
        """
        name = self._resource_name(idempotency_key)
        card = serialize({**data, "UID": idempotency_key})
        self._put(name, card, {"If-None-Match": "*"})
        return name

    def find_created(self, idempotency_key):
        """Return the name of the resource that an interrupted create made, if any."""
        name = self._resource_name(idempotency_key)
        try:
            self.read(name)
        except IDMissingInBackend:
            return None
        return name

    def write(self, external_id, data):
        """Replace a card, unless somebody has changed it since it was read.

        :param data: the :class:`Card` with the new text and the etag of the old one
        :raise InvalidDataError: when the card has another etag by now, or is gone; it
            stays as it is
        """
        self._put(external_id, data.text, {"If-Match": data.etag})

    def read(self, external_id):
        """Return a card.

        :rtype: Card
        :raise IDMissingInBackend: when there is none
        """
        headers = {"Accept": "text/vcard; version=3.0, text/vcard;q=0.9"}
        response = self._request("GET", self._path(external_id), headers=headers)
        self.etag = response.headers.get("ETag") or "*"
        # what is not UTF-8 has to come back as it was
        return Card(response.content.decode(errors="surrogateescape"), self.etag)

    def search(self):
        """Return the etags of all cards by their external ids.

        :rtype: dict[str, str]
        """
        return {
            unquote(path.rpartition("/")[2]): self._text(found, ".//d:getetag")
            for path, found in self._propfind("1")
            if not path.endswith("/") and not self._is_collection(found)
        }

    def delete(self, external_id, etag=None):
        """Delete a card, unless somebody has changed it.

        :param etag: the version that may be deleted; any when left out
        :raise InvalidDataError: when the card has another etag by now
        :raise IDMissingInBackend: when it is gone already
        """
        headers = {"If-Match": etag or "*"}
        self._request("DELETE", self._path(external_id), headers=headers)

    def check(self):
        """Make sure that we are let in and that this is an address book.

        :raise ConnectorException: when it is something else
        """
        for _path, found in self._propfind("0"):
            if found.find(".//d:resourcetype/c:addressbook", NAMESPACES) is None:
                raise self._no_address_book()

    # -- how this server is spoken to

    def _auth(self):
        backend = self.backend_record.sudo()
        # as bytes: requests takes a text for Latin-1
        return (backend.username or "").encode(), (backend.password or "").encode()

    def _headers(self):
        # compression makes some servers change the etag
        return {"Accept-Encoding": "identity"}

    def _raise_for_answer(self, response):
        if response.status_code == 412:
            raise InvalidDataError(self._conflict(response))
        super()._raise_for_answer(response)

    def _conflict(self, response):
        if "If-None-Match" in response.request.headers:
            cause = self.env._("There is a card of this name already.")
        else:
            cause = self.env._(
                "Somebody has changed or deleted the card there meanwhile. Nothing was "
                "overwritten: try again."
            )
        return f"{self._words(response)} {cause}"

    def _words(self, response):
        """Leave out the markup, and secrets: some servers repeat the request."""
        words = re.sub("<[^>]*>", " ", super()._words(response))
        token = response.request.headers["Authorization"].split()[-1]
        for secret in filter(None, (self.backend_record.sudo().password, token)):
            words = words.replace(secret, "***")
        return " ".join(words.split())

    def _put(self, name, text, condition):
        response = self._request(
            "PUT",
            self._path(name),
            headers={"Content-Type": "text/vcard; charset=utf-8", **condition},
            data=text.encode(errors="surrogateescape"),
        )
        self.etag = response.headers.get("ETag")
        if not self.etag:  # the server has stored something else than it was sent
            self.read(name)

    def _propfind(self, depth):
        """Ask for the properties of the address book (and of its cards).

        :param depth: "0", or "1" with the cards
        :return: pairs of the path and the XML element of each resource
        """
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        response = self._request("PROPFIND", headers=headers, data=PROPERTIES)
        # entities could read our files, or grow without end
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(response.content, parser)
        except etree.XMLSyntaxError:
            root = None
        if root is None or root.tag != "{DAV:}multistatus":
            raise self._no_address_book()
        for found in root.iterfind("d:response", NAMESPACES):
            # an absolute path, or a whole address
            href = urljoin(self._url(""), self._text(found, "d:href"))
            yield urlsplit(href).path, found

    def _no_address_book(self):
        return ConnectorException(
            self.env._(
                "There is no CardDAV address book at the address of %s. Enter the "
                "address of one address book, as the server shows it.",
                self.backend_record.name,
            )
        )

    def _is_collection(self, found):
        return found.find(".//d:resourcetype/d:collection", NAMESPACES) is not None

    def _text(self, element, path):
        return element.findtext(path, "", NAMESPACES).strip()

    def _path(self, name):
        return quote(name, safe="")

    def _resource_name(self, uid):
        return f"{uid}.vcf"
