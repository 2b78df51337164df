# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
from datetime import datetime, timedelta

from odoo.addons.connector.exception import InvalidDataError, MissingDependencyError

from .common import OrderCase


class TestCustomers(OrderCase):
    binding_model = "vendure.res.partner"

    def test_a_customer_with_an_address(self):
        ada = self.imported(self.customer(phoneNumber="1"))
        self.assertEqual((ada.name, ada.email), ("Ada Lovelace", self.email))
        self.assertEqual(
            (ada.street, ada.zip, ada.city), ("Main Street 1", "53111", "Bonn")
        )
        self.assertEqual(ada.country_id.code, "DE")
        self.assertEqual(ada.company_id, self.backend.company_id)

    def test_a_change_is_imported(self):
        external_id = self.customer()
        ada = self.imported(external_id)
        self.shop.change(
            "Customer", "... on Customer { id }", id=external_id, firstName="Augusta"
        )
        self.assertEqual(self.imported(external_id).odoo_id, ada.odoo_id)
        self.assertEqual(ada.name, "Augusta Lovelace")

    def test_a_customer_whom_odoo_knows_is_linked(self):
        external_id = self.customer()
        ada = self.env["res.partner"].create({"name": "A", "email": self.email.upper()})
        self.assertEqual(self.imported(external_id).odoo_id, ada)
        self.assertEqual(ada.name, "Ada Lovelace")

    def test_changes_are_found(self):
        since = datetime.now() - timedelta(seconds=2)
        external_id = self.customer()
        importer = self.component("batch.importer")
        filters = importer._since_filters(None, since)
        self.assertIn(external_id, list(importer.backend_adapter.search(filters)))
        filters = importer._since_filters(None, since + timedelta(days=1))
        self.assertEqual(list(importer.backend_adapter.search(filters)), [])


class TestOrders(OrderCase):
    def test_an_order(self):
        ada = self.customer()
        address = self.shop.address("Bob", "Side Street 2")
        order = self.imported(self.shop.order(ada, {self.variant: 3}, address))
        [shop] = self.in_shop(order, "code totalWithTax orderPlacedAt", "order")
        self.assertEqual(order.amount_total * 100, shop["totalWithTax"])
        self.assertEqual((order.state, order.client_order_ref), ("sale", shop["code"]))
        self.assertEqual(order.partner_id.name, "Ada Lovelace")
        delivery = order.partner_shipping_id
        self.assertEqual((delivery.name, delivery.street), ("Bob", "Side Street 2"))
        self.assertEqual(delivery.parent_id, order.partner_id)
        product, parcel = order.order_line
        self.assertEqual(product.product_id, self.mug.product_variant_id)
        self.assertEqual((product.product_uom_qty, product.price_unit), (3, 15))
        self.assertEqual(product.tax_ids, self.tax)
        self.assertEqual((parcel.name, parcel.price_unit), ("Parcel", 5))
        self.assertEqual(parcel.product_id, self.backend.extra_product_id)
        placed = shop["orderPlacedAt"][:19].replace("T", " ")
        self.assertEqual(str(order.date_order), placed)

    def test_the_address_of_the_customer_is_no_second_contact(self):
        order = self.imported(self.shop.order(self.customer(), {self.variant: 1}))
        self.assertEqual(order.partner_shipping_id, order.partner_id)

    def test_an_order_is_imported_once(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        order = self.imported(external_id)
        lines = order.order_line
        self.bindings.import_record(self.backend, external_id, force=True)
        self.assertEqual(order.order_line, lines)

    def test_a_basket_is_skipped(self):
        draft = self.shop.draft(self.customer(), {self.variant: 1})
        self.assertFalse(self.imported(draft))

    def test_a_cancelled_order_is_cancelled(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        order = self.imported(external_id)
        self.shop.cancel(external_id)
        self.assertEqual(self.imported(external_id), order)
        self.assertEqual(order.state, "cancel")

    def test_an_order_that_was_cancelled_before_is_skipped(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        self.shop.cancel(external_id)
        self.assertFalse(self.imported(external_id))

    def test_an_unknown_product_is_named(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        self.mug.product_variant_id.vendure_bind_ids.with_context(
            connector_no_export=True
        ).external_id = False
        with self.assert_refuses(MissingDependencyError, r"Mug \(ODOO-\d+\)"):
            self.imported(external_id)
        self.assertFalse(self.binding_of(external_id))

    def test_an_unknown_tax_is_named(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        self.tax.active = False
        with self.assert_refuses(MissingDependencyError, "no sales tax of 20 %"):
            self.imported(external_id)

    def test_another_currency_is_named(self):
        external_id = self.shop.order(self.customer(), {self.variant: 1})
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env.company.currency_id = euro
        with self.assert_refuses(InvalidDataError, "is in USD, but .* sells in EUR"):
            self.imported(external_id)

    def test_an_old_basket_that_is_paid_now_is_found(self):
        draft = self.shop.draft(self.customer(), {self.variant: 1})
        importer = self.component("batch.importer")

        def found(since):
            filters = importer._since_filters(None, since)
            return draft in list(importer.backend_adapter.search(filters))

        order = self.shop.list(
            "orders", "id updatedAt", f'{{ id: {{ eq: "{draft}" }} }}'
        )
        changed = datetime.fromisoformat(order[0]["updatedAt"][:19])
        since = changed + timedelta(seconds=1)
        self.assertFalse(found(since))
        time.sleep(2)  # The shop dates changes by the second.
        self.shop.place(draft)
        self.assertTrue(found(since))
