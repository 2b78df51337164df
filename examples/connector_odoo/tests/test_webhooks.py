# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.connector.exception import InvalidDataError

from .common import OdooCase, OrderCase


class TestWebhook(OdooCase):
    binding_model = "odoo.res.partner"

    def test_junk_is_refused(self):
        self.assert_refuses_junk(
            {"_model": "sale.order", "_id": 7}, "_id", more=[0, -1, "7", "1,2"]
        )

    def test_only_ids_of_odoo_are_accepted(self):
        for wrong in (0, -7, 2**31, "7", "1,2", "7 OR 1=1", "../7", [7], 7.0):
            with self.assertRaisesRegex(InvalidDataError, "invalid id"):
                self.announce({"_model": "res.partner", "_id": wrong})

    def test_a_rule_for_another_model_is_refused(self):
        for model in ("res.users", "odoo.backend", "", None, ["sale.order"]):
            with self.assertRaisesRegex(InvalidDataError, "does not name its topic"):
                self.announce({"_model": model, "_id": 7})

    def test_a_contact_who_is_not_a_customer_stays_in_the_shop(self):
        [contact] = self.shop("res.partner", "create", vals_list=[{"name": "Ada"}])
        self.announce({"_model": "res.partner", "_id": contact})
        self.assertFalse(self.binding_of(contact))
        delivery = self.env["connector.webhook.delivery"].search([], limit=1)
        self.assertEqual(delivery.answer, "Skipped: it is not a customer.")


class TestAnnouncedOrder(OrderCase):
    def test_an_order_and_its_customer_are_imported(self):
        order = self.order()
        self.announce({"_model": "sale.order", "_id": order, "_action": "Send(#1)"})
        imported = self.orders.search([("external_id", "=", str(order))])
        self.assertEqual(imported.partner_id.name, "Ada")
        partner = imported.partner_id.odoo_bind_ids
        self.in_shop(partner).name = "Ada Lovelace"
        self.announce({"_model": "res.partner", "_id": int(partner.external_id)})
        self.assertEqual(imported.partner_id.name, "Ada Lovelace")
