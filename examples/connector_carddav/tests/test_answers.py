# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers and cards that no server should send: each fails alone, with a sentence."""

from unittest.mock import patch

from odoo.addons.connector.exception import (
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)

from ..components.adapter import Card
from .common import ADA, CardDAVCase

SENTENCES = (InvalidDataError, JobError, NetworkRetryableError)
PART = "<d:getetag>{etag}</d:getetag><c:address-data>{card}</c:address-data>"
#: Answers in the place of those to a report.
NO_ANSWERS = (
    *("", " ", "null", "[]", "no XML", "<", "<a>", "<a/>", "<a></b>", "<!-- -->"),
    *("<?xml version='1.0'?>", "<?xml version='9.9'?><a/>", "<html><body/></html>"),
    "<multistatus/>",
    '<multistatus xmlns="DAW:"/>',
    '<d:multistatus xmlns:d="DAV:">',
    "<d:multistatus/>",
    '<error xmlns="DAV:"/>',
    '<multistatus xmlns="DAV:">\0</multistatus>',
    '<multistatus xmlns="DAV:">&nothing;</multistatus>',
    '<multistatus xmlns="DAV:"/><multistatus xmlns="DAV:"/>',
)
#: Addresses in the place of that of a card.
NO_NAMES = (
    "",
    " ",
    "/",
    "//",
    "http://[",
    "http://[::1",
    "///",
    "?",
    "#",
    "a/",
    "..//",
)
#: Contents in the place of a card.
NO_CARDS = (
    *("", " ", "no card", "BEGIN:VCARD", "END:VCARD", "BEGIN:VCARD\r\nEND:VCARD\r\n"),
    *("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "{}", "null", "<vcard/>", "BEGIN"),
    *("FN:Ada", ":", ";", "=", "BEGIN:VCARD\r\nFN", "\0", "\ufeff", "\ud800"),
    "BEGIN:VCARD\r\nVERSION:3.0\r\nBEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN: \r\nN: \r\nEND:VCARD\r\n",
)
#: Lines of a card that Odoo cannot use as they are.
ODD_LINES = (
    *(
        "N",
        "N:",
        "N:;",
        "N:;;;;;;;;",
        "ADR",
        "ADR:",
        "ADR:;;;;;;;;;;",
        "ORG:",
        "ORG:;;;",
    ),
    *(
        "EMAIL:",
        "EMAIL:@",
        "EMAIL:" + "a" * 5000,
        "TEL:",
        "TEL;TYPE=:1",
        "URL:",
        "URL::",
    ),
    *("TITLE:" + "x" * 100_000, "NOTE:" + "\\n" * 1000, "NOTE:<script>1</script>"),
    *("CATEGORIES:", "CATEGORIES:,,,", "CATEGORIES:" + ",".join("abc" * 50)),
    *(
        "PHOTO:",
        "PHOTO;ENCODING=b:",
        "PHOTO;ENCODING=b:!!!!",
        "PHOTO:http://[",
        "PHOTO::",
    ),
    *("PHOTO;ENCODING=b;TYPE=PNG:" + "A" * 4000, "PHOTO;ENCODING=x:AAAA"),
    *(
        "FN;CHARSET=nonsense:Ada",
        "FN;ENCODING=QUOTED-PRINTABLE:=ZZ",
        "FN;:Ada",
        "X:" * 9,
    ),
    *(
        "BDAY:tomorrow",
        "REV:" + "9" * 500,
        "UID:",
        "VERSION:",
        "VERSION:9.9",
        "a.b.c:d",
    ),
    *(
        "=",
        ":",
        ";",
        ";;;:::",
        '"',
        'TEL;TYPE="CELL:1',
        "\t",
        " folded",
        "é:1",
        "\x01:1",
    ),
)


def listing(*responses):
    """Return the answer of a server with these resources."""
    return (
        '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">'
        f"{''.join(responses)}</d:multistatus>"
    )


def resource(href, etag='"1"', card=ADA, status=""):
    """Return a resource in an answer."""
    part = PART.format(etag=etag, card=card)
    return (
        f"<d:response><d:href>{href}</d:href>{status}"
        f"<d:propstat><d:prop>{part}</d:prop></d:propstat></d:response>"
    )


class TestAnswers(CardDAVCase):
    def answering(self, *texts):
        """Let a server give answers in turn; return the adapter for it."""
        self.scripted(*((207, {}, text) for text in texts))
        return self.component("backend.adapter")

    def error_of(self, work):
        try:
            work()
        except Exception as error:
            return error
        return None

    def test_no_answer(self):
        for text in NO_ANSWERS:
            for name in ("search", "changes"):
                adapter = self.answering(text, text)
                with self.subTest(f"{name}: {text!r}"):
                    error = self.error_of(getattr(adapter, name))
                    self.assertIsInstance(error, SENTENCES)

    def test_no_name_names_no_card(self):
        right = resource("/u/b/1.vcf")
        for href in NO_NAMES:
            with self.subTest(href):
                text = listing(resource(href), right)
                self.assertEqual(self.answering(text).search(), {"1.vcf": '"1"'})
                found = self.answering(text).read_many(["1.vcf"])
                self.assertEqual(found["1.vcf"], Card(ADA.replace("\r", ""), '"1"'))
        without = "<d:response/>", "<d:response><d:propstat/></d:response>"
        for response in without:
            text = listing(response, right)
            self.assertEqual(self.answering(text).search(), {"1.vcf": '"1"'})

    def test_a_card_that_an_answer_lacks_or_has_in_parts_is_not_gone(self):
        alone = (200, {"ETag": '"2"'}, ADA)
        for text in (
            listing(),
            listing(resource("/u/b/other.vcf")),
            listing(resource("/u/b/1.vcf", etag="")),
            listing(resource("/u/b/1.vcf", card="")),
            listing(resource("http://[")),
        ):
            self.scripted((207, {}, text), alone)
            found = self.component("backend.adapter").read_many(["1.vcf"])
            self.assertEqual(found["1.vcf"], Card(ADA, '"2"'))
        self.scripted((207, {}, listing()), (404, {}, ""))
        self.assertEqual(self.component("backend.adapter").read_many(["1.vcf"]), {})
        status = "<d:status>HTTP/1.1 404 Not Found</d:status>"
        gone = listing(resource("/u/b/1.vcf", "", "", status))
        self.assertEqual(self.answering(gone).read_many(["1.vcf"]), {})

    def test_a_card_that_is_there_twice_is_one(self):
        text = listing(resource("/u/b/1.vcf", '"1"'), resource("1.vcf", '"2"'))
        self.assertEqual(self.answering(text).search(), {"1.vcf": '"2"'})

    def imported(self, texts):
        """Import cards as one chunk; return what is reported."""
        cards = {f"{number}.vcf": Card(text, "1") for number, text in enumerate(texts)}

        def read(adapter, external_id):
            adapter.card = cards.get(external_id)
            if adapter.card is None:
                raise IDMissingInBackend(external_id)
            return adapter.card

        def read_many(adapter, external_ids):
            return {external_id: cards[external_id] for external_id in external_ids}

        adapter = type(self.component("backend.adapter"))
        with (
            patch.object(adapter, "read", read),
            patch.object(adapter, "read_many", read_many),
        ):
            return self.bindings.import_chunk(self.backend, list(cards))

    def test_no_card_fails_alone(self):
        for text in NO_CARDS:
            with self.subTest(f"{text!r}"):
                report = self.imported([ADA, text])
                self.assertRegex(report, "1 failed.*\n.*Record 1.vcf failed")
                self.assertNotIn("unexpected error", report)
                self.assertEqual(self.binding_of("0.vcf").name, "Ada Lovelace")

    def test_an_odd_line_does_not_stop_the_others(self):
        for line in ODD_LINES:
            odd = ADA.replace("u1", "u2").replace("END:", f"{line}\r\nEND:")
            with self.subTest(f"{line!r:.80}"):
                report = self.imported([ADA, odd])
                self.assertNotIn("unexpected error", report)
                self.assertEqual(self.binding_of("0.vcf").name, "Ada Lovelace")
