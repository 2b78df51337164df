"""The backend of the chaos test, whose own mistakes would look like faults."""

import http.client
import json
import socket
import sys
import unittest
from urllib.parse import urlsplit

from environment import folders

sys.path.append(str(folders.CHECKOUT))

from chaos.backend import Backend  # noqa: E402


class TestBackend(unittest.TestCase):
    def setUp(self):
        self.backend = Backend()
        self.backend.come_up()
        self.addCleanup(self.backend.go_down)
        self.address = urlsplit(self.backend.url("space"))
        self.item = self.backend.add("space", code="it")

    def connect(self):
        address = (self.address.hostname, self.address.port)
        return socket.create_connection(address, timeout=5)

    def test_a_client_that_dies_while_it_sends_asks_for_nothing(self):
        body = json.dumps({"code": "half"}).encode()
        head = f"POST /space/items HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        for sent in (b"", body[:5]):
            with self.connect() as client:
                client.sendall(head.encode() + sent)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(100), b"", "it hangs up")
        self.assertEqual(self.backend.calls("space"), [])
        self.assertEqual(self.backend.items("space"), [self.item])

    def test_a_cut_answer_to_a_delete_is_an_answer(self):
        self.backend.misbehave("space", "truncate", operation="delete")
        client = http.client.HTTPConnection(self.address.netloc, timeout=5)
        self.addCleanup(client.close)
        client.request("DELETE", f"/space/items/{self.item['id']}")
        self.assertEqual(client.getresponse().status, 204)
        self.assertEqual(self.backend.items("space"), [])
        self.assertTrue(self.backend.calls("space")[0]["worked"])
