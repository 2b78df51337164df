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

from .. import webdav
from ..vcard import serialize


class CardChangedError(InvalidDataError):
    """Somebody else has changed the card, or taken its name."""


class TokenExpiredError(ConnectorException):
    """The server has forgotten what was before the token."""


class Card(NamedTuple):
    """A card as the server has it."""

    text: str
    etag: str  #: names this version of the card


class Changes(NamedTuple):
    """What has changed in an address book."""

    etags: dict  #: of the cards that are new or changed, by their external ids
    gone: (
        set | None
    )  #: ids of deleted cards; ``None`` when all that is left is in etags
    token: str | None = None  #: to ask the next time for what has changed since


class CardAdapter(Component):
    """The cards of an address book; their external id is the name of the resource."""

    _name = "carddav.card.adapter"
    _inherit = ["connector.http.adapter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    _timeout = 30  #: seconds that the server may be silent
    _recovers_creates = True

    def __init__(self, work_context):
        super().__init__(work_context)
        self.card = None  #: the card that was read or written last

    @property
    def etag(self):
        """The version of the card that was read or written last."""
        return self.card and self.card.etag

    def create(self, data, idempotency_key):
        """Put a new card into the address book.

        :param data: properties of the card, see :mod:`..vcard`
        :param idempotency_key: becomes the UID of the card and the name of the resource
        :return: the name of the resource
        :raise CardChangedError: when there is a card of this name; it stays as it is
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
        :raise CardChangedError: when the card has another etag by now, or is gone; it
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
        etag = response.headers.get("ETag") or "*"
        # what is not UTF-8 has to come back as it was
        self.card = Card(response.content.decode(errors="surrogateescape"), etag)
        return self.card

    def read_many(self, external_ids):
        """Return cards by their external ids, without those that are gone.

        :rtype: dict[str, Card]
        """
        root = urlsplit(self._url("")).path.rstrip("/")
        paths = [f"{root}/{self._path(name)}" for name in external_ids]
        try:
            found = self._ask("REPORT", webdav.cards_at(paths)).resources
        except webdav.NotWebDAVError:
            # a single card that does not fit into XML spoils the whole answer
            return self._read_one_by_one(external_ids)
        return {
            self._id_of(each): Card(each.content, each.etag)
            for each in found
            if each.content and each.etag
        }

    def search(self, filters=None):
        """Return the etags of all cards by their external ids.

        :rtype: dict[str, str]
        """
        return {
            self._id_of(each): each.etag
            for each in self._address_book("1", webdav.ETAGS)
            if not each.is_collection and not each.href.endswith("/")
        }

    def changes(self, token=None):
        """Return what has changed since an earlier call.

        Servers that do not know (RFC 6578) tell what they have, as all do when there is
        no token, or one that they have forgotten.

        :param token: that of the earlier call
        :rtype: Changes
        """
        if not any(each.tells_changes for each in self._address_book()):
            return Changes(self.search(), None)
        try:
            return self._changes_since(token)
        except TokenExpiredError:
            return self._changes_since(None)

    def delete(self, external_id, etag=None):
        """Delete a card, unless somebody has changed it.

        :param etag: the version that may be deleted; any when left out
        :raise CardChangedError: when the card has another etag by now
        :raise IDMissingInBackend: when it is gone already
        """
        headers = {"If-Match": etag or "*"}
        self._request("DELETE", self._path(external_id), headers=headers)

    def check(self):
        """Make sure that we are let in and that this is an address book.

        :raise ConnectorException: when it is something else
        """
        for found in self._address_book():
            if not found.is_address_book:
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
            raise CardChangedError(self._conflict(response))
        if response.status_code >= 400 and webdav.TOKEN_EXPIRED in response.content:
            raise TokenExpiredError(self._error_text(response))
        super()._raise_for_answer(response)

    def _conflict(self, response):
        if "If-None-Match" in response.request.headers:
            cause = self.env._("There is a card of this name already.")
        else:
            cause = self.env._(
                "Somebody has changed or deleted the card there meanwhile. Nothing was "
                "overwritten: try again."
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
        else:  # the server has stored something else than it was sent
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
                if each.status == "404":
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
        """Ask for properties of the address book (and, in depth 1, of its cards)."""
        try:
            return self._ask("PROPFIND", body, depth).resources
        except webdav.NotWebDAVError:
            raise self._no_address_book() from None

    def _ask(self, method, body, depth="0"):
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        response = self._request(method, headers=headers, data=body.encode())
        return webdav.read(response.content)

    def _id_of(self, resource):
        """The external id of a card, of which the server tells the path or address."""
        path = urlsplit(urljoin(self._url(""), resource.href)).path
        return unquote(path.rpartition("/")[2])

    def _no_address_book(self):
        return ConnectorException(
            self.env._(
                "There is no CardDAV address book at the address of %s. Enter the "
                "address of one address book, as the server shows it.",
                self.backend_record.name,
            )
        )

    def _path(self, name):
        return quote(name, safe="")

    def _resource_name(self, uid):
        return f"{uid}.vcf"
