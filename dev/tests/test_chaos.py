"""The backend of the chaos test, whose own mistakes would look like faults."""

import unittest

import requests

from chaos.backend import Backend, Failure


class TestBackend(unittest.TestCase):
    def setUp(self):
        self.backend = Backend()
        self.backend.start()
        self.addCleanup(self.backend.stop)
        self.backend.open_space("space")
        self.session = requests.Session()
        self.addCleanup(self.session.close)
        self.session.headers["Authorization"] = "Bearer secret"

    def call(self, method, path, **kwargs):
        url = f"{self.backend.url}/{path}"
        return self.session.request(method, url, timeout=5, **kwargs)

    def test_calls_are_noted_with_the_code_of_their_item(self):
        headers = {"Idempotency-Key": "k"}
        self.call("POST", "space", json={"code": "it"}, headers=headers)
        self.call("GET", "space?key=k")
        self.call("PATCH", "space/0", json={"quantity": 2})
        self.call("DELETE", "space/0")
        self.call("GET", "space/0")
        notes = self.backend.notes("space")
        names = ["create", "find", "update", "delete", "read"]
        self.assertEqual([note["operation"] for note in notes], names)
        self.assertEqual({note["code"] for note in notes}, {"it"})
        self.assertEqual([note["worked"] for note in notes], [True] * 4 + [False])
        self.assertEqual((notes[0]["id"], notes[0]["key"]), (0, "k"))

    def test_a_failure_meets_the_calls_that_are_meant(self):
        for code in ("one", "two"):
            self.backend.add("space", {"code": code})
        meant = {"operation": "delete", "code": "two"}
        self.backend.misbehave("space", Failure.TRUNCATE, **meant)
        for id_ in (0, 1):
            self.assertEqual(self.call("DELETE", f"space/{id_}").status_code, 204)
        self.assertEqual(self.backend.items("space"), [])
        faults = [note["fault"] for note in self.backend.notes("space")]
        self.assertEqual(faults, [None, Failure.TRUNCATE])
