# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.connector.fields import reveal

from .card_reader import read
from .common import PASSWORD, CardDAVCase


class TestAccess(CardDAVCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "carddav-user", "base.group_user,base.group_partner_manager"
        )
        cls.manager = new_test_user(
            cls.env,
            "carddav-manager",
            "base.group_user,base.group_partner_manager,connector.group_connector_manager",
        )

    def test_what_belongs_to_an_address_book_follows_it_to_another_company(self):
        state = self.env["connector.backend.state"].of(self.backend)
        checkpoint = self.env["connector.checkpoint"].of(self.backend, "x")
        company = self.env["res.company"].create({"name": "B"})
        self.backend.company_id = company
        self.assertEqual(state.company_id, company)
        self.assertEqual(checkpoint.company_id, company)

    def test_a_user_sees_where_contacts_are_linked(self):
        binding = self.bind(self.contact()).with_user(self.user)
        self.assertEqual(binding.backend_id.name, "Sales phones")
        self.assertEqual(binding.odoo_id.carddav_bind_ids, binding)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_a_user_changes_neither_address_books_nor_links(self):
        binding = self.bind(self.contact()).with_user(self.user)
        for record, values in (
            (binding, {"external_id": "x.vcf"}),
            (binding.backend_id, {"url": "https://evil.example.com/"}),
            (binding.backend_id, {"new_password": "x"}),
        ):
            with self.assertRaises(AccessError):
                record.write(values)
            with self.assertRaises(AccessError):
                record.unlink()
        with self.assertRaises(AccessError):
            binding.create(
                {"backend_id": self.backend.id, "odoo_id": binding.odoo_id.id}
            )
        self.assertEqual(reveal(self.backend, "new_password"), PASSWORD)

    def test_a_job_of_a_user_exports_what_the_user_changed(self):
        company = self.contact("Engines", is_company=True)
        binding = self.bind(self.contact(parent_id=company.id)).with_user(self.user)
        binding.export_record()
        binding.odoo_id.name = "Ada King"
        binding.export_record()
        self.assertEqual(read(self.text_of(binding)).get("FN"), "Ada King")

    def test_a_user_may_delay_an_export(self):
        binding = self.bind(self.contact()).with_user(self.user)
        binding.action_export()
        stored = self.env["queue.job"].search([], limit=1, order="id desc")
        self.assertEqual(stored.records, binding)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_a_portal_user_calls_none_of_the_buttons(self):
        portal = new_test_user(self.env, "carddav-portal", "base.group_portal")
        binding = self.bind(self.contact())
        for record, methods in (
            (binding, ("action_export", "export_record", "export_chunk")),
            (self.backend, ("action_check_connection", "check_connection", "work_on")),
        ):
            for method in methods:
                with self.subTest(method), self.assertRaises(AccessError):
                    call_kw(record.with_user(portal), method, [record.ids], {})

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_nobody_reads_the_password(self):
        for user in (self.user, self.manager):
            backend = self.backend.with_user(user)
            with self.assertRaises(AccessError):
                backend.search([("new_password", "=like", "s%")])
            self.assertNotIn(PASSWORD, str(backend.read()))
        self.assertFalse(backend.new_password)
        with self.assertRaises(AccessError):
            self.backend.with_user(self.user).read(["new_password"])

    def test_a_manager_connects_an_address_book_and_exports_to_it(self):
        backend = self.backend.with_user(self.manager)
        backend = backend.create(
            {
                "name": "Mine",
                "url": self.remote.url,
                "username": self.backend.username,
                "new_password": PASSWORD,
                "contact_domain": "[('city', '=', 'Ockham')]",
            }
        )
        backend.check_connection()
        contact = self.contact(city="Ockham")
        self.env["carddav.res.partner"].with_user(self.manager).export_batch(backend)
        binding = contact.carddav_bind_ids.with_user(self.manager)
        binding.export_record()
        self.assertEqual(read(self.text_of(binding)).get("FN"), "Ada Lovelace")

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_address_books_of_other_companies_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other"})
        binding = self.bind(self.contact())
        self.backend.company_id = other
        for user in (self.user, self.manager):
            for record in (self.backend, binding):
                own = record.with_user(user)
                self.assertFalse(own.search([("id", "=", record.id)]))
                with self.assertRaises(AccessError):
                    own.read(["backend_id" if record == binding else "name"])
        self.backend.company_id = False
        self.assertTrue(binding.with_user(self.user).search([("id", "=", binding.id)]))
