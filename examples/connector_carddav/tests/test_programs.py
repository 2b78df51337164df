# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cards as programs write them: what Odoo reads, and what a change in Odoo changes."""

import base64

from odoo.tests import BaseCase

from ..vcard import Address, Name, merge, read
from .cards_of_programs import DATA, card

PICTURE = base64.b64decode(DATA)
VERSIONS = "2.1", "3.0", "4.0"


class ProgramsCase(BaseCase):
    def reads(self, value, *lines, version="3.0"):
        """Check what Odoo reads in the property of the last line."""
        name = lines[-1].partition(":")[0].partition(";")[0].rpartition(".")[2].upper()
        self.assertEqual(read(card(*lines, version=version)).get(name), value)

    def changes(self, properties, before, after, version="3.0", **options):
        """Check that a change in Odoo makes lines into others, and keeps the rest."""
        text = merge(card(*before, version=version), properties, **options)
        self.assertEqual(text, card(*after, version=version))
        if all(properties.values()):
            self.assertEqual(merge(text, properties), text)


class TestReading(ProgramsCase):
    def test_a_comma_without_a_backslash_ends_no_text(self):
        for version in VERSIONS:
            for name, text in (
                ("FN", "Doe, John"),
                ("TITLE", "Analyst, first; and last"),
                ("NOTE", "a, b,c"),
                ("TEL", "+1 555,,2"),
                ("URL", "https://x.org/a,b;c"),
            ):
                self.reads(text, f"{name}:{text}", version=version)
            self.reads(("Doe, Ltd", "R"), "ORG:Doe, Ltd;R", version=version)
            self.reads(Name("Doe, Jr", "J"), "N:Doe, Jr;J;;;", version=version)
            street = Address(street="5, Mill")
            self.reads(street, "ADR:;;5, Mill;;;;", version=version)
            self.reads(("a", "b"), "CATEGORIES:a,b", version=version)

    def test_pictures(self):
        uri = f"data:image/jpeg;base64,{DATA}"
        escaped = uri.replace(",", "\\,").replace(";", "\\;").replace(":", "\\:")
        for line in (
            f"PHOTO:{uri}",
            f"PHOTO:{escaped}",
            "PHOTO:" + uri.replace(",", "\\,"),
            f"PHOTO;VALUE=uri:{uri}",
            f"PHOTO;VALUE=uri;MEDIATYPE=image/jpeg;PREF=1:{uri}",
            "photo:" + uri.replace("data", "DATA").replace("+", "%2B"),
            f"item1.PHOTO;TYPE=JPEG;ENCODING=b:{DATA}",
            f"PHOTO;ENCODING=BASE64;TYPE=JPEG:\r\n {DATA[:40]}\r\n {DATA[40:]}\r\n",
            f"PHOTO;BASE64;JPEG:\r\n{DATA[:40]}\r\n{DATA[40:]}\r\n",
            f"PHOTO;ENCODING=b:{DATA.rstrip('=')}",
        ):
            for version in VERSIONS:
                self.reads(PICTURE, line, version=version)
        self.reads("https://x.org/a", "PHOTO;VALUE=uri:https\\://x.org/a")

    def test_a_picture_in_the_card_comes_before_one_elsewhere(self):
        line = f"PHOTO;ENCODING=b:{DATA}"
        self.reads(PICTURE, "PHOTO;VALUE=uri:https://x.org/a", line)

    def test_urls_and_numbers_that_are_escaped(self):
        self.reads("https://x.org", "item1.URL;type=pref:https\\://x.org")
        self.reads("+1-555", "TEL;VALUE=uri:tel:+1-555", version="4.0")

    def test_types_in_all_spellings(self):
        home = "TEL;TYPE=home:1"
        for line in (
            'TEL;TYPE="work,voice":2',
            'tel;type="VOICE","work":2',
            "TEL;TYPE=voice;TYPE=work:2",
            "item1.TEL;type=VOICE;type=WORK;type=pref:2",
            "TEL;WORK;VOICE:2",
            "Tel;PREF=1;TYPE=work:2",
        ):
            for version in VERSIONS:
                self.reads("2", home, line, version=version)
        self.reads("2", "TEL;TYPE=work;PREF=2:1", "TEL;TYPE=work;PREF=1:2")
        self.reads(["b", "a"], "EMAIL;PREF=9:a", "EMAIL;PREF=1:b")

    def test_spaces_around_a_value_are_no_part_of_it(self):
        for name in ("FN", "TITLE", "TEL", "URL"):
            self.reads("x.org", f"{name}: x.org ")
            self.changes({name: "x.org"}, [f"{name}: x.org "], [f"{name}: x.org "])
        self.reads(["a@x.org"], "EMAIL: a@x.org ")
        self.reads("+1", "TEL;VALUE=uri: tel:+1", version="4.0")

    def test_ways_of_delivery_say_not_whose_address_it_is(self):
        home, delivery = "ADR;TYPE=HOME,PARCEL:;;a;;;;", "ADR;TYPE=intl,postal:;;b;;;;"
        self.reads(Address(street="b"), home, delivery)
        self.reads(Address(street="b"), "ADR;HOME:;;a;;;;", "ADR;DOM:;;b;;;;")
        self.reads(Address(street="a"), "ADR;DOM;WORK:;;a;;;;", delivery)

    def test_empty_lines_have_no_value(self):
        for name in ("EMAIL", "TEL", "URL", "FN", "NOTE", "ADR", "N", "ORG", "PHOTO"):
            for empty in ("", " ", "\\n"):
                self.reads(None, f"{name}:{empty}")
        self.reads(None, "ADR:;;;;;;")
        self.reads(None, "CATEGORIES:, ,")
        self.reads("2", "TEL;TYPE=WORK:", "TEL;TYPE=HOME:2")
        self.reads(["a"], "EMAIL;TYPE=WORK:", "EMAIL:a", "EMAIL: ")

    def test_encoded_texts(self):
        quoted = "NOTE;ENCODING=QUOTED-PRINTABLE"
        for line, text in (
            (f"{quoted};CHARSET=UTF-8:Gr=C3=BC=\r\n=C3=9Fe=0D=0A, a", "Grüße\n, a"),
            (f"{quoted}:a=\r\n b=3D", "a b="),
            (f"{quoted};CHARSET=ISO-8859-1:=FC", "ü"),
            (f"{quoted};CHARSET=nonsense:=FC", "ü"),
            (f"{quoted}:=80 =96 =FC", "€ \u2013 ü"),
            (f"{quoted}:=81", "\x81"),
            ("NOTE;QUOTED-PRINTABLE:a=C3=BC", "aü"),
            ("NOTE;ENCODING=BASE64;CHARSET=UTF-8:w7w=\r\n", "ü"),
            ("NOTE;CHARSET=ISO-8859-1;ENCODING=b:\r\n /A==", "ü"),
            ("NOTE;BASE64:not, base64", "not, base64"),
            ("note;charset=utf-8;encoding=quoted-printable:=C3=BC", "ü"),
        ):
            for version in VERSIONS:
                self.reads(text, line, version=version)
        quoted = quoted.replace("NOTE", "N")
        self.reads(Name("Ü;a", "b"), f"{quoted}:=C3=9C\\;a;b", version="2.1")

    def test_characters_in_other_octets(self):
        cut = b"FN:M\xc3\r\n \xbcller".decode(errors="surrogateescape")
        self.reads("Müller", cut)
        latin = b"FN;CHARSET=ISO-8859-1:M\xfcller".decode(errors="surrogateescape")
        self.reads("Müller", latin, version="2.1")
        other = b"X-OLD:M\xfcller".decode(errors="surrogateescape")
        self.reads("Ada", other, "FN:Ada")
        with self.assertRaisesRegex(ValueError, "UTF-8"):
            read(card(other.replace("X-OLD", "FN")))

    def test_lines_of_all_forms(self):
        text = card("fn:Ada\n  King", "ORG:a\r\n\tb").replace("\r\n", "\n")
        self.assertEqual(read(f"\ufeff{text}")["FN"], "Ada King")
        self.assertEqual(read(text)["ORG"], ("ab",))
        lower = text.replace("BEGIN:VCARD", "begin:vcard").replace("END:V", "end:v")
        self.assertEqual(read(lower.rstrip())["FN"], "Ada King")

    def test_many_pieces_of_a_line_with_many_parameters(self):
        start = "X-A" + ";B=c" * 10_000
        for encoding, piece in (("BASE64", "\r\n"), ("QUOTED-PRINTABLE", "=\r\n")):
            line = f"{start};ENCODING={encoding}:{piece * 2_000}"
            self.reads("Ada", line, "FN:Ada")

    def test_only_the_first_card_of_several_is_read(self):
        self.assertNotIn("TITLE", read(card("FN:Ada") + card("FN:B", "TITLE:Dr")))
        for start in "AGENT:\r\nBEGIN:VCARD", "AGENT:BEGIN:VCARD", "agent: begin:vcard":
            inner = f"{start}\r\nFN:Agent\r\nTEL:9\r\nEND:VCARD"
            self.reads("Ada", inner, "FN:Ada", version="2.1")
            self.changes({"TEL": "2"}, [inner, "TEL:1"], [inner, "TEL:2"], "2.1")

    def test_parts_of_names_that_are_new(self):
        self.reads(Name("A, B", "C"), "N:A,B;C;;;;B;Jr", version="4.0")

    def test_companies_and_cards_that_are_not_contacts(self):
        self.assertEqual(read(card("KIND:org", version="4.0"))["X-ABSHOWAS"], "COMPANY")
        self.assertNotIn("X-ABSHOWAS", read(card("KIND:individual", version="4.0")))
        for line in (
            "X-ADDRESSBOOKSERVER-KIND:group",
            *("KIND:group", "kind:Location", "KIND:device", "KIND:application"),
            "X-EVOLUTION-LIST:TRUE",
        ):
            self.assertIn("KIND", read(card("FN:Friends", line)))
        for line in "KIND:org", "KIND:x-pet", "X-EVOLUTION-LIST:FALSE":
            self.assertNotIn("KIND", read(card("FN:Friends", line)))


class TestChanging(ProgramsCase):
    def test_the_same_values_change_nothing(self):
        for version in VERSIONS:
            lines = (
                *("FN:Doe, John", "N:Doe, Jr;John;a,b", "ORG:A, B;;C", "TITLE:x;y"),
                *("URL:https\\://x.org", 'TEL;TYPE="work,voice":1,,2', "EMAIL: a@x "),
                *("CATEGORIES:a,b", "CATEGORIES:c;d", "ADR:;;5, Mill;;;;"),
                *("NOTE:a\\", "NOTE:b", "X-ABSHOWAS:company"),
                f"PHOTO:data:image/jpeg;base64,{DATA}",
            )
            before = card(*lines, version=version)
            self.assertEqual(merge(before, read(before)), before)

    def test_only_the_first_line_of_a_property_is_odoos(self):
        for name, value in (("TITLE", "new"), ("FN", "new"), ("ORG", ("new", "R"))):
            text = "new;R" if name == "ORG" else "new"
            before = [f"{name};LANGUAGE=de:old", f"item1.{name}:second, one"]
            after = [f"{name};LANGUAGE=de:{text}", before[1]]
            for version in VERSIONS:
                self.changes({name: value}, before, after, version=version)
        before = ["TITLE:old", "TITLE;PREF=1:first"]
        self.changes({"TITLE": "new"}, before, ["TITLE:old", "TITLE;PREF=1:new"], "4.0")
        self.changes({"TITLE": False}, before, ["TITLE:old"], "4.0")

    def test_a_line_is_changed_where_it_is_read(self):
        home = "TEL;TYPE=home:1"
        for start in ('TEL;TYPE="work,voice"', "item1.Tel;type=VOICE;type=WORK"):
            self.changes({"TEL": "3"}, [home, f"{start}:2"], [home, f"{start}:3"])
        before = ["TEL;TYPE=WORK:", home]
        self.changes({"TEL": "3"}, before, [before[0], "TEL;TYPE=home:3"])
        self.changes({"TEL": "3"}, ["TEL;WORK:2"], ["TEL;WORK:3"], "2.1")

    def test_a_label_goes_with_its_line_only(self):
        label = "ITEM1.X-ABLabel:Mill"
        self.changes({"TEL": False}, ["item1.TEL:1", label], [])
        self.changes({"TEL": "2"}, ["item1.TEL:1", label], ["item1.TEL:2", label])
        shared = "Item1.EMAIL:a", label
        self.changes({"TEL": False}, ["item1.TEL:1", *shared], [*shared])

    def test_addresses_are_all_odoos_after_one_was_added(self):
        text = merge(card("item1.EMAIL;TYPE=HOME:h@x"), {"EMAIL": ["h@x", "w@x"]})
        self.assertEqual(read(text)["EMAIL"], ["h@x", "w@x"])
        text = merge(text, {"EMAIL": ["new@x", "w@x"]})
        self.assertNotIn("h@x", text)
        self.assertEqual(read(text)["EMAIL"], ["new@x", "w@x"])
        text = merge(card("EMAIL;TYPE=INTERNET:a"), {"EMAIL": ["a", "b"]})
        self.assertEqual(read(text)["EMAIL"], ["a", "b"])

    def test_addresses_keep_their_lines(self):
        lines = [f"i{each}.EMAIL;TYPE=WORK:{each}" for each in "abc"]
        self.changes({"EMAIL": ["a", "c"]}, lines, [lines[0], lines[2]])
        changed = lines[1].replace(":b", ":x")
        self.changes({"EMAIL": ["a", "x", "c"]}, lines, [lines[0], changed, lines[2]])
        text = merge(card(*lines), {"EMAIL": ["c", "a"]})
        self.assertEqual(read(text)["EMAIL"], ["c", "a"])

    def test_tags_and_notes_keep_their_lines(self):
        lines = ["CATEGORIES;PREF=1:a,b", "x.CATEGORIES:c, d"]
        self.changes({"CATEGORIES": ("d", "b", "a", "c")}, lines, lines)
        after = [lines[0], "x.CATEGORIES:c,e"]
        self.changes({"CATEGORIES": ("a", "b", "c", "e")}, lines, after)
        self.changes({"CATEGORIES": ("a", "b")}, lines, lines[:1])
        lines = ["NOTE;LANGUAGE=de:a, b", "NOTE:c", "NOTE:d"]
        self.changes({"NOTE": "a, b\nnew\nd"}, lines, [lines[0], "NOTE:new", lines[2]])
        self.changes({"NOTE": "a, b\nd"}, lines, [lines[0], lines[2]])
        self.changes({"NOTE": "x"}, lines, ["NOTE;LANGUAGE=de:x"])
        self.changes({"NOTE": False}, lines, [])

    def test_parameters_of_a_value_go_with_it(self):
        before = 'ADR;LABEL="a;b";GEO="geo:1,2";TYPE=work;X-P=1:;;a;;;;'
        after = "ADR;TYPE=work;X-P=1:;;b;;;;"
        self.changes({"ADR": Address(street="b")}, [before], [after], "4.0")
        before = 'N;SORT-AS="K,A";ALTID=1:K;A;;;'
        self.changes({"N": Name("B", "A")}, [before], ["N;ALTID=1:B;A;;;"], "4.0")
        before = "TEL;VALUE=uri;TYPE=work:tel:+1"
        self.changes({"TEL": "+2"}, [before], ["TEL;TYPE=work:+2"], "4.0")

    def test_values_in_the_syntax_of_the_version(self):
        for version, line in (
            ("2.1", "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=9C, a; b"),
            ("3.0", "FN:Ü\\, a\\; b"),
            ("4.0", "FN:Ü\\, a\\; b"),
        ):
            self.changes({"FN": "Ü, a; b"}, ["FN:A"], [line], version)
            before = ["FN;CHARSET=UTF-8;ENCODING=BASE64:QQ==\r\n"]
            self.changes({"FN": "Ü, a; b"}, before, [line], version)
        for version, line in (
            ("2.1", f"PHOTO;ENCODING=BASE64;TYPE=GIF:{DATA}\r\n"),
            ("3.0", f"PHOTO;ENCODING=b;TYPE=GIF:{DATA}"),
            ("4.0", f"PHOTO:data:image/gif;base64,{DATA}"),
        ):
            before = card("PHOTO;VALUE=uri:http://a", version=version)
            text = merge(before, {"PHOTO": PICTURE})
            self.assertIn(line, text.replace("\r\n ", ""))
            self.assertEqual(read(text)["PHOTO"], PICTURE)
        for version, line in (
            ("2.1", "TEL;VOICE;WORK:1"),
            ("3.0", "TEL;TYPE=VOICE,WORK:1"),
            ("4.0", "TEL;TYPE=VOICE,WORK:1"),
        ):
            text = merge(card("FN:A", version=version), {"TEL": "1"})
            self.assertIn(f"\r\n{line}\r\n", text)

    def test_a_preferred_picture_stays_the_preferred_one(self):
        lines = [f"PHOTO;ENCODING=b:{DATA}", f"PHOTO;TYPE=PNG,PREF;ENCODING=b:{DATA}"]
        for version in VERSIONS:
            text = merge(card(*lines, version=version), {"PHOTO": PICTURE + b"2"})
            self.assertEqual(read(text)["PHOTO"], PICTURE + b"2")
            self.assertIn(lines[0], text)

    def test_companies_in_the_syntax_of_the_version(self):
        company, person = {"X-ABSHOWAS": "COMPANY"}, {"X-ABSHOWAS": False}
        self.changes(company, ["KIND:individual"], ["KIND:org"], "4.0")
        self.changes(person, ["KIND:org"], [], "4.0")
        self.changes(person, ["KIND:individual"], ["KIND:individual"], "4.0")
        self.assertIn("\r\nKIND:org\r\n", merge(card("FN:A", version="4.0"), company))
        self.assertIn("\r\nX-ABSHOWAS:COMPANY\r\n", merge(card("FN:A"), company))

    def test_a_new_value_stands_before_those_of_others(self):
        before = ["TEL;TYPE=WORK,PREF:1", "TEL;TYPE=HOME:2"]
        after = ["TEL;TYPE=VOICE,WORK,PREF:3", *before]
        self.changes({"TEL": "3"}, before, after, new={"TEL"})
        self.changes({"TITLE": "a"}, ["TITLE:b"], ["TITLE:a", "TITLE:b"], new={"TITLE"})

    def test_other_lines_keep_their_octets(self):
        others = (
            "X-LONG:" + "y" * 70 + "\r\n " + "密" * 100,
            "NOTE;ENCODING=QUOTED-PRINTABLE:a=\r\n  b=\r\nc",
            "X-ODD;bare;A=b:un;escaped,\\x",
            "no property",
            'X-OPEN;P="a:b',
            "AGENT:\r\nBEGIN:VCARD\r\nFN:Agent\r\nTEL:9\r\nEND:VCARD",
            f"LOGO;BASE64:\r\n {DATA}\r\n",
            b"X-OLD:M\xfcller \xc3\r\n \xbc".decode(errors="surrogateescape"),
        )
        before, after = (["TEL:1", *others, "fn:A"], ["TEL:2", *others, "fn:A"])
        for version in VERSIONS:
            self.changes({"TEL": "2"}, before, after, version=version)
        start = 'TEL;X-P="a;b:c"'  # Not base64, whatever the quoted text has.
        self.changes({"TEL": "2"}, [f"{start}:1", "", "A"], [f"{start}:2", "", "A"])
        text = card("TEL:1") + card("TEL:1")
        self.assertEqual(merge(text, {"TEL": "2"}), card("TEL:2") + card("TEL:1"))
