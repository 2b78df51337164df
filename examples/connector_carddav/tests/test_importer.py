# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Imports from real servers."""

from odoo.addons.connector.exception import (
    InvalidDataError,
    ManyIDSInBackend,
    MappingError,
)

from .card_reader import read
from .common import ADA, ImportCase, OnXandikos


class TestCardImporter(ImportCase):
    def test_a_card_becomes_a_contact(self):
        contact = self.imported().odoo_id
        self.assertEqual(contact.name, "Ada Lovelace")
        self.assertEqual(contact.email, "ada@example.com")
        self.assertEqual(contact.phone, "1")
        self.assertEqual(contact.company_id, self.backend.company_id)
        self.assertFalse(contact.is_company)

    def test_an_import_is_not_exported_again(self):
        before = self.env["queue.job"].search_count([])
        binding = self.imported()
        self.change(binding, "FN:Ada Lovelace", "FN:Ada King")
        etag = self.remote.request("HEAD", "u1.vcf").headers["ETag"]
        self.again(binding)
        self.end_transaction()
        self.assertEqual(binding.name, "Ada King")
        self.assertEqual(self.env["queue.job"].search_count([]), before)
        self.assertIn("nothing to export", binding.export_record())
        self.assertEqual(self.remote.request("HEAD", "u1.vcf").headers["ETag"], etag)

    def test_an_unchanged_card_is_not_imported(self):
        self.assertIn("up to date", self.again(self.imported()))
        binding = self.exported(self.contact())
        self.assertIn("up to date", self.again(binding))

    def test_only_changed_properties_are_written(self):
        binding = self.imported()
        binding.odoo_id.with_context(connector_no_export=True).ref = "kept"
        self.change(binding, "CELL:1", "CELL:2")
        self.again(binding)
        self.assertEqual((binding.phone, binding.ref), ("2", "kept"))
        self.change(binding, "TEL;TYPE=CELL:2\r\n", "")
        self.again(binding)
        self.assertFalse(binding.phone)
        self.assertEqual(binding.email, "ada@example.com")

    def test_a_number_that_odoo_changes_keeps_its_type(self):
        binding = self.imported()
        binding.odoo_id.phone = "7"
        binding.export_record()
        self.assertIn(b"\r\nTEL;TYPE=CELL:7\r\n", self.text_of(binding))
        self.assertIn(b"\r\nN:Lovelace;Augusta Ada;;Lady;\r\n", self.text_of(binding))

    def test_a_card_that_is_gone_is_not_imported(self):
        result = self.bindings.import_record(self.backend, "no.vcf")
        self.assertIn("no longer has", result)

    def test_the_error_of_an_invalid_card_names_it(self):
        answer = (200, {"ETag": '"1"'}, "BEGIN:VCARD\r\nFN:x\r\n")
        self.scripted(answer)
        with self.assertRaisesRegex(InvalidDataError, "u1.vcf.*Sales phones.*Correct"):
            self.bindings.import_record(self.backend, "u1.vcf")

    # -- matching

    def test_a_card_without_a_link_adopts_the_contact_of_the_same_address(self):
        contact = self.contact("A. Lovelace", email="ADA@example.com", function="Dr")
        with self.running_jobs():
            binding = self.imported()
        self.assertEqual(binding.odoo_id, contact)
        self.assertEqual((contact.name, contact.function), ("Ada Lovelace", "Dr"))
        self.assertEqual(read(self.text_of(binding)).get("TITLE"), "Dr")

    def test_the_values_of_an_adopted_contact_are_kept_as_a_card(self):
        contact = self.contact("A. Lovelace", email="ada@example.com")
        self.imported()
        note = contact.message_ids.filtered("attachment_ids")
        self.assertEqual(note.attachment_ids.name, "A. Lovelace.vcf")
        self.assertIn(b"FN:A. Lovelace", note.attachment_ids.raw)

    def test_a_contact_that_is_linked_already_is_not_adopted(self):
        other = self.exported(self.contact(email="ada@example.com"))
        self.assertNotEqual(self.imported().odoo_id, other.odoo_id)

    def test_companies_and_people_are_not_mixed_up(self):
        company = self.contact("E", is_company=True, email="ada@example.com")
        self.assertNotEqual(self.imported().odoo_id, company)

    def test_several_contacts_of_an_address_are_told_apart_by_name(self):
        self.contact("Byron", email="ada@example.com")
        ada = self.contact(email="ada@example.com")
        self.assertEqual(self.imported().odoo_id, ada)

    def test_several_contacts_that_match_are_an_error_that_names_them(self):
        contacts = self.contact("A", email="ada@example.com")
        contacts |= self.contact("B", email="ada@example.com")
        with self.assertRaisesRegex(ManyIDSInBackend, "u1.vcf.*A .*B ") as caught:
            self.imported()
        for contact in contacts:
            self.assertIn(str(contact.id), str(caught.exception))

    def test_the_same_uid_in_another_address_book_is_the_same_contact(self):
        other = self.backend.copy({"name": "Other"})
        contact = self.contact()
        link = {"backend_id": other.id, "odoo_id": contact.id, "external_id": "u1.vcf"}
        self.bindings.create(link)
        self.assertEqual(self.imported().odoo_id, contact)

    def test_a_card_without_a_uid_matches_no_other_card(self):
        other = self.backend.copy({"name": "Other"})
        self.bindings.create({"backend_id": other.id, "odoo_id": self.contact().id})
        self.scripted((200, {"ETag": '"1"'}, ADA.replace("UID:u1\r\n", "")))
        self.bindings.import_record(self.backend, "u1.vcf")
        self.assertEqual(len(self.binding("u1.vcf").odoo_id.carddav_bind_ids), 1)

    def test_contacts_of_other_companies_are_not_adopted(self):
        other = self.env["res.company"].create({"name": "Other"})
        contact = self.contact(email="ada@example.com", company_id=other.id)
        self.assertNotEqual(self.imported().odoo_id, contact)

    # -- chunks

    def test_a_bad_card_stops_no_other_card_of_its_chunk(self):
        for number in range(4):
            self.put(f"{number}.vcf", ADA.replace("u1", f"u{number}"))
        self.put(
            "bad.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u9\r\nFN:\r\nEND:VCARD\r\n"
        )
        names = [*(f"{number}.vcf" for number in range(4)), "bad.vcf", "gone.vcf"]
        result = self.bindings.import_chunk(self.backend, names)
        self.assertRegex(result, "(?s)4 created, 1 gone.*Record bad.vcf failed.*name")
        self.assertEqual(len(self.backend.binding_ids), 4)
        self.assertEqual(self.jobs("import_record").args[1], "bad.vcf")
        with self.assertRaisesRegex(MappingError, "name"):
            self.bindings.import_record(self.backend, "bad.vcf")

    def test_many_cards_are_read_by_their_names(self):
        names = []
        for number in range(5):
            names.append(f"ä ö{number}&.vcf")
            self.put(names[-1], ADA.replace("u1", f"u{number}"))
        adapter = self.component("backend.adapter")
        cards = adapter.read_many(names)
        self.assertEqual(set(cards), set(names))
        self.assertEqual(cards[names[0]].etag, adapter.read(names[0]).etag)

    def test_parents_are_imported_before_their_contacts(self):
        company = ADA.replace("Ada Lovelace", "Engines").replace("u1", "u2")
        company = company.replace("TEL", "X-ABSHOWAS:COMPANY\r\nORG:Engines\r\nTEL")
        self.put("u2.vcf", company)
        person = ADA.replace("TEL", "ORG:Engines\r\nX-PARENT-UID:u2\r\nTEL")
        binding = self.imported(person)
        self.assertEqual(binding.parent_id, self.binding("u2.vcf").odoo_id)
        self.assertTrue(binding.parent_id.is_company)

    def test_contacts_that_get_the_address_of_their_company_are_exported(self):
        company = self.contact("Engines", is_company=True, city="Paris")
        person = self.exported(self.contact(parent_id=company.id))
        binding = company.carddav_bind_ids
        self.end_transaction()
        self.jobs("export_changes").unlink()
        self.change(binding, "Paris", "London")
        self.again(binding)
        self.end_transaction()
        self.assertEqual(person.city, "London")
        self.assertEqual(self.jobs("export_changes").records, person)


class TestCardImporterOnXandikos(OnXandikos, TestCardImporter):
    pass
