# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is said in XML to and by a WebDAV server (RFC 4918, 6352, 6578)."""

from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:carddav"}
#: What kind of thing it is, and what may be asked of it.
NATURE = (
    '<propfind xmlns="DAV:"><prop><resourcetype/><supported-report-set/></prop>'
    "</propfind>"
)
ETAGS = '<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>'
#: A server says with it that it has forgotten what was before a token.
TOKEN_EXPIRED = b"valid-sync-token"


class NotWebDAVError(ValueError):
    """The answer is not what a WebDAV server says."""


class Resource:
    """What a server says of one resource."""

    def __init__(self, element):
        self._element = element
        self.href = self._text("d:href")
        self.etag = self._text(".//d:getetag")
        self.content = self._text(".//c:address-data", strip=False)
        # of the resource itself, not of one of its properties
        self.status = self._text("d:status").partition(" ")[2][:3]

    @property
    def is_collection(self):
        """Whether others may be in it."""
        return self._has("d:resourcetype/d:collection")

    @property
    def is_address_book(self):
        """Whether cards are in it."""
        return self._has("d:resourcetype/c:addressbook")

    @property
    def tells_changes(self):
        """Whether it can be asked for what has changed in it."""
        return self._has("d:supported-report/d:report/d:sync-collection")

    def _has(self, path):
        return self._element.find(f".//{path}", NAMESPACES) is not None

    def _text(self, path, strip=True):
        text = self._element.findtext(path, "", NAMESPACES)
        return text.strip() if strip else text


class Answer(NamedTuple):
    """What a server says of several resources."""

    resources: list
    token: str  #: names this state of the collection, if it was asked for


def read(content):
    """Read the answer of a server.

    :param content: XML as ``bytes``
    :rtype: Answer
    :raise NotWebDAVError: when it is something else
    """
    # entities could read our files, or grow without end
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
    """Ask what has changed since a token; for all that is there without one."""
    return (
        f'<sync-collection xmlns="DAV:"><sync-token>{escape(token or "")}</sync-token>'
        "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    )


def cards_at(paths):
    """Ask for several cards at once."""
    hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
    return (
        '<c:addressbook-multiget xmlns:c="urn:ietf:params:xml:ns:carddav" '
        'xmlns:d="DAV:"><d:prop><d:getetag/><c:address-data/></d:prop>'
        f"{hrefs}</c:addressbook-multiget>"
    )
