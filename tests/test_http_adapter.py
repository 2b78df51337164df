# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import logging
import socket
import traceback
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import requests

from odoo.tests.common import _super_send

from odoo.addons.component.core import Component
from odoo.addons.connector.components.http_adapter import (
    LONGEST_WAIT,
    BearerAuth,
    HeaderAuth,
)
from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)

from .common import ShopCase
from .web_server import web_server

SECRET = "s3cr3t"


class HTTPCase(ShopCase):
    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        """Odoo's tests lengthen short timeouts; here they are what is tested."""
        return _super_send(session, request, **kwargs)

    def setUp(self):
        super().setUp()
        self.web = self.enterContext(web_server())
        self.addCleanup(self.close_sessions)
        self.works = []

    def close_sessions(self):
        for work in self.works:
            for session in work.http_sessions.values():
                session.close()

    def adapter(self, **attributes):
        """Build an adapter to the web server and return it."""
        attributes.setdefault("_base_url", lambda adapter: f"{self.web.url}/api")
        self.build(
            type(
                "HTTPAdapter",
                (Component,),
                {
                    "_name": f"test.http.adapter.{len(self.works)}",
                    "_inherit": ["connector.http.adapter", "base.test.shop"],
                    "_usage": f"http.{len(self.works)}",
                    "__module__": __name__,
                    **attributes,
                },
            )
        )
        work = self.work()
        work.http_sessions = {}
        self.works.append(work)
        return work.component(usage=f"http.{len(self.works) - 1}")

    def in_last_try(self):
        """Return the shop as a job in its last try has it."""
        job = self.binding().with_delay().export_record()
        self.env["queue.job"].search([("uuid", "=", job.uuid)]).write(
            {"retry": 4, "max_retries": 5}
        )
        return self.shop.with_context(job_uuid=job.uuid)

    def will_answer(self, status=200, body=b"", path="/api/contacts", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.web.answers[path] = (status, headers, body)

    def error(self, adapter=None, method="GET", path="contacts"):
        """Return the error of a call, with all that a job would keep of it."""
        adapter = adapter or self.adapter()
        with self.assertRaises(Exception) as raised:
            adapter._call(method, path)
        error = raised.exception
        error.text = "".join(traceback.format_exception(error))
        return error


class TestCalls(HTTPCase):
    def test_data_goes_out_and_comes_back(self):
        self.will_answer(201, json.dumps({"id": 7}).encode())
        answer = self.adapter()._call("POST", "contacts", json={"name": "Ada"})
        self.assertEqual(answer, {"id": 7})
        [(method, path, headers, body)] = self.web.requests
        self.assertEqual((method, path), ("POST", "/api/contacts"))
        self.assertEqual(json.loads(body), {"name": "Ada"})

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
        self.assertEqual(self.web.requests[0][2]["X-Shop"], "7")

    def test_all_ways_to_authenticate(self):
        self.will_answer()
        for auth, name, value in (
            (("ada", SECRET), "Authorization", "Basic YWRhOnMzY3IzdA=="),
            (BearerAuth(SECRET), "Authorization", f"Bearer {SECRET}"),
            (HeaderAuth("X-Api-Key", SECRET), "X-Api-Key", SECRET),
        ):
            with self.subTest(auth=auth):
                if isinstance(auth, HeaderAuth):
                    self.assertNotIn(SECRET, repr(auth))
                self.adapter(_auth=lambda adapter, auth=auth: auth)._call(
                    "GET", "contacts"
                )
                self.assertEqual(self.web.requests[-1][2][name], value)

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

    def test_adapters_of_one_work_have_credentials_of_their_own(self):
        self.will_answer()
        one = self.adapter(_auth=lambda adapter: BearerAuth("one"))
        two = self.adapter(_auth=lambda adapter: BearerAuth("two"))
        two.work.http_sessions = one.work.http_sessions
        for adapter in (one, two):
            adapter._call("GET", "contacts")
        sent = [headers["Authorization"] for _, _, headers, _ in self.web.requests]
        self.assertEqual(sent, ["Bearer one", "Bearer two"])

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
        self.assertIn("Basic", self.web.requests[0][2]["Authorization"])

    def test_pages_are_followed_as_they_are_needed(self):
        base = f"{self.web.url}/api/contacts"
        self.will_answer(200, b"1", Link=f'<{base}2>; rel="next"')
        self.will_answer(200, b"2", "/api/contacts2", Link=f'<{base}3>; rel="next"')
        self.will_answer(200, b"3", "/api/contacts3", Link=f'<{base}2>; rel="next"')
        pages = self.adapter()._pages("contacts", params={"size": 1})
        self.assertEqual(next(pages).json(), 1)
        self.assertEqual(len(self.web.requests), 1)
        self.assertEqual([page.json() for page in pages], [2, 3], "and no circle")
        self.assertEqual(
            [path for _method, path, *_rest in self.web.requests],
            ["/api/contacts?size=1", "/api/contacts2", "/api/contacts3"],
        )


class TestAnswers(HTTPCase):
    """What an answer means for the job."""

    def test_each_status_says_what_happens_next(self):
        for statuses, expected in (
            ((400, 409, 412, 413, 415, 418, 422), InvalidDataError),
            ((401, 403), AccessRefusedError),
            ((404, 410), IDMissingInBackend),
            ((408, 425, 429, 500, 502, 503, 504), NetworkRetryableError),
            ((501, 505, 507), JobError),
        ):
            for status in statuses:
                with self.subTest(status=status):
                    self.will_answer(status, b"the backend's own words")
                    error = self.error()
                    self.assertIs(type(error), expected)
                    self.assertIn("the backend's own words", str(error))
                    self.assertIn(str(status), str(error))

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

    def test_an_address_that_is_none_has_to_be_mended(self):
        for url in ("nowhere", "ftp://127.0.0.1", "http://"):
            adapter = self.adapter(_base_url=lambda _, url=url: url)
            self.assertIsInstance(self.error(adapter), InvalidDataError, url)

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
        self.assertFalse(self.web.requests)


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
        for text in ("soon", "-5", "1.5", ""):
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
            self.web.answers.clear()
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

    def test_a_redirect_to_another_host_does_not_get_the_secret(self):
        other = self.enterContext(web_server())
        other.answers["/"] = (200, {}, b"1")
        for auth in (HeaderAuth("X-Api-Key", SECRET), BearerAuth(SECRET)):
            self.will_answer(302, Location=other.url + "/")
            adapter = self.adapter(_auth=lambda adapter, auth=auth: auth)
            adapter._call("GET", "contacts")
            self.assertNotIn(SECRET, str(other.requests[-1]))
