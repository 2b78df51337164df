# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import OdooCase


class TestAccess(OdooCase):
    binding_model = "odoo.product.category"

    def test_users_see_all_but_the_key(self):
        user = new_test_user(self.env, "user", "base.group_user")
        self.assertTrue(self.backend.with_user(user).has_access("read"))
        self.assertFalse(self.backend.with_user(user).has_access("write"))
        with self.assertRaises(AccessError):
            self.backend.with_user(user).read(["api_key"])

    def test_another_company_sees_nothing(self):
        category = self.env["product.category"].create({"name": "Goods"})
        binding = self.bind(category)
        company = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "other",
            "connector.group_connector_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (self.backend, binding):
            self.assertFalse(record.with_user(user).has_access("read"))

    def test_the_key_is_masked(self):
        arch = self.backend.get_view(view_type="form")["arch"]
        self.assertRegex(arch, '<field name="api_key"[^>]*password="True"')
