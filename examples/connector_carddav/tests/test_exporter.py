# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exports to real servers."""

import uuid
from unittest.mock import patch

from odoo.addons.queue_job.job import Job
from odoo.addons.queue_job.tests.common import trap_jobs

from .card_reader import read
from .common import CardDAVCase, OnXandikos

NOTHING = "There is nothing to export."


class TestCardExporter(CardDAVCase):
    def cards(self):
        """Return the cards on the server by name."""
        names = self.component("backend.adapter").search()
        cards = [read(self.remote.request("GET", name).content) for name in names]
        return {card.get("FN"): card for card in cards}

    def test_a_contact_becomes_a_card_that_carries_its_name(self):
        binding = self.exported(self.contact(phone="+44 20 7946 0000"))
        card = read(self.text_of(binding))
        self.assertEqual(card.get("FN"), "Ada Lovelace")
        self.assertEqual(binding.external_id, f"{card.get('UID')}.vcf")
        self.assertTrue(binding.sync_date)

    def test_each_card_has_a_uid_of_its_own(self):
        bindings = [self.exported(self.contact()) for _each in range(3)]
        uids = {read(self.text_of(binding)).get("UID") for binding in bindings}
        self.assertEqual({str(uuid.UUID(uid, version=4)) for uid in uids}, uids)
        self.assertEqual(len(uids), 3)

    def test_an_unconfirmed_create_is_found_and_brought_up_to_date(self):
        binding = self.bind(self.contact())
        intents = self.env["connector.create.intent"]
        declared = intents.declare(self.backend, binding, {binding.id: False})
        key, _is_unconfirmed = declared[binding.id]
        adapter = self.component("backend.adapter")
        name = adapter.create({"FN": "Before"}, idempotency_key=key)
        binding.export_record()
        self.assertEqual(binding.external_id, name)
        self.assertEqual(adapter.search(), {name: binding.sync_version})
        self.assertEqual(read(self.text_of(binding)).get("FN"), "Ada Lovelace")

    def test_the_version_of_the_card_is_remembered(self):
        binding = self.exported(self.contact())
        created = binding.sync_version
        self.assertEqual(
            self.component("backend.adapter").search(), {binding.external_id: created}
        )
        binding.odoo_id.function = "Countess"
        binding.export_record()
        self.assertNotEqual(binding.sync_version, created)
        self.assertEqual(
            self.component("backend.adapter").search(),
            {binding.external_id: binding.sync_version},
        )

    def test_companies_are_exported_before_their_contacts(self):
        group = self.contact("Engines Group", is_company=True)
        company = self.contact("Engines Ltd", is_company=True, parent_id=group.id)
        department = self.contact("R & D", is_company=True, parent_id=company.id)
        binding = self.exported(self.contact(parent_id=department.id))
        cards = self.cards()
        self.assertEqual(
            set(cards), {"Engines Group", "Engines Ltd", "R & D", "Ada Lovelace"}
        )
        self.assertEqual(
            cards["Ada Lovelace"].get("ORG"), ("Engines Group", "Engines Ltd", "R & D")
        )
        chain = ["Ada Lovelace", "R & D", "Engines Ltd", "Engines Group"]
        for child, parent in zip(chain, chain[1:], strict=False):
            self.assertEqual(cards[child].get("X-PARENT-UID"), cards[parent].get("UID"))
        self.assertEqual(group.carddav_bind_ids.backend_id, self.backend)
        self.assertTrue(binding.external_id)

    def test_a_parent_that_the_server_has_is_not_sent_again(self):
        company = self.contact("Engines", is_company=True)
        parent = self.exported(company)
        company.function = "changed"
        self.exported(self.contact(parent_id=company.id))
        self.assertEqual(self.cards()["Engines"].get("TITLE"), "")
        self.assertEqual(company.carddav_bind_ids, parent)

    def test_a_change_is_written_to_the_same_card(self):
        binding = self.exported(self.contact(phone="+44 20 7946 0000"))
        uid, name = read(self.text_of(binding)).get("UID"), binding.external_id
        binding.odoo_id.write({"name": "Ada King", "phone": False})
        binding.export_record()
        self.assertEqual(set(self.cards()), {"Ada King"})
        card = self.cards()["Ada King"]
        self.assertEqual(card.get("UID"), uid)
        self.assertEqual(card.all("TEL"), [])
        self.assertEqual(binding.external_id, name)

    def test_an_update_keeps_what_others_added_to_the_card(self):
        binding = self.exported(self.contact(phone="+44 20 7946 0000"))
        self.edit_on_server(
            binding,
            "BDAY:1815-12-10",
            "X-SPOUSE;X-P=q:William\\, Earl",
            "TEL;TYPE=CELL:+44 7700 900000",
            "item1.TEL;TYPE=HOME:+44 1",
            "item1.X-ABLabel:Mill",
        )
        binding.odoo_id.phone = "+44 20 7946 1111"
        binding.export_record()
        card = read(self.text_of(binding))
        self.assertEqual(card.get("BDAY"), "1815-12-10")
        self.assertEqual(card.get("X-SPOUSE"), "William, Earl")
        self.assertEqual(card.get("X-ABLABEL"), "Mill")
        self.assertCountEqual(
            card.all("TEL"), ["+44 20 7946 1111", "+44 7700 900000", "+44 1"]
        )

    def test_a_change_on_the_server_is_imported_and_not_overwritten(self):
        binding = self.exported(self.contact())
        self.change(binding, "FN:Ada Lovelace", "FN:Ada L.")
        self.assertEqual(binding.export_record(), NOTHING)
        self.assertEqual(read(self.text_of(binding)).get("FN"), "Ada L.")
        self.assertEqual(binding.odoo_id.name, "Ada L.")

    def test_only_the_fields_of_an_export_are_written(self):
        binding = self.exported(self.contact(phone="+44 20 7946 0000"))
        binding.odoo_id.write({"phone": "+44 20 7946 1111", "function": "Countess"})
        binding.export_record(fields=["phone"])
        card = read(self.text_of(binding))
        self.assertEqual(card.get("TEL"), "+44 20 7946 1111")
        self.assertEqual(card.get("TITLE"), "")
        binding.export_record()
        self.assertEqual(read(self.text_of(binding)).get("TITLE"), "Countess")

    def test_an_update_keeps_what_only_the_card_has(self):
        binding = self.exported(self.contact(phone="1"))
        binding.odoo_id.phone = False
        binding.export_record()
        self.edit_on_server(binding, "TEL;TYPE=CELL:2")
        binding.import_record(self.backend, binding.external_id)
        self.assertEqual(binding.phone, "2")
        binding.odoo_id.phone = False
        binding.export_record()
        self.edit_on_server(binding, "BDAY:1815-12-10", "TEL;TYPE=FAX:3")
        binding.odoo_id.name = "Ada King"
        binding.export_record()
        self.assertEqual(self.cards()["Ada King"].all("TEL"), ["3"])

    def test_a_card_that_changes_at_the_same_moment_is_merged(self):
        binding = self.exported(self.contact())
        binding.odoo_id.function = "Countess"
        adapter = type(self.component("backend.adapter"))
        write = adapter.write

        late = ["TEL:7", "BDAY:1815-12-10"]

        def change_before(adapter, external_id, data, version=None):
            if late:
                self.edit_on_server(binding, late.pop())
            return write(adapter, external_id, data, version=version)

        with patch.object(adapter, "write", change_before):
            binding.export_record()
        card = read(self.text_of(binding))
        found = [card.get(name) for name in ("TITLE", "BDAY", "TEL")]
        self.assertEqual(found, ["Countess", "1815-12-10", "7"])
        self.assertEqual((binding.function, binding.phone), ("Countess", "7"))
        self.assertFalse(late)

    def test_an_unchanged_contact_is_not_written(self):
        company = self.contact(
            "Engines", is_company=True, street="1\n2", comment="<p>x</p>"
        )
        binding = self.exported(self.contact(parent_id=company.id, website="a.org/,"))
        etag = self.text_of(binding), binding.sync_version
        # Writing the same values changes the date of the revision.
        binding.odoo_id.name = binding.odoo_id.name
        self.assertEqual(binding.export_record(), NOTHING)
        self.assertEqual((self.text_of(binding), binding.sync_version), etag)

    def test_a_card_that_somebody_deleted_is_created_again(self):
        binding = self.exported(self.contact())
        name = binding.external_id
        self.remote.request("DELETE", name)
        binding.export_record()
        self.assertNotEqual(binding.external_id, name)
        self.assertEqual(
            self.component("backend.adapter").search(),
            {binding.external_id: binding.sync_version},
        )
        self.assertEqual(binding.export_record(), NOTHING)

    def test_an_address_without_a_name_is_skipped(self):
        company = self.contact("Engines", is_company=True)
        address = self.env["res.partner"].create(
            {"type": "delivery", "parent_id": company.id, "street": "Mill"}
        )
        self.assertIn("Skipped", self.bind(address).export_record())
        self.assertEqual(self.cards(), {})

    def test_a_contact_below_an_address_without_a_name_is_exported(self):
        address = self.env["res.partner"].create({"type": "other", "street": "Mill"})
        binding = self.exported(self.contact(parent_id=address.id))
        self.assertEqual(read(self.text_of(binding)).get("FN"), "Ada Lovelace")

    def test_nothing_is_exported_to_an_archived_address_book(self):
        binding = self.exported(self.contact())
        self.backend.active = False
        binding.odoo_id.name = "Ada King"
        self.assertIn("archived", binding.export_record())
        self.assertIn("archived", self.bind(self.contact("Other")).export_record())
        self.assertEqual(set(self.cards()), {"Ada Lovelace"})

    def test_a_contact_that_is_no_longer_linked_ends_its_job_quietly(self):
        binding = self.bind(self.contact())
        binding.unlink()
        self.assertIn("Nothing was exported", binding.export_record())

    def test_the_card_is_in_the_language_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.company.partner_id.lang = "en_US"
        country = self.env.ref("base.de")
        country.with_context(lang="fr_FR").name = "Allemagne"
        binding = self.exported(self.contact(country_id=country.id))
        self.assertEqual(binding.with_context(lang="fr_FR").export_record(), NOTHING)
        self.assertEqual(read(self.text_of(binding)).get("ADR")[6], "Germany")

    def test_a_job_of_the_queue_exports_the_contact(self):
        binding = self.bind(self.contact())
        binding.action_export()
        stored = self.env["queue.job"].search([], limit=1, order="id desc")
        self.assertEqual(stored.name, "Export Ada Lovelace to Sales phones")
        Job.load(self.env, stored.uuid).perform()
        self.assertEqual(set(self.cards()), {"Ada Lovelace"})
        action = stored.open_related_action()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", binding.odoo_id.id)
        )

    def test_a_contact_has_one_waiting_job_at_most(self):
        binding = self.bind(self.contact())
        jobs = self.env["queue.job"].search_count([])
        binding.action_export()
        binding.action_export()
        self.assertEqual(self.env["queue.job"].search_count([]), jobs + 1)

    def test_parents_are_delayed_first(self):
        company = self.contact("Engines", is_company=True)
        person = self.contact("A", parent_id=company.id)
        bindings = self.bind(person) | self.bind(company)
        with trap_jobs() as trap:
            bindings.action_export()
            delayed = [job.recordset.odoo_id for job in trap.enqueued_jobs]
        self.assertEqual(delayed, [company, person])


class TestCardExporterOnXandikos(OnXandikos, TestCardExporter):
    pass
