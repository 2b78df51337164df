# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import contextlib
import gzip
import json
import logging
import socket
import ssl
import tempfile
import threading
import time
import tracemalloc
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import quote, unquote_plus

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odoo.addons.component.core import Component
from odoo.addons.connector.components.http.errors import LONGEST_WAIT
from odoo.addons.connector.components.http.session import is_same_host, is_trusted
from odoo.addons.connector.components.http_adapter import (
    BearerAuth,
    HeaderAuth,
    Session,
)
from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    LimitReachedError,
    NetworkRetryableError,
    ReadOnlyError,
)
from odoo.addons.connector.tools.read_only import read_only_work

from .http_case import HTTPCase
from .remote_system import Answer, FailingServer

SECRET = "s3cr3t"

#: Statuses of a backend that is not available, and of one that fails at a request.
BUSY = (
    *(408, 420, 425, 429, 502, 503, 504, 509, 521, 522, 523, 524, 525, 526, 527),
    *(529, 530, 598, 599),
)
LIMITED = (420, 429, 509, 529)
PASSING = (421, 423, 449, 500, 511, 512, 520, 528, 555, 600, 999)


def self_signed_certificate():
    """Return a key and a certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(pem)).decode()


class TestCalls(HTTPCase):
    def test_data_goes_out_and_comes_back(self):
        self.will_answer(201, json.dumps({"id": 7}).encode())
        answer = self.adapter()._call("POST", "contacts", json={"name": "Ada"})
        self.assertEqual(answer, {"id": 7})
        [call] = self.web.calls
        self.assertEqual((call.method, call.target), ("POST", "/api/contacts"))
        self.assertEqual(call.body, {"name": "Ada"})

    def test_a_preview_sends_only_requests_that_read(self):
        self.will_answer()
        self.will_answer(path="/api/contacts/search")

        self.adapter(publish=lambda adapter: adapter._call("POST", "contacts"))

        class SearchedByPost(Component):
            _inherit = "test.http.adapter.0"

            def _only_reads(self, method, path, **kwargs):
                is_search = path.endswith("/search")
                return is_search or super()._only_reads(method, path, **kwargs)

        self.build(SearchedByPost)
        with read_only_work(self.shop, self.model._name) as work:
            adapter = work.component(usage="http.0")
            for method in ("GET", "REPORT"):
                adapter._request(method, "contacts")
            adapter._call("POST", "contacts/search")
            for method in ("POST", "post", "PUT", "PATCH", "DELETE", "MKCOL"):
                with self.subTest(method=method), self.assertRaises(ReadOnlyError):
                    adapter._request(method, "contacts")
            with self.assertRaises(ReadOnlyError):
                adapter.publish()
            with self.assertRaises(ReadOnlyError):
                adapter.create({})
        sent = [call.method for call in self.web.calls]
        self.assertEqual(sent, ["GET", "REPORT", "POST"])
        self.component("http.0").publish()
        self.assertEqual(len(self.web.calls), 4)

    def test_an_answer_without_content_is_none(self):
        self.will_answer(204)
        self.assertIsNone(self.adapter()._call("DELETE", "contacts"))

    def test_the_base_url_is_that_of_the_backend(self):
        shop_class = type(self.shop)
        shop_class.url = f"{self.web.url}/api/"
        self.addCleanup(delattr, shop_class, "url")
        self.will_answer(200, b"1")
        base_url = self.components["connector.http.adapter"]._base_url
        self.assertEqual(self.adapter(_base_url=base_url)._call("GET", "/contacts"), 1)

    def test_headers_are_sent_with_every_request(self):
        self.will_answer()
        adapter = self.adapter(_headers=lambda adapter: {"X-Shop": "7"})
        adapter._call("GET", "contacts")
        self.assertEqual(self.web.calls[0].headers["X-Shop"], "7")

    def test_all_ways_to_authenticate(self):
        self.will_answer()
        for auth, credentials, key in (
            (("ada", SECRET), "Basic YWRhOnMzY3IzdA==", None),
            (BearerAuth(SECRET), f"Bearer {SECRET}", None),
            (HeaderAuth("X-Api-Key", SECRET), None, SECRET),
        ):
            with self.subTest(auth=auth):
                if isinstance(auth, HeaderAuth):
                    self.assertNotIn(SECRET, repr(auth))
                self.adapter(_auth=lambda adapter, auth=auth: auth)._call(
                    "GET", "contacts"
                )
                self.assertEqual(self.web.credentials[-1], credentials)
                self.assertEqual(self.web.calls[-1].headers.get("X-Api-Key"), key)

    def test_one_session_serves_a_work_context_and_those_made_from_it(self):
        adapter = self.adapter()
        other = adapter.work.work_on("connector.test.numbered")
        self.assertIs(other.component(usage="http.0").session, adapter.session)

    def test_sessions_are_closed_at_the_end_of_the_work(self):
        self.adapter()
        closed = []
        with self.shop.work_on("connector.test.binding") as work:
            session = work.component(usage="http.0").session
            self.patch(session, "close", lambda: closed.append(session))
        self.assertEqual(closed, [session])

    def test_every_request_has_a_timeout(self):
        timeouts = []
        self.will_answer()

        def send(session, request, **kwargs):
            timeouts.append(kwargs["timeout"])
            return original(session, request, **kwargs)

        original = requests.Session.send
        self.patch(requests.Session, "send", send)
        adapter = self.adapter()
        for given in ({}, {"timeout": None}, {"timeout": 7}):
            adapter._request("GET", "contacts", **given)
        self.assertEqual(timeouts, [adapter._timeout, adapter._timeout, 7])

    def test_requests_of_the_session_itself_have_a_timeout(self):
        timeouts = []
        self.will_answer()

        def send(session, request, **kwargs):
            timeouts.append(kwargs["timeout"])
            return original(session, request, **kwargs)

        original = requests.Session.send
        self.patch(requests.Session, "send", send)
        adapter = self.adapter(_timeout=7, _deadline=20)
        url = adapter._url("contacts")
        for given in (None, 5, 30, (3, None)):
            adapter.session.get(url, timeout=given)
        request = requests.Request("GET", url)
        adapter.session.send(adapter.session.prepare_request(request))
        self.assertEqual(timeouts[:2] + timeouts[3:], [7, 5, (3, 7), 7])
        self.assertTrue(19 < timeouts[2] <= 20, "not longer than the deadline")

    def test_adapters_of_one_work_have_credentials_of_their_own(self):
        self.will_answer()
        one = self.adapter(_auth=lambda adapter: BearerAuth("one"))
        two = self.adapter(_auth=lambda adapter: BearerAuth("two"))
        two.work.http_sessions = one.work.http_sessions
        for adapter in (one, two):
            adapter._call("GET", "contacts")
        self.assertEqual(self.web.credentials, ["Bearer one", "Bearer two"])

    def test_addresses_are_built_as_servers_write_them(self):
        url = self.web.url.replace("127.0.0.1", "LocalHost")
        adapter = self.adapter(_base_url=lambda adapter: f"{url}/api")
        for path, address in (
            ("", f"{url}/api"),
            ("/contacts", f"{url}/api/contacts"),
            ("urn:1", f"{url}/api/urn:1"),
            (f"{url.lower()}/other", f"{url.lower()}/other"),
        ):
            self.assertEqual(adapter._url(path), address)

    def test_a_next_page_may_be_relative(self):
        self.will_answer(200, b"1", Link='</api/contacts2>; rel="next"')
        self.will_answer(200, b"2", "/api/contacts2")
        pages = self.adapter()._pages("contacts")
        self.assertEqual([page.json() for page in pages], [1, 2])

    def test_a_password_may_have_any_letters(self):
        self.will_answer()
        self.adapter(_auth=lambda adapter: ("ada", "pał"))._call("GET", "contacts")
        self.assertIn("Basic", self.web.credentials[0])

    def test_pages_are_followed_as_they_are_needed(self):
        base = f"{self.web.url}/api/contacts"
        self.will_answer(200, b"1", Link=f'<{base}2>; rel="next"')
        self.will_answer(200, b"2", "/api/contacts2", Link=f'<{base}3>; rel="next"')
        self.will_answer(200, b"3", "/api/contacts3", Link=f'<{base}2>; rel="next"')
        pages = self.adapter()._pages("contacts", params={"size": 1})
        self.assertEqual(next(pages).json(), 1)
        self.assertEqual(len(self.web.calls), 1)
        self.assertEqual([page.json() for page in pages], [2, 3], "and no circle")
        self.assertEqual(
            [call.target for call in self.web.calls],
            ["/api/contacts?size=1", "/api/contacts2", "/api/contacts3"],
        )


class TestPages(HTTPCase):
    def will_list(self, *bodies, endless=False):
        """Answer with pages that name the next one; the last one is repeated."""

        def answer(handler):
            number = int(handler.path.partition("=")[2] or 0)
            body = bodies[min(number, len(bodies) - 1)]
            handler.send_response(200)
            if endless or number + 1 < len(bodies):
                link = f'</api/contacts?page={number + 1}>; rel="next"'
                handler.send_header("Link", link)
            handler.end_headers()
            handler.wfile.write(body)

        self.will_send(answer)

    def pages(self, **attributes):
        return [page.json() for page in self.adapter(**attributes)._pages("contacts")]

    def test_a_page_that_repeats_the_one_before_ends_the_list(self):
        self.will_list(b"[1]", b"[2]", endless=True)
        self.assertEqual(self.pages(), [[1], [2]])
        self.assertEqual(len(self.web.calls), 3)

    def test_an_empty_page_may_have_a_next_one(self):
        self.will_list(b"[1]", b"[]", b"[2]", b"[]", b"[3]")
        self.assertEqual(self.pages(), [[1], [], [2], [], [3]])

    def test_empty_pages_without_end_end_the_list(self):
        self.will_list(b"[1]", b"[]", endless=True)
        self.assertEqual(self.pages(), [[1], []])

    def test_a_connector_may_follow_equal_pages(self):
        self.will_list(b"[]", b"[]", b"[1]")
        follow = {"_repeats_page": lambda adapter, response, previous: False}
        self.assertEqual(self.pages(**follow), [[], [], [1]])

    def test_a_list_without_end_is_an_error_that_names_the_limit(self):
        self.will_list(*(b"[%d]" % number for number in range(9)), endless=True)
        pages, found = self.adapter(_max_pages=3)._pages("contacts"), []
        with self.assertRaisesRegex(JobError, "more than 3 pages.*_max_pages") as error:
            for page in pages:
                found += page.json()
        self.assertEqual(found, [0, 1, 2])
        self.assertIs(type(error.exception), JobError)

    def test_a_list_may_have_as_many_pages_as_the_limit(self):
        self.will_list(b"[1]", b"[2]", b"[3]")
        self.assertEqual(self.pages(_max_pages=3), [[1], [2], [3]])

    def test_a_next_page_may_be_a_parameter_beside_those_of_the_first(self):
        def answer(handler):
            number = int(handler.path.partition("page=")[2] or 0)
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"[%d]" % number)

        def next_page(adapter, response):
            [number] = response.json()
            return {"page": min(number + 1, 2)}

        self.will_send(answer)
        pages = self.adapter(_next_page=next_page)._pages(
            "contacts", params={"size": 1}
        )
        self.assertEqual([page.json() for page in pages], [[0], [1], [2]])
        self.assertEqual(
            [call.target for call in self.web.calls],
            [f"/api/contacts?size=1{more}" for more in ("", "&page=1", "&page=2")],
            "and no circle",
        )

    def test_a_page_that_is_not_json_is_requested_again_later(self):
        self.will_answer(200, b"<html>Welcome to the hotel")
        adapter = self.adapter()
        with self.assertRaisesRegex(NetworkRetryableError, "valid JSON") as caught:
            adapter._decode(next(adapter._pages("contacts")))
        self.assertNotIn("hotel", str(caught.exception))


class TestLimits(HTTPCase):
    """Answers that take too long, or are too large."""

    def setUp(self):
        super().setUp()
        self.stopped = threading.Event()
        self.addCleanup(self.stopped.set)

    def drip(self, handler, data, seconds=0.02):
        """Send data byte by byte, until the client or the test gives up."""
        with contextlib.suppress(OSError):
            for byte in data:
                if self.stopped.wait(seconds):
                    break
                handler.wfile.write(bytes([byte]))

    def will_drip(self, body=b"1" * 1000, header="X-Length: unknown", **options):
        """Let the server answer, and send the body byte by byte."""

        def answer(handler):
            handler.wfile.write(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode())
            self.drip(handler, body)

        self.will_send(answer, **options)

    def will_compress(self, body, times=1):
        for _each in range(times):
            body = gzip.compress(body)
        self.will_answer(200, body, Content_Encoding=", ".join(["gzip"] * times))

    def assert_too_slow(self, adapter=None):
        error = self.error(adapter or self.adapter(_deadline=0.3))
        self.assertIs(type(error), NetworkRetryableError)
        self.assertIn("did not complete its answer", str(error))
        return error

    def assert_too_large(self, adapter=None):
        error = self.error(adapter or self.adapter(_max_answer_size=1000))
        self.assertIs(type(error), JobError)
        self.assertIn("larger than 1000 bytes", str(error))
        self.assertIn("_max_answer_size", str(error))

    def test_headers_that_drip_are_noticed_when_they_are_complete(self):
        head = b"HTTP/1.1 200 OK\r\nX-Slow: 1\r\n\r\n"
        self.will_send(lambda handler: self.drip(handler, head + b"1" * 1000))
        self.assertIn("within 0.3 seconds", str(self.assert_too_slow()))

    def test_silence_before_the_headers(self):
        self.will_send(lambda handler: self.stopped.wait(10))
        self.assert_too_slow()

    def test_a_body_that_drips(self):
        for length in ("Content-Length: 1000", "X-Length: unknown"):
            self.will_drip(header=length)
            self.assert_too_slow()

    def test_silence_within_a_body(self):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[7")
            self.stopped.wait(10)

        self.will_send(answer)
        self.assert_too_slow()

    def test_chunks_that_drip(self):
        self.will_drip(b"1\r\n1\r\n" * 1000, "Transfer-Encoding: chunked")
        self.assert_too_slow()

    def test_a_chunk_that_drips(self):
        self.will_drip(b"ffff\r\n" + b"1" * 1000, "Transfer-Encoding: chunked")
        self.assert_too_slow()

    def test_redirects_that_loop_slowly(self):
        def answer(handler):
            self.stopped.wait(0.1)
            handler.send_response(302)
            handler.send_header("Location", handler.path)
            handler.end_headers()

        self.will_send(answer)
        self.assert_too_slow()
        self.assertLess(len(self.web.calls), 10)

    def test_redirects_that_loop_fast(self):
        self.will_answer(302, Location="/api/contacts")
        error = self.error()
        self.assertIs(type(error), JobError)
        self.assertIn("again and again", str(error))

    def test_a_job_whose_answer_always_drips_fails_in_the_end(self):
        self.will_drip()
        self.shop = self.in_last_try()
        self.assertFalse(self.assert_too_slow().ignore_retry)

    def test_slow_answers_within_the_deadline_are_complete(self):
        self.will_send(
            lambda handler: self.drip(handler, b"HTTP/1.1 200 OK\r\n\r\n[7]", 0.001)
        )
        self.assertEqual(self.adapter(_timeout=5)._call("GET", "contacts"), [7])

    def test_a_deadline_that_passed_does_not_reach_the_next_request(self):
        adapter = self.adapter(_deadline=0.3)
        self.will_drip()
        self.assert_too_slow(adapter)
        self.will_answer(200, b"[7]")
        self.assertEqual(adapter._call("GET", "contacts"), [7])

    def test_a_body_without_end(self):
        def answer(handler):
            handler.send_response(200)
            handler.end_headers()
            with contextlib.suppress(OSError):
                while not self.stopped.is_set():
                    handler.wfile.write(b"1" * 1000)

        self.will_send(answer)
        self.assert_too_large()

    def test_a_body_of_the_largest_size(self):
        body = b'"%s"' % (b"1" * 998)
        self.will_answer(200, body)
        adapter = self.adapter(_max_answer_size=1000)
        response = adapter._request("GET", "contacts")
        self.assertEqual(response.content, body)
        self.assertEqual(response.text, body.decode())
        self.assertEqual(response.json(), "1" * 998)
        self.will_answer(200, body + b" ")
        self.assert_too_large(adapter)

    def test_a_size_is_counted_after_decompression(self):
        adapter = self.adapter(_max_answer_size=1000)
        self.will_compress(b"1" * 1000)
        self.assertEqual(len(adapter._request("GET", "contacts").content), 1000)
        self.will_compress(b"1" * 1001)
        self.assert_too_large(adapter)

    def test_a_zip_bomb_is_not_unpacked(self):
        self.will_compress(b"0" * 2**26)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assert_too_large()
        self.assertLess(tracemalloc.get_traced_memory()[1], 2**25)

    def test_a_body_that_is_compressed_twice_is_refused(self):
        self.will_compress(b"0" * 2**20, times=2)
        error = self.error()
        self.assertIsInstance(error, NetworkRetryableError)
        self.assertIn("unreadable", str(error))

    def test_an_error_page_has_the_same_limits(self):
        self.will_answer(500, b"1" * 1001)
        self.assert_too_large()

    def test_a_streamed_answer_has_the_same_limits(self):
        self.will_answer(200, b"1" * 1001)
        adapter = self.adapter(_max_answer_size=1000)
        response = adapter._request("GET", "contacts", stream=True)
        with self.assertRaises(requests.RequestException):
            list(response.iter_content(None))

    def test_requests_of_the_session_itself_have_the_same_limits(self):
        adapter = self.adapter(_max_answer_size=1000, _deadline=0.3)
        url = adapter._url("contacts")
        self.will_answer(200, b"1" * 1001)
        with self.assertRaisesRegex(requests.RequestException, "1000 bytes"):
            adapter.session.get(url)
        self.will_drip()
        with self.assertRaisesRegex(requests.Timeout, "deadline"):
            adapter.session.get(url)

    def test_a_session_without_settings_has_limits(self):
        with Session() as session:
            limits = (session.timeout, session.deadline, session.max_answer_size)
        adapter = self.adapter()
        self.assertEqual(
            limits, (adapter._timeout, adapter._deadline, adapter._max_answer_size)
        )

    def test_answers_through_a_proxy_have_the_same_limits(self):
        proxies = {"http": self.web.url}
        adapter = self.adapter(
            _deadline=0.3, _base_url=lambda adapter: "http://localhost:1/api"
        )
        self.will_drip()
        adapter.session.proxies = proxies
        adapter.session.trust_env = False
        self.assert_too_slow(adapter)


class TestAnswers(HTTPCase):
    """Effects of an answer on the job."""

    def test_each_status_says_what_happens_next(self):
        for statuses, expected in (
            ((400, 409, 412, 413, 415, 418, 422, 424, 426, 428), InvalidDataError),
            ((430, 431, 440, 451, 499), InvalidDataError),
            ((401, 403, 407), AccessRefusedError),
            ((404, 410), IDMissingInBackend),
            (set(BUSY).difference(LIMITED), BackendUnavailableError),
            (LIMITED, LimitReachedError),
            (PASSING, NetworkRetryableError),
            ((501, 505, 506, 507, 508, 510), JobError),
        ):
            for status in statuses:
                with self.subTest(status=status):
                    self.will_answer(status, b"the backend's own words")
                    error = self.error()
                    self.assertIs(type(error), expected)
                    self.assertIn("the backend's own words", str(error))
                    self.assertIn(str(status), str(error))

    def test_a_status_that_may_stay_fails_the_job_in_the_end(self):
        self.shop = self.in_last_try()
        for statuses, counts in ((BUSY, False), (PASSING, True)):
            for status in statuses:
                with self.subTest(status=status):
                    self.will_answer(status)
                    self.assertEqual(self.error().ignore_retry, not counts)

    def test_an_answer_that_names_a_wait_is_no_final_one(self):
        for status in (400, 409, 412, 413, 422, 451, 501, 507):
            with self.subTest(status=status):
                self.will_answer(status, Retry_After="100")
                error = self.error()
                self.assertIs(type(error), NetworkRetryableError)
                self.assertTrue(100 <= error.seconds <= 110, error.seconds)
        for status, expected in ((401, AccessRefusedError), (404, IDMissingInBackend)):
            self.will_answer(status, Retry_After="100")
            self.assertIs(type(self.error()), expected)

    def test_a_refusal_that_is_a_limit_is_tried_again(self):
        self.shop = self.in_last_try()
        reset = str(round(time.time()) + 100)
        for case, body, headers, counts in (
            ("Retry-After", b"", {"Retry_After": "100"}, False),
            (
                "GitHub",
                b"",
                {"x_ratelimit_remaining": "0", "x_ratelimit_reset": reset},
                False,
            ),
            ("IETF", b"", {"RateLimit": '"default";r=0;t=100'}, False),
            (
                "GitHub's second limit",
                b"You have exceeded a secondary rate limit",
                {},
                1,
            ),
            ("Google", b'{"reason": "userRateLimitExceeded"}', {}, True),
            ("Salesforce", b'[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]', {}, True),
        ):
            with self.subTest(case):
                self.will_answer(403, body, **headers)
                error = self.error()
                expected = NetworkRetryableError if counts else LimitReachedError
                self.assertIs(type(error), expected)
                self.assertNotIn("credentials", str(error))
                self.assertTrue(60 <= error.seconds <= 112, error.seconds)
                self.assertEqual(error.ignore_retry, not counts)

    def test_a_refusal_within_the_limits_is_one(self):
        for headers in (
            {"x_ratelimit_remaining": "7", "x_ratelimit_reset": "100"},
            {"x_ratelimit_reset": "100"},
        ):
            self.will_answer(403, **headers)
            self.assertIs(type(self.error()), AccessRefusedError)

    def test_a_refused_connection_is_tried_again(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        adapter = self.adapter(_base_url=lambda _: f"http://127.0.0.1:{port}")
        self.assertIsInstance(self.error(adapter), NetworkRetryableError)

    def test_a_connection_closed_without_a_word_is_tried_again(self):
        self.assertIsInstance(self.error(), NetworkRetryableError)

    def test_a_server_that_keeps_silent_is_tried_again(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            adapter = self.adapter(_base_url=lambda _: url, _timeout=0.2)
            self.assertIsInstance(self.error(adapter), NetworkRetryableError)

    def test_an_answer_cut_off_or_of_another_kind_is_tried_again(self):
        self.shop = self.in_last_try()
        for answer in (
            {"body": b'{"id": 7}', "Content_Length": "100"},
            {"body": b"4\r\n{", "Transfer_Encoding": "chunked"},
            {"body": b"<html>Welcome to the proxy</html>"},
        ):
            self.will_answer(**answer)
            error = self.error()
            self.assertIsInstance(error, NetworkRetryableError)
            self.assertFalse(error.ignore_retry, "who always does so fails in the end")

    def test_a_certificate_that_is_not_valid_is_a_matter_for_people(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self_signed_certificate())
            file.flush()
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(file.name)
        server = self.enterContext(FailingServer(tls=context))
        error = self.error(self.adapter(_base_url=lambda adapter: server.url))
        self.assertIs(type(error), JobError)
        self.assertEqual(
            str(error),
            "The TLS certificate of Corner Shop is not valid. Ask its administrator to "
            "renew it.",
        )

    def test_a_secure_connection_that_fails_is_retried_a_few_times(self):
        self.shop = self.in_last_try()
        url = self.web.url.replace("http:", "https:")
        error = self.error(self.adapter(_base_url=lambda adapter: url))
        self.assertIsInstance(error, NetworkRetryableError)
        self.assertFalse(error.ignore_retry)

    def test_an_address_that_is_none_has_to_be_mended(self):
        for url in ("nowhere", "ftp://127.0.0.1", "http://", f"http://ada:{SECRET}/@b"):
            adapter = self.adapter(_base_url=lambda _, url=url: url)
            error = self.error(adapter)
            self.assertIsInstance(error, InvalidDataError, url)
            self.assertNotIn(SECRET, error.text)

    def test_what_nobody_could_send_is_refused(self):
        adapter = self.adapter()
        with self.assertRaises(InvalidDataError):
            adapter._call("POST", "contacts", json={"weight": float("nan")})
        broken = self.adapter(_auth=lambda adapter: BearerAuth(f"{SECRET}\n"))
        error = self.error(broken)
        self.assertIs(type(error), JobError)
        self.assertNotIn(SECRET, error.text)

    def test_a_redirect_to_nowhere_is_no_success(self):
        self.will_answer(302)
        self.assertIs(type(self.error(method="POST")), JobError)

    def test_a_moved_backend_is_not_called_at_its_new_address(self):
        self.will_answer(301, Location="http://elsewhere.example.com/?key=" + SECRET)
        error = self.error(method="POST")
        self.assertIs(type(error), JobError)
        self.assertIn("elsewhere.example.com", str(error))
        self.assertNotIn(SECRET, error.text)

    def test_no_request_leaves_for_another_host(self):
        error = self.error(path="http://elsewhere.example.com/contacts")
        self.assertIsInstance(error, InvalidDataError)
        self.assertFalse(self.web.calls)


class TestPaths(HTTPCase):
    """``requests`` resolves ``.`` and ``..``, which may be the id of a record."""

    def test_a_path_that_leads_to_another_resource_is_refused(self):
        for path in (
            "contacts/..",
            "contacts/.",
            "contacts/../",
            "contacts/../orders",
            "../contacts",
            ".",
            "..",
            "/..",
            "contacts/%2E%2e",
            "contacts/.%2e",
            "contacts/%2e?page=1",
            "contacts/..#top",
        ):
            for method in ("GET", "DELETE"):
                with (
                    self.subTest(path=path, method=method),
                    self.assertRaisesRegex(InvalidDataError, "external id"),
                ):
                    self.adapter()._call(method, path)
        self.assertFalse(self.web.calls)

    def test_other_paths_with_dots_are_sent(self):
        for path in (
            "contacts/...",
            "contacts/a..b",
            "contacts/..%2Forders",
            "contacts/.hidden",
            "contacts?next=/../x",
            "contacts/7#/../x",
        ):
            self.will_answer(200, b"[7]")
            self.assertEqual(self.adapter()._call("GET", path), [7], path)


class TestOtherHosts(HTTPCase):
    """Redirects and pages that lead to another host."""

    def setUp(self):
        super().setUp()
        self.other = self.enterContext(FailingServer())
        self.other.script(Answer.of(200, [8]))
        self.host = self.other.url.removeprefix("http://")

    def will_redirect(self, url):
        self.will_answer(302, Location=url)

    def test_a_redirect_to_another_host_is_not_followed(self):
        for url in (
            f"{self.other.url}/contacts",
            f"//{self.host}/contacts",
            f"http://localhost:{self.host.partition(':')[2]}/",
            "https://" + self.web.url.removeprefix("http://"),
        ):
            with self.subTest(url=url):
                self.will_redirect(url)
                error = self.error()
                self.assertIs(type(error), JobError)
                self.assertIn("If you trust that server", str(error))
        self.assertFalse(self.other.calls)

    def test_a_redirect_on_the_same_host_is_followed_with_the_credentials(self):
        for url in ("/api/other", f"{self.web.url}/api/other"):
            self.will_redirect(url)
            self.will_answer(200, b"[7]", "/api/other")
            adapter = self.adapter(_auth=lambda adapter: BearerAuth(SECRET))
            self.assertEqual(adapter._call("GET", "contacts"), [7])
        self.assertEqual(set(self.web.credentials), {f"Bearer {SECRET}"})

    def test_a_host_that_the_adapter_names_gets_no_secrets(self):
        for auth, headers in (
            (HeaderAuth("X-Mine", SECRET), {}),
            (BearerAuth(SECRET), {}),
            (("ada", SECRET), {}),
            (None, {"X-Mine": SECRET}),
        ):
            self.will_redirect(self.other.url + "/")
            adapter = self.adapter(
                _auth=lambda adapter, auth=auth: auth, _trusted_hosts=(self.host,)
            )
            adapter.session.cookies.set("session", SECRET, domain="127.0.0.2")
            answer = adapter._call("GET", "contacts", headers=headers)
            self.assertEqual(answer, [8])
            call, credentials = self.other.calls[-1], self.other.credentials[-1]
            self.assertNotIn(SECRET, f"{call} {credentials}")
            self.assertIsNone(credentials)

    def test_a_request_of_the_session_itself_is_not_redirected_either(self):
        self.will_redirect(self.other.url)
        adapter = self.adapter()
        answer = adapter.session.get(adapter._url("contacts"))
        self.assertEqual(answer.status_code, 302)
        self.assertFalse(self.other.calls)

    def test_pages_on_another_host_are_refused(self):
        for url in (
            f"{self.other.url}/",
            f"http:\\\\{self.host}/",
            self.other.url.replace("://", "://x@"),
            f"{self.other.url}\\@{self.web.url.removeprefix('http://')}/api/contacts",
        ):
            with self.subTest(url=url):
                self.will_answer(200, b"[7]", Link=f'<{url}>; rel="next"')
                pages = self.adapter()._pages("contacts")
                next(pages)
                with self.assertRaises(Exception) as raised:
                    next(pages)
                expected = InvalidDataError, NetworkRetryableError
                self.assertIsInstance(raised.exception, expected)
        self.assertFalse(self.other.calls)

    def test_pages_on_a_host_that_the_adapter_names_are_read_without_secrets(self):
        self.will_answer(200, b"[7]", Link=f"<{self.other.url}/>; REL=NEXT")
        adapter = self.adapter(
            _auth=lambda adapter: HeaderAuth("X-Mine", SECRET),
            _trusted_hosts=(self.host.upper(),),
        )
        pages = adapter._pages("contacts", headers={"X-Other": SECRET})
        self.assertEqual([page.json() for page in pages], [[7], [8]])
        self.assertNotIn(SECRET, str(self.other.calls))

    def test_hosts_are_compared_with_scheme_and_port(self):
        for url, base, same in (
            ("http://shop.example.com/", "http://shop.example.com:80", True),
            ("HTTPS://Shop.Example.com/", "https://shop.example.com:443", True),
            ("https://shop.example.com/", "http://shop.example.com", True),
            ("http://shop.example.com/", "https://shop.example.com", False),
            ("https://shop.example.com/", "http://shop.example.com:8080", False),
            ("https://shop.example.com:8443/", "https://shop.example.com", False),
            ("https://www.shop.example.com/", "https://shop.example.com", False),
            ("https://example.com/", "https://shop.example.com", False),
            ("https://shop.example.com.evil.com/", "https://shop.example.com", False),
            ("https://evil.com#@shop.example.com/", "https://shop.example.com", False),
            ("https://evil.com\\@shop.example.com", "https://shop.example.com", False),
        ):
            with self.subTest(url=url, base=base):
                self.assertEqual(is_same_host(url, base), same)

    def test_a_named_host_is_as_secure_as_the_backend(self):
        hosts = ("files.example.com", "example.com:8443")
        for url, trusted in (
            ("https://files.example.com/a", True),
            ("https://Files.Example.com:443/a", True),
            ("https://example.com:8443/a", True),
            ("http://files.example.com/a", False),
            ("https://files.example.com:8443/a", False),
            ("https://example.com/a", False),
            ("https://more.files.example.com/a", False),
            ("https://files.example.com\\@evil.com/a", False),
            ("ftp://files.example.com/a", False),
        ):
            with self.subTest(url=url):
                found = is_trusted(url, "https://shop.example.com", hosts)
                self.assertEqual(found, trusted)
        self.assertTrue(is_trusted("http://files.example.com", "http://a", hosts))


class TestWaits(HTTPCase):
    def job(self, **values):
        """Make the adapter believe that it runs in a job."""
        job = self.binding().with_delay().export_record()
        self.env["queue.job"].search([("uuid", "=", job.uuid)]).write(values)
        self.shop = self.shop.with_context(job_uuid=job.uuid)

    def wait(self, status=503, **headers):
        self.will_answer(status, **headers)
        return self.error()

    def test_waits_grow_with_the_tries_and_are_spread(self):
        waits = []
        for tries in range(8):
            self.job(retry=tries, max_retries=0)
            waits.append([self.wait().seconds for _ in range(5)])
        for tries, seconds in enumerate(waits):
            expected = min(10 * 3**tries, LONGEST_WAIT)
            self.assertTrue(all(0.79 <= s / expected <= 1.21 for s in seconds), seconds)
        self.assertGreater(len({s for seconds in waits for s in seconds}), 8)

    def test_retry_after_is_obeyed_in_seconds(self):
        for seconds in (1, 120, 3600):
            wait = self.wait(429, Retry_After=str(seconds)).seconds
            self.assertTrue(seconds <= wait <= seconds * 1.1 + 2, wait)

    def test_retry_after_is_obeyed_as_a_date(self):
        moment = datetime.now(timezone.utc) + timedelta(minutes=5)
        for text in (
            format_datetime(moment, usegmt=True),
            moment.strftime("%a %b %d %H:%M:%S %Y"),  # asctime, RFC 9110 5.6.7
        ):
            wait = self.wait(Retry_After=text).seconds
            self.assertTrue(290 <= wait <= 335, wait)

    def test_a_date_that_is_over_means_soon(self):
        moment = datetime.now(timezone.utc) - timedelta(days=1)
        wait = self.wait(Retry_After=format_datetime(moment, usegmt=True)).seconds
        self.assertTrue(1 <= wait <= 2, wait)

    def test_a_retry_after_that_nobody_understands_is_ignored(self):
        for text in ("soon", "-5", "1.5.5", "1e3", "9" * 12, "5 moons", ""):
            self.assertTrue(8 <= self.wait(Retry_After=text).seconds <= 12)

    def test_a_server_cannot_put_us_off_for_ever(self):
        self.assertLessEqual(self.wait(Retry_After="9" * 12).seconds, 27 * 3600)

    def test_a_backend_that_is_down_never_makes_a_job_fail(self):
        self.job(retry=0, max_retries=5)
        self.assertFalse(self.wait(503).ignore_retry, "the wait grows with the tries")
        self.job(retry=4, max_retries=5)
        self.assertTrue(self.wait(503).ignore_retry)

    def test_a_backend_that_breaks_at_a_request_makes_its_job_fail_in_the_end(self):
        self.job(retry=4, max_retries=5)
        self.assertFalse(self.wait(500).ignore_retry)


class TestSecrets(HTTPCase):
    def test_no_secret_is_in_an_error_or_a_log(self):
        adapter = self.adapter(
            _auth=lambda adapter: HeaderAuth("X-Api-Key", SECRET),
            _base_url=lambda adapter: (
                self.web.url.replace("://", f"://ada:{SECRET}@") + "/api"
            ),
        )
        path = f"contacts?token={SECRET}"
        with self.assertLogs("odoo.addons.connector", logging.DEBUG) as logs:
            for status in (200, 400, 401, 404, 429, 500, 501, 301):
                self.will_answer(status, Location="/api/contacts")
                if status == 200:
                    adapter._request("GET", path)
                else:
                    error = self.error(adapter, "POST", path)
                    self.assertNotIn(SECRET, error.text)
            self.will_send(None)
            self.assertNotIn(SECRET, self.error(adapter, path=path).text)
        self.assertNotIn(SECRET, "\n".join(logs.output))

    def test_a_backend_that_repeats_the_request_does_not_tell_its_secrets(self):
        for auth in (("ada", SECRET), BearerAuth(SECRET), HeaderAuth("X-Key", SECRET)):
            self.will_answer(
                400, f"<p>You sent {SECRET}</p>".encode(), Content_Type="text/html"
            )
            adapter = self.adapter(_auth=lambda adapter, auth=auth: auth)
            error = self.error(adapter)
            self.assertNotIn(SECRET, error.text)
            self.assertIn("You sent", str(error))
            self.assertNotIn("<p>", str(error))

    def test_a_secret_in_lists_of_a_body_is_not_repeated(self):
        self.will_answer(400, b"Not like this: s3cr3t-value")
        with self.assertRaisesRegex(InvalidDataError, r"this: \*\*\*"):
            self.adapter()._call(
                "POST", "contacts", json={"password": [["s3cr3t-value"]]}
            )

    def test_an_answer_that_is_cut_within_a_character_is_readable(self):
        self.will_answer(400, "Preis für Ä".encode()[:-1])
        self.assertIn("Preis für", str(self.error()))

    def test_no_secret_is_shown_in_any_form(self):
        """A server that repeats the whole request, in the forms that servers use."""
        secret = 'sécr"t &+/'

        def repeat(handler):
            path = unquote_plus(handler.path)
            headers = [*handler.headers.values(), path, secret, quote(secret)]
            handler.send_response(400)
            handler.end_headers()
            handler.wfile.write("\n".join([*headers, json.dumps(secret)]).encode())

        url = self.web.url
        user_info = url.replace("://", f"://ada:{quote(secret, '')}@")
        for case, attributes, options in (
            ("basic", {"_auth": lambda adapter: ("ada", secret)}, {}),
            ("basic of one call", {}, {"auth": ("ada", secret)}),
            ("query", {}, {"params": {"api_key": secret}}),
            ("cookie", {}, {"cookies": {"session": quote(secret)}}),
            ("header", {}, {"headers": {"X-Api-Key": secret.encode()}}),
            ("URL", {"_base_url": lambda adapter: f"{user_info}/api"}, {}),
        ):
            self.will_send(repeat)
            adapter = self.adapter(**attributes)
            with (
                self.subTest(case),
                self.assertRaisesRegex(InvalidDataError, r"\*\*\*") as raised,
            ):
                adapter._request("GET", "contacts", **options)
            forms = [secret, quote(secret), quote(secret, ""), json.dumps(secret)[1:-1]]
            for charset in ("utf-8", "latin-1"):
                token = base64.b64encode(f"ada:{secret}".encode(charset))
                forms.append(token.decode())
            for form in forms:
                self.assertNotIn(form, str(raised.exception))

    def test_a_status_line_does_not_repeat_a_secret(self):
        def answer(handler):
            handler.send_response(400, f"You sent {SECRET}")
            handler.end_headers()

        self.will_send(answer)
        adapter = self.adapter(_auth=lambda adapter: BearerAuth(SECRET))
        self.assertIn("You sent ***", str(self.error(adapter)))

    def test_a_redirect_to_an_invalid_address_is_an_error_for_people(self):
        for location in ("http://[x/", "http://ada:secret@b:port/?key=secret"):
            self.will_answer(302, Location=location)
            error = self.error(method="POST")
            self.assertIs(type(error), JobError)
            self.assertNotIn("secret", error.text)

    def test_no_query_is_in_the_log_of_urllib3(self):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nno header\r\nX: y\r\n\r\n1")

        self.will_send(answer)
        with self.assertLogs("urllib3", logging.DEBUG) as logs:
            self.adapter()._call("GET", f"contacts?token={SECRET}")
        self.assertIn("?***", "\n".join(logs.output))
        self.assertNotIn(SECRET, "\n".join(logs.output))
