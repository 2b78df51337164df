# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .common import OdooCase


class TestCustomers(OdooCase):
    binding_model = "odoo.res.partner"

    def customer(self, name="Ada", **values):
        """Create a customer in the shop; return its id."""
        return self.shop("res.partner", "create", vals_list=[{"name": name, **values}])[
            0
        ]

    def imported(self, external_id):
        self.bindings.import_record(self.backend, external_id)
        return self.binding_of(external_id)

    def test_a_customer_with_an_address(self):
        state = self.env.ref("base.state_us_5")
        external_id = self.customer(
            email="ada@x.org",
            street="1 Mill",
            state_id=state.id,
            country_id=state.country_id.id,
        )
        ada = self.imported(external_id)
        self.assertNotEqual(ada.odoo_id.id, external_id)
        self.assertEqual((ada.email, ada.street), ("ada@x.org", "1 Mill"))
        self.assertEqual(ada.state_id, state)
        self.assertEqual(ada.company_id, self.backend.company_id)

    def test_an_address_brings_its_customer(self):
        company = self.customer("Mills", is_company=True)
        house = self.imported(self.customer("Home", parent_id=company, type="delivery"))
        self.assertEqual(house.parent_id, self.binding_of(company).odoo_id)
        self.assertEqual(house.type, "delivery")

    def test_changes_are_imported(self):
        external_id = self.customer(phone="1")
        self.imported(external_id)
        self.shop("res.partner", "write", [external_id], vals={"phone": "2"})
        self.assertEqual(self.imported(external_id).phone, "2")

    def test_only_customers_and_their_addresses_are_found(self):
        customer, stranger = self.customer(), self.customer("Eve")
        house = self.customer("Home", parent_id=customer)
        self.shop("sale.order", "create", vals_list=[{"partner_id": customer}])
        with self.running_jobs():
            self.bindings.import_batch(self.backend)
        self.assertTrue(self.binding_of(customer) and self.binding_of(house))
        self.assertFalse(self.binding_of(stranger))
