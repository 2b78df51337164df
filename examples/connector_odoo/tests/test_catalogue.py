# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import io
from copy import deepcopy

from PIL import Image

from odoo.addons.connector.exception import RetryableJobError

from .common import ProductCase


class TestCatalogue(ProductCase):
    def test_a_product_with_its_category_is_exported(self):
        parent = self.env["product.category"].create({"name": "Goods"})
        self.category.parent_id = parent
        image = io.BytesIO()
        Image.new("RGB", (7, 3), "teal").save(image, "PNG")
        image = base64.b64encode(image.getvalue())
        mug = self.product(description_sale="Blue", image_1920=image)
        exported = self.in_shop(self.export(mug))
        self.assertNotEqual(exported, mug)
        for name in ("name", "list_price", "description_sale", "image_1920", "type"):
            self.assertEqual(exported[name], mug[name])
        self.assertEqual(exported.categ_id.complete_name, "Goods / Clothes")
        self.assertNotEqual(exported.categ_id, self.category)

    def test_a_product_without_variants_has_one(self):
        mug = self.product(default_code="MUG")
        self.export(mug)
        variant = self.in_shop(self.variants(mug))
        self.assertEqual(variant.default_code, "MUG")
        self.assertEqual(variant, self.in_shop(mug.odoo_bind_ids).product_variant_ids)

    def test_variants_are_found_by_their_attribute_values(self):
        shirt = self.shirt()
        for variant in shirt.product_variant_ids:
            variant.default_code = variant.product_template_variant_value_ids.name
        self.export(shirt)
        for binding in self.variants(shirt):
            exported = self.in_shop(binding)
            value = exported.product_template_variant_value_ids
            self.assertEqual(exported.default_code, value.name)
            self.assertNotEqual(value.attribute_id, self.attribute)

    def test_a_new_attribute_value_makes_a_variant_in_the_shop(self):
        shirt = self.shirt()
        self.export(shirt)
        green = {"name": "Green", "attribute_id": self.attribute.id}
        green = self.env["product.attribute.value"].create(green)
        with self.running_jobs():
            line = shirt.attribute_line_ids
            shirt.attribute_line_ids = [(1, line.id, {"value_ids": [(4, green.id)]})]
        self.assertEqual(len(self.variants(shirt)), 3)
        exported = self.in_shop(self.variants(shirt)[-1])
        self.assertEqual(exported.product_template_variant_value_ids.name, "Green")

    def test_an_attribute_that_is_taken_away_is_taken_away_in_the_shop(self):
        shirt = self.shirt()
        self.export(shirt)
        with self.running_jobs():
            shirt.attribute_line_ids = [(2, shirt.attribute_line_ids.id)]
        exported = self.in_shop(shirt.odoo_bind_ids)
        self.assertFalse(exported.attribute_line_ids)

    def test_changes_are_exported_together(self):
        products = self.product(), self.product("Plate")
        self.export(*products)
        with self.running_jobs():
            for product in products:
                product.list_price = 3
        for product in products:
            self.assertEqual(self.in_shop(product.odoo_bind_ids).list_price, 3)

    def test_an_archived_product_is_archived_and_back(self):
        mug = self.product()
        exported = self.in_shop(self.export(mug))
        for active in (False, True):
            with self.running_jobs():
                mug.active = active
            self.assertEqual(exported.active, active)

    def test_a_deleted_product_is_archived_in_the_shop(self):
        mug = self.product()
        exported = self.in_shop(self.export(mug))
        with self.running_jobs():
            mug.unlink()
        self.assertFalse(exported.active)

    def test_all_products_for_sale_come_to_the_shop(self):
        mug, pen = self.product(), self.product("Pen", sale_ok=False)
        with self.running_jobs():
            self.bindings.export_batch(self.backend)
        self.assertTrue(mug.odoo_bind_ids.external_id)
        self.assertFalse(pen.odoo_bind_ids)

    def test_what_is_equal_differs_in_no_field(self):
        shirt = self.shirt()
        self.export(shirt)
        params = {"model": self.bindings._name, "res_id": shirt.odoo_bind_ids.id}
        page = self.env["connector.preview"].preview({**params, "direction": "export"})
        rows = page["parts"][0]["rows"]
        self.assertEqual({row["state"] for row in rows}, {"same"})
        self.assertGreater(len(rows), 8)


class TestQuantities(ProductCase):
    def stock(self, product, quantity):
        """Set the quantity of a product in the company's warehouse."""
        warehouse = self.env["stock.warehouse"].create(
            {"name": "Company", "code": "COMP"}
        )
        self.backend.warehouse_id = warehouse
        quant = self.env["stock.quant"].with_context(inventory_mode=True)
        quant.create(
            {
                "product_id": product.product_variant_id.id,
                "location_id": warehouse.lot_stock_id.id,
                "inventory_quantity": quantity,
            }
        ).action_apply_inventory()

    def test_quantities_are_exported(self):
        mug, pen = self.product(), self.product("Pen")
        self.export(mug, pen)
        with self.running_jobs():
            self.stock(mug, 7)
        self.assertEqual(self.in_shop(self.variants(mug)).qty_available, 7)
        self.assertEqual(self.in_shop(self.variants(pen)).qty_available, 0)

    def test_a_number_that_changes_often_is_exported_once(self):
        mug = self.product()
        self.export(mug)
        self.stock(mug, 7)
        self.env.cr.precommit.run()
        last = self.env["queue.job"].search([], order="id desc", limit=1)
        for quantity in (5, 4, 3):
            quant = mug.product_variant_id.stock_quant_ids.filtered(
                lambda each: each.location_id.usage == "internal"
            )
            quant = quant.with_context(inventory_mode=True)
            quant.inventory_quantity = quantity
            quant.action_apply_inventory()
            self.env.cr.precommit.run()
        jobs = self.env["queue.job"].search([("id", ">", last.id)])
        self.assertFalse(jobs)  # The job that waits takes them along.
        with self.running_jobs():
            self.variants(mug).export_chunk()
        self.assertEqual(self.in_shop(self.variants(mug)).qty_available, 3)

    def test_a_call_that_the_shop_repeats_later_leaves_the_quantity(self):
        """The caller was killed, and the shop still tries again what it had sent."""
        mug = self.product()
        self.export(mug)
        variant = self.in_shop(self.variants(mug))
        adapter = self.component("backend.adapter", "odoo.product.product")
        calls, call = [], type(adapter).call

        def noted(adapter, *args, **kwargs):
            calls.append((args, deepcopy(kwargs)))
            return call(adapter, *args, **kwargs)

        self.patch(type(adapter), "call", noted)
        adapter.set_quantities({variant.id: 10})
        for args, kwargs in reversed(calls):
            call(adapter, *args, **deepcopy(kwargs))
            self.env.invalidate_all()
            self.assertEqual(variant.qty_available, 10)

    def test_two_rows_of_a_product_in_the_shop_are_merged(self):
        """Two transactions at the same time leave two rows of a product."""
        mug = self.product()
        self.export(mug)
        variant = self.in_shop(self.variants(mug))
        adapter = self.component("backend.adapter", "odoo.product.product")
        adapter.set_quantities({variant.id: 10})
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO stock_quant
                (product_id, location_id, company_id, quantity, reserved_quantity,
                in_date)
            SELECT product_id, location_id, company_id, -2, 0, in_date
            FROM stock_quant WHERE product_id = %s AND quantity = 10
            """,
            (variant.id,),
        )
        self.assertEqual(self.env.cr.rowcount, 1)
        self.env.invalidate_all()
        try:  # assertRaises() would roll back what the shop has done.
            adapter.set_quantities({variant.id: 5})
        except RetryableJobError:
            adapter.set_quantities({variant.id: 5})
        else:
            self.fail("The second row was not noticed.")
        self.assertEqual(variant.qty_available, 5)
