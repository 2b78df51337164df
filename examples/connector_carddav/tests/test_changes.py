# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Imports of the changes of an address book."""

from odoo.addons.queue_job.tests.common import trap_jobs

from .common import ADA, ImportCase, OnXandikos

NATURE = """<multistatus xmlns="DAV:"><response><href>/book/</href><propstat><prop>
<supported-report-set>{reports}</supported-report-set></prop></propstat></response>
</multistatus>"""
SYNC = "<supported-report><report><sync-collection/></report></supported-report>"
CARD = """<response><href>/book/{name}</href>{status}<propstat><prop><getetag>{etag}
</getetag></prop></propstat></response>"""


def answer(*cards, token="", code=207):
    found = "".join(
        CARD.format(name=name, etag=etag, status=f"<status>HTTP/1.1 {status}</status>")
        for name, etag, status in cards
    )
    text = f'<multistatus xmlns="DAV:">{found}<sync-token>{token}</sync-token>'
    return code, {}, f"{text}</multistatus>"


class TestChanges(ImportCase):
    def setUp(self):
        super().setUp()
        self.backend.sync_token = False

    def synchronise(self):
        """Import the changes, and run all jobs."""
        with self.running_jobs():
            return self.bindings.import_changes(self.backend)

    def test_new_and_changed_and_deleted_cards(self):
        for uid in ("u1", "u2", "u3"):
            self.put(f"{uid}.vcf", ADA.replace("u1", uid).replace("ada@", f"{uid}@"))
        self.assertIn("3 records", self.synchronise())
        self.assertTrue(self.backend.sync_token)
        self.assertIn("0 records", self.synchronise())
        first, second, third = (self.binding(f"u{n}.vcf") for n in (1, 2, 3))
        self.change(first, "FN:Ada Lovelace", "FN:Ada King")
        self.remote.request("DELETE", "u2.vcf")
        self.put("u4.vcf", ADA.replace("u1", "u4"))
        self.assertIn("2 records", self.synchronise())
        self.assertEqual(first.name, "Ada King")
        self.assertEqual(self.binding("u4.vcf").name, "Ada Lovelace")
        self.assertEqual(
            [each.link_state for each in (first, second, third)],
            ["linked", "deleted", "linked"],
        )

    def test_a_card_that_odoo_wrote_is_not_imported(self):
        self.synchronise()
        self.exported(self.contact())
        self.assertIn("0 records", self.synchronise())

    def test_a_token_that_the_server_has_forgotten(self):
        binding = self.imported()
        other = self.imported(ADA.replace("u1", "u2").replace("ada@", "x@"), "u2.vcf")
        self.backend.sync_token = "http://radicale.org/ns/sync/" + 64 * "0"
        self.change(binding, "FN:Ada Lovelace", "FN:Ada King")
        self.remote.request("DELETE", "u2.vcf")
        self.assertIn("1 record ", self.synchronise())
        self.assertEqual((binding.name, other.link_state), ("Ada King", "deleted"))

    def test_another_address_has_another_token(self):
        self.synchronise()
        self.backend.url = f"{self.remote.url}other/"
        self.assertFalse(self.backend.sync_token)

    def test_nothing_is_imported_from_an_archived_address_book(self):
        self.put("u1.vcf", ADA)
        self.backend.active = False
        self.assertIn("archived", self.synchronise())
        self.assertFalse(self.binding("u1.vcf"))

    # -- other servers

    def test_a_server_without_tokens_lists_all_cards(self):
        binding = self.exported(self.contact())
        gone = self.exported(self.contact("Gone"))
        nature = (207, {}, NATURE.format(reports=""))
        cards = [
            (binding.external_id, binding.sync_version, "200"),
            ("new.vcf", '"1"', "200"),
        ]
        self.scripted(nature, answer(*cards))
        with trap_jobs() as trap:
            self.bindings.import_changes(self.backend)
            (job,) = trap.enqueued_jobs
        self.assertEqual(job.args[1], ["new.vcf"])
        self.assertEqual((binding.link_state, gone.link_state), ("linked", "deleted"))

    def test_a_server_may_send_its_changes_in_several_answers(self):
        nature = (207, {}, NATURE.format(reports=SYNC))
        server = self.scripted(
            nature,
            answer(("a.vcf", '"1"', "200"), ("", "", "507"), token="t&amp;1"),
            answer(("a.vcf", "", "404"), ("b.vcf", '"2"', "200"), token="t2"),
        )
        changes = self.component("backend.adapter").changes("t0")
        self.assertEqual(changes, ({"b.vcf": '"2"'}, {"a.vcf"}, "t2"))
        self.assertIn(b"<sync-token>t0</sync-token>", server.calls[1].content)
        self.assertIn(b"<sync-token>t&amp;1</sync-token>", server.calls[2].content)

    def test_a_card_that_spoils_the_xml_does_not_spoil_the_others(self):
        broken = (207, {}, '<multistatus xmlns="DAV:">\x0b</multistatus>')
        card = (200, {"ETag": '"1"'}, ADA)
        self.scripted(broken, card, (404, {}, ""), card)
        adapter = self.component("backend.adapter")
        found = adapter.read_many(["a.vcf", "b.vcf", "c.vcf"])
        self.assertEqual(found, {"a.vcf": (ADA, '"1"'), "c.vcf": (ADA, '"1"')})

    # -- deleted cards

    def test_a_contact_stays_when_its_card_is_deleted(self):
        binding = self.exported(self.contact())
        self.synchronise()
        self.remote.request("DELETE", binding.external_id)
        self.synchronise()
        self.assertTrue(binding.odoo_id.active)
        binding.odoo_id.name = "Ada King"
        self.assertIn("was deleted", binding.export_record())
        binding.action_export()
        binding.export_record()
        self.assertEqual(binding.link_state, "linked")
        self.assertIn(b"FN:Ada King", self.text_of(binding))

    def test_a_contact_is_archived_when_the_address_book_says_so(self):
        self.backend.archives_deleted = True
        binding = self.exported(self.contact())
        text, name = self.text_of(binding).decode(), binding.external_id
        user = self.exported(self.env.ref("base.partner_admin"))
        self.synchronise()
        for each in (binding, user):
            self.remote.request("DELETE", each.external_id)
        self.synchronise()
        self.assertFalse(binding.odoo_id.active)
        self.assertTrue(user.odoo_id.active)
        self.put(name, text)
        self.synchronise()
        self.assertTrue(binding.odoo_id.active)
        self.assertEqual(binding.link_state, "linked")

    def test_a_new_card_takes_the_place_of_a_deleted_one(self):
        binding = self.imported()
        contact = binding.odoo_id
        self.remote.request("DELETE", "u1.vcf")
        self.put("u2.vcf", ADA.replace("u1", "u2"))
        self.synchronise()
        self.assertEqual(contact.carddav_bind_ids.external_id, "u2.vcf")

    def test_a_card_whose_delete_is_waiting_is_not_imported(self):
        binding = self.imported()
        name = binding.external_id
        binding.odoo_id.unlink()
        self.end_transaction()
        with trap_jobs() as trap:
            self.bindings.import_changes(self.backend)
            trap.assert_jobs_count(0)
        self.assertFalse(self.binding(name))

    # -- scheduled actions

    def test_scheduled_actions_do_what_the_address_book_asks_for(self):
        self.backend.contact_domain = "[('name', '=', 'Ada Lovelace')]"
        contact = self.contact()
        for name, method in (
            ("imports", "import_changes"),
            ("exports", "export_batch"),
        ):
            action = self.env.ref(f"connector_carddav.ir_cron_{name[:-1]}")
            action.ir_actions_server_id.run()
            self.assertFalse(self.jobs(method))
            self.backend[name] = True
            action.ir_actions_server_id.run()
            action.ir_actions_server_id.run()
            self.assertEqual(len(self.jobs(method)), 1)
        with trap_jobs() as trap:
            self.bindings.export_batch(self.backend)
            methods = [job.method_name for job in trap.enqueued_jobs]
        self.assertEqual(methods, ["export_chunk"])
        self.assertEqual(self.backend.binding_ids.odoo_id, contact)
        contact.carddav_bind_ids.export_chunk()
        self.assertIn(b"FN:Ada", self.text_of(contact.carddav_bind_ids))

    def test_synchronising_imports_before_it_exports(self):
        self.env["connector.backend.state"].of(self.backend).action_synchronise()
        look, export = self.jobs("import_changes"), self.jobs("export_batch")
        self.assertEqual((look.state, export.state), ("pending", "wait_dependencies"))
        self.assertEqual(look.run_id, export.run_id)


class TestChangesOnXandikos(OnXandikos, TestChanges):
    pass
