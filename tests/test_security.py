# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from lxml import etree

from odoo.tests import TransactionCase, new_test_user


class TestSecurity(TransactionCase):
    def test_root_and_admin_are_connector_managers(self):
        group = self.env.ref("connector.group_connector_manager")
        for user in ("base.user_root", "base.user_admin"):
            self.assertIn(group, self.env.ref(user).all_group_ids)

    def test_job_managers_are_connector_managers(self):
        user = new_test_user(
            self.env, "jobs", groups="base.group_user,queue_job.group_queue_job_manager"
        )
        self.assertTrue(user.has_group("connector.group_connector_manager"))

    def test_other_users_are_not_connector_managers(self):
        user = new_test_user(self.env, "plain", groups="base.group_user")
        self.assertFalse(user.has_group("connector.group_connector_manager"))

    def test_the_group_has_its_place_in_the_user_form(self):
        group = self.env.ref("connector.group_connector_manager")
        privilege = self.env.ref("connector.res_groups_privilege_connector")
        self.assertEqual(group.privilege_id, privilege)
        self.assertEqual(
            privilege.category_id, self.env.ref("connector.module_category_connector")
        )


class TestMenusAndViews(TransactionCase):
    def test_the_menus_are_for_connector_users(self):
        root = self.env.ref("connector.menu_connector_root")
        self.assertEqual(root.group_ids, self.env.ref("connector.group_connector_user"))
        self.assertEqual(self.env.ref("connector.menu_connector").parent_id, root)
        self.assertTrue(root.web_icon_data)

    def test_the_partner_form_has_a_hidden_page_for_connectors(self):
        view = self.env.ref("connector.view_partner_connector_form")
        self.assertEqual(view.inherit_id, self.env.ref("base.view_partner_form"))
        page = etree.fromstring(view.arch).find(".//page[@name='connector']")
        self.assertEqual(page.get("invisible"), "1")

    def test_abstract_models_have_what_connectors_inherit(self):
        backend, binding = self.env["connector.backend"], self.env["external.binding"]
        self.assertTrue(backend._abstract and binding._abstract)
        self.assertTrue(hasattr(backend, "work_on"))
        self.assertEqual(binding._fields["sync_date"].type, "datetime")

    def test_connectors_are_free_to_name_their_fields(self):
        """They declare ``state``, ``version``, ``external_id``, ... with own types."""
        base = set(self.env["base"]._fields)
        self.assertEqual(
            set(self.env["connector.backend"]._fields) - base, {"conflict_policy"}
        )
        ours = {"connector_state", "sync_base", "sync_date", "sync_version"}
        self.assertEqual(set(self.env["external.binding"]._fields) - base, ours)
