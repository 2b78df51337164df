# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers that Radicale does not send."""

import base64
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from unittest.mock import patch

import requests

from odoo.tests import common as odoo_common

from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)
from odoo.addons.connector.tests.common import Failure

from ..vcard import serialize
from .common import PASSWORD, USER, CardDAVCase

OK = (200, {"ETag": '"1"'}, "BEGIN:VCARD\r\nEND:VCARD\r\n")
LISTING = """\
<?xml version="1.0"?>{doctype}
<multistatus xmlns="DAV:"><response><href>{href}</href><propstat><prop>
<getetag>{etag}</getetag><resourcetype/></prop></propstat></response></multistatus>"""


class TestHTTP(CardDAVCase):
    def setUp(self):
        super().setUp()
        self.adapter = self.component("backend.adapter")

    def scripted(self, *script):
        server = super().scripted(*script)
        self.adapter = self.component("backend.adapter")
        return server

    def create(self):
        return self.adapter.create({"FN": "A"}, idempotency_key="a")

    def retry_seconds(self):
        with self.assertRaisesRegex(NetworkRetryableError, "Sales phones") as caught:
            self.adapter.read("a.vcf")
        return caught.exception.seconds

    # -- retries

    def test_a_busy_server_is_asked_again_after_the_time_that_it_gives(self):
        for status in (429, 502, 503, 504):
            self.scripted((status, {"Retry-After": "420"}, "busy"))
            self.assertAlmostEqual(self.retry_seconds(), 441, delta=22)

    def test_a_busy_server_may_give_the_time_as_a_date(self):
        date = datetime.now(timezone.utc) + timedelta(minutes=7)
        header = format_datetime(date, usegmt=True)
        self.scripted((503, {"Retry-After": header}, ""))
        self.assertAlmostEqual(self.retry_seconds(), 441, delta=33)

    def test_a_server_that_is_down_is_a_retry(self):
        with self.scripted(OK).down():
            self.assertTrue(self.retry_seconds())

    def test_a_server_that_hangs_up_is_a_retry(self):
        self.scripted()
        self.assertTrue(self.retry_seconds())

    def test_a_silent_server_is_a_retry(self):
        self.scripted().fail(Failure.SILENT_BEFORE, seconds=5)
        # Odoo's test case extends short timeouts.
        send = patch.object(requests.Session, "send", odoo_common._super_send)
        with send, patch.object(type(self.adapter), "_timeout", 0.2):
            self.assertTrue(self.retry_seconds())

    def test_every_request_has_a_timeout(self):
        self.scripted(OK)
        timeouts = []

        def send(session, request, **kwargs):
            timeouts.append(kwargs["timeout"])
            return odoo_common._super_send(session, request, **kwargs)

        with patch.object(requests.Session, "send", send):
            card = self.adapter.read("a.vcf")
            self.create()
            self.adapter.write("a.vcf", card.text, card.etag)
            self.adapter.delete("a.vcf")
            with self.assertRaises(JobError):
                self.adapter.search()
        self.assertEqual(timeouts, [30] * 5)

    def limit(self, name, value):
        self.enterContext(patch.object(type(self.adapter), name, value))

    def test_an_answer_that_is_too_large_is_not_read(self):
        self.limit("_max_answer_size", 20)
        self.scripted(OK)
        with self.assertRaisesRegex(JobError, "Sales phones.*_max_answer_size"):
            self.adapter.read("a.vcf")

    def test_an_answer_that_never_ends_is_not_waited_for(self):
        self.limit("_deadline", 0.2)
        self.scripted().fail(Failure.SILENT_BEFORE, seconds=5)
        send = patch.object(requests.Session, "send", odoo_common._super_send)
        with send, self.assertRaisesRegex(NetworkRetryableError, "0.2 seconds"):
            self.adapter.read("a.vcf")

    def test_changes_without_end_are_an_error_that_names_the_limit(self):
        more = """<?xml version="1.0"?><multistatus xmlns="DAV:">
            <response><href>/book/</href><status>HTTP/1.1 507 Full</status></response>
            <response><href>/book/</href><propstat><prop><supported-report-set>
            <supported-report><report><sync-collection/></report></supported-report>
            </supported-report-set></prop></propstat></response>
            <sync-token>{}</sync-token></multistatus>"""
        self.limit("_max_pages", 3)
        server = self.scripted(*((207, {}, more.format(each)) for each in range(9)))
        with self.assertRaisesRegex(JobError, "more than 3 pages.*_max_pages"):
            self.adapter.changes("a token")
        self.assertEqual(len(server.calls), 4)

    # -- refusals

    def test_a_refusal_shows_the_servers_message_without_markup(self):
        answer = "<e xmlns='DAV:'><message>UID  is\n missing</message></e>"
        for status in (400, 409, 413, 415, 422):
            self.scripted((status, {}, answer))
            with self.assertRaisesRegex(
                InvalidDataError,
                rf"Sales phones.*\({status}\): UID is missing PUT .*a.vcf",
            ):
                self.create()

    def test_a_card_that_is_gone_is_missing(self):
        self.scripted((410, {}, ""))
        with self.assertRaisesRegex(IDMissingInBackend, "Sales phones.*a.vcf"):
            self.adapter.read("a.vcf")

    def test_a_forbidden_request_is_a_refused_access(self):
        self.scripted((403, {}, ""))
        with self.assertRaisesRegex(AccessRefusedError, "Sales phones.*redentials"):
            self.adapter.read("a.vcf")

    # -- secrets

    def test_the_password_reaches_the_server_whatever_its_letters(self):
        server = self.scripted(OK)
        self.adapter.read("a.vcf")
        sent = server.credentials[0].removeprefix("Basic ")
        self.assertEqual(base64.b64decode(sent).decode(), f"{USER}:{PASSWORD}")

    def test_a_redirect_to_another_host_is_not_followed(self):
        other = self.scripted(OK)
        url = other.url.replace("127.0.0.1", "u:p@localhost")
        location = f"{url}/x?token=t"
        for status in (301, 302, 303, 307, 308):
            self.scripted((status, {"Location": location}, ""))
            read = partial(self.adapter.read, "a.vcf")
            for call in (self.create, self.adapter.check, read):
                with self.assertRaisesRegex(JobError, "Sales phones.*new address"):
                    call()
        self.assertEqual(other.calls, [])

    def authorization(self):
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return f"Basic {token}"

    def test_an_error_hides_the_secrets_that_the_server_repeats(self):
        for secret in (self.authorization().split()[1], PASSWORD):
            self.scripted((501, {}, f"You sent {secret}!"))
            with self.assertRaisesRegex(JobError, "You sent .*!") as caught:
                self.adapter.read("a.vcf")
            self.assertNotIn(secret, str(caught.exception))

    # -- differences between servers

    def test_the_version_is_read_when_a_put_does_not_return_it(self):
        """Somebody else may have written a card that differs from the one we sent."""
        card = serialize({"FN": "A", "UID": "a"})
        for text, version in ((card, '"2"'), (card.replace("FN:A", "FN:B"), None)):
            server = self.scripted((201, {}, ""), (200, {"ETag": '"2"'}, text))
            self.create()
            self.assertEqual(self.adapter.version_of("a.vcf"), version)
            self.assertEqual([call.method for call in server.calls], ["PUT", "GET"])

    def test_names_are_quoted_in_addresses(self):
        server = self.scripted(OK)
        self.adapter.read("a/b?c#d%2F é:.vcf")
        path = "/book/a%2Fb%3Fc%23d%252F%20%C3%A9%3A.vcf"
        self.assertEqual(server.calls[0].target, path)

    def test_hrefs_may_be_paths_or_whole_addresses(self):
        for href in ("/book/a%20b.vcf", "http://127.0.0.1/book/a%20b.vcf", "a%20b.vcf"):
            text = LISTING.format(doctype="", href=href, etag='"1"')
            self.scripted((207, {}, text))
            self.assertEqual(self.adapter.search(), {"a b.vcf": '"1"'})

    def test_entities_in_an_answer_are_not_expanded(self):
        doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        text = LISTING.format(doctype=doctype, href="/book/a.vcf", etag="&e;")
        self.scripted((207, {}, text))
        self.assertEqual(self.adapter.search(), {"a.vcf": ""})

    def test_a_web_page_is_not_an_address_book(self):
        for text in ("<html><body>Hello</body></html>", "", "{}", "<a>"):
            self.scripted((200, {}, text))
            for call in (self.adapter.check, self.adapter.search):
                with self.assertRaisesRegex(JobError, "Sales phones"):
                    call()

    def test_text_that_is_not_utf_8_is_written_back_unchanged(self):
        server = self.scripted(OK)
        text = b"X-OLD:M\xfcller".decode(errors="surrogateescape")
        card = self.adapter.read("a.vcf")._replace(text=text)
        self.adapter.write("a.vcf", card.text, card.etag)
        self.assertEqual(server.calls[1].content, b"X-OLD:M\xfcller")

    def test_components_that_work_together_share_a_connection(self):
        server = self.scripted(OK)
        for _each in range(3):
            self.adapter.read("a.vcf")
        self.adapter.component(usage="backend.adapter").read("a.vcf")
        self.assertEqual(len({call.connection for call in server.calls}), 1)
        self.assertEqual(len(server.calls), 4)
