# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that no backend should send: each fails alone, and says why."""

from datetime import date
from decimal import Decimal
from math import inf, nan
from uuid import UUID

from odoo.addons.connector.components.importer.values import SHOWN, check_values
from odoo.addons.connector.exception import InvalidDataError

from .cases import ImportCase, ShopCase

CONTAINERS = ([], [1], [[[]]], ["Ada"], {}, {"a": 1}, {"a": {"b": [1]}})
UNSTORABLE = ("nul\0", "half \ud800 of a pair", "\udfff")
NOT_FINITE = (nan, inf, -inf)
#: Values that a field cannot hold, by a field of its type.
WRONG = {
    "name": (*CONTAINERS, *NOT_FINITE, *UNSTORABLE),
    "email": CONTAINERS,
    "age": (
        *(*CONTAINERS, *NOT_FINITE, *UNSTORABLE),
        *("many", "1.5.2", "0x1F", "1,000", "", " ", "9" * 5000, "NaN", "inf"),
        *(2**31, -(2**31) - 1, 10**30, 10**400, 1e300, b"7"),
    ),
    "weight": (
        *(*CONTAINERS, *NOT_FINITE, "heavy", "1,5", "nan", "inf", "1e999", 10**400),
        *(Decimal("NaN"), Decimal("1e999")),
    ),
    "active": (*CONTAINERS, nan),
    "friend_id": (*CONTAINERS, "Ada", "7", 1.5, nan),
    "friend_ids": ("Ada", 7, 1.5, {"a": 1}, True),
}
#: Values that a backend, or ``search()``, returns in the place of an id.
WRONG_IDS = (
    *(None, False, True, "", 1.5, nan, inf, *UNSTORABLE),
    *({}, {"id": 1}, [], [1], [[1]]),
)


class TestHostileValues(ShopCase):
    def test_a_value_of_a_wrong_type_names_the_field_and_the_record(self):
        self.assertGreater(sum(map(len, WRONG.values())), 60)
        for name, values in WRONG.items():
            label = self.model._fields[name].string
            for value in values:
                # The ORM takes an empty text for nothing.
                if value == "" or (name == "friend_ids" and value == []):
                    continue
                with self.subTest(f"{name}: {value!r:.60}"):
                    with self.assertRaises(InvalidDataError) as raised:
                        check_values(self.model, "A-7", {name: value})
                    text = str(raised.exception)
                    self.assertIn(f"'{label}'", text)
                    self.assertRegex(text, "[Rr]ecord A-7")
                    self.assertLess(len(text), 200 + SHOWN)

    def test_values_that_the_orm_accepts_are_accepted(self):
        binding = self.binding("Ada")
        for name, values in {
            "name": (
                *("Ada", "", False, None, 7, 1.5, True, "x" * 5000, b"Ada"),
                *(Decimal("1.50"), date(1815, 12, 10), UUID(int=7)),
            ),
            "age": (0, 7, -7, "7", " 7 ", 7.0, 2**31 - 1, False, None, True),
            "weight": (1, 1.5, "1.5", False, None, 0.0, 1e300, Decimal("1.50")),
            "active": (True, False, 0, 1, None),
            "friend_id": (
                *(binding.id, (binding.id, "Ada"), binding),
                *(False, None, binding.browse()),
            ),
            "friend_ids": ([(6, 0, [])], [], False, (), binding),
            "no_such_field": ({}, [], nan),
        }.items():
            for value in values:
                with self.subTest(f"{name}: {value!r:.60}"):
                    check_values(self.model, "7", {name: value})

    def test_a_field_for_few_people_does_not_show_its_value(self):
        self.patch(self.model._fields["note"], "groups", "base.group_system")
        with self.assertRaises(InvalidDataError) as raised:
            check_values(self.model, "7", {"note": ["s3cret"]})
        self.assertNotIn("s3cret", str(raised.exception))


class TestHostileRecords(ImportCase):
    def test_a_record_with_a_wrong_value_fails_alone(self):
        for field, values in (
            ("title", (*filter(None, CONTAINERS), *NOT_FINITE, *UNSTORABLE)),
            ("years", ([1], {"a": 1}, "many", nan, inf, 2**31, 10**400)),
            ("friend", ({"id": 1}, [1], [[1]], 1.5, True)),
        ):
            for number, value in enumerate(values):
                with self.subTest(f"{field}: {value!r:.60}"):
                    ids = [f"{field} {number}.{each}" for each in (1, 2, 3)]
                    self.source.add(*ids)
                    self.source.contacts[ids[1]] |= {field: value}
                    text = self.run_chunk(*ids)
                    self.assertIn("2 created, 1 failed.", text)
                    self.assertIn(f"Record {ids[1]} failed", text)
                    self.assertNotIn("unexpected error", text)
                    self.assertTrue(self.imported(ids[0]) and self.imported(ids[2]))

    def test_a_record_without_an_id_fails_alone(self):
        for number, wrong in enumerate(WRONG_IDS):
            with self.subTest(repr(wrong)):
                ids = f"{number}.1", f"{number}.2"
                self.source.add(*ids)
                text = self.run_chunk(ids[0], wrong, ids[1])
                self.assertIn("2 created, 1 failed.", text)
                self.assertNotIn("unexpected error", text)

    def test_one_record_without_an_id_says_so(self):
        for wrong in (None, "", {"id": 1}, 1.5):
            with self.assertRaisesRegex(InvalidDataError, "cannot be an id"):
                self.import_record(wrong)
