# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.connector.tests.remote_system import FailingServer

from .common import OdooCase


class TestSecret(OdooCase):
    binding_model = "odoo.res.partner"

    def test_a_manager_neither_reads_the_key_nor_sends_it_elsewhere(self):
        manager = new_test_user(
            self.env, "manager", "base.group_user,connector.group_connector_manager"
        )
        seen = self.backend.with_user(manager)
        self.assertFalse(seen.read(["api_key"])[0]["api_key"])
        with FailingServer() as other:
            with self.assertRaisesRegex(UserError, "Enter the API Key again"):
                seen.url = other.url
            self.assertEqual(other.calls, [])
            seen.write({"url": other.url, "api_key": "for the other"})
            seen.action_check_connection()
            self.assertEqual(other.credentials, ["Bearer for the other"])
