# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
)

from ..components import adapter as adapter_module
from .common import OdooCase


class TestAdapter(OdooCase):
    binding_model = "odoo.product.category"

    def test_the_connection_is_checked(self):
        self.assertIn("19.0", self.backend.check_connection())
        self.backend.api_key = "wrong"
        with self.assertRaisesRegex(AccessRefusedError, "Web Shop"):
            self.backend.check_connection()

    def test_the_database_is_named(self):
        self.backend.database = self.env.cr.dbname
        self.assertIn("19.0", self.backend.check_connection())

    def test_a_create_that_is_sent_twice_makes_one_record(self):
        once = self.adapter.create({"name": "Goods"}, "key")
        self.assertEqual(self.adapter.create({"name": "Goods"}, "key"), once)
        self.assertEqual(self.adapter.find_created("key"), once)
        self.assertIsNone(self.adapter.find_created("other"))

    def test_a_bad_record_stops_all_and_says_why(self):
        data = [{"name": "Good"}, {"name": "Bad", "parent_id": 99_999_999}]
        with self.assertRaisesRegex(InvalidDataError, "99999999"):
            self.adapter.create_many(data, ["one", "two"])
        self.assertIsNone(self.adapter.find_created("one"))

    def test_many_records_are_changed_by_their_fields(self):
        names = [{"name": "A"}, {"name": "B"}, {"name": "C"}]
        ids = self.adapter.create_many(names, ["a", "b", "c"])
        self.adapter.write_many(
            [
                (ids[0], {"name": "A2"}),
                (ids[1], {"parent_id": ids[0]}),
                (ids[2], {"name": "C2"}),
            ]
        )
        found = self.adapter.read_many(ids)
        self.assertEqual([found[id_]["name"] for id_ in ids], ["A2", "B", "C2"])
        self.assertEqual(found[ids[1]]["parent_id"], ids[0])
        self.adapter.write(ids[1], {"parent_id": False})
        self.assertFalse(self.adapter.read(ids[1])["parent_id"])

    def test_a_record_that_is_gone(self):
        [category] = self.adapter.create_many([{"name": "A"}], ["a"])
        self.adapter.delete(category)
        for call in (
            lambda: self.adapter.read(category),
            lambda: self.adapter.write(category, {"name": "B"}),
        ):
            with self.assertRaises(IDMissingInBackend):
                call()

    def test_pages_miss_nothing_while_records_change(self):
        made = self.adapter.create_many(
            [{"name": f"Category {number}"} for number in range(5)], list("abcde")
        )
        domain = [("id", "in", made)]
        with patch.object(adapter_module, "PAGE", 2):
            found = []
            for id_ in self.adapter.search(domain):
                found.append(id_)
                self.adapter.write(made[0], {"name": f"Changed {id_}"})
        self.assertEqual(found, sorted(made))

    def test_the_address_of_a_record(self):
        url = self.backend.record_url(self.bindings, "7")
        self.assertTrue(url.endswith("/odoo/product.category/7"))
