"""Test deliveries to a real server, over real connections."""

import contextlib
import http.client
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from environment import OdooServer, databases
from environment.servers import HOST

from benchmarks import contenders, processes
from benchmarks.templates import SHORT_PARTNERS, prepare
from benchmarks.webhooks import Load, stored

MEGABYTE = b"x" * 1024 * 1024


class TestRealServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = prepare(contenders.OURS, SHORT_PARTNERS)
        cls.database = cls.enterClassContext(
            databases.temporary(template, "webhooks-test")
        )
        work = "webhooks.set_up"
        address = processes.do(contenders.OURS, cls.database, [(work, 0)])[work]
        cls.path, cls.secret = address["path"], address["secret"]
        cls.server = cls.enterClassContext(
            OdooServer(
                cls.database,
                options=[
                    contenders.OURS.addons_path(),
                    "--workers=2",
                    "--max-cron-threads=0",
                ],
                # Another worker may run other tests of this class.
                name=cls.database,
            )
        )
        cls.addClassCleanup(cls.server.log.unlink)
        cls.load = Load(cls.server.port, **address)

    def stored(self):
        return stored(self.database)

    def send(self, body, headers, path=None, method="POST", **options):
        """Send a request; return the status and the headers of the answer."""
        client = http.client.HTTPConnection(HOST, self.server.port, timeout=60)
        self.addCleanup(client.close)
        client.request(method, path or self.path, body, headers, **options)
        answer = client.getresponse()
        return answer.status, dict(answer.getheaders())

    def send_until_answered(self, body, headers):
        """Send a delivery again while Odoo refuses connections; return the status."""
        while True:
            with contextlib.suppress(OSError):
                return self.send(body, headers)[0]
            time.sleep(0.1)

    def test_200_duplicates_over_200_connections_are_stored_once(self):
        body, headers = self.load.delivery()
        before = self.stored()
        with ThreadPoolExecutor(200) as threads:
            answers = list(
                threads.map(
                    lambda _: self.send_until_answered(body, headers), range(200)
                )
            )
        self.assertEqual(set(answers), {202})
        self.assertEqual(self.stored(), before + 1)

    def test_a_delivery_is_answered_without_a_session(self):
        status, headers = self.send(*self.load.delivery())
        self.assertEqual(status, 202)
        self.assertNotIn("Set-Cookie", headers)

    def test_the_database_may_be_named(self):
        for name, status in ((self.database, 202), ("another", 404)):
            body, headers = self.load.delivery()
            headers["X-Odoo-Database"] = name
            self.assertEqual(self.send(body, headers)[0], status)

    def test_too_large_a_body_is_refused_whether_its_length_is_known_or_not(self):
        before = self.stored()
        body, headers = self.load.delivery(MEGABYTE.decode())
        self.assertEqual(self.send(body, headers)[0], 413)
        parts = iter([body[:1000], body[1000:]])
        chunked = self.send(parts, headers, encode_chunked=True)
        self.assertEqual(chunked[0], 413)
        self.assertEqual(self.stored(), before)

    def test_a_body_of_unknown_length_is_accepted(self):
        body, headers = self.load.delivery()
        parts = iter([body[:10], body[10:]])
        self.assertEqual(self.send(parts, headers, encode_chunked=True)[0], 202)

    def test_other_methods_are_refused(self):
        for method in ("GET", "OPTIONS", "PUT"):
            body, headers = self.load.delivery()
            self.assertEqual(self.send(body, headers, method=method)[0], 405)

    def test_the_log_names_neither_token_nor_secret(self):
        since = self.server.log_size()
        self.send(*self.load.delivery())
        self.send(b"{}", {})
        self.send(b"{}", {}, path=f"{self.path}x")
        token = self.path.rpartition("/")[2]
        self.assertEqual(self.server.logged("POST /connector/webhook/…", since), 3)
        for secret in (token, self.secret):
            self.assertEqual(self.server.logged(secret, since), 0)
