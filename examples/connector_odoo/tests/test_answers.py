# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers that no shop should send: each fails with a sentence."""

from unittest.mock import patch

from odoo.addons.connector.exception import InvalidDataError

from .common import OdooCase

WRONG_IDS = (None, True, False, 0, -1, 1.5, "1", "", [], [1], {}, 2**31)
NO_LISTS = (None, 5, "1", True, {}, {"id": 1})
NO_OBJECTS = (None, 5, "1", True, [], [1])
NO_RECORDS = (*NO_OBJECTS, {}, *({"id": id_} for id_ in WRONG_IDS))
#: Values that fields of the partner cannot have.
WRONG_VALUES = {
    "name": (None, True, 5, 1.5, [], {}, ["Ada"], {"a": "Ada"}),
    "is_company": (None, 1, "yes", [], {}),
    "parent_id": (None, True, -1.5, "1", [], [1, "Acme"], {"id": 1}),
    "email": (None, 5, [], {}),
    "lang": (None, 5, ["de_DE"], {}),
    "country_code": (None, 5, ["DE"], {}),
    "state_id": (None, "BY", [], {}, 1.5),
}
CONTACT = {"id": 7, "name": "Ada", "is_company": False, "parent_id": False}


class TestAnswers(OdooCase):
    binding_model = "odoo.res.partner"

    def setUp(self):
        super().setUp()
        fields = dict.fromkeys(self.adapter._fields, False)
        self.contact = {**fields, **CONTACT, "type": "contact", "active": True}

    def answering(self, *results):
        """Let the shop answer calls of its methods with these results in turn."""
        left = list(results)

        def call(adapter, method, *args, **arguments):
            return left.pop(0) if left[1:] else left[0]

        return patch.object(type(self.adapter), "call", call)

    def assert_named(self, results, work, text="missing or invalid"):
        for result in results:
            with (
                self.subTest(f"{result!r:.80}"),
                self.answering(result),
                self.assertRaisesRegex(InvalidDataError, text),
            ):
                work()

    def test_no_list_of_records(self):
        lists = [*NO_LISTS, *([record] for record in NO_RECORDS)]
        self.assert_named(lists, lambda: self.adapter.read("7"))
        self.assert_named(lists, lambda: self.adapter.read_many(["7", "8"]))
        self.assert_named(NO_LISTS, lambda: self.adapter.find_created("key"))

    def test_a_field_is_missing(self):
        for name in self.adapter._fields:
            record = {key: self.contact[key] for key in self.contact if key != name}
            self.assert_named(
                [[record]], lambda: self.adapter.read("7"), f"'{name}' of res.partner,7"
            )

    def test_a_field_has_another_type(self):
        for name, values in WRONG_VALUES.items():
            records = [[{**self.contact, name: value}] for value in values]
            text = f"'{name}' of res.partner,7"
            self.assert_named(records, lambda: self.adapter.read("7"), text)

    def test_a_bad_record_fails_alone(self):
        bad = {**self.contact, "id": 8, "name": ["Bob"]}
        good = {**self.contact, "id": 9, "name": "Eve"}
        answers = [[self.contact, bad, good], [self.contact], [bad], [good]]
        with self.answering(*answers):
            text = self.bindings.import_chunk(self.backend, [7, 8, 9])
        self.assertRegex(text, "2 created, 1 failed.*\n.*'name' of res.partner,8")
        self.assertEqual(self.binding_of(7).name, "Ada")
        self.assertEqual(self.binding_of(9).name, "Eve")

    def test_another_record_than_the_one_that_was_asked_for(self):
        with (
            self.answering([{**self.contact, "id": 8}]),
            self.assertRaisesRegex(Exception, "has no record 7"),
        ):
            self.adapter.read("7")

    def test_ids_that_are_none_are_not_sent(self):
        for wrong in (
            "",
            "a",
            "1,2",
            "1 OR 1=1",
            "-1",
            "1.5",
            "0",
            "９9" * 9,
            "٣" * 99,
        ):
            for call in (
                lambda wrong=wrong: self.adapter.read(wrong),
                lambda wrong=wrong: self.adapter.write(wrong, {"name": "Ada"}),
                lambda wrong=wrong: self.adapter.delete(wrong),
            ):
                with self.assertRaisesRegex(InvalidDataError, "cannot be the id"):
                    call()

    def test_a_search_that_returns_no_ids(self):
        self.assert_named(NO_LISTS, lambda: list(self.adapter.search()))
        for wrong in WRONG_IDS:
            with self.subTest(f"{wrong!r}"), self.answering([1, wrong, 3]):
                self.assertEqual(list(self.adapter.search()), [1, None, 3])

    def test_a_search_that_goes_on_for_ever_ends(self):
        for page in ([1] * 500, [None] * 500, list(range(1, 501))):
            self.assert_named([page], lambda: list(self.adapter.search()))

    def test_an_import_that_returns_no_ids(self):
        def create():
            self.adapter.create_many([{"name": "A"}, {"name": "B"}], ["a", "b"])

        ids = [NO_LISTS[1], [1], [1, 2, 3], [1, None], [1, "2"], [1, True], {"a": 1}]
        self.assert_named([*NO_OBJECTS, {}, *({"ids": each} for each in ids)], create)
        messages = [*NO_LISTS, [None], ["no"], [{}], [{"message": 5}]]
        self.assert_named([{"ids": False, "messages": m} for m in messages], create)

    def test_a_version_and_a_time_that_are_none(self):
        version = type(self.adapter)
        for answer in (*NO_OBJECTS, {}, {"version": 19}):
            with (
                self.answering(0),
                patch.object(version, "_call", lambda *_, answer=answer: answer),
                self.assertRaisesRegex(InvalidDataError, "'version' of web/version"),
            ):
                self.adapter.version()
        for date in ({}, {"Date": ""}, {"Date": "soon"}, {"Date": "9" * 5000}):
            answer = type("Answer", (), {"headers": date})
            with (
                patch.object(version, "_request", lambda *_, answer=answer: answer),
                self.assertRaisesRegex(InvalidDataError, "'Date' of web/version"),
            ):
                self.adapter.now()
