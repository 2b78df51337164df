# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exports of changes and deletes in Odoo."""

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.queue_job.job import Job

from .card_reader import read
from .common import ImportCase


class TestListener(ImportCase):
    def setUp(self):
        super().setUp()
        self.link = self.exported(self.contact(phone="1"))
        self.forget()

    def forget(self):
        """Remove the jobs that were delayed before."""
        self.end_transaction()
        for method in ("export_changes", "export_delete_record"):
            self.jobs(method).unlink()

    def perform(self, method):
        self.end_transaction()
        (job,) = self.jobs(method)
        return Job.load(self.env, job.uuid).perform()

    def test_a_change_is_exported(self):
        self.link.odoo_id.write({"phone": "2", "function": "Dr"})
        self.link.odoo_id.name = "Ada King"
        self.end_transaction()
        self.perform("export_changes")
        card = read(self.text_of(self.link))
        self.assertEqual(
            [card.get(name) for name in ("TEL", "TITLE", "FN")], ["2", "Dr", "Ada King"]
        )

    def test_a_field_that_is_not_on_the_card_is_not_exported(self):
        self.link.odoo_id.ref = "x"
        self.link.write({"sync_version": self.link.sync_version})
        self.end_transaction()
        self.assertFalse(self.jobs("export_changes"))

    def test_a_user_who_may_not_change_links_exports_what_changed(self):
        user = new_test_user(
            self.env, "ada", "base.group_user,base.group_partner_manager"
        )
        self.link.odoo_id.with_user(user).phone = "2"
        self.end_transaction()
        self.perform("export_changes")
        self.assertEqual(read(self.text_of(self.link)).get("TEL"), "2")

    def test_a_contact_that_is_in_no_address_book_is_not_exported(self):
        self.contact().name = "Ada King"
        self.end_transaction()
        self.assertFalse(self.jobs("export_changes"))

    def test_a_contact_that_is_put_into_an_address_book_is_exported(self):
        link = self.bind(self.contact("New"))
        self.end_transaction()
        self.perform("export_changes")
        self.assertEqual(read(self.text_of(link)).get("FN"), "New")

    def test_a_batch_export_makes_no_second_job_for_a_contact(self):
        self.backend.contact_domain = "[('name', '=', 'New')]"
        self.contact("New")
        self.env["carddav.res.partner"].export_batch(self.backend)
        self.end_transaction()
        self.assertEqual(len(self.jobs("export_chunk")), 1)
        self.assertFalse(self.jobs("export_changes"))

    def test_the_contacts_of_a_company_get_its_new_name(self):
        company = self.contact("Engines", is_company=True)
        person = self.exported(self.contact(parent_id=company.id))
        self.forget()
        company.name = "Mills"
        self.end_transaction()
        for job in self.jobs("export_changes"):
            Job.load(self.env, job.uuid).perform()
        self.assertEqual(read(self.text_of(person)).get("ORG"), ("Mills",))

    # -- deletes

    def test_the_card_is_deleted_with_its_contact(self):
        self.link.odoo_id.unlink()
        self.assertIn("was deleted", self.perform("export_delete_record"))
        self.assertEqual(self.component("backend.adapter").search(), {})

    def test_the_card_is_deleted_with_the_link(self):
        self.link.unlink()
        self.perform("export_delete_record")
        self.assertEqual(self.component("backend.adapter").search(), {})

    def test_a_user_who_may_not_change_links_deletes_a_contact(self):
        user = new_test_user(
            self.env, "ada", "base.group_user,base.group_partner_manager"
        )
        self.link.odoo_id.with_user(user).unlink()
        self.perform("export_delete_record")
        self.assertEqual(self.component("backend.adapter").search(), {})

    def test_a_card_that_is_already_gone_counts_as_deleted(self):
        self.remote.request("DELETE", self.link.external_id)
        self.link.odoo_id.unlink()
        self.assertIn("no longer", self.perform("export_delete_record"))

    def test_a_contact_whose_delete_is_waiting_is_not_imported(self):
        name = self.link.external_id
        self.link.odoo_id.unlink()
        importer = self.component("record.importer")
        self.assertIn("was deleted in Odoo", importer.run(name))
        self.assertIn("1 skipped", importer.run_chunk([name]))
        self.assertFalse(self.bindings.search([("external_id", "=", name)]))

    def test_a_card_that_another_program_changed_is_not_deleted(self):
        name = self.link.external_id
        self.edit_on_server(self.link, "NOTE:do not delete me")
        self.link.odoo_id.unlink()
        self.assertIn("not deleted", self.perform("export_delete_record"))
        self.jobs("export_delete_record").write({"state": "done"})
        with self.running_jobs():
            self.bindings.import_changes(self.backend)
        self.assertIn("do not delete me", self.binding(name).comment)

    def test_a_contact_that_was_never_exported_is_not_deleted(self):
        self.bind(self.contact("New")).odoo_id.unlink()
        self.end_transaction()
        self.assertFalse(self.jobs("export_delete_record"))

    def test_cards_stay_when_the_address_book_is_disconnected(self):
        name = self.link.external_id
        self.backend.unlink()
        self.assertFalse(self.jobs("export_delete_record"))
        self.remote.request("GET", name)

    # -- merges

    def merge(self, loser, winner):
        """Merge two contacts with Odoo's wizard."""
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set((loser + winner).ids)],
                "dst_partner_id": winner.id,
            }
        )
        wizard.action_merge()
        self.assertFalse(loser.exists())

    def test_a_merge_of_two_contacts_deletes_the_card_of_the_loser(self):
        winner = self.exported(self.contact("Ada King"))
        self.forget()
        self.merge(self.link.odoo_id, winner.odoo_id)
        self.perform("export_delete_record")
        self.perform("export_changes")
        self.assertEqual(
            list(self.component("backend.adapter").search()), [winner.external_id]
        )
        with self.running_jobs():
            self.bindings.import_changes(self.backend)
        self.assertEqual(self.bindings.search([]), winner)

    def test_a_merge_into_a_contact_without_a_card_exports_that_contact(self):
        winner = self.contact("Ada King", function="Dr")
        self.merge(self.link.odoo_id, winner)
        self.end_transaction()
        self.assertFalse(self.jobs("export_delete_record"))
        self.assertEqual(self.link.odoo_id, winner)
        self.perform("export_changes")
        card = read(self.text_of(self.link))
        self.assertEqual(
            [card.get(name) for name in ("TEL", "TITLE", "FN")], ["1", "Dr", "Ada King"]
        )

    def test_a_merge_that_changes_nothing_exports_nothing(self):
        """Odoo writes all values of the winner, which it has already."""
        self.merge(self.contact("Ada King"), self.link.odoo_id)
        self.end_transaction()
        self.assertFalse(self.jobs("export_changes"))

    def test_a_merge_of_a_contact_without_a_card_changes_the_winner_only(self):
        self.merge(self.contact("Ada King", function="Dr"), self.link.odoo_id)
        self.end_transaction()
        self.assertFalse(self.jobs("export_delete_record"))
        self.perform("export_changes")
        self.assertEqual(read(self.text_of(self.link)).get("TITLE"), "Dr")
