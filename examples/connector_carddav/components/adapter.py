# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write the cards of one address book (RFC 6352)."""

import hashlib
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    AccessRefusedError,
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
    VersionChangedError,
)
from odoo.addons.connector.fields import reveal
from odoo.addons.connector.jobs.scope import JOB, scope_of
from odoo.addons.connector.tools.translatable import translatable

from .. import webdav
from ..vcard import is_same, serialize

#: Beginning of the etag that we make for a card whose server sends none.
OWN_ETAG = "*"
#: Cards that a server may fail at before it returns any.
MOST_FAILURES = 10


class ForbiddenError(AccessRefusedError):
    """The server accepts the credentials, but refuses what was asked for."""


class NoChangesError(ConnectorException):
    """The server cannot return the changes since the token."""


class Card(NamedTuple):
    """A card as stored on the server."""

    text: str
    etag: str  #: identifies this version of the card

    @classmethod
    def of(cls, content, etag):
        """Return a card from its content as ``bytes``, and an etag if there is one."""
        # Bytes that are not UTF-8 must be written back unchanged.
        text = content.decode(errors="surrogateescape")
        own = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        return cls(text, etag or OWN_ETAG + own)


class Changes(NamedTuple):
    """The changes of an address book."""

    #: Etags of new and changed cards by external id.
    etags: dict
    #: External ids of deleted cards; ``None`` when ``etags`` lists all cards.
    gone: set | None
    #: Token for the next request; ``None`` when the server does not support tokens.
    token: str | None = None

    @property
    def is_complete(self):
        """Return whether the server has listed all that it was asked for."""
        return self.gone is None or bool(self.token)


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
    _has_versions = True

    def create(self, data, idempotency_key):
        """Create a card in the address book.

        :param data: properties of the card, see :mod:`..vcard`
        :param idempotency_key: UID of the new card, and name of its resource
        :return: the name of the resource
        :raise InvalidDataError: when a card with this name exists; it is not changed
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

    def write(self, external_id, data, version=None):
        """Replace a card, unless it was changed after it was read.

        :param data: the new text
        :param version: etag of the card that is replaced; ``None`` for any
        :raise VersionChangedError: when the card now has another etag, or was deleted;
            it is not changed
        """
        self._if_unchanged(
            external_id,
            version or "*",
            lambda condition: self._put(external_id, data, condition),
        )

    def read(self, external_id):
        """Read a card.

        :param external_id: name of the resource
        :rtype: Card
        :raise IDMissingInBackend: when the card does not exist
        """
        accept = "text/vcard; version=3.0, text/vcard;q=0.9, */*;q=0.1"
        response = self._request(
            "GET", self._path(external_id), headers={"Accept": accept}
        )
        card = Card.of(response.content, response.headers.get("ETag"))
        self.note_version(external_id, card.etag)
        return card

    def read_many(self, external_ids):
        """Read many cards with one request, and those alone that it does not return.

        :param external_ids: names of the resources
        :return: the cards by external id, without those that do not exist; in place of
            a card that cannot be read, the error
        :rtype: dict[str, Card | Exception]
        :raise AccessRefusedError: when the server returns no card
        """
        root = urlsplit(self._url("")).path.rstrip("/")
        paths = [f"{root}/{self._path(name)}" for name in external_ids]
        try:
            found = self._ask("REPORT", webdav.cards_at(paths)).resources
        except Exception as error:
            if not _may_concern_one(error):
                raise
            # Some servers fail at all cards because of one, such as one with
            # characters that XML cannot have.
            return self._read_one_by_one(external_ids)
        named = {self._id_of(each): each for each in found}
        cards = {
            name: Card(each.content, each.etag)
            for name, each in named.items()
            if each.content and each.etag
        }
        for name, card in cards.items():
            self.note_version(name, card.etag)
        gone = {name for name, each in named.items() if each.status == "404"}
        # A card that the answer lacks, or has in parts, need not be gone.
        left = [name for name in external_ids if name not in gone | cards.keys()]
        return self._read_one_by_one(left, cards)

    def lists(self, external_id):
        """Return whether the server lists a card, even if it does not return it."""
        try:
            path = self._path(external_id)
            found = self._ask("PROPFIND", webdav.ETAGS, path=path).resources
        except Exception as error:
            if not _may_concern_one(error):
                raise
            return False
        return any(
            each.etag and each.status != "404" and self._id_of(each) == external_id
            for each in found
        )

    def search(self, filters=None):
        """Return the etags of all cards by external id.

        :rtype: dict[str, str]
        """
        return self._all().etags

    def changes(self, token=None):
        """Return the changes since an earlier call.

        All cards are returned when the server does not support tokens (RFC 6578), when
        the token is missing, and when the server no longer knows it, or fails at it.

        :param token: token that the earlier call returned
        :rtype: Changes
        """
        if any(each.reports_changes for each in self._address_book()):
            for since in dict.fromkeys((token or None, None)):
                with suppress(NoChangesError):
                    return self._changes_since(since)
        return self._all()

    def delete(self, external_id, etag=None):
        """Delete a card, unless it was changed.

        :param external_id: name of the resource
        :param etag: version that may be deleted; by default any
        :raise VersionChangedError: when the card now has another etag
        :raise IDMissingInBackend: when the card no longer exists
        """
        self._if_unchanged(
            external_id,
            etag or "*",
            lambda condition: self._request(
                "DELETE", self._path(external_id), headers=condition
            ),
        )

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
        if response.status_code >= 400 and webdav.TOKEN_EXPIRED in response.content:
            raise NoChangesError(self._error_text(response))
        conditions = {"If-Match", "If-None-Match"}
        if response.status_code == 412 and conditions & response.request.headers.keys():
            raise self._conflict(response)
        try:
            super()._raise_for_answer(response)
        except AccessRefusedError as error:
            is_forbidden = response.status_code == 403
            raise ForbiddenError(str(error)) if is_forbidden else error from None

    def _conflict(self, response):
        text = f"{self._error_text(response)} {self._answer_text(response)}"
        if "If-None-Match" in response.request.headers:
            cause = translatable(self.env)._("A card with this name already exists.")
            return InvalidDataError(f"{text} {cause}")
        return VersionChangedError(f"{text} {self._changed_text()}")

    def _changed_text(self):
        return translatable(self.env)._(
            "The card was changed or deleted on the server in the meantime. "
            "Nothing was overwritten. Try again."
        )

    def _put(self, name, text, condition):
        response = self._request(
            "PUT",
            self._path(name),
            headers={"Content-Type": "text/vcard; charset=utf-8", **condition},
            data=text.encode(errors="surrogateescape"),
        )
        etag = response.headers.get("ETag")
        if not etag:  # The server may have stored the card in another form.
            stored = self.read(name)
            etag = stored.etag if is_same(stored.text, text) else None
        self.note_version(name, etag)

    def _if_unchanged(self, external_id, etag, change):
        """Change a card, unless its etag has changed.

        :param change: called with the headers of the condition
        :raise VersionChangedError: when the card now has another etag, or was deleted
        """
        if etag.startswith(OWN_ETAG) and etag != OWN_ETAG:
            # The server cannot compare it.
            if self.read(external_id).etag != etag:
                raise VersionChangedError(self._changed_text())
            etag = "*"
        try:
            change({"If-Match": etag})
        except VersionChangedError:
            # A weak etag, as some proxies make it, matches nothing (RFC 9110, 13.1.1).
            strong = etag.removeprefix("W/")
            if strong == etag or self._etag_now(external_id) != etag:
                raise
            change({"If-Match": strong})

    def _etag_now(self, external_id):
        with suppress(IDMissingInBackend):
            return self.read(external_id).etag

    def _read_one_by_one(self, external_ids, found=()):
        """Read cards alone.

        :param found: cards that were read before
        :return: as :meth:`read_many`
        """
        cards, errors, doubtful = dict(found), {}, []
        for external_id in external_ids:
            try:
                cards[external_id] = self.read(external_id)
            except IDMissingInBackend:
                continue
            except Exception as error:
                if not _may_concern_one(error):
                    raise
                errors[external_id] = InvalidDataError(str(error))
                if isinstance(error, ForbiddenError | NetworkRetryableError):
                    doubtful.append(error)
            if len(doubtful) == MOST_FAILURES and not cards:
                break
        if doubtful and not cards:  # It need not be the cards.
            raise doubtful[0]
        return cards | errors

    def _all(self):
        """Return all cards, as far as the server lists them."""
        found = self._address_book("1", webdav.ETAGS)
        cards = self._cards_of(found)
        etags = {name: each.etag for name, each in cards if each.status != "404"}
        is_complete = found and not any(each.is_truncated for each in found)
        return Changes(etags, None if is_complete else set())

    def _changes_since(self, token):
        """Return the changes since a token, from as many answers as they need.

        :raise NoChangesError: when the server fails at it, or repeats itself
        """
        etags, gone, everything = {}, set(), not token
        tokens, seen = {token}, set()
        for _page in range(self._max_pages):
            answer = self._ask_for_changes(token)
            cards = list(self._cards_of(answer.resources))
            for name, each in cards:
                is_gone = each.status == "404"
                (gone.add if is_gone else gone.discard)(name)
                etags.pop(name, None)
                if not is_gone:
                    etags[name] = each.etag
            token = answer.token
            if token and not any(each.is_truncated for each in answer.resources):
                return Changes(etags, None if everything else gone, token)
            page = {(name, each.status, each.etag) for name, each in cards}
            if not token or token in tokens or (page and page <= seen):
                raise NoChangesError(token)
            tokens.add(token)
            seen |= page
        raise JobError(self._too_many_pages_message(""))

    def _ask_for_changes(self, token):
        try:
            return self._ask("REPORT", webdav.changes_since(token))
        except Exception as error:
            if not _may_concern_one(error):
                raise
            raise NoChangesError(str(error)) from None

    def _cards_of(self, resources):
        """Return pairs of the external id and the resource, for all that may be cards.

        A card whose etag the answer lacks is one of them: it is not gone.
        """
        for each in resources:
            name = self._id_of(each)
            if name and not each.is_collection and not each.is_truncated:
                yield name, each

    def _address_book(self, depth="0", body=webdav.NATURE):
        """Read properties of the address book (and of its cards, with depth 1)."""
        try:
            return self._ask("PROPFIND", body, depth).resources
        except (IDMissingInBackend, webdav.NotWebDAVError):
            raise self._no_address_book() from None

    def _ask(self, method, body, depth="0", path=""):
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        response = self._request(method, path, headers=headers, data=body.encode())
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
            translatable(self.env)._(
                "The address of %s is not that of a CardDAV address book. Enter the "
                "address of one address book, as the server shows it.",
                self.backend_record.name,
            )
        )

    def _path(self, name):
        return quote(name, safe="")

    def _resource_name(self, uid):
        return f"{uid}.vcf"


def _may_concern_one(error):
    """Return whether an error may concern a request, and not all requests.

    :param error: an exception of the adapter
    """
    if isinstance(error, ForbiddenError | webdav.NotWebDAVError):
        return True
    is_answer = isinstance(error, InvalidDataError | JobError)
    return is_answer and scope_of(error) != JOB
