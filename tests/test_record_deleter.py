# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.exception import IDMissingInBackend, InvalidDataError

from .common import ShopCase


class TestDeleter(ShopCase):
    def setUp(self):
        super().setUp()
        deleted = self.deleted = []

        class DeletingAdapter(Component):
            _inherit = "test.shop.adapter"

            def delete(self, external_id):
                if external_id == "gone":
                    raise IDMissingInBackend("gone")
                if external_id == "kept":
                    raise InvalidDataError("it has orders")
                deleted.append(external_id)

        class ContactDeleter(Component):
            _name = "test.shop.contact.deleter"
            _inherit = ["connector.record.deleter", "base.test.shop"]

        self.build(DeletingAdapter, ContactDeleter)

    def delete(self, external_id):
        model = self.env["connector.test.binding"]
        return model.export_delete_record(self.shop, external_id)

    def test_a_record_is_deleted_on_the_backend(self):
        self.assertIn("7", self.delete("7"))
        self.assertEqual(self.deleted, ["7"])

    def test_zero_is_an_id(self):
        self.delete(0)
        self.assertEqual(self.deleted, [0])

    def test_a_record_that_is_already_gone_counts_as_deleted(self):
        self.assertIn("gone", self.delete("gone"))

    def test_a_record_that_was_never_exported_is_not_deleted(self):
        for value in (None, False, ""):
            self.assertIn("never", self.delete(value))
        self.assertFalse(self.deleted)

    def test_a_refusal_is_an_error(self):
        with self.assertRaises(InvalidDataError):
            self.delete("kept")

    def test_nothing_is_deleted_on_an_archived_backend(self):
        self.shop.active = False
        self.assertIn("archived", self.delete("7"))
        self.assertFalse(self.deleted)
