# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from odoo.addons.connector.exception import AccessRefusedError

from .common import VendureCase


class TestBackend(VendureCase):
    def test_the_connection_is_checked(self):
        self.assertIn("__default_channel__", self.backend.check_connection())
        self.backend.api_key = "wrong"
        with self.assertRaisesRegex(AccessRefusedError, "Check the credentials"):
            self.backend.check_connection()

    def test_a_manager_neither_reads_the_key_nor_sends_it_elsewhere(self):
        manager = new_test_user(self.env, "me", "connector.group_connector_manager")
        backend = self.backend.with_user(manager)
        self.assertFalse(backend.read(["api_key"])[0]["api_key"])
        with self.assertRaisesRegex(UserError, "Enter the API Key again"):
            backend.url = "https://other.example.com"
        arch = backend.get_view(view_type="form")["arch"]
        self.assertRegex(arch, '<field name="api_key"[^>]*password="True"')

    def test_users_see_all_but_the_key(self):
        user = new_test_user(self.env, "user", "base.group_user")
        for record in (self.backend, self.bind(self.product())):
            self.assertTrue(record.with_user(user).has_access("read"))
            self.assertFalse(record.with_user(user).has_access("write"))
        with self.assertRaises(AccessError):
            self.backend.with_user(user).read(["api_key"])

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "other",
            "connector.group_connector_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (self.backend, self.bind(self.product())):
            self.assertFalse(record.with_user(user).has_access("read"))

    def test_a_product_is_linked_on_its_form(self):
        with Form(self.env["product.template"]) as form:
            form.name = "Mug"
            with form.vendure_bind_ids.new() as line:
                line.backend_id = self.backend
        self.assertEqual(form.record.vendure_bind_ids.backend_id, self.backend)

    def test_a_manager_finds_shops_and_products_in_the_menu(self):
        menus = self.env["ir.ui.menu"].load_menus(False).values()
        shown = [menu.get("action_id") for menu in menus]
        for action in ("backend_action", "product_template_action"):
            self.assertIn(self.env.ref(f"connector_vendure.{action}").id, shown)
