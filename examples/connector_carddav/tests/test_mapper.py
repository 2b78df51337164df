# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The mapping of contacts to cards, checked with another parser."""

import base64
import io
import re

from PIL import Image

from odoo import fields

from ..vcard import serialize
from .card_reader import read
from .common import CardDAVCase


def picture(kind):
    content = io.BytesIO()
    Image.new("RGB", (700, 300), "teal").save(content, kind)
    return base64.b64encode(content.getvalue())


class TestCardMapper(CardDAVCase):
    def card(self, contact, **options):
        """Return the card that a new contact would get."""
        map_record = self.component("export.mapper").map_record(self.bind(contact))
        return read(serialize(map_record.values(**{"for_create": True, **options})))

    def test_a_person_has_a_name_in_one_piece_and_in_parts(self):
        card = self.card(self.contact("Augusta Ada King"))
        self.assertEqual(card.get("FN"), "Augusta Ada King")
        self.assertEqual(card.get("N"), ("King", "Augusta Ada", "", "", ""))
        self.assertEqual(card.get("X-ABSHOWAS"), "")
        self.assertEqual(self.card(self.contact("Ada")).get("N")[:2], ("Ada", ""))

    def test_a_company_is_shown_as_one(self):
        card = self.card(self.contact("Analytical Engines, Ltd", is_company=True))
        self.assertEqual(card.get("N"), ("Analytical Engines, Ltd", "", "", "", ""))
        self.assertEqual(card.get("ORG"), ("Analytical Engines, Ltd",))
        self.assertEqual(card.get("X-ABSHOWAS"), "COMPANY")

    def test_the_organization_is_the_company_with_its_departments(self):
        company = self.contact("Engines; Ltd", is_company=True)
        department = self.contact("R & D", is_company=True, parent_id=company.id)
        person = self.contact(parent_id=department.id)
        self.assertEqual(self.card(person).get("ORG"), ("Engines; Ltd", "R & D"))
        self.assertEqual(self.card(department).get("ORG"), ("Engines; Ltd", "R & D"))

    def test_the_organization_may_be_a_mere_name(self):
        card = self.card(self.contact(company_name="Engines"))
        self.assertEqual(card.get("ORG"), ("Engines",))
        self.assertEqual(self.card(self.contact()).get("ORG", None), None)

    def test_the_address_has_all_its_parts(self):
        state = self.env.ref("base.state_us_5")
        contact = self.contact(
            street="12; Ockham Park,\nRipley",
            street2="c/o \\ King",
            zip="GU23",
            city="Ockham",
            state_id=state.id,
            country_id=state.country_id.id,
        )
        card = self.card(contact)
        self.assertEqual(
            card.get("ADR"),
            (
                "",
                "",
                "12; Ockham Park,\nRipley\nc/o \\ King",
                "Ockham",
                state.name,
                "GU23",
                state.country_id.name,
            ),
        )
        self.assertEqual(card.types("ADR"), [{"WORK"}])

    def test_an_address_may_be_of_one_part_or_none(self):
        self.assertEqual(self.card(self.contact(street2="Mill")).get("ADR")[2], "Mill")
        self.assertEqual(self.card(self.contact()).all("ADR"), [])

    def test_each_email_address_is_one_of_its_own(self):
        expected = {
            "Ada@example.com": ["Ada@example.com"],
            '"King, Ada" <a@example.com>, b@example.com': [
                "a@example.com",
                "b@example.com",
            ],
            "no address": ["no address"],
            False: [],
        }
        for email, addresses in expected.items():
            card = self.card(self.contact(email=email))
            self.assertEqual(card.all("EMAIL"), addresses)
            types = [{"INTERNET", "WORK"}] * len(addresses)
            self.assertEqual(card.types("EMAIL"), types)

    def test_phone_and_function_are_in_the_card(self):
        card = self.card(self.contact(phone="+44 1;2,3", function="Analyst, first"))
        self.assertEqual(card.get("TEL"), "+44 1;2,3")
        self.assertEqual(card.types("TEL"), [{"VOICE", "WORK"}])
        self.assertEqual(card.get("TITLE"), "Analyst, first")

    def test_the_website_is_an_address_that_all_programs_read_alike(self):
        card = self.card(self.contact(website="https://example.com/a,b;c?d=ü&e=\\ f"))
        self.assertEqual(card.get("URL"), "https://example.com/a%2Cb%3Bc?d=ü&e=%5C%20f")

    def test_tags_are_named_in_full(self):
        tags = self.env["res.partner.category"].create(
            [{"name": "Maths, pure"}, {"name": "Friend; close"}]
        )
        tags[1].parent_id = tags[0]
        card = self.card(self.contact(category_id=tags.ids))
        self.assertCountEqual(
            card.get("CATEGORIES"), ["Maths, pure", "Maths, pure / Friend; close"]
        )

    def test_notes_are_plain_text(self):
        comment = (
            "<p>Wrote the <a href='https://x.org'>first</a> program;</p><p>a &lt; b</p>"
        )
        self.assertEqual(
            self.card(self.contact(comment=comment)).get("NOTE").replace("  ", " "),
            "Wrote the first program;\na < b",
        )
        card = self.card(self.contact(comment="<p><br></p>"))
        self.assertEqual(card.all("NOTE"), [])

    def test_the_photo_is_the_contacts_own(self):
        for kind in ("JPEG", "PNG"):
            contact = self.contact(image_1920=picture(kind))
            card = self.card(contact)
            self.assertEqual(card.get("PHOTO"), base64.b64decode(contact.image_512))
            self.assertEqual(card.types("PHOTO"), [{kind}])
            image = Image.open(io.BytesIO(card.get("PHOTO")))
            self.assertEqual((image.format, image.size), (kind, (512, 219)))

    def test_an_avatar_that_odoo_drew_is_not_a_photo(self):
        contact = self.contact()
        self.assertTrue(contact.avatar_512)
        self.assertEqual(self.card(contact).all("PHOTO"), [])

    def test_a_drawing_that_phones_cannot_show_is_not_a_photo(self):
        svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
        self.assertEqual(self.card(self.contact(image_1920=svg)).all("PHOTO"), [])

    def test_the_revision_is_that_of_the_contact(self):
        contact = self.contact()
        binding = self.bind(contact)
        when = fields.Datetime.to_datetime("2021-02-03 04:05:06")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = %s WHERE id = %s", [when, contact.id]
        )
        self.env.invalidate_all()
        values = self.component("export.mapper").map_record(binding).values()
        self.assertEqual(values["REV"], "20210203T040506Z")

    def test_only_the_properties_of_a_changed_field_are_mapped(self):
        map_record = self.component("export.mapper").map_record(
            self.bind(self.contact())
        )
        self.assertEqual(set(map_record.values(fields=["phone"])), {"TEL", "REV"})
        self.assertEqual(set(map_record.values(fields=["zip"])), {"ADR", "REV"})

    def test_every_field_that_is_read_exists(self):
        known = self.component("export.mapper").changed_by_fields()
        self.assertLess({"name", "image_1920", "parent_id"}, known)
        self.assertLessEqual(known, set(self.env["res.partner"]._fields))

    def test_awkward_texts_survive_in_every_field(self):
        text = 'a,b;c:d\\e "f" \\n é 密 عربي 👩‍👩‍👧 <b> &amp;'
        contact = self.contact(
            f"{text} {text}",
            street=text,
            city=text,
            zip=text,
            function=text,
            phone=text,
        )
        card = self.card(contact)
        self.assertEqual(card.get("FN"), f"{text} {text}")
        family, given, *_others = card.get("N")
        self.assertEqual(f"{given} {family}", f"{text} {text}")
        self.assertEqual(card.get("ADR")[2:4], (text, text))
        self.assertEqual(card.get("ADR")[5], text)
        self.assertEqual(card.get("TITLE"), text)
        # Odoo formats valid phone numbers.
        self.assertEqual(card.get("TEL"), contact.phone)

    def test_the_parent_is_known_by_the_uid_of_its_card(self):
        company = self.contact("Engines", is_company=True)
        person = self.contact(parent_id=company.id)
        self.assertEqual(self.card(person).all("X-PARENT-UID"), [])
        parent = self.exported(company)
        self.env["carddav.res.partner"].search([("odoo_id", "=", person.id)]).unlink()
        uid = self.card(person).get("X-PARENT-UID")
        self.assertEqual(uid, read(self.text_of(parent)).get("UID"))
        self.assertTrue(re.fullmatch(rf"{uid}\.vcf", parent.external_id))
