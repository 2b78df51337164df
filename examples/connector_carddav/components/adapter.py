# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write the cards of one address book (RFC 6352)."""

from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
)
from odoo.addons.connector.fields import reveal

from .. import webdav
from ..vcard import serialize


class CardChangedError(InvalidDataError):
    """The card was changed by someone else, or its name is taken."""


class TokenExpiredError(ConnectorException):
    """The server no longer knows the changes since the token."""


class Card(NamedTuple):
    """A card as stored on the server."""

    text: str
    etag: str  #: identifies this version of the card


class Changes(NamedTuple):
    """The changes of an address book."""

    #: Etags of new and changed cards by external id.
    etags: dict
    #: External ids of deleted cards; ``None`` when ``etags`` lists all cards.
    gone: set | None
    #: Token for the next request; ``None`` when the server does not support tokens.
    token: str | None = None


class CardAdapter(Component):
    """Read and write the cards of an address book.

    The external id of a card is the name of its resource.
    """

    _name = "carddav.card.adapter"
    _inherit = ["connector.http.adapter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    #: Seconds that the server may be silent.
    _timeout = 30
    _recovers_creates = True
    _settles_after = 0  # The server refuses a second card of the same name.

    def __init__(self, work_context):
        super().__init__(work_context)
        self.card = None  #: the last card that was read or written

    @property
    def etag(self):
        """The etag of the last card that was read or written."""
        return self.card and self.card.etag

    def create(self, data, idempotency_key):
        """Create a card in the address book.

        :param data: properties of the card, see :mod:`..vcard`
        :param idempotency_key: UID of the new card, and name of its resource
        :return: the name of the resource
        :raise CardChangedError: when a card with this name exists; it is not changed
        """
        name = self._resource_name(idempotency_key)
        card = serialize({**data, "UID": idempotency_key})
        self._put(name, card, {"If-None-Match": "*"})
        return name

    def find_created(self, idempotency_key):
        """Return the name of the card that an unconfirmed create made, or ``None``."""
        name = self._resource_name(idempotency_key)
        try:
            self.read(name)
        except IDMissingInBackend:
            return None
        return name

    def write(self, external_id, data):
        """Replace a card, unless it was changed after it was read.

        :param data: the :class:`Card` with the new text and the etag of the old one
        :raise CardChangedError: when the card now has another etag, or was deleted; it
            is not changed
        """
        self._put(external_id, data.text, {"If-Match": data.etag})

    def read(self, external_id):
        """Read a card.

        :param external_id: name of the resource
        :rtype: Card
        :raise IDMissingInBackend: when the card does not exist
        """
        headers = {"Accept": "text/vcard; version=3.0, text/vcard;q=0.9"}
        response = self._request("GET", self._path(external_id), headers=headers)
        etag = response.headers.get("ETag") or "*"
        # Bytes that are not UTF-8 must be written back unchanged.
        self.card = Card(response.content.decode(errors="surrogateescape"), etag)
        return self.card

    def read_many(self, external_ids):
        """Read many cards with one request.

        :param external_ids: names of the resources
        :return: the cards by external id, without those that do not exist
        :rtype: dict[str, Card]
        """
        root = urlsplit(self._url("")).path.rstrip("/")
        paths = [f"{root}/{self._path(name)}" for name in external_ids]
        try:
            found = self._ask("REPORT", webdav.cards_at(paths)).resources
        except webdav.NotWebDAVError:
            # One card with invalid characters makes the XML of all unreadable.
            return self._read_one_by_one(external_ids)
        named = {self._id_of(each): each for each in found}
        cards = {
            name: Card(each.content, each.etag)
            for name, each in named.items()
            if each.content and each.etag
        }
        gone = {name for name, each in named.items() if each.status == "404"}
        # A card that the answer lacks, or has in parts, need not be gone.
        left = [name for name in external_ids if name not in gone | cards.keys()]
        return {**cards, **self._read_one_by_one(left)}

    def search(self, filters=None):
        """Return the etags of all cards by external id.

        :rtype: dict[str, str]
        """
        return {
            name: each.etag
            for each in self._address_book("1", webdav.ETAGS)
            if not each.is_collection and (name := self._id_of(each))
        }

    def changes(self, token=None):
        """Return the changes since an earlier call.

        All cards are returned when the server does not support tokens (RFC 6578), when
        the token is missing, and when the server no longer knows it.

        :param token: token that the earlier call returned
        :rtype: Changes
        """
        if not any(each.reports_changes for each in self._address_book()):
            return Changes(self.search(), None)
        try:
            return self._changes_since(token)
        except TokenExpiredError:
            return self._changes_since(None)

    def delete(self, external_id, etag=None):
        """Delete a card, unless it was changed.

        :param external_id: name of the resource
        :param etag: version that may be deleted; by default any
        :raise CardChangedError: when the card now has another etag
        :raise IDMissingInBackend: when the card no longer exists
        """
        headers = {"If-Match": etag or "*"}
        self._request("DELETE", self._path(external_id), headers=headers)

    def check(self):
        """Check the credentials, and that the address is that of an address book.

        :raise AccessRefusedError: when the server does not accept the credentials
        :raise JobError: when the address is not that of an address book
        """
        if not all(each.is_address_book for each in self._address_book()):
            raise self._no_address_book()

    # -- requests to this server

    def _auth(self):
        backend = self.backend_record.sudo()
        # As bytes: requests encodes text as Latin-1.
        password = reveal(backend, "new_password") or ""
        return (backend.username or "").encode(), password.encode()

    def _headers(self):
        # Some servers change the etag when they compress.
        return {"Accept-Encoding": "identity"}

    def _raise_for_answer(self, response):
        if response.status_code == 412:
            raise CardChangedError(self._conflict(response))
        if response.status_code >= 400 and webdav.TOKEN_EXPIRED in response.content:
            raise TokenExpiredError(self._error_text(response))
        super()._raise_for_answer(response)

    def _conflict(self, response):
        if "If-None-Match" in response.request.headers:
            cause = self.env._("A card with this name already exists.")
        else:
            cause = self.env._(
                "The card was changed or deleted on the server in the meantime. "
                "Nothing was overwritten. Try again."
            )
        return f"{self._error_text(response)} {cause}"

    def _put(self, name, text, condition):
        response = self._request(
            "PUT",
            self._path(name),
            headers={"Content-Type": "text/vcard; charset=utf-8", **condition},
            data=text.encode(errors="surrogateescape"),
        )
        etag = response.headers.get("ETag")
        if etag:
            self.card = Card(text, etag)
        else:  # The server has stored the card in another form.
            self.read(name)

    def _read_one_by_one(self, external_ids):
        found = {}
        for external_id in external_ids:
            try:
                found[external_id] = self.read(external_id)
            except IDMissingInBackend:
                continue
        return found

    def _changes_since(self, token):
        etags, gone, everything = {}, set(), not token
        more, pages = True, 0
        while more:
            if pages == self._max_pages:
                raise JobError(self._too_many_pages_message(""))
            pages += 1
            answer = self._ask("REPORT", webdav.changes_since(token))
            more = any(each.status == "507" for each in answer.resources)
            for each in answer.resources:
                name = self._id_of(each)
                if name and each.status == "404":
                    gone.add(name)
                    etags.pop(name, None)
                elif each.etag and name:
                    etags[name] = each.etag
                    gone.discard(name)
            if more and answer.token == token:
                raise self._no_address_book()
            token = answer.token
        return Changes(etags, None if everything else gone, token)

    def _address_book(self, depth="0", body=webdav.NATURE):
        """Read properties of the address book (and of its cards, with depth 1)."""
        try:
            return self._ask("PROPFIND", body, depth).resources
        except (IDMissingInBackend, webdav.NotWebDAVError):
            raise self._no_address_book() from None

    def _ask(self, method, body, depth="0"):
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        response = self._request(method, headers=headers, data=body.encode())
        return webdav.read(response.content)

    def _id_of(self, resource):
        """Return the external id of a card from the path or URL in an answer.

        It is empty when the answer names no card, or none in a valid way.
        """
        if not resource.href:
            return ""
        try:
            path = urlsplit(urljoin(self._url(""), resource.href)).path
        except ValueError:
            return ""
        return unquote(path.rpartition("/")[2])

    def _no_address_book(self):
        return JobError(
            self.env._(
                "The address of %s is not that of a CardDAV address book. Enter the "
                "address of one address book, as the server shows it.",
                self.backend_record.name,
            )
        )

    def _path(self, name):
        return quote(name, safe="")

    def _resource_name(self, uid):
        return f"{uid}.vcf"
