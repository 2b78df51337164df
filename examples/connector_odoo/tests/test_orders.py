# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.connector.components.http.session import Session
from odoo.addons.connector.exception import MissingDependencyError

from .common import OrderCase


class TestImport(OrderCase):
    def test_an_order_with_its_lines(self):
        note = {"display_type": "line_note", "name": "Be quick"}
        external_id = self.order(self.line(product_uom_qty=2), note)
        order = self.imported(external_id)
        in_shop = self.in_shop(order)
        self.assertEqual((order.state, in_shop.state), ("sale", "sale"))
        self.assertEqual(order.amount_total, in_shop.amount_total)
        self.assertEqual(order.date_order, in_shop.date_order)
        self.assertEqual(order.client_order_ref, in_shop.name)
        self.assertEqual(order.partner_id.name, "Ada")
        self.assertNotEqual(order.partner_id, in_shop.partner_id)
        product, note = order.order_line
        self.assertEqual(product.product_id, self.mug.product_variant_id)
        self.assertEqual((product.product_uom_qty, product.price_unit), (2, 10))
        self.assertEqual(product.tax_ids, self.tax)
        self.assertEqual((note.display_type, note.name), ("line_note", "Be quick"))

    def test_addresses_come_with_the_order(self):
        [house] = self.shop("res.partner", "create", vals_list=[{"name": "Home"}])
        order = self.imported(self.order(partner_shipping_id=house))
        self.assertEqual(order.partner_shipping_id.name, "Home")

    def test_a_change_of_a_line_is_imported(self):
        external_id = self.order()
        order = self.imported(external_id)
        line = self.in_shop(order).order_line.id
        self.mug.list_price = 99
        since = self.env.cr.now()
        self.shop("sale.order.line", "write", [line], vals={"product_uom_qty": 5})
        importer = self.component("batch.importer", self.orders._name)
        changed = importer.backend_adapter.search(importer._since_filters([], since))
        self.assertIn(external_id, list(changed))
        self.imported(external_id)
        line, in_shop = order.order_line, self.in_shop(order).order_line
        self.assertEqual(line.product_uom_qty, 5)
        self.assertEqual(line.price_unit, in_shop.price_unit)
        self.assertNotEqual(line.price_unit, self.mug.list_price)

    def test_the_shops_clock_dates_the_checkpoint(self):
        request, date = Session.request, "Thu, 01 Jan 2026 10:00:00 GMT"

        def request_in_the_past(session, *args, **kwargs):
            answer = request(session, *args, **kwargs)
            answer.headers["Date"] = date
            return answer

        self.patch(Session, "request", request_in_the_past)
        self.orders.import_changes(self.backend)
        checkpoint = self.env["connector.checkpoint"].of(
            self.backend, self.orders._name
        )
        self.assertEqual(str(checkpoint.moment), "2026-01-01 10:00:00")

    def test_an_announced_order_is_imported(self):
        external_id = self.order()
        self.announce({"_action": "#1", "_id": external_id, "_model": "sale.order"})
        domain = [("external_id", "=", str(external_id))]
        self.assertEqual(self.orders.search(domain).state, "sale")

    def test_quotations_are_skipped(self):
        self.assertFalse(self.imported(self.order(confirm=False)))

    def test_a_cancelled_order_is_cancelled(self):
        external_id = self.order()
        order = self.imported(external_id)
        self.shop("sale.order", "action_cancel", [external_id])
        self.assertEqual(self.imported(external_id).state, "cancel")
        self.assertEqual(order.state, "cancel")

    def test_an_order_that_was_cancelled_before_is_skipped(self):
        external_id = self.order()
        self.shop("sale.order", "action_cancel", [external_id])
        self.assertFalse(self.imported(external_id))

    def test_an_order_waits_for_its_products(self):
        tea = {"name": "Tea"}
        [tea] = self.shop("product.product", "create", vals_list=[tea])
        external_id, other = self.order(self.line(tea)), self.order()
        text = self.orders.import_chunk(self.backend, [external_id, other])
        self.assertIn("waits for records that are not linked", text)
        self.assertIn("'Tea'", text)
        [job] = self.env["queue.job"].search([("method_name", "=", "import_record")])
        self.assertEqual(job.args, [self.backend, external_id])
        with self.assertRaises(MissingDependencyError):
            self.imported(external_id)
        ours = self.product("Tea").product_variant_id
        self.env["odoo.product.product"].with_context(connector_no_export=True).create(
            {"backend_id": self.backend.id, "odoo_id": ours.id, "external_id": tea}
        )
        self.assertEqual(self.imported(external_id).order_line.product_id, ours)

    def test_an_order_waits_for_its_tax(self):
        external_id = self.order()
        self.tax.type_tax_use = "none"
        with self.assertRaisesRegex(MissingDependencyError, "no sales tax 'Shop 7%'"):
            self.imported(external_id)

    def test_an_order_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env.company.currency_id = self.env.ref("base.USD")
        abroad = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": euro.id}
        )
        external_id = self.order(pricelist_id=abroad.id)
        self.assertEqual(self.imported(external_id).currency_id, euro)
        other = self.order(pricelist_id=abroad.id)
        self.env["product.pricelist"].search(
            [("currency_id", "=", euro.id)]
        ).active = False
        with self.assertRaisesRegex(MissingDependencyError, "Create a pricelist"):
            self.imported(other)


class TestState(OrderCase):
    def test_a_cancellation_comes_back_to_the_shop(self):
        order = self.imported(self.order())
        with self.running_jobs():
            order.odoo_id._action_cancel()
        self.assertEqual(self.in_shop(order).state, "cancel")

    def test_an_import_is_not_exported_again(self):
        order = self.order()
        last = self.env["queue.job"].search([], order="id desc", limit=1)
        self.imported(order)
        self.env.cr.precommit.run()
        self.assertFalse(self.env["queue.job"].search([("id", ">", last.id)]))
