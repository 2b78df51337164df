# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The adapter with real servers."""

from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    VersionChangedError,
)

from ..vcard import Name, serialize
from .card_reader import read
from .common import CardDAVCase, OnXandikos


def properties(name):
    return {"FN": name, "N": Name(family=name)}


def text(name, uid="u1"):
    return serialize({"UID": uid, **properties(name)})


class AdapterCase(CardDAVCase):
    def setUp(self):
        super().setUp()
        self.adapter = self.component("backend.adapter")

    def create(self, key="u1"):
        return self.adapter.create(properties("Ada"), idempotency_key=key)

    @property
    def version(self):
        return self.adapter.version_of("u1.vcf")


class TestCardAdapter(AdapterCase):
    def name_on_server(self):
        return read(self.remote.request("GET", "u1.vcf").content).get("FN")

    def change_on_server(self, name):
        self.remote.request("PUT", "u1.vcf", data=text(name).encode())

    def test_create_makes_a_card_that_is_named_like_its_uid(self):
        self.assertEqual(self.create(), "u1.vcf")
        card = read(self.remote.request("GET", "u1.vcf").content)
        self.assertEqual((card.get("UID"), card.get("FN")), ("u1", "Ada"))

    def test_create_knows_the_version(self):
        self.create()
        etag = self.remote.request("HEAD", "u1.vcf").headers["ETag"]
        self.assertEqual(self.version, etag)

    def test_create_does_not_overwrite_a_card_of_the_same_name(self):
        self.change_on_server("Somebody else")
        with self.assertRaisesRegex(InvalidDataError, "Sales phones.*already"):
            self.create()
        self.assertEqual(self.name_on_server(), "Somebody else")

    def test_a_card_that_was_created_is_found_by_its_key(self):
        self.assertIsNone(self.adapter.find_created("u1"))
        self.create()
        self.assertEqual(self.adapter.find_created("u1"), "u1.vcf")
        self.assertIsNone(self.adapter.find_created("u2"))

    def test_write_replaces_the_card_that_was_read(self):
        self.create()
        etag = self.adapter.read("u1.vcf").etag
        self.adapter.write("u1.vcf", text("Countess"), etag)
        written = self.version
        self.assertEqual(self.name_on_server(), "Countess")
        self.assertEqual(self.adapter.read("u1.vcf").etag, written)
        self.assertNotEqual(written, etag)

    def test_write_does_not_overwrite_the_change_of_another_program(self):
        self.create()
        etag = self.adapter.read("u1.vcf").etag
        self.change_on_server("Somebody else")
        with self.assertRaisesRegex(VersionChangedError, "changed.*Try again"):
            self.adapter.write("u1.vcf", text("Ada"), etag)
        self.assertEqual(self.name_on_server(), "Somebody else")

    def test_write_does_not_create_a_deleted_card_again(self):
        self.create()
        self.remote.request("DELETE", "u1.vcf")
        with self.assertRaisesRegex(VersionChangedError, "deleted.*Try again"):
            self.adapter.write("u1.vcf", text("Ada"), self.version)
        self.assertEqual(self.adapter.search(), {})

    def test_delete_removes_the_version_that_is_known(self):
        self.create()
        self.adapter.delete("u1.vcf", self.version)
        self.assertEqual(self.adapter.search(), {})

    def test_delete_keeps_a_card_that_another_program_changed(self):
        self.create()
        self.change_on_server("Somebody else")
        with self.assertRaises(VersionChangedError):
            self.adapter.delete("u1.vcf", self.version)
        self.assertEqual(self.name_on_server(), "Somebody else")

    def test_an_id_that_is_the_address_book_or_its_folder_deletes_nothing(self):
        self.create()
        for name in (".", ".."):
            with self.assertRaisesRegex(InvalidDataError, "Sales phones"):
                self.adapter.delete(name)
        self.assertEqual(list(self.adapter.search()), ["u1.vcf"])

    def test_a_card_that_is_not_there_is_missing(self):
        with self.assertRaisesRegex(IDMissingInBackend, "Sales phones.*no.vcf"):
            self.adapter.read("no.vcf")
        with self.assertRaisesRegex(IDMissingInBackend, "Sales phones.*no.vcf"):
            self.adapter.delete("no.vcf")

    def test_search_finds_all_cards_with_their_etags(self):
        self.assertEqual(self.adapter.search(), {})
        etags = {}
        for key in ("u1", "ä ö+ & 密"):
            name = self.create(key)
            etags[name] = self.adapter.version_of(name)
        self.assertEqual(self.adapter.search(), etags)
        for name, etag in etags.items():
            self.assertEqual(self.adapter.read(name).etag, etag)

    def test_check_accepts_an_address_book(self):
        self.adapter.check()

    def test_check_accepts_an_address_without_a_slash_at_its_end(self):
        self.backend.url = self.remote.url.rstrip("/")
        self.adapter.check()

    def test_check_refuses_another_kind_of_folder(self):
        self.backend.url = self.remote.root + "odoo/"
        with self.assertRaisesRegex(JobError, "Sales phones.*Enter"):
            self.adapter.check()

    def test_check_refuses_an_address_with_nothing_there(self):
        self.backend.url = self.remote.root + "odoo/nothing/"
        with self.assertRaisesRegex(JobError, "Sales phones.*Enter the address"):
            self.adapter.check()


class TestCardAdapterOnXandikos(OnXandikos, TestCardAdapter):
    pass


class TestCredentials(AdapterCase):
    """Passwords, which a Xandikos leaves to the proxy in front of it."""

    def test_a_wrong_password_is_an_error_with_the_remedy(self):
        self.backend.new_password = "something else"
        for call in (self.adapter.check, self.adapter.search, self.create):
            with self.assertRaisesRegex(AccessRefusedError, "Sales phones.*redentials"):
                call()

    def test_a_forbidden_address_book_is_an_error_with_the_remedy(self):
        self.backend.url = self.remote.root + "somebody/contacts/"
        with self.assertRaisesRegex(AccessRefusedError, "Sales phones.*redentials"):
            self.create()
