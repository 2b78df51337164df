# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.connector.exception import InvalidDataError

from .common import OrderCase


class TestDeliveries(OrderCase):
    def deliver(self, order, quantity=None, **values):
        """Deliver an order of the company; return the delivery."""
        picking = order.picking_ids.filtered(lambda each: each.state != "done")
        picking.write(values)
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        return picking

    def test_a_delivery_comes_to_the_shop_with_its_reference(self):
        order = self.imported(self.order(self.line(product_uom_qty=2)))
        with self.running_jobs():
            delivery = self.deliver(order, carrier_tracking_ref="T1")
        in_shop = self.in_shop(delivery.odoo_bind_ids)
        self.assertEqual(in_shop.sale_id, self.in_shop(order))
        self.assertEqual((in_shop.state, in_shop.carrier_tracking_ref), ("done", "T1"))
        self.assertEqual(in_shop.move_ids.quantity, 2)

    def test_what_was_delivered_is_subtracted_once(self):
        mug = self.mug.product_variant_id
        quant = self.env["stock.quant"].with_context(inventory_mode=True)
        with self.running_jobs():
            quant.create(
                {
                    "product_id": mug.id,
                    "location_id": self.env.ref("stock.stock_location_stock").id,
                    "inventory_quantity": 10,
                }
            ).action_apply_inventory()
        order = self.imported(self.order(self.line(product_uom_qty=2)))
        with self.running_jobs():
            self.deliver(order)
        self.assertEqual(mug.qty_available, 8)
        self.assertEqual(self.in_shop(self.variants(self.mug)).qty_available, 8)

    def test_a_delivery_leaves_the_quantity_of_the_company(self):
        order = self.imported(self.order(self.line(product_uom_qty=2)))
        variant = self.in_shop(self.variants(self.mug))
        adapter = self.component("backend.adapter", "odoo.stock.picking")
        line = order.order_line.odoo_bind_ids.external_id
        data = {
            "order": order.external_id,
            "quantities": {line: 2},
            "carrier_tracking_ref": False,
            "on_hand": {variant.id: 5},
        }
        for _attempt in range(2):
            adapter.create(data, "key")
            self.assertEqual(variant.qty_available, 5)

    def test_two_deliveries_do_not_choose_the_same_one(self):
        order = self.imported(self.order())
        adapter = self.component("backend.adapter", "odoo.stock.picking")
        data = {"order": order.external_id}
        adapter._claim(data, "first")
        with self.assertRaisesRegex(InvalidDataError, "has no open delivery"):
            adapter._claim(data, "second")

    def test_a_part_leaves_the_rest_open(self):
        order = self.imported(self.order(self.line(product_uom_qty=3)))
        with self.running_jobs():
            first = self.deliver(order, 1)
        in_shop = self.in_shop(order)
        self.assertEqual(in_shop.order_line.qty_delivered, 1)
        with self.running_jobs():
            second = self.deliver(order)
        self.assertEqual(in_shop.order_line.qty_delivered, 3)
        self.assertNotEqual(
            first.odoo_bind_ids.external_id, second.odoo_bind_ids.external_id
        )

    def test_a_later_reference_is_sent(self):
        order = self.imported(self.order())
        with self.running_jobs():
            delivery = self.deliver(order)
        with self.running_jobs():
            delivery.carrier_tracking_ref = "T2"
        in_shop = self.in_shop(delivery.odoo_bind_ids)
        self.assertEqual(in_shop.carrier_tracking_ref, "T2")

    def test_an_unconfirmed_create_continues_with_the_same_delivery(self):
        order = self.imported(self.order(self.line(product_uom_qty=2)))
        adapter = self.component("backend.adapter", "odoo.stock.picking")
        line = order.order_line.odoo_bind_ids.external_id
        data = {
            "order": order.external_id,
            "quantities": {line: 2},
            "carrier_tracking_ref": "T1",
            "on_hand": {},
        }
        claimed = adapter._claim(data, "key")
        self.assertEqual(adapter.create(data, "key"), claimed)
        self.assertEqual(adapter.create(data, "key"), claimed)
        in_shop = self.env["stock.picking"].browse(claimed)
        self.assertEqual((in_shop.state, in_shop.move_ids.quantity), ("done", 2))

    def test_an_order_that_the_shop_has_delivered_itself(self):
        order = self.imported(self.order())
        self.deliver(self.in_shop(order))
        adapter = self.component("backend.adapter", "odoo.stock.picking")
        data = {"order": order.external_id, "quantities": {}, "on_hand": {}}
        with self.assertRaisesRegex(InvalidDataError, "has no open delivery"):
            adapter.create({**data, "carrier_tracking_ref": False}, "key")

    def test_deliveries_of_other_orders_stay_here(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env.user.partner_id.id,
                "order_line": [(0, 0, {"product_id": self.mug.product_variant_id.id})],
            }
        )
        sale.action_confirm()
        self.assertFalse(self.deliver(sale).odoo_bind_ids)
