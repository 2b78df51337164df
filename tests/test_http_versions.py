# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Versions that a backend names over HTTP: in a header, or in the data."""

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    InvalidDataError,
    ReadOnlyError,
    VersionChangedError,
)
from odoo.addons.connector.tools.read_only import read_only_work

from .common import RealConnectorCase, RemoteSystem
from .http_case import HTTPCase
from .remote_shop import StoreConformance, StoreTools, store_connector
from .remote_system import Answer
from .shop import override


class VersionsCase(HTTPCase):
    def versioned(self, **attributes):
        return self.adapter(_has_versions=True, **attributes)

    def read(self, adapter):
        """Return the version that a read has noted."""
        adapter.note_version("7", "older")
        adapter._call_for("7", "GET", "contacts")
        return adapter.version_of("7")

    def send(self, adapter, version, **kwargs):
        """Change a contact; return the call that reached the server."""
        kwargs.setdefault("json", {"title": "Ada"})
        adapter._call_for("7", "PATCH", "contacts", version, **kwargs)
        return self.web.calls[-1]


class TestETags(VersionsCase):
    def test_the_etag_of_an_answer_is_sent_back_unchanged(self):
        for etag in ('"7"', '"a b"', "unquoted", '"é"', '""', "x" * 500):
            with self.subTest(etag=etag):
                self.will_answer(200, b"{}", ETag=etag)
                adapter = self.versioned()
                self.assertEqual(self.read(adapter), etag)
                call = self.send(adapter, adapter.version_of("7"))
                self.assertEqual(call.headers["If-Match"], etag)

    def test_an_answer_without_a_usable_etag_names_no_version(self):
        weak = {"ETag": 'W/"7"'}
        for headers in ({}, weak, {"ETag": ""}, {"ETag": " "}, {"ETag": '"\x01"'}):
            with self.subTest(headers=headers):
                self.will_answer(200, b"{}", **headers)
                self.assertIsNone(self.read(self.versioned()))

    def test_a_change_gives_the_record_a_new_version(self):
        adapter = self.versioned()
        self.will_answer(200, b"{}", ETag='"8"')
        self.send(adapter, '"7"')
        self.assertEqual(adapter.version_of("7"), '"8"')
        self.will_answer(204)
        self.send(adapter, '"8"')
        self.assertIsNone(adapter.version_of("7"))

    def test_any_version_may_be_changed_without_one(self):
        self.will_answer(200, b"{}")
        call = self.send(self.versioned(), None)
        self.assertNotIn("If-Match", call.headers)

    def test_own_headers_are_kept(self):
        self.will_answer(200, b"{}")
        headers = {"Prefer": "return=minimal"}
        call = self.send(self.versioned(), '"7"', headers=headers)
        self.assertEqual(call.headers["Prefer"], "return=minimal")
        self.assertEqual(call.headers["If-Match"], '"7"')

    def test_a_version_that_no_header_can_contain_is_not_sent(self):
        for version in ('"7"\r\nX-Other: 1', "\0", "☃"):
            with self.subTest(version=version), self.assertRaises(VersionChangedError):
                self.send(self.versioned(), version)
        self.assertFalse(self.web.calls)

    def test_412_refuses_the_version(self):
        self.will_answer(412, b'{"error": "Somebody was faster"}')
        with self.assertRaises(VersionChangedError) as raised:
            self.send(self.versioned(), '"7"')
        message = str(raised.exception)
        for text in ("Somebody was faster", "PATCH", "Nothing was overwritten"):
            self.assertIn(text, message)
        self.assertTrue(raised.exception.ignore_retry)
        self.assertIsNone(raised.exception.__context__)

    def test_412_is_invalid_data_for_a_call_that_names_no_version(self):
        self.will_answer(412, b"{}")
        adapter = self.versioned()
        with self.assertRaises(InvalidDataError):
            self.send(adapter, None)
        with self.assertRaises(VersionChangedError):
            self.send(adapter, '"7"')
        headers = {"If-Match": '"7"'}
        with self.assertRaises(InvalidDataError):
            adapter._call("PATCH", "contacts", headers=headers)

    def test_other_headers_with_the_version_can_be_declared(self):
        moment = "Sat, 01 Nov 2025 12:00:00 GMT"
        headers = ("Last-Modified", "If-Unmodified-Since")
        adapter = self.versioned(_version_headers=headers)
        self.will_answer(200, b"{}", Last_Modified=moment, ETag='"7"')
        self.assertEqual(self.read(adapter), moment)
        call = self.send(adapter, moment)
        self.assertEqual(call.headers["If-Unmodified-Since"], moment)
        self.assertNotIn("If-Match", call.headers)

    def test_a_preview_sends_no_change(self):
        self.will_answer(200, b"{}", ETag='"7"')
        adapter = self.versioned()
        with read_only_work(self.shop, self.model._name) as work:
            reader = work.component(usage=adapter._usage)
            self.assertEqual(self.read(reader), '"7"')
            with self.assertRaises(ReadOnlyError):
                self.send(reader, '"7"')


class TestVersionsInTheData(VersionsCase):
    def revisions(self, **attributes):
        attributes = {"_version_field": "revision", **attributes}
        return self.versioned(_version_refusals=(409, 412), **attributes)

    def test_a_version_is_sent_back_as_it_came(self):
        for value in (7, 0, 12.5, "7", "2026-05-01T12:00:00Z", "é", "null", "\0\ud800"):
            with self.subTest(value=value):
                adapter = self.revisions()
                self.will_send(Answer.of(200, {"revision": value}))
                self.assertTrue(self.read(adapter))
                call = self.send(adapter, adapter.version_of("7"))
                self.assertEqual(call.body, {"title": "Ada", "revision": value})
                self.assertIs(type(call.body["revision"]), type(value))

    def test_data_without_a_usable_version_names_none(self):
        for body in (
            *(b"{}", b"[]", b"7", b"null", b'{"revision": null}'),
            *(b'{"revision": true}', b'{"revision": [1]}', b'{"revision": {}}'),
            *(b'{"revision": NaN}', b'{"revision": 1e999}'),
        ):
            with self.subTest(body=body):
                self.will_answer(200, body)
                self.assertIsNone(self.read(self.revisions()))

    def test_a_version_that_the_connector_has_noted_is_sent_as_it_is(self):
        self.will_answer(204)
        call = self.send(self.revisions(), "abc")
        self.assertEqual(call.body["revision"], "abc")

    def test_409_refuses_the_version_where_it_is_declared(self):
        self.will_answer(409, b"{}")
        with self.assertRaises(VersionChangedError):
            self.send(self.revisions(), "7")
        with self.assertRaises(InvalidDataError):
            self.send(self.versioned(), '"7"')
        with self.assertRaises(InvalidDataError):
            self.send(self.revisions(), None)

    def test_another_place_for_the_version_can_be_defined(self):
        def _with_version(adapter, version, kwargs):
            return {**kwargs, "params": {"version": version}}

        def _version_in(adapter, data, response=None):
            return data["meta"]["version"]

        adapter = self.revisions(_with_version=_with_version, _version_in=_version_in)
        self.will_answer(200, b'{"meta": {"version": 7}}')
        self.assertEqual(self.read(adapter), "7")
        call = self.send(adapter, "7")
        self.assertEqual((call.query, call.body), ({"version": "7"}, {"title": "Ada"}))


class VersionedStoreAdapter(Component):
    """An adapter with ETags, also in lists and batches."""

    _inherit = "test.store.adapter"
    _has_versions = True

    def read(self, external_id):
        return self._call_for(external_id, "GET", self._path(external_id))

    def read_many(self, external_ids):
        params = {"ids": ",".join(map(str, external_ids))}
        found = {}
        while True:
            page = self._call("GET", "people", params=params)
            found.update((item["id"], item) for item in page["items"])
            for id_, etag in page["etags"].items():
                self.note_version(id_, etag)
            if page["next"] is None:
                return found
            params["after"] = page["next"]

    def write(self, external_id, data, version=None):
        path = self._path(external_id)
        self._call_for(external_id, "PATCH", path, version, json=data)

    def create_many(self, data_list, idempotency_keys):
        pairs = zip(data_list, idempotency_keys, strict=True)
        items = [{**data, "key": key, "if_match": None} for data, key in pairs]
        return self._send_many("POST", items)

    def write_many(self, changes, versions):
        pairs = zip(changes, versions, strict=True)
        items = [
            {**data, "id": id_, "if_match": version} for (id_, data), version in pairs
        ]
        return self._send_many("PATCH", items)

    def _result_of(self, result):
        if result.get("status") == 412:
            return VersionChangedError(result["error"])
        if "etag" in result:
            self.note_version(result["id"], result["etag"])
        return super()._result_of(result)


class TestVersionedConformance(StoreConformance):
    """A connector with versions passes all scenarios."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        components = cls.enterClassContext(store_connector(cls.registry))
        VersionedStoreAdapter._build_component(components)


class StoreCase(StoreTools, RealConnectorCase):
    """Exports to a real server, which another client changes, too."""

    attributes = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        components = cls.enterClassContext(store_connector(cls.registry))
        cls.build_adapter(components)

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.store_id = self.make_backend(env).id

    def known(self, *titles):
        """Import persons; return the ids of their bindings."""
        ids = [
            self.remote.add("people", {"title": title, "mail": "old@example.com"})
            for title in titles
        ]
        with self.transaction() as env:
            store = env[self.backend_model].browse(self.store_id)
            env[self.binding_model].with_delay().import_chunk(store, ids)
        self.run_jobs()
        self.remote.calls.clear()
        with self.transaction() as env:
            return env[self.binding_model].search([], order="id").ids

    def rename(self, ids):
        """Let a user rename persons, and run the jobs that follow."""
        with self.transaction() as env:
            for binding in env[self.binding_model].browse(ids):
                binding.odoo_id.name = f"{binding.name} King"
        return self.run_jobs()

    def edit(self, method, path, times=1):
        """Let another client change a person before a call is answered."""
        self.remote.before(
            lambda call: self.remote.change("people", "1", mail="new@example.com"),
            method,
            path,
            times,
        )

    def sent(self):
        return [(call.method, call.path) for call in self.remote.calls]

    def people(self):
        people = self.remote.collection("people").values()
        return sorted((person["title"], person["mail"]) for person in people)

    def known_people(self):
        customers = self.read(self.binding_model, [], ["name", "email"])
        return sorted((each["name"], each["email"]) for each in customers)

    def assert_same(self, *people):
        self.assertEqual(self.people(), sorted(people))
        self.assertEqual(self.known_people(), sorted(people))


class TestStoreWithETags(StoreCase):
    @classmethod
    def build_adapter(cls, components):
        VersionedStoreAdapter._build_component(components)

    def test_one_record(self):
        ids = self.known("Ada")
        self.edit("PATCH", "people/1")
        jobs = self.rename(ids)
        self.assertEqual([(j["state"], j["retry"]) for j in jobs], [("done", 1)])
        self.assert_same(("Ada King", "new@example.com"))
        calls = ("PATCH", "people/1"), ("GET", "people/1"), ("PATCH", "people/1")
        self.assertEqual(self.sent(), [*calls])

    def test_the_next_export_imports_nothing(self):
        ids = self.known("Ada")
        for _export in range(3):
            self.rename(ids)
        self.assertEqual(self.sent(), [("PATCH", "people/1")] * 3)

    def test_many_records(self):
        titles = [f"Person {number}" for number in range(6)]
        ids = self.known(*titles)
        self.edit("PATCH", "people/batch")
        self.rename(ids)
        old = [(f"{title} King", "old@example.com") for title in titles[1:]]
        self.assert_same(("Person 0 King", "new@example.com"), *old)
        batch, one = ("PATCH", "people/batch"), "people/1"
        self.assertEqual(self.sent(), [batch, ("GET", one), ("PATCH", one)])
        self.remote.calls.clear()
        self.rename(ids)
        self.assertEqual(self.sent(), [batch])

    def test_a_record_that_changes_all_the_time(self):
        ids = self.known("Ada")
        self.edit("PATCH", "people/1", times=-1)
        [job] = self.rename(ids)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertEqual(self.people(), [("Ada", "new@example.com")])

    def test_a_record_that_is_deleted_in_the_meantime(self):
        ids = self.known("Ada")
        self.remote.before(
            lambda call: self.remote.remove("people", "1"), "PATCH", "people/1"
        )
        [job] = self.rename(ids)
        self.assertEqual(job["state"], "failed")
        self.assertTrue(job["exc_name"].endswith("IDMissingInBackend"))
        self.assertFalse(self.people())


class TestStoreWithRevisions(StoreCase):
    @classmethod
    def build_adapter(cls, components):
        attributes = {
            name: vars(VersionedStoreAdapter)[name] for name in ("read", "write")
        }
        adapter = override(
            "test.store.adapter",
            _has_versions=True,
            _version_field="revision",
            _version_refusals=(409,),
            **attributes,
        )
        adapter._build_component(components)

    def new_remote(self):
        return self.enterContext(RemoteSystem(revision_field="revision"))

    def test_one_record(self):
        ids = self.known("Ada")
        self.rename(ids)
        self.edit("PATCH", "people/1")
        self.rename(ids)
        self.assert_same(("Ada King King", "new@example.com"))
        self.assertEqual(
            [method for method, _path in self.sent()],
            ["PATCH", "PATCH", "GET", "PATCH"],
        )
