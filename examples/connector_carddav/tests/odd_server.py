# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A CardDAV server in memory, with the habits that a test gives it."""

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from odoo.addons.connector.tests.remote_system import Answer, FailingServer

BOOK = "/book/"
NATURE = (
    "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
    "<d:supported-report-set>{reports}</d:supported-report-set>"
)
REPORT = "<d:supported-report><d:report><d:{}/></d:report></d:supported-report>"
HREF = re.compile(rb"<d:href>([^<]*)</d:href>")
TOKEN = re.compile(rb"<sync-token>([^<]*)</sync-token>")


def dav(*responses, token=""):
    """Return an answer with responses, and a token if there is one."""
    token = token and f"<d:sync-token>{escape(token)}</d:sync-token>"
    text = (
        '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">'
        f"{''.join(responses)}{token}</d:multistatus>"
    )
    return Answer(207, text.encode(), {"Content-Type": "application/xml"})


def response(href, properties="", status="", part="200"):
    """Return the response for a resource.

    :param properties: XML of the properties
    :param status: of the resource itself, which then has no properties
    :param part: status of the properties
    """
    inner = (
        f"<d:status>HTTP/1.1 {status} X</d:status>"
        if status
        else f"<d:propstat><d:prop>{properties}</d:prop>"
        f"<d:status>HTTP/1.1 {part} X</d:status></d:propstat>"
    )
    return f"<d:response><d:href>{escape(href)}</d:href>{inner}</d:response>"


class OddServer(FailingServer):
    """A server with one address book, which it also changes for other programs.

    A token is the number of changes that were made before. Replace a method to give it
    a habit.
    """

    def __init__(self):
        super().__init__()
        self.cards = {}  #: the cards (``bytes``) by name
        self.has_tokens = True
        self.etag_form = '"{}"'  #: of the header; "" for none
        self.history = []  #: names in the order of their changes

    @property
    def book(self):
        """The URL of the address book."""
        return self.url + BOOK

    def put(self, name, text):
        """Store a card, like another program."""
        self.cards[name] = text.encode()
        self.history.append(name)

    def remove(self, name):
        """Delete a card, like another program."""
        del self.cards[name]
        self.history.append(name)

    def etag(self, name):
        return hashlib.sha1(self.cards[name], usedforsecurity=False).hexdigest()

    def count_reports(self, kind):
        """Return the number of reports of a kind, such as ``"multiget"``."""
        return sum(
            call.method == "REPORT" and kind.encode() in call.content
            for call in self.calls
        )

    # -- the answers

    def answer(self, call, headers):
        name = unquote(urlsplit(call.target).path.removeprefix(BOOK))
        if call.method == "PROPFIND" and name:
            return dav(self.listed(name)) if name in self.cards else Answer.of(404)
        if call.method == "PROPFIND":
            return self.listing() if headers["Depth"] == "1" else dav(self.nature())
        if call.method == "REPORT":
            is_multiget = b"multiget" in call.content
            return self.multiget(call) if is_multiget else self.changes(call)
        if name not in self.cards and call.method != "PUT":
            return Answer.of(404)
        return getattr(self, f"on_{call.method.lower()}")(name, call, headers)

    def nature(self):
        report = REPORT.format("sync-collection") if self.has_tokens else ""
        return response(BOOK, NATURE.format(reports=report))

    def listing(self):
        return dav(self.nature(), *map(self.listed, self.cards))

    def listed(self, name):
        """Return the response for a card in a list."""
        return response(
            self.href(name), f"<d:getetag>{self.xml_etag(name)}</d:getetag>"
        )

    def changes(self, call):
        since = int(TOKEN.search(call.content)[1] or 0)
        names = dict.fromkeys(self.history[since:])
        listed = (
            self.listed(name)
            if name in self.cards
            else response(self.href(name), status="404")
            for name in names
        )
        return dav(*listed, token=str(len(self.history)))

    def multiget(self, call):
        hrefs = [href.decode() for href in HREF.findall(call.content)]
        return dav(*(self.got(unquote(href.rpartition("/")[2])) for href in hrefs))

    def got(self, name):
        """Return the response for a card that is asked for with others."""
        if name not in self.cards:
            return response(self.href(name), status="404")
        text = escape(self.cards[name].decode())
        return response(
            self.href(name),
            f"<d:getetag>{self.xml_etag(name)}</d:getetag>"
            f"<c:address-data>{text}</c:address-data>",
        )

    def on_get(self, name, call, headers):
        return Answer(200, self.cards[name], self.etag_header(name))

    def on_put(self, name, call, headers):
        if not self.admits(name, headers):
            return Answer.of(412)
        self.put(name, call.content.decode())
        return Answer(204, b"", self.etag_header(name))

    def on_delete(self, name, call, headers):
        if not self.admits(name, headers):
            return Answer.of(412)
        self.remove(name)
        return Answer.of(204)

    def admits(self, name, headers):
        """Return whether the conditions of a request are met (RFC 9110, 13.1)."""
        wanted = headers.get("If-Match")
        if headers.get("If-None-Match"):
            return name not in self.cards
        return name in self.cards and wanted in ("*", f'"{self.etag(name)}"')

    def etag_header(self, name):
        return (
            {"ETag": self.etag_form.format(self.etag(name))} if self.etag_form else {}
        )

    def xml_etag(self, name):
        return self.etag_form.format(self.etag(name))

    def href(self, name):
        return BOOK + quote(name, safe="")
