# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.connector.exception import (
    AccessRefusedError,
    JobError,
    NetworkRetryableError,
)
from odoo.addons.connector.fields import reveal
from odoo.addons.queue_job.job import Job
from odoo.addons.queue_job.tests.common import trap_jobs

from .common import PASSWORD, CardDAVCase


class TestCardDAVBackend(CardDAVCase):
    # -- the connection

    def test_the_button_says_whether_the_connection_works(self):
        shown = self.backend.action_check_connection()["params"]
        self.assertEqual((shown["title"], shown["type"]), ("Sales phones", "success"))
        self.backend.new_password = "wrong"
        shown = self.backend.action_check_connection()["params"]
        self.assertEqual(shown["type"], "danger")
        self.assertIn("refuses the password (401)", shown["message"])

    def test_a_failed_connection_is_reported_with_the_remedy(self):
        self.backend.new_password = "wrong"
        with self.assertRaisesRegex(AccessRefusedError, "Sales phones.*credentials"):
            self.backend.check_connection()
        self.backend.new_password = PASSWORD
        self.backend.write({"url": "http://127.0.0.1:1/", "new_password": PASSWORD})
        with self.assertRaisesRegex(NetworkRetryableError, "Sales phones"):
            self.backend.check_connection()
        url = f"{self.remote.url}nothing/"
        self.backend.write({"url": url, "new_password": PASSWORD})
        with self.assertRaisesRegex(JobError, "Sales phones.*Enter the address"):
            self.backend.check_connection()

    def test_a_wrong_address_fails_one_job(self):
        self.contact()
        self.backend.url = f"{self.remote.url}nothing/"
        bindings = self.env["carddav.res.partner"]
        for prepare in (bindings.export_batch, bindings.import_changes):
            with trap_jobs() as trap:
                with self.assertRaisesRegex(
                    JobError, "Sales phones.*Enter the address"
                ):
                    prepare(self.backend)
                trap.assert_jobs_count(0)

    def test_an_invalid_address_is_refused(self):
        for url in (
            "example.com/book",
            "ftp://example.com/book",
            "https://",
            "https:///book",
            "https://example.com:port/book",
            "https://[::1/book",
            "https://example.com/book?a=b",
            "https://example.com/book#a",
        ):
            with self.assertRaisesRegex(ValidationError, "Sales phones"):
                self.backend.url = url

    def test_a_password_in_the_address_is_refused_and_not_repeated(self):
        for url in ("https://ada:s3cr3t@example.com/", "https://s3cr3t@example.com/"):
            with self.assertRaisesRegex(ValidationError, "own fields") as caught:
                self.backend.url = url
            self.assertNotIn("s3cr3t", str(caught.exception))

    # -- the password

    def test_the_password_is_written_and_never_read(self):
        form = Form(self.backend)
        self.assertFalse(form.new_password)
        form.new_password = "another"
        form.save()
        self.env.invalidate_all()
        self.assertEqual(reveal(self.backend, "new_password"), "another")
        admin = self.env.ref("base.user_admin")
        values = self.backend.with_user(admin).read()[0]
        self.assertNotIn("another", str(values))

    def test_an_empty_password_field_leaves_the_password_as_it_is(self):
        self.backend.write({"name": "Other", "new_password": False})
        self.assertEqual(reveal(self.backend, "new_password"), PASSWORD)

    def test_a_copy_has_no_password(self):
        self.assertIsNone(reveal(self.backend.copy(), "new_password"))

    def test_jobs_and_logs_do_not_show_the_password(self):
        binding = self.bind(self.contact())
        with self.assertLogs("", "DEBUG") as logs:
            binding.action_export()
            stored = self.env["queue.job"].search([], limit=1, order="id desc")
            Job.load(self.env, stored.uuid).perform()
            self.backend.url = f"{self.remote.root}somebody/"
            with self.assertRaises(AccessRefusedError):
                self.backend.check_connection()
        self.assertTrue(any(".vcf" in line for line in logs.output))
        self.assertFalse([line for line in logs.output if PASSWORD in line])
        self.assertNotIn(PASSWORD, str(stored.read()))

    # -- the contacts

    def test_all_contacts_with_a_name_are_exported_once(self):
        company = self.contact("Engines", is_company=True)
        person = self.contact(parent_id=company.id)
        nameless = self.env["res.partner"].create(
            {"type": "delivery", "parent_id": company.id}
        )
        gone = self.contact("Gone", active=False)
        contacts = self.delayed().odoo_id
        self.assertEqual(contacts & (company | person), company | person)
        self.assertFalse(contacts & (nameless | gone))
        self.assertEqual(contacts, self.backend.binding_ids.odoo_id)

    def delayed(self):
        """Return the bindings for which a batch export delays jobs."""
        with trap_jobs() as trap:
            self.env["carddav.res.partner"].export_batch(self.backend)
            delayed = [id_ for job in trap.enqueued_jobs for id_ in job.recordset.ids]
        self.assertEqual(len(delayed), len(set(delayed)))
        return self.env["carddav.res.partner"].browse(delayed)

    def test_contacts_that_are_there_already_are_not_exported_again(self):
        self.backend.contact_domain = "[('name', 'like', 'Ada')]"
        self.exported(self.contact())
        new = self.contact("Ada King")
        self.assertEqual(self.delayed(), new.carddav_bind_ids)

    def test_contacts_are_chosen_by_domain_and_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.backend.contact_domain = "[('city', '=', 'Ockham')]"
        chosen = self.contact("A", city="Ockham")
        own = self.contact("B", city="Ockham", company_id=self.env.company.id)
        self.contact("C", city="Ockham", company_id=other.id)
        self.contact("D", city="London")
        self.assertEqual(self.delayed().odoo_id, chosen | own)
        self.assertEqual(self.backend.binding_ids.odoo_id, chosen | own)

    # -- constraints

    @mute_logger("odoo.sql_db")
    def test_a_contact_is_once_in_an_address_book(self):
        binding = self.bind(self.contact())
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.bind(binding.odoo_id)
        self.assertEqual(
            caught.exception.diag.constraint_name, "carddav_res_partner_odoo_uniq"
        )

    @mute_logger("odoo.sql_db")
    def test_a_card_belongs_to_one_contact(self):
        self.bind(self.contact()).external_id = "a.vcf"
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.bind(self.contact("Other")).external_id = "a.vcf"
            self.env.flush_all()
        self.assertEqual(
            caught.exception.diag.constraint_name, "carddav_res_partner_external_uniq"
        )

    def test_a_copy_of_a_contact_is_not_linked(self):
        binding = self.exported(self.contact())
        self.assertFalse(binding.odoo_id.copy().carddav_bind_ids)

    def test_the_form_of_a_contact_shows_its_address_books(self):
        binding = self.exported(self.contact())
        with Form(binding.odoo_id) as form, form.carddav_bind_ids.edit(0) as line:
            self.assertEqual(line.backend_id, self.backend)
            self.assertEqual(line.external_id, binding.external_id)
