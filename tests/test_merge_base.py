# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The base of a merge, and its decisions: functions without a database."""

from base64 import b64encode
from datetime import datetime

from odoo.tests import BaseCase

from odoo.addons.connector.components.merge.base import (
    CHANGED,
    Base,
    data_of,
    seconds,
    value_digest,
)
from odoo.addons.connector.components.merge.decision import (
    CONFLICT,
    NEITHER,
    OURS,
    SAME,
    THEIRS,
    Target,
    compare,
    merged_elements,
    newer,
)

A, B, C, D = (value_digest(letter) for letter in "ABCD")


class TestBase(BaseCase):
    def stored(self):
        base = Base()
        base.data = b"twelve bytes"
        base.has_questions = True
        base.sync_date = seconds(datetime(2026, 1, 1))
        base.set_value("name", A, A)
        base.set_value("price", A, B)
        base.set_value("email", C, CHANGED)
        base.set_elements("tags", [A, B, C])
        base.set_elements("empty", [])
        return base

    def test_a_packed_base_has_all_digests(self):
        base = Base.unpack(self.stored().pack())
        self.assertEqual(base.value("name"), (A, A))
        self.assertEqual(base.value("price"), (A, B))
        self.assertEqual(base.value("email"), (C, CHANGED))
        self.assertEqual(base.elements_of("tags"), {A, B, C})
        self.assertEqual(base.elements_of("empty"), set())
        self.assertEqual(base.data, b"twelve bytes")
        self.assertTrue(base.has_questions)
        self.assertEqual(base, self.stored())
        self.assertNotEqual(base, Base())
        self.assertIsNone(base.value("tags") or base.elements_of("name"))

    def test_the_digest_of_the_data_is_read_without_the_rest(self):
        self.assertEqual(
            data_of(self.stored().pack()), (b"twelve bytes", 1_767_225_600)
        )
        self.assertEqual(data_of(Base().pack()), (None, 0))
        self.assertEqual(data_of(None), (None, 0))

    def test_a_base_that_is_stored_again_is_another_text(self):
        base = self.stored()
        self.assertNotEqual(base.pack(), base.pack())

    def test_a_damaged_text_is_no_base(self):
        text = self.stored().pack()
        newer_version = b64encode(b"\x02" + bytes(40)).decode()
        for damaged in (text[:-4], text[:10], "ä", "%%%", "AAAA", newer_version):
            with self.subTest(text=damaged):
                base = Base.unpack(damaged)
                self.assertTrue(base.is_empty)
                self.assertIsNone(base.value("name"))
            self.assertEqual(data_of(damaged)[0] or b"twelve bytes", b"twelve bytes")
        for damaged in (newer_version, "ä", "AAAA"):
            self.assertEqual(data_of(damaged), (None, 0))

    def test_ten_fields_take_less_than_150_characters(self):
        base = self.stored()
        base.values.clear()
        base.elements.clear()
        for number in range(10):
            base.set_value(f"field_{number}", A, A)
        self.assertLess(len(base.pack()), 150)


class TestDecision(BaseCase):
    def compare(self, *targets):
        return compare([Target(*target) for target in targets])

    def test_one_field(self):
        base = (A, A)
        for theirs, ours, expected in (
            (A, A, NEITHER),
            (B, A, THEIRS),
            (A, B, OURS),
            (B, B, SAME),
            (B, C, CONFLICT),
        ):
            with self.subTest(expected=expected):
                self.assertEqual(self.compare((theirs, ours, base)), expected)

    def test_a_value_that_odoo_stores_in_its_own_form_is_unchanged(self):
        base = (A, B)
        for theirs, ours, expected in (
            (A, B, NEITHER),
            (C, B, THEIRS),
            (A, C, OURS),
            (B, B, SAME),
            (A, A, SAME),
            (C, C, SAME),
            (C, D, CONFLICT),
        ):
            with self.subTest(theirs=theirs, ours=ours):
                self.assertEqual(self.compare((theirs, ours, base)), expected)

    def test_a_field_without_a_base_is_not_decided(self):
        self.assertIsNone(self.compare((A, A, None)))
        self.assertIsNone(self.compare((A, A, (A, A)), (A, B, None)))

    def test_changes_of_different_fields_of_a_unit_are_a_conflict(self):
        street, city = (B, A, (A, A)), (A, B, (A, A))
        self.assertEqual(self.compare(street, city), CONFLICT)
        self.assertEqual(self.compare((A, A, (A, A)), city), OURS)
        self.assertEqual(self.compare((B, B, (A, A)), (A, A, (A, A))), SAME)

    def test_a_field_that_counts_as_changed(self):
        self.assertEqual(self.compare((A, A, (A, CHANGED))), SAME)
        self.assertEqual(self.compare((A, B, (A, CHANGED))), OURS)
        self.assertEqual(self.compare((C, B, (A, CHANGED))), CONFLICT)

    def test_the_newer_side(self):
        early, late = datetime(2026, 1, 1), datetime(2026, 1, 2)
        self.assertEqual(newer(early, late), "backend")
        self.assertEqual(newer(late, early), "odoo")
        for moments in ((None, late), (late, None), (late, late)):
            self.assertEqual(newer(*moments), "ask")
        self.assertEqual(newer(None, late, written=early), "backend")
        self.assertEqual(newer(None, early, written=late), "ask")

    def test_elements_that_one_side_adds_or_removes(self):
        def merged(theirs, ours, base="AB"):
            base = {value_digest(letter) for letter in base}
            return "".join(
                sorted(merged_elements(set(theirs), set(ours), base, value_digest))
            )

        self.assertEqual(merged("ABC", "AB"), "ABC")
        self.assertEqual(merged("AB", "ABC"), "ABC")
        self.assertEqual(merged("ABC", "ABD"), "ABCD")
        self.assertEqual(merged("A", "AB"), "A")
        self.assertEqual(merged("AB", "B"), "B")
        self.assertEqual(merged("A", "B"), "")
        self.assertEqual(merged("AC", "B"), "C")
