# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reports of users of other programs, from the card to the contact and back."""

from .cards_of_programs import DATA, card
from .common import ADA, ImportCase


class TestReports(ImportCase):
    """Cards that Radicale would change come from a server that only answers."""

    def get(self, *lines, version="3.0"):
        """Import a card; return its contact."""
        self.scripted((200, {"ETag": '"1"'}, card(*lines, version=version)))
        self.bindings.import_record(self.backend, "u1.vcf")
        return self.binding("u1.vcf").odoo_id

    def export(self, contact, *lines, version="3.0", **values):
        """Change a contact and export it; return the card that the server gets."""
        text = card(*lines, version=version)
        server = self.scripted((200, {"ETag": '"1"'}, text), (204, {"ETag": '"2"'}, ""))
        contact.write(values)
        contact.carddav_bind_ids.export_record()
        sent = server.calls[-1].content.decode()
        return [line for line in sent.split("\r\n") if not line.startswith("REV:")]

    def test_a_name_with_a_comma_stays_whole(self):
        for version in ("2.1", "3.0", "4.0"):
            lines = "FN:Doe, John", "NOTE:a, b", "TITLE:Analyst, first"
            contact = self.get(*lines, version=version)
            self.assertEqual(contact.name, "Doe, John")
            self.assertEqual(contact.function, "Analyst, first")
            self.assertIn("a, b", contact.comment)
            sent = self.export(contact, *lines, version=version, phone="+1 555")
            self.assertLess({*lines, f"VERSION:{version}"}, set(sent))
            contact.carddav_bind_ids.with_context(connector_no_export=True).unlink()

    def test_a_picture_as_the_rfc_writes_it(self):
        line = f"PHOTO:data:image/gif;base64,{DATA}"
        contact = self.get("FN:A", line, version="4.0")
        self.assertEqual(contact.image_1920.decode(), DATA)

    def test_an_empty_address_stops_no_other_card_of_its_chunk(self):
        self.contact("Nobody")  # It has no address either.
        names = [f"{number}.vcf" for number in range(8)]
        for number, name in enumerate(names):
            text = ADA.replace("u1", f"u{number}").replace("ada@", f"a{number}@")
            self.put(name, text.replace("EMAIL:a0@example.com", "EMAIL:"))
        self.assertRegex(self.bindings.import_chunk(self.backend, names), "^8 created")

    def test_an_empty_number_hides_no_other(self):
        contact = self.get("FN:A", "TEL;TYPE=WORK:", "TEL;TYPE=HOME:+1 555")
        self.assertEqual(contact.phone, "+1 555")

    def test_a_card_leaves_the_notes_and_tags_of_a_contact(self):
        tag = self.env["res.partner.category"].create({"name": "Maths"})
        values = {"comment": "<p>kept</p>", "category_id": tag.ids}
        contact = self.contact(email="ada@example.com", **values)
        self.assertEqual(self.imported().odoo_id, contact)
        self.assertEqual((contact.comment, contact.category_id), ("<p>kept</p>", tag))

    def test_notes_and_tags_that_a_card_loses(self):
        lines = "NOTE:a\r\n", "CATEGORIES:b\r\n"
        binding = self.imported(ADA.replace("END:", f"{''.join(lines)}END:"))
        self.assertTrue(binding.comment and binding.category_id)
        for line in lines:
            self.change(binding, line, "")
        self.again(binding)
        self.assertFalse(binding.comment or binding.category_id)

    def test_a_second_title_stays(self):
        lines = "FN:A", "TITLE:Dr", "TITLE:Countess", "ORG:Engines", "ORG:Mills"
        contact = self.get(*lines)
        self.assertEqual(contact.company_name, "Engines")
        sent = self.export(contact, *lines, function="Prof", company_name="Looms")
        self.assertIn("TITLE:Prof", sent)
        self.assertIn("ORG:Looms", sent)
        self.assertLess({"TITLE:Countess", "ORG:Mills"}, set(sent))
        self.assertFalse({"TITLE:Dr", "ORG:Engines"} & set(sent))

    def test_a_department_stays_when_the_name_changes(self):
        acme = self.contact("Acme", is_company=True)
        for company in ("Engines", "Acme"):
            lines = "FN:A", "N:A;;;;", f"ORG;LANGUAGE=en:{company};Research"
            contact = self.get(*lines)
            self.assertEqual(contact.parent_id == acme, company == "Acme")
            sent = self.export(contact, *lines, name="B")
            self.assertLess({lines[2], "FN:B", "N:B;;;;"}, set(sent))
            contact.carddav_bind_ids.with_context(connector_no_export=True).unlink()

    def test_a_company_with_a_department_does_not_belong_to_itself(self):
        lines = "FN:Apple", "N:;;;;", "ORG:Apple;Sales", "X-ABShowAs:COMPANY"
        for link in (), ("X-PARENT-UID:u1",), ("X-PARENT-UID:u1", "TITLE:x"):
            text = card(*lines, *link)
            self.scripted((200, {"ETag": f'"{len(link)}"'}, text))
            self.bindings.import_record(self.backend, "u1.vcf")
        contact = self.binding("u1.vcf").odoo_id
        self.assertEqual(contact.function, "x")
        self.assertFalse(contact.parent_id)

    def test_a_card_without_a_name_is_named_after_its_first_address(self):
        contact = self.get("FN:", "N:;;;;", "EMAIL:a@x.org", "EMAIL;PREF=1:b@x.org")
        self.assertEqual((contact.name, contact.email), ("b@x.org", "b@x.org, a@x.org"))

    def test_a_private_address_changes_after_another_one_was_added(self):
        binding = self.imported(ADA.replace("EMAIL:", "EMAIL;TYPE=HOME:"))
        for email in ("ada@example.com, w@x.org", "new@x.org, w@x.org"):
            binding.odoo_id.email = email
            binding.export_record()
        text = self.text_of(binding).decode()
        self.assertNotIn("ada@example.com", text)
        self.assertIn("new@x.org", text)

    def test_a_private_number_stays_when_the_other_one_went(self):
        work = ADA.replace("TEL;TYPE=CELL:1", "TEL;TYPE=WORK:1\r\nTEL;TYPE=CELL:2")
        binding = self.imported(work)
        for phone in (False, "+1 555"):
            binding.odoo_id.phone = phone
            binding.export_record()
        text = self.text_of(binding).decode()
        self.assertIn("TEL;TYPE=CELL:2\r\n", text)
        self.assertIn("WORK:+1 555\r\n", text)

    def test_the_link_to_a_company_that_odoo_does_not_know_stays(self):
        binding = self.imported(ADA.replace("TEL", "X-PARENT-UID:u9\r\nTEL"))
        binding.odoo_id.function = "Dr"
        binding.export_record()
        self.assertIn(b"\r\nX-PARENT-UID:u9\r\n", self.text_of(binding))

    def test_groups_are_not_contacts(self):
        for line in ("X-ADDRESSBOOKSERVER-KIND:group", "KIND:group", "KIND:location"):
            self.put("u1.vcf", ADA.replace("TEL", f"{line}\r\nTEL"))
            result = self.bindings.import_record(self.backend, "u1.vcf")
            self.assertRegex(result, "u1.vcf is a group, .* not a contact")
            self.assertFalse(self.binding("u1.vcf"))
        self.put("u2.vcf", ADA.replace("u1", "u2"))
        result = self.bindings.import_chunk(self.backend, ["u1.vcf", "u2.vcf"])
        self.assertRegex(result, "1 created, 1 skipped")

    def test_an_archived_tag_is_used(self):
        tag = self.env["res.partner.category"].create({"name": "Old", "active": False})
        binding = self.imported(ADA.replace("TEL", "CATEGORIES:Old,New\r\nTEL"))
        tags = tag.with_context(active_test=False)
        self.assertEqual(tags.search([("name", "=", "Old")]), tag)
        self.assertIn(tag, binding.with_context(active_test=False).category_id)
        new = tags.search([("name", "=", "New")])
        binding.odoo_id.category_id = [(3, new.id)]
        binding.export_record()
        self.assertIn(b"\r\nCATEGORIES:Old\r\n", self.text_of(binding))

    def test_an_archived_tag_is_used_last(self):
        tags = self.env["res.partner.category"]
        active, _old = tags.create([{"name": "Old"}, {"name": "Old", "active": False}])
        binding = self.imported(ADA.replace("TEL", "CATEGORIES:Old\r\nTEL"))
        self.assertEqual(binding.category_id, active)
