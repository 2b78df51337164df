# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A backend whose files are on a server with SFTP."""

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user

from odoo.addons.component.core import AbstractComponent, Component

from ..exception import AccessRefusedError, BackendUnavailableError, JobError
from ..fields import Wrapped
from ..tools.bindings import backend_models
from .common import ShopCase
from .file_servers import PASSWORD, USER, SFTPServer, needs_servers
from .models import hide_test_models


class SFTPBackend(models.Model):
    _name = "connector.test.sftp"
    _description = "Backend of the tests with SFTP"
    _inherit = "connector.sftp.backend"


class SFTPBinding(models.Model):
    _name = "connector.test.sftp.partner"
    _description = "Binding of the tests with SFTP"
    _inherit = "connector.binding"
    _inherits = {"res.partner": "odoo_id"}

    backend_id = fields.Many2one("connector.test.sftp", required=True)
    odoo_id = Wrapped("res.partner")


hide_test_models(SFTPBackend, SFTPBinding)


class SFTPBase(AbstractComponent):
    _name = "base.test.sftp"
    _inherit = "base.connector"
    _collection = "connector.test.sftp"


class SFTPAdapter(Component):
    _name = "test.sftp.adapter"
    _inherit = ["connector.outgoing.file.adapter", "base.test.sftp"]
    _folder = "out"


class SFTPImporter(Component):
    _name = "test.sftp.importer"
    _inherit = ["connector.file.batch.importer", "base.test.sftp"]
    _folder = "in"


@needs_servers
class TestSFTPBackend(ShopCase):
    own_models = (SFTPBackend, SFTPBinding)

    def setUp(self):
        super().setUp()
        self.build(SFTPBase, SFTPAdapter, SFTPImporter)
        self.files = self.enterContext(SFTPServer())
        for folder in ("in", "out"):
            self.files.write(f"exchange/{folder}/.keep")
        self.backend = self.env["connector.test.sftp"].create(
            {
                "name": "Supplier",
                "host": "127.0.0.1",
                "port": self.files.port,
                "username": USER,
                "password": PASSWORD,
                "host_key": self.files.key.export_public_key("openssh").decode(),
                "folder": "exchange",
            }
        )

    def assert_refused(self, error, *parts, **values):
        """Check that a wrong setting is named by the check of the connection."""
        self.backend.write(values)
        with self.assertRaises(error) as caught:
            self.backend.check_connection()
        for part in parts:
            self.assertIn(part, str(caught.exception))
        self.assertNotIn(PASSWORD, str(caught.exception))

    def test_its_adapters_find_the_files(self):
        with self.backend.work_on("connector.test.sftp.partner") as work:
            adapter = work.component(usage="backend.adapter")
            adapter.put_file("out/a.csv", b"1")
        self.assertEqual(self.files.read("exchange/out/a.csv"), b"1")

    def test_the_connection_and_the_folders_are_checked(self):
        self.assertIn("Connected", self.backend.check_connection())
        self.assertIn("connector.test.sftp", backend_models(self.env))
        self.assertNotIn("connector.sftp.backend", backend_models(self.env))

    def test_a_wrong_password(self):
        self.assert_refused(AccessRefusedError, "password", password="wrong")

    def test_a_wrong_user(self):
        self.assert_refused(AccessRefusedError, "credentials", username="bob")

    def test_another_host_key(self):
        key = "SHA256:" + "A" * 43
        fingerprint = self.files.key.get_fingerprint()
        refused = AccessRefusedError, "prove its identity", "Nothing was sent"
        self.assert_refused(*refused, host_key=key)
        self.assert_refused(*refused, host_key=False)
        self.backend.host_key = fingerprint
        self.assertIn("Connected", self.backend.check_connection())

    def test_a_server_that_does_not_answer(self):
        port = self.files.port
        self.files.server.close()
        self.assert_refused(BackendUnavailableError, "cannot be reached", port=port)

    def test_missing_folders_are_named(self):
        self.assert_refused(JobError, "in", "Create it", folder="other")
        self.backend.folder = "exchange"
        (self.files.root / "exchange" / "out" / ".keep").unlink()
        (self.files.root / "exchange" / "out").rmdir()
        self.assert_refused(JobError, "the folder of out", "Create it")

    def test_the_password_goes_to_no_other_server(self):
        with self.assertRaisesRegex(ValidationError, "Enter the Password again"):
            self.backend.host = "other.example.com"

    def test_a_manager_does_not_read_the_password(self):
        manager = new_test_user(self.env, "me", "connector.group_connector_manager")
        self.assertFalse(self.backend.with_user(manager).sudo().password)

    def test_the_work_is_done_in_the_language_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.company.partner_id.lang = "fr_FR"
        with self.backend.work_on("connector.test.sftp.partner") as work:
            self.assertEqual(work.env.lang, "fr_FR")

    def test_other_backends_say_nothing_of_files(self):
        class Adapter(Component):
            _name = "test.place.adapter"
            _inherit = ["connector.file.adapter", "base.test.shop"]
            _usage = "files"

        self.build(Adapter)
        with (
            self.shop.work_on(self.model._name) as work,
            self.assertRaisesRegex(NotImplementedError, "_place()"),
        ):
            work.component(usage="files").list_files()
