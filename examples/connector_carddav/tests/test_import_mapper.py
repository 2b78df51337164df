# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The mapping of cards to contacts."""

import base64
import io

from PIL import Image

from odoo.addons.connector.exception import MappingError

from ..vcard import digests, read, serialize
from .common import CardDAVCase


def text(*lines):
    lines = ("BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", "")
    return "\r\n".join(lines)


class TestContactMapper(CardDAVCase):
    def values(self, *lines, **options):
        properties = read(text("FN:Ada", *lines))
        importer = self.component("record.importer")
        importer._make_tags(properties.get("CATEGORIES", ()))
        map_record = importer.mapper.map_record(properties)
        return map_record.values(**{"for_create": True, **options})

    def test_names(self):
        for lines, name in (
            (("FN:Ada King",), "Ada King"),
            (("N:King;Ada;Mary,B;Lady;PhD",), "Lady Ada Mary, B King PhD"),
            (("FN:", "N:;;;;", "ORG:Engines;R&D"), "R&D"),
            (("EMAIL:a@example.com",), "a@example.com"),
            (("TEL:1",), "1"),
        ):
            mapper = self.component("import.mapper")
            values = mapper.map_record(read(text(*lines))).values()
            self.assertEqual(values["name"], name)
        with self.assertRaisesRegex(MappingError, "no name"):
            mapper.map_record(read(text("NOTE:x"))).values()

    def test_numbers_and_addresses_of_the_type_work_come_first(self):
        lines = "TEL;TYPE=CELL:1", "TEL;TYPE=WORK,FAX:2", "TEL:3", "TEL;TYPE=work:4"
        self.assertEqual(self.values(*lines)["phone"], "4")
        self.assertEqual(self.values(*lines[:3])["phone"], "3")
        self.assertEqual(self.values(*lines[:2])["phone"], "1")
        self.assertFalse(self.values(lines[1])["phone"])
        lines = "TEL;TYPE=WORK:1", "TEL;TYPE=WORK,PREF:2"
        self.assertEqual(self.values(*lines)["phone"], "2")

    def test_email_addresses(self):
        lines = (
            "EMAIL;TYPE=HOME:h@x.org",
            "EMAIL;TYPE=INTERNET:a@x.org",
            "EMAIL:b@x.org",
        )
        self.assertEqual(self.values(*lines)["email"], "a@x.org, b@x.org")
        self.assertEqual(
            self.values(lines[0], "EMAIL;TYPE=HOME:i@x")["email"], "h@x.org"
        )

    def test_postal_addresses(self):
        state = self.env.ref("base.state_us_5")
        values = self.values(
            "ADR;TYPE=WORK:;;1\\nMill;Ockham;California;GU23;united states"
        )
        self.assertEqual(
            [values[name] for name in ("street", "street2", "city", "zip")],
            ["1", "Mill", "Ockham", "GU23"],
        )
        self.assertEqual(values["state_id"], state.id)
        self.assertEqual(values["country_id"], state.country_id.id)
        self.assertEqual(
            self.values("ADR:;;;;;;DE")["country_id"], self.env.ref("base.de").id
        )

    def test_parts_of_an_address_without_a_field_are_kept(self):
        values = self.values("ADR:Box 1;Floor 2;Mill;Ockham;Surrey;GU23;Utopia")
        self.assertEqual(values["street2"], "Floor 2\nBox 1\nSurrey\nUtopia")
        self.assertFalse(values["country_id"])

    def test_organizations_are_companies_that_odoo_has(self):
        company = self.contact("Engines; Ltd", is_company=True)
        department = self.contact("R & D", is_company=True, parent_id=company.id)
        values = self.values("ORG:Engines\\; Ltd;R & D")
        self.assertEqual(values["parent_id"], department.id)
        values = self.values("ORG:Engines\\; Ltd;Sales")
        self.assertEqual(values["parent_id"], company.id)
        values = self.values("ORG:Unknown;R & D")
        self.assertEqual(
            (values["parent_id"], values["company_name"]), (False, "Unknown")
        )
        self.contact("Engines; Ltd", is_company=True)
        self.assertFalse(self.values("ORG:Engines\\; Ltd")["parent_id"])

    def test_a_company_that_was_entered_as_text_remains_text(self):
        contact = self.contact(company_name="Engines")
        self.contact("Engines", is_company=True)
        binding = self.bind(contact)
        options = {"for_create": False, "binding": binding, "fields": ["ORG"]}
        self.assertEqual(self.values("ORG:Engines", **options), {})
        self.contact("Mills", is_company=True)
        self.assertTrue(self.values("ORG:Mills", **options)["parent_id"])

    def test_a_company_does_not_belong_to_itself(self):
        values = self.values("ORG:Ada", "X-ABSHOWAS:COMPANY")
        self.assertTrue(values["is_company"])
        self.assertFalse(values["parent_id"] or values["company_name"])

    def test_a_contact_of_a_company_has_its_address(self):
        company = self.contact("Engines", is_company=True, city="Paris")
        self.assertNotIn("city", self.values("ORG:Engines", "ADR:;;;London;;;"))
        person = self.contact(parent_id=company.id)
        values = self.values(
            "ADR:;;;London;;;", for_create=False, fields=["ADR"], binding=person
        )
        self.assertEqual(values, {})

    def test_missing_tags_are_created(self):
        tag = self.env["res.partner.category"].create({"name": "Maths"})
        below = tag.create({"name": "Pure", "parent_id": tag.id})
        values = self.values("CATEGORIES:Maths,Maths / Pure,New\\, one")
        tags = tag.browse(values["category_id"][0][2])
        self.assertEqual(tags[:2], tag | below)
        self.assertEqual(tags[2:].mapped("name"), ["New, one"])
        self.assertEqual(
            self.values("CATEGORIES:New\\, one")["category_id"][0][2], tags[2:].ids
        )

    def test_notes_keep_their_lines(self):
        contact = self.contact(comment=self.values("NOTE:a < b\\nc")["comment"])
        properties = self.component("card.comparison").properties_of(self.bind(contact))
        self.assertEqual(properties["NOTE"].split(), ["a", "<", "b", "c"])

    def test_photos(self):
        content = io.BytesIO()
        Image.new("RGB", (7, 3), "teal").save(content, "PNG")
        photo = base64.b64encode(content.getvalue())
        for line in (
            f"PHOTO;ENCODING=b;TYPE=PNG:{photo.decode()}",
            f"PHOTO:data:image/png;base64\\,{photo.decode()}",
        ):
            self.assertEqual(self.values(line)["image_1920"], photo)
        for line in (
            "PHOTO;VALUE=uri:https://x.org/a",
            "PHOTO;ENCODING=b;TYPE=PNG:iVBORw==",
        ):
            self.assertNotIn("image_1920", self.values(line))

    def test_a_card_that_odoo_writes_reads_the_same(self):
        contact = self.contact(
            "Ada King",
            function="Dr",
            phone="1",
            email="a@x.org, b@x.org",
            street="1\n2",
            country_id=self.env.ref("base.de").id,
            website="https://x.org/a,b",
            comment="<p>a</p><p>b</p>",
            company_name="Engines",
        )
        properties = self.component("card.comparison").properties_of(self.bind(contact))
        self.assertEqual(digests(read(serialize(properties))), digests(properties))
