# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user

from odoo.addons.connector.fields import reveal
from odoo.addons.connector.tests.remote_system import FailingServer

from .common import PASSWORD, CardDAVCase, migrate

MANAGER = "base.group_user,connector.group_connector_manager"


class TestSecret(CardDAVCase):
    """The password belongs to the server for which somebody has entered it."""

    def setUp(self):
        super().setUp()
        manager = new_test_user(self.env, "another-manager", MANAGER)
        self.seen = self.backend.with_user(manager)
        self.other = self.enterContext(FailingServer())

    def try_another_server(self, change):
        """Change the address, and press the button; return the refusal."""
        refusal = None
        try:
            with self.env.cr.savepoint():
                change(f"{self.other.url}/book/")
        except UserError as error:
            refusal = str(error)
        self.env.invalidate_all()
        self.seen.action_check_connection()
        self.assertFalse([each for each in self.other.credentials if each])
        return refusal

    def test_the_password_does_not_follow_an_address(self):
        def by_form(url):
            with Form(self.seen) as form:
                form.url = url

        def by_import(url):
            result = self.seen.load([".id", "url"], [[str(self.seen.id), url]])
            if not result["ids"]:
                raise UserError(result["messages"][0]["message"])

        for change in (
            lambda url: self.seen.write({"url": url}),
            lambda url: self.seen.web_save({"url": url}, {}),
            by_form,
            by_import,
        ):
            refusal = self.try_another_server(change)
            self.assertRegex(refusal, "Sales phones.*Enter the Password again")
            self.assertEqual(self.seen.url, self.remote.url)

    def test_the_password_is_entered_again_with_the_address(self):
        self.seen.write({"url": f"{self.other.url}/", "new_password": "for the other"})
        self.seen.action_check_connection()
        self.assertTrue(self.other.credentials[0])
        self.assertNotIn(PASSWORD, str(self.other.credentials))

    def test_the_form_tells_people_to_enter_it_again(self):
        form = Form(self.seen)
        self.assertIn("Set", form.new_password_status)
        form.url = f"{self.remote.root}another/"
        self.assertIn("Set", form.new_password_status)
        form.url = f"{self.other.url}/"
        self.assertIn("Enter again", form.new_password_status)

    def test_an_update_keeps_the_passwords_that_were_entered_before(self):
        cr, names = self.env.cr, [self.backend._name]
        cr.execute("ALTER TABLE carddav_backend DROP COLUMN secret__new_password")
        cr.execute("ALTER TABLE carddav_backend ADD COLUMN password varchar")
        cr.execute("UPDATE carddav_backend SET password = %s", [PASSWORD])
        migrate(cr, "19.0.2.1.0/pre-migrate.py")
        self.registry.init_models(cr, names, {"module": "connector_carddav"})
        self.assertEqual(reveal(self.backend, "new_password"), PASSWORD)
        with self.assertRaises(UserError):
            self.seen.url = self.other.url
