# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The XML of requests to and answers of a WebDAV server (RFC 4918, 6352, 6578)."""

from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:carddav"}
#: Request for the type of a resource and the reports that it supports.
NATURE = (
    '<propfind xmlns="DAV:"><prop><resourcetype/><supported-report-set/></prop>'
    "</propfind>"
)
#: Request for the etags of resources.
ETAGS = '<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>'
#: Part of an answer to a token that the server no longer knows.
TOKEN_EXPIRED = b"valid-sync-token"


class NotWebDAVError(ValueError):
    """The answer is not a valid WebDAV answer."""


class Resource:
    """The properties of one resource in an answer."""

    def __init__(self, element):
        self._element = element
        self.href = self._text("d:href")
        self.etag = self._text(".//d:getetag")
        self.content = self._text(".//c:address-data", strip=False)
        # The status of the resource itself, not of one of its properties.
        self.status = self._text("d:status").partition(" ")[2][:3]

    @property
    def is_collection(self):
        """Return whether the resource can contain others."""
        return self._has("d:resourcetype/d:collection")

    @property
    def is_truncated(self):
        """Return whether the answer lacks other resources (RFC 6578, 3.6)."""
        return self.status == "507"

    @property
    def is_address_book(self):
        """Return whether the resource is an address book."""
        return self._has("d:resourcetype/c:addressbook")

    @property
    def reports_changes(self):
        """Return whether the resource can report its changes."""
        return self._has("d:supported-report/d:report/d:sync-collection")

    def _has(self, path):
        return self._element.find(f".//{path}", NAMESPACES) is not None

    def _text(self, path, strip=True):
        text = self._element.findtext(path, "", NAMESPACES)
        return text.strip() if strip else text


class Answer(NamedTuple):
    """An answer with properties of several resources."""

    resources: list
    token: str  #: identifies this state of the collection; "" if it was not requested


def read(content):
    """Parse an answer.

    :param content: XML as ``bytes``
    :rtype: Answer
    :raise NotWebDAVError: when the content is not a WebDAV answer
    """
    # Entities could read local files, or expand without end.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotWebDAVError(str(error)) from None
    if root.tag != "{DAV:}multistatus":
        raise NotWebDAVError(root.tag)
    resources = map(Resource, root.iterfind("d:response", NAMESPACES))
    return Answer(list(resources), root.findtext("d:sync-token", "", NAMESPACES))


def changes_since(token):
    """Return the request for the changes since a token, without a token for all."""
    return (
        f'<sync-collection xmlns="DAV:"><sync-token>{escape(token or "")}</sync-token>'
        "<sync-level>1</sync-level><prop><resourcetype/><getetag/></prop>"
        "</sync-collection>"
    )


def cards_at(paths):
    """Return the request for several cards."""
    hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
    return (
        '<c:addressbook-multiget xmlns:c="urn:ietf:params:xml:ns:carddav" '
        'xmlns:d="DAV:"><d:prop><d:getetag/><c:address-data/></d:prop>'
        f"{hrefs}</c:addressbook-multiget>"
    )
