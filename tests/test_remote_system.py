# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import socket
import subprocess
import sys
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from odoo.tests import BaseCase
from odoo.tests.common import _super_send

from . import remote_system
from .common import Failure, Proxy, RemoteSystem
from .remote_system import Answer


class TestRemoteSystem(BaseCase):
    """The remote system that the test kit offers to connectors."""

    def setUp(self):
        super().setUp()
        self.remote = self.enterContext(RemoteSystem(token="secret"))
        self.session = self.enterContext(requests.Session())
        self.session.headers["Authorization"] = "Bearer secret"

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        """Odoo's tests lengthen short timeouts; here they are what is tested."""
        return _super_send(session, request, **kwargs)

    def call(self, method, path, timeout=10, **kwargs):
        url = f"{self.remote.url}/{path}"
        return self.session.request(method, url, timeout=timeout, **kwargs)

    def listed(self, **params):
        answer = self.call("GET", "contacts", params=params).json()
        return [item["id"] for item in answer["items"]]

    def test_items_are_created_read_changed_and_deleted(self):
        answer = self.call("POST", "contacts", json={"title": "Ada"})
        id_ = answer.json()["id"]
        self.assertEqual((answer.status_code, id_), (201, "1"))
        self.assertEqual(self.call("GET", "contacts/1").json(), answer.json())
        answer = self.call("PATCH", "contacts/1", json={"mail": "a@example.com"})
        self.assertEqual(answer.json()["title"], "Ada")
        self.assertEqual(answer.json()["mail"], "a@example.com")
        self.assertEqual(self.call("DELETE", "contacts/1").status_code, 204)
        self.assertEqual(self.call("GET", "contacts/1").status_code, 404)
        self.assertEqual(self.call("PATCH", "contacts/1", json={}).status_code, 404)
        self.assertEqual(self.call("DELETE", "contacts/1").status_code, 404)
        self.assertFalse(self.remote.collection("contacts"))

    def test_a_change_may_name_the_version_that_it_changes(self):
        first = self.call("POST", "contacts", json={"title": "Ada"}).headers["ETag"]
        self.assertEqual(self.call("GET", "contacts/1").headers["ETag"], first)
        self.assertEqual(self.call("GET", "contacts").json()["etags"], {"1": first})
        self.remote.change("contacts", "1", title="Ada L.")
        stale, change = {"If-Match": first}, {"mail": "a@example.com"}
        for method in ("PATCH", "DELETE"):
            answer = self.call(method, "contacts/1", json=change, headers=stale)
            self.assertEqual(answer.status_code, 412)
        item = {"id": "1", "if_match": first, **change}
        answer = self.call("PATCH", "contacts/batch", json={"items": [item]})
        self.assertEqual(answer.json()["results"][0]["status"], 412)
        self.assertNotIn("mail", self.remote.collection("contacts")["1"])
        for etag in (self.call("GET", "contacts/1").headers["ETag"], "*"):
            headers = {"If-Match": etag}
            answer = self.call("PATCH", "contacts/1", json=change, headers=headers)
            self.assertEqual(answer.status_code, 200)
        item["if_match"] = answer.headers["ETag"]
        answer = self.call("PATCH", "contacts/batch", json={"items": [item]})
        [result] = answer.json()["results"]
        self.assertEqual(result["etag"], self.call("GET", "contacts/1").headers["ETag"])

    def test_items_may_count_their_changes(self):
        self.remote.revision_field = "revision"
        item = self.call("POST", "contacts", json={"title": "Ada"}).json()
        self.assertEqual(item["revision"], 1)
        self.remote.change("contacts", "1", title="Ada L.")
        answer = self.call("PATCH", "contacts/1", json=item)
        self.assertEqual(
            (answer.status_code, answer.json()["field"]), (409, "revision")
        )
        answer = self.call("PATCH", "contacts/1", json={"revision": 2})
        self.assertEqual(answer.json()["revision"], 3)
        self.assertEqual(self.call("PATCH", "contacts/1", json={}).status_code, 200)

    def test_each_call_needs_the_token(self):
        answer = self.call("GET", "ping", headers={"Authorization": "Bearer wrong"})
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(self.call("GET", "ping").json()["name"], "Remote System")

    def test_a_call_that_makes_no_sense_is_refused(self):
        for method, path, kwargs, status in (
            ("POST", "contacts", {"data": "no JSON"}, 400),
            ("POST", "contacts", {"json": []}, 400),
            ("GET", "contacts?limit=many", {}, 400),
            ("GET", "contacts?since=yesterday", {}, 400),
            ("DELETE", "contacts", {}, 405),
        ):
            with self.subTest(method=method, path=path):
                answer = self.call(method, path, **kwargs)
                self.assertEqual(answer.status_code, status)
                self.assertTrue(answer.json()["error"])

    def test_an_item_is_found_by_its_idempotency_key(self):
        headers = {"Idempotency-Key": "k1"}
        for _repeated in range(2):
            self.call("POST", "contacts", json={"title": "Ada"}, headers=headers)
        self.remote.add("contacts", {"title": "Bob"})
        self.assertEqual(self.listed(key="k1"), ["1", "2"])
        self.assertEqual(self.listed(key="k2"), [])

    def test_items_are_listed_by_ids_and_values(self):
        for number in range(4):
            self.remote.add("contacts", {"number": number, "paid": number == 3})
        self.assertEqual(self.listed(ids="2,4,9"), ["2", "4"])
        self.assertEqual(self.listed(number=0), ["1"])
        self.assertEqual(self.listed(paid="true"), ["4"])

    def test_no_page_misses_an_item_while_items_change(self):
        for _number in range(5):
            self.remote.add("contacts", {})
        page = self.call("GET", "contacts?limit=2").json()
        self.assertEqual([item["id"] for item in page["items"]], ["1", "2"])
        self.remote.change("contacts", "1", title="Changed")
        self.remote.change("contacts", "3", title="Changed")
        seen = []
        while page["next"]:
            params = {"limit": 2, "after": page["next"]}
            page = self.call("GET", "contacts", params=params).json()
            seen += [item["id"] for item in page["items"]]
        self.assertEqual(seen, ["4", "5", "1", "3"])

    def test_pages_are_as_small_as_the_system_wants(self):
        self.remote.page_size = 2
        for _number in range(3):
            self.remote.add("contacts", {})
        self.assertEqual(self.listed(limit=3), ["1", "2"])
        self.assertEqual(self.listed(limit=1), ["1"])

    def test_pages_by_offset_miss_items_that_move(self):
        for _number in range(4):
            self.remote.add("contacts", {})
        self.assertEqual(self.listed(limit=2), ["1", "2"])
        self.remote.change("contacts", "1", title="Changed")
        self.assertEqual(self.listed(limit=2, offset=2), ["4", "1"])

    def test_a_moment_finds_what_changed_at_that_moment(self):
        for id_, second in (("a", 9), ("b", 10), ("c", 11)):
            self.remote.stop_clock(datetime(2026, 5, 1, 12, 0, second))
            self.remote.add("contacts", {"id": id_})
        self.assertEqual(self.listed(since="2026-05-01T12:00:10Z"), ["b", "c"])
        self.assertEqual(self.listed(since="2026-05-01 12:00:10"), ["b", "c"])
        self.assertEqual(self.listed(since="2026-05-01T14:00:10+02:00"), ["b", "c"])
        self.assertEqual(self.call("GET", "ping").json()["now"], "2026-05-01T12:00:11Z")

    def test_a_batch_has_a_result_for_each_item(self):
        self.remote.refuse("contacts", lambda item: not item["title"] and "No title")
        items = [{"title": "Ada", "key": "k1"}, {"title": ""}]
        answer = self.call("POST", "contacts/batch", json={"items": items})
        refusal = {"error": "No title", "status": 422}
        self.assertEqual(answer.json(), {"results": [{"id": "1"}, refusal]})
        items = [{"id": "1", "title": "Bob"}, {"id": "9", "title": "Carl"}]
        done, gone = self.call("PATCH", "contacts/batch", json={"items": items}).json()[
            "results"
        ]
        self.assertEqual((done, gone["status"]), ({"id": "1"}, 404))
        item = self.remote.collection("contacts")["1"]
        self.assertEqual((item["title"], item["key"]), ("Bob", "k1"))

    def test_refused_data_is_not_stored(self):
        self.remote.refuse("contacts", lambda item: f"{item['title']} is refused")
        answer = self.call("POST", "contacts", json={"title": "Ada"})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(answer.json()["error"], "Ada is refused")
        self.assertFalse(self.remote.collection("contacts"))

    def test_ids_may_be_of_any_kind(self):
        long = "x" * 2000
        ids = [0, -7, "Ä/ö ☃", long]
        self.remote.give_ids("contacts", *ids)
        for id_ in ids:
            answer = self.call("POST", "contacts", json={})
            self.assertEqual(answer.json()["id"], id_)
            path = f"contacts/{requests.utils.quote(str(id_), safe='')}"
            self.assertEqual(self.call("GET", path).json()["id"], id_)
        self.assertEqual(self.listed(), ids)

    def test_failures_that_do_nothing(self):
        for failure, status in (
            (Failure.REFUSE, 422),
            (Failure.TOO_MANY, 429),
            (Failure.SERVER_ERROR, 500),
            (Failure.GONE, 404),
        ):
            with self.subTest(failure=failure):
                self.remote.fail(failure, "POST", "contacts", seconds=7)
                answer = self.call("POST", "contacts", json={})
                self.assertEqual(answer.status_code, status)
                if failure is Failure.TOO_MANY:
                    self.assertEqual(answer.headers["Retry-After"], "7")
        self.remote.fail(Failure.HANG_UP_BEFORE, "POST", "contacts")
        with self.assertRaises(requests.ConnectionError):
            self.call("POST", "contacts", json={})
        self.assertFalse(self.remote.collection("contacts"))

    def test_failures_that_lose_the_answer(self):
        self.remote.fail(Failure.HANG_UP_AFTER, "POST", "contacts")
        with self.assertRaises(requests.ConnectionError):
            self.call("POST", "contacts", json={})
        self.remote.fail(Failure.GARBAGE, "POST", "contacts")
        answer = self.call("POST", "contacts", json={})
        with self.assertRaises(ValueError):
            answer.json()
        self.remote.fail(Failure.SLOW, "POST", "contacts", seconds=60)
        with self.assertRaises(requests.ReadTimeout):
            self.call("POST", "contacts", json={}, timeout=0.2)
        with self.remote.down():  # all calls have ended
            self.assertEqual(len(self.remote.collection("contacts")), 3)

    def test_failures_of_the_connection(self):
        self.remote.add("contacts", {"title": "Ada" * 1000})
        self.remote.fail(Failure.RESET)
        with self.assertRaisesRegex(requests.ConnectionError, "reset"):
            self.call("GET", "contacts/1")
        self.remote.fail(Failure.TRUNCATE)
        error = requests.exceptions.ChunkedEncodingError
        with self.assertRaisesRegex(error, "IncompleteRead"):
            self.call("GET", "contacts/1")
        self.remote.fail(Failure.TRUNCATE, "DELETE")
        self.assertEqual(self.call("DELETE", "contacts/1").status_code, 204)

    def test_failures_that_take_time(self):
        self.remote.fail(Failure.TRICKLE, seconds=0.2)
        begun = time.monotonic()
        self.assertEqual(self.call("POST", "contacts", json={}).json()["id"], "1")
        self.assertGreater(time.monotonic() - begun, 0.2)
        for failure, found in ((Failure.SILENT_BEFORE, 1), (Failure.SILENT_AFTER, 2)):
            self.remote.fail(failure, seconds=0.1)
            with self.assertRaises(requests.ConnectionError):
                self.call("POST", "contacts", json={})
            self.assertEqual(len(self.remote.collection("contacts")), found)
        self.remote.fail(Failure.LATE, seconds=0.5)
        with self.assertRaises(requests.ReadTimeout):
            self.call("POST", "contacts", json={}, timeout=0.1)
        self.assertEqual(len(self.remote.collection("contacts")), 2)

    def test_answers_that_confuse(self):
        for failure, status, done in (
            (Failure.MAINTENANCE, 503, 0),
            (Failure.SERVER_ERROR_AFTER, 500, 1),
            (Failure.OTHER_DATA, 200, 2),
        ):
            with self.subTest(failure=failure):
                self.remote.fail(failure)
                answer = self.call("POST", "contacts", json={})
                self.assertEqual(answer.status_code, status)
                self.assertNotIn('"id"', answer.text)
                self.assertEqual(len(self.remote.collection("contacts")), done)
        self.remote.fail(Failure.TOO_MANY_UNTIL, seconds=60)
        until = self.call("GET", "contacts").headers["Retry-After"]
        seconds = parsedate_to_datetime(until).timestamp() - time.time()
        self.assertTrue(58 <= seconds <= 60, seconds)

    def test_a_failure_may_concern_some_calls(self):
        self.remote.fail(
            Failure.REFUSE, times=-1, when=lambda call: b"Bob" in call.content
        )
        for title, status in (("Ada", 201), ("Bob", 422), ("Eve", 201)):
            answer = self.call("POST", "contacts", json={"title": title})
            self.assertEqual(answer.status_code, status)

    def test_calls_of_one_path_may_differ_in_what_they_ask(self):
        def asks(call):
            return b"mutation" in call.content

        noted = []
        self.remote.script(Answer.of(418), path="graphql", when=asks)
        self.remote.before(noted.append, path="graphql", times=-1, when=asks)
        for text, status in (("query", 201), ("mutation", 418)):
            answer = self.call("POST", "graphql", json={"text": text})
            self.assertEqual(answer.status_code, status)
        self.assertEqual([call.body["text"] for call in noted], ["mutation"])
        self.assertEqual(self.remote.count("POST", "graphql", when=asks), 1)

    def test_answers_may_follow_a_script(self):
        first, last = Answer.of(202), Answer(200, b"[", {"Content-Length": 9})
        self.remote.script(Answer.of(418), path="contacts")
        self.remote.script(first, None, last, path="contacts/1")
        self.remote.script(lambda handler: handler.send_error(505), method="PUT")
        self.assertEqual(self.call("GET", "contacts/1").status_code, 202)
        with self.assertRaises(requests.ConnectionError):
            self.call("GET", "contacts/1")
        for _repeated in range(2):
            with self.assertRaises(requests.exceptions.ChunkedEncodingError):
                self.call("GET", "contacts/1")
        self.assertEqual(self.call("PUT", "contacts/1").status_code, 505)
        self.assertEqual(self.call("GET", "contacts").status_code, 418)
        self.assertEqual(self.call("GET", "ping").status_code, 200)

    def test_a_client_that_dies_while_it_sends_asks_for_nothing(self):
        head = b"POST /contacts HTTP/1.1\r\nContent-Length: 17\r\n\r\n"
        address = urlsplit(self.remote.url)
        for sent in (b"", b'{"tit'):
            place = (address.hostname, address.port)
            with socket.create_connection(place, timeout=5) as client:
                client.sendall(head + sent)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(100), b"", "it hangs up")
        self.assertEqual(self.remote.calls, [])

    def test_a_failure_happens_as_often_as_told(self):
        self.remote.fail(Failure.SERVER_ERROR, "GET", "contacts/1", times=2)
        self.remote.add("contacts", {})
        self.remote.add("contacts", {})
        answers = [self.call("GET", f"contacts/{id_}") for id_ in (2, 1, 1, 1)]
        statuses = [answer.status_code for answer in answers]
        self.assertEqual(statuses, [200, 500, 500, 200])

    def test_a_test_can_interrupt_a_call(self):
        self.remote.add("contacts", {"title": "Ada"})

        def change(call):
            self.remote.change("contacts", "1", title=f"During {call.method}")

        self.remote.before(change, "GET", "contacts")
        titles = [self.call("GET", "contacts/1").json()["title"] for _read in range(2)]
        self.assertEqual(titles, ["During GET", "During GET"])

    def test_a_system_that_is_down_keeps_its_items(self):
        self.call("POST", "contacts", json={})
        with self.remote.down(), self.assertRaises(requests.ConnectionError):
            self.call("GET", "contacts/1")
        self.assertEqual(self.call("GET", "contacts/1").status_code, 200)

    def test_calls_are_counted(self):
        self.call("POST", "contacts", json={"title": "Ada"})
        self.call("GET", "contacts/1?a=b")
        self.call("GET", "contactsheets")
        self.assertEqual(self.remote.count("POST", "contacts"), 1)
        self.assertEqual(self.remote.count("GET", "contacts"), 1)
        self.assertEqual(self.remote.count("GET"), 2)
        create, read, _other = self.remote.calls
        self.assertEqual(create.body, {"title": "Ada"})
        self.assertEqual((read.path, read.query), ("contacts/1", {"a": "b"}))
        self.assertNotIn("secret", repr(self.remote.calls))

    def test_it_runs_without_odoo_and_prints_its_calls(self):
        process = subprocess.Popen(
            [sys.executable, "-I", remote_system.__file__, "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.addCleanup(process.stdout.close)
        url = process.stdout.readline().split()[0]
        answer = self.session.get(f"{url}/ping", timeout=10)
        self.assertEqual(answer.json()["name"], "Remote System")
        self.assertEqual(process.stdout.readline(), "GET /ping\n")
        items = [{"name": "Ada", "key": "k"}, {"name": "Bob", "phone": "1"}]
        for path, body, line in (
            ("contacts?q=v", {"name": "Ada", "phone": None}, "contacts: name, phone"),
            ("contacts/batch", {"items": items}, "contacts/batch: name, key, phone"),
            ("contacts", [], "contacts"),
        ):
            self.session.post(f"{url}/{path}", json=body, timeout=10)
            self.assertEqual(process.stdout.readline(), f"POST /{line}\n")


class TestProxy(BaseCase):
    """The proxy that fails in place of a server."""

    def setUp(self):
        super().setUp()
        self.remote = self.enterContext(RemoteSystem(token="secret"))
        self.proxy = self.enterContext(Proxy(self.remote.url))

    def call(self, method, path, **kwargs):
        url = f"{self.proxy.url}/{path}"
        headers = {"Authorization": "Bearer secret"}
        return requests.request(method, url, headers=headers, timeout=10, **kwargs)

    def test_calls_are_forwarded(self):
        answer = self.call("POST", "contacts", json={"title": "Ä"})
        self.assertEqual((answer.status_code, answer.json()["title"]), (201, "Ä"))
        self.assertEqual(self.call("GET", "contacts?title=Ä&limit=1").status_code, 200)
        self.assertEqual(self.call("DELETE", "contacts/1").status_code, 204)
        self.assertEqual(self.call("GET", "contacts/1").status_code, 404)
        self.assertEqual(
            [call[:3] for call in self.proxy.calls],
            [call[:3] for call in self.remote.calls],
        )

    def test_it_fails_on_command(self):
        self.proxy.fail(Failure.HANG_UP_AFTER, "POST")
        with self.assertRaises(requests.ConnectionError):
            self.call("POST", "contacts", json={"title": "Ada"})
        self.assertEqual(len(self.remote.collection("contacts")), 1)

    def test_refused_calls_are_not_forwarded(self):
        self.proxy.refuse(lambda call: b"Bob" in call.content)
        for title, status in (("Ada", 201), ("Bob", 422)):
            answer = self.call("POST", "contacts", json={"title": title})
            self.assertEqual(answer.status_code, status)
        self.assertEqual(self.remote.count("POST"), 1)
