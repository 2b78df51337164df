# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.connector.exception import AccessRefusedError, JobError
from odoo.addons.connector.tests.common import ConnectorCase
from odoo.addons.connector.tests.file_servers import needs_servers

from .common import SupplierTools


@needs_servers
@tagged("post_install", "-at_install")
class TestBackend(SupplierTools, ConnectorCase):
    def backend_values(self, remote):
        vendor = self.env["res.partner"].create({"name": "Tools Ltd"})
        return {**super().backend_values(remote), "partner_id": vendor.id}

    def test_the_connection_and_all_folders_are_checked(self):
        self.assertIn("Connected", self.backend.check_connection())
        for folder in ("catalogue", "orders", "confirmations"):
            path = self.remote.root / folder
            path.rmdir()
            with self.assertRaisesRegex(JobError, f"folder of {folder}. Create it"):
                self.backend.check_connection()
            path.mkdir()

    def test_a_wrong_password_and_a_wrong_host_key(self):
        self.backend.password = "wrong"
        with self.assertRaisesRegex(AccessRefusedError, "Check the credentials"):
            self.backend.check_connection()
        self.backend.host_key = "SHA256:" + "A" * 43
        with self.assertRaisesRegex(AccessRefusedError, "does not prove its identity"):
            self.backend.check_connection()

    def test_a_manager_neither_reads_the_password_nor_sends_it_elsewhere(self):
        manager = new_test_user(self.env, "me", "connector.group_connector_manager")
        backend = self.backend.with_user(manager)
        self.assertFalse(backend.read(["password"])[0]["password"])
        with self.assertRaisesRegex(ValidationError, "Enter the Password again"):
            backend.host = "other.example.com"
        arch = backend.get_view(view_type="form")["arch"]
        self.assertRegex(arch, '<field name="password"[^>]*password="True"')

    def test_users_see_all_but_the_password(self):
        user = new_test_user(self.env, "user", "base.group_user")
        product = self.env["product.product"].create({"name": "Hammer"})
        for record in (self.backend, self.bind(product)):
            self.assertTrue(record.with_user(user).has_access("read"))
            self.assertFalse(record.with_user(user).has_access("write"))
        with self.assertRaises(AccessError):
            self.backend.with_user(user).read(["password"])

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "other",
            "connector.group_connector_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        product = self.env["product.product"].create({"name": "Hammer"})
        for record in (self.backend, self.bind(product)):
            self.assertFalse(record.with_user(user).has_access("read"))

    def test_a_manager_finds_all_in_the_menu(self):
        menus = self.env["ir.ui.menu"].load_menus(False).values()
        shown = [menu.get("action_id") for menu in menus]
        for name in ("backend", "product_product", "purchase_order"):
            action = self.env.ref(f"connector_files.{name}_action")
            self.assertIn(action.id, shown)
