# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import io

from PIL import Image

from odoo.tests import BaseCase

from ..vcard import Address, Name, is_same, merge, serialize
from ..vcard import read as read_card
from .card_reader import read

NAME = Name(family="Lovelace", given="Ada")
AWKWARD = (
    "plain",
    "a,b;c:d\\e",
    "\\n is not a line break, \\; and \\, and \\\\ are not escaped",
    "two\nlines\nand an end\n",
    ' spaces and "quotes" ',
    "é ü ß 密 عربي עברית 👩‍👩‍👧‍👦 e\u0301",
    "\u2028 \u0085 \u00a0 are not line breaks either",
    "x" * 3000,
    "密" * 1000,
    "👍" * 500,
    ";",
    "\\",
    ",",
)
CURRENT = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Phone//EN\r\nUID:u1\r\n"
    "FN:Ada\r\nN:;Ada;;;\r\nBDAY:1815-12-10\r\nNICKNAME:Enchantress,Countess\\, the\r\n"
    "TEL;TYPE=work,pref:1\r\nTEL;TYPE=CELL:2\r\nitem1.TEL;type=WORK;type=VOICE:3\r\n"
    "item1.X-ABLabel:Old\r\nitem2.TEL;type=HOME:4\r\nitem2.X-ABLabel:Mill\r\n"
    'X-A;P="a;b:c":raw\\;\\,value\r\nX-LONG:' + "y" * 70 + "\r\n " + "密" * 100 + "\r\n"
    "END:VCARD\r\n"
)
OTHERS = {"BDAY", "NICKNAME", "X-A", "X-LONG"}


class TestVCard(BaseCase):
    def test_awkward_texts_survive_in_every_kind_of_property(self):
        for text in AWKWARD:
            card = read(
                serialize(
                    {
                        "FN": text,
                        "N": Name(family=text, given=text),
                        "ORG": (text, text),
                        "ADR": Address(street=text, city=text, country=text),
                        "CATEGORIES": (text, "other", text),
                        "NOTE": text,
                        "EMAIL": [text, "other"],
                    }
                )
            )
            self.assertEqual(card.get("FN"), text)
            self.assertEqual(card.get("N"), (text, text, "", "", ""))
            self.assertEqual(card.get("ORG"), (text, text))
            self.assertEqual(card.get("ADR"), ("", "", text, text, "", "", text))
            self.assertEqual(card.get("CATEGORIES"), (text, "other", text))
            self.assertEqual(card.get("NOTE"), text)
            self.assertEqual(card.all("EMAIL"), [text, "other"])

    def test_uris_of_addresses_and_numbers_are_read(self):
        for line, name, value in (
            ("EMAIL:mailto:ada@example.com", "EMAIL", ["ada@example.com"]),
            ("EMAIL:MAILTO:a%2Bb@example.com?subject=x", "EMAIL", ["a+b@example.com"]),
            ("EMAIL:mail@example.com", "EMAIL", ["mail@example.com"]),
            ("TEL;VALUE=uri:tel:+49%20123", "TEL", "+49 123"),
            ("TEL:12%20", "TEL", "12%20"),
        ):
            with self.subTest(line):
                card = (
                    f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada\r\n{line}\r\nEND:VCARD\r\n"
                )
                self.assertEqual(read_card(card)[name], value)
                self.assertIn(f"\r\n{line}\r\n", merge(card, {name: value}))

    def test_a_fax_is_no_telephone(self):
        for kind in ("FAX", "WORKFAX", "homefax", "WORK,FAX"):
            card = CURRENT.replace("TEL;TYPE=work,pref:1", f"TEL;TYPE={kind},pref:1")
            self.assertEqual(read_card(card)["TEL"], "3", kind)

    def test_a_department_is_no_organization(self):
        for value, organization in ((";Mills", ()), ("Acme;;Mills", ("Acme", "Mills"))):
            card = CURRENT.replace("UID:u1", f"UID:u1\r\nORG:{value}")
            self.assertEqual(read_card(card).get("ORG") or (), organization)

    def test_lines_may_end_with_carriage_returns_alone(self):
        self.assertEqual(read_card(CURRENT.replace("\r\n", "\r"))["TEL"], "1")

    def test_line_breaks_of_all_kinds_become_one_kind(self):
        card = read(serialize({"FN": "a\r\nb\rc\nd", "N": NAME}))
        self.assertEqual(card.get("FN"), "a\nb\nc\nd")

    def test_characters_that_no_card_can_carry_are_left_out(self):
        card = read(
            serialize({"FN": "a\x00\x01\x0b\x1f\x7f\ufffe\uffffb\tc", "N": NAME})
        )
        self.assertEqual(card.get("FN"), "ab\tc")

    def test_lines_are_folded_between_characters(self):
        for line in serialize({"FN": "👍密é" * 99, "N": NAME}).encode().split(b"\r\n"):
            line.decode()
            self.assertLessEqual(len(line), 76)

    def test_empty_properties_are_not_in_the_card(self):
        card = read(
            serialize({"FN": "A", "N": NAME, "TEL": False, "ORG": (), "URL": ""})
        )
        self.assertEqual({each.name for each in card} & {"TEL", "ORG", "URL"}, set())

    def test_a_picture_is_in_the_card_with_its_type(self):
        for kind in ("GIF", "JPEG", "PNG"):
            content = io.BytesIO()
            Image.effect_noise((99, 99), 99).save(content, kind)
            picture = content.getvalue()
            card = read(serialize({"FN": "A", "N": NAME, "PHOTO": picture}))
            self.assertEqual(card.get("PHOTO"), picture)
            self.assertEqual(card.types("PHOTO"), [{kind}])

    def test_merging_replaces_what_is_ours_and_keeps_the_rest(self):
        before = read(CURRENT)
        card = read(merge(CURRENT, {"FN": "Countess", "N": NAME, "TEL": "5"}))
        self.assertEqual(card.get("FN"), "Countess")
        self.assertEqual(card.get("UID"), "u1")
        for name in OTHERS:
            kept = [each for each in card if each.name == name]
            self.assertEqual(kept, [each for each in before if each.name == name])

    def test_merging_keeps_lines_that_break_the_rules_as_they_are(self):
        odd = "X-ODD;bare;A=b:un;escaped,\\x\r\n"
        card = merge(CURRENT.replace("BDAY", odd + "BDAY"), {"TEL": "5"})
        self.assertIn(f"\r\n{odd}", card)

    def test_merging_keeps_what_others_added_under_another_type(self):
        card = read(merge(CURRENT, {"TEL": "5"}))
        self.assertCountEqual(card.all("TEL"), ["5", "2", "3", "4"])
        self.assertEqual(card.all("X-ABLABEL"), ["Old", "Mill"])

    def test_merging_keeps_the_type_and_the_label_of_what_it_replaces(self):
        current = CURRENT.replace("TEL;TYPE=work,pref:1\r\n", "")
        current = current.replace("item1.TEL;type=WORK;", "item1.TEL;")
        card = merge(current.replace("TYPE=CELL", "TYPE=FAX"), {"TEL": "5"})
        self.assertIn("\r\nitem1.TEL;type=VOICE:5\r\nitem1.X-ABLabel:Old", card)
        self.assertIn("\r\nTEL;TYPE=FAX:2\r\n", card)

    def test_merging_removes_what_is_empty_now(self):
        current = CURRENT.replace("TEL;TYPE=work,pref:1\r\n", "")
        card = read(merge(current, {"TEL": False}))
        self.assertCountEqual(card.all("TEL"), ["2", "4"])
        self.assertEqual(card.all("X-ABLABEL"), ["Mill"])

    def test_merging_leaves_alone_what_was_not_mapped(self):
        self.assertEqual(read(merge(CURRENT, {"TITLE": "Dr"})).get("FN"), "Ada")

    def test_merging_reads_cards_of_older_and_newer_versions(self):
        for version in ("2.1", "3.0", "4.0"):
            current = CURRENT.replace("3.0", version).replace("TYPE=CELL", "CELL")
            card = merge(current, {"TEL": "5"})
            self.assertEqual(card.count(f"VERSION:{version}"), 1)
            self.assertEqual(card.count("VERSION"), 1)
            self.assertIn("CELL:2\r\n", card)

    def test_merging_twice_changes_nothing_more(self):
        properties = {"FN": "Countess", "TEL": "5", "REV": "20240101T000000Z"}
        once = merge(CURRENT, properties)
        self.assertTrue(is_same(once, merge(once, properties)))

    def test_cards_are_the_same_whatever_the_order_and_the_time(self):
        first = serialize({"FN": "A", "TEL": "1", "REV": "20240101T000000Z"})
        second = serialize({"TEL": "1", "REV": "20250101T000000Z", "FN": "A"})
        self.assertTrue(is_same(first, second))
        self.assertTrue(is_same(first, second.replace("TYPE=VOICE,WORK", "type=work")))
        self.assertFalse(is_same(first, second.replace("WORK:1", "WORK:2")))
        self.assertFalse(is_same(first, second.replace("WORK:1", "HOME:1")))
