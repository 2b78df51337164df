"""Tests of an addon that consists of the code of the how-to pages."""

import json
import time
from contextlib import suppress
from datetime import timedelta

from werkzeug.datastructures import Headers

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.connector.components.webhook.requests import WebhookRequest
from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    NetworkRetryableError,
)
from odoo.addons.connector.fields import reveal
from odoo.addons.connector.tests.common import ConformanceCase, Failure, RemoteSystem
from odoo.addons.connector.tests.remote_system import Answer
from odoo.addons.connector.tests.webhooks import standard_headers
from odoo.addons.my_shop.debugging import mapped, read
from odoo.addons.queue_job.job import Job

RED_DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4"
    "//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestHowTo(TransactionCase):
    def setUp(self):
        super().setUp()
        self.remote = self.enterContext(RemoteSystem(token="secret"))
        self.shop = self.env["shop.backend"].create(
            {"name": "Shop", "url": self.remote.url, "token": "secret"}
        )
        self.bindings = self.env["shop.res.partner"]

    def contact(self, **values):
        return self.bindings.create({"backend_id": self.shop.id, **values})

    def run_jobs(self):
        """Run the jobs until none waits; return their methods."""
        methods = []
        while True:
            self.env.cr.precommit.run()
            waiting = [("state", "=", "pending"), ("backend_id", "=", self.shop.id)]
            record = self.env["queue.job"].search(waiting, order="id", limit=1)
            if not record:
                return methods
            methods.append(record.method_name)
            job = Job.load(self.env, record.uuid)
            job.perform()
            job.set_done()
            job.store()
            self.env.invalidate_all()

    def items(self):
        return self.remote.collection("contacts")

    def test_export_on_change(self):
        contact = self.contact(name="Ada", email="ada@example.com")
        self.assertEqual(self.run_jobs(), ["export_changes"])
        self.assertEqual(contact.external_id, "1")
        self.assertEqual(self.items()["1"]["mail"], "ada@example.com")
        contact.odoo_id.email = "ada@example.org"
        contact.odoo_id.zip = "1815"
        self.assertEqual(self.run_jobs(), ["export_changes"])
        self.assertEqual(self.items()["1"]["mail"], "ada@example.org")
        contact.odoo_id.comment = "not exported"
        contact.odoo_id.with_context(connector_no_export=True).email = "x@example.com"
        self.assertEqual(self.run_jobs(), [])
        contact.odoo_id.unlink()
        self.assertEqual(self.run_jobs(), ["export_delete_record"])
        self.assertEqual(self.items(), {})

    def test_export_of_computed_fields_and_lines(self):
        country = self.env.ref("base.be")
        contact = self.contact(name="Ada", country_id=country.id)
        self.run_jobs()
        country.code = "BX"
        self.assertEqual(self.run_jobs(), ["export_changes"])
        self.assertEqual(self.items()["1"]["country"], "BX")
        account = {"acc_number": "1", "partner_id": contact.odoo_id.id}
        account = self.env["res.partner.bank"].create(account)
        self.assertEqual(self.run_jobs(), [])
        account.acc_number = "2"
        self.assertEqual(self.run_jobs(), ["export_changes"])

    def test_second_kind(self):
        tags = self.env["shop.res.partner.category"]
        tag = tags.create({"backend_id": self.shop.id, "name": "Blue"})
        contact = self.contact(name="Ada")
        self.assertEqual(self.run_jobs(), ["export_changes"] * 2)
        self.assertEqual(self.items()[contact.external_id]["name"], "Ada")
        stored = self.remote.collection("tags")
        self.assertEqual(stored[tag.external_id]["title"], "Blue")
        tag.odoo_id.name = "Green"
        self.run_jobs()
        stored = self.remote.collection("tags")
        self.assertEqual(stored[tag.external_id]["title"], "Green")
        with self.shop.work_on(tags._name) as work:
            self.assertFalse(work.many_components(usage="record.importer"))
        tag.odoo_id.unlink()
        self.assertEqual(self.run_jobs(), ["export_delete_record"])
        self.assertEqual(self.remote.collection("tags"), {})

    def test_delivered_records(self):
        industries = self.env["shop.res.partner.industry"]
        for values in ({"title": "Mining"}, {"name": "Fishing"}):
            self.remote.add("industries", values)
        industries.with_delay().import_batch(self.shop)
        with suppress(InvalidDataError):  # of the one without a title
            self.run_jobs()
        [industry] = industries.search([("backend_id", "=", self.shop.id)])
        self.assertEqual((industry.external_id, industry.name), ("1", "Mining"))
        with self.shop.work_on(industries._name) as work:
            importer = work.component(usage="record.importer")
            with self.assertRaisesRegex(InvalidDataError, "It has no title."):
                importer.run("2")

    def test_import_with_a_cursor(self):
        for number in range(3):
            self.remote.add("contacts", {"name": f"Contact {number}"})
        self.shop.synchronise()
        self.assertIn("import_chunk", self.run_jobs())
        bound = self.bindings.search([("backend_id", "=", self.shop.id)])
        self.assertLessEqual(
            {"Contact 0", "Contact 1", "Contact 2"}, set(bound.mapped("name"))
        )
        message = bound.import_chunk(self.shop, ["1", "2"])
        self.assertEqual(message, "2 unchanged.")

    def test_matching(self):
        ada = self.env["res.partner"].create({"name": "A", "email": "Ada@example.com"})
        self.remote.add("contacts", {"name": "Ada", "mail": "ada@example.com"})
        message = self.bindings.import_chunk(self.shop, ["1"])
        self.assertEqual(message, "1 linked with an existing record.")
        self.assertEqual(ada.shop_bind_ids.external_id, "1")
        self.assertEqual(ada.name, "Ada")

    def test_matching_keeps_to_the_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        values = {"email": "ada@example.com", "company_id": company.id}
        ada = self.env["res.partner"].create({"name": "A", **values})
        self.remote.add("contacts", {"name": "Ada", "mail": "ada@example.com"})
        self.bindings.import_record(self.shop, "1")
        self.assertTrue(self.bindings.search([("external_id", "=", "1")]))
        self.assertFalse(ada.shop_bind_ids)

    def test_matching_on_an_export(self):
        for mail in ("ada@example.com", "bob@example.com", "bob@example.com"):
            self.remote.add("contacts", {"name": "Old", "mail": mail})
        silent = self.bindings.with_context(connector_no_export=True)
        ada, second, bob, eve = silent.create(
            [
                {"backend_id": self.shop.id, "name": name, "email": mail}
                for name, mail in (
                    ("Ada", "ada@example.com"),
                    ("Impostor", "ada@example.com"),
                    ("Bob", "bob@example.com"),
                    ("Eve", False),
                )
            ]
        )
        report = (ada + second + bob + eve).export_chunk()
        counts = "1 exported, 1 linked with an existing record, 2 failed."
        self.assertIn(counts, report)
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(self.items()["1"]["name"], "Ada")
        self.assertFalse(second.external_id or bob.external_id)
        self.assertEqual(eve.external_id, "4")
        self.assertIn(f"Impostor (id {second.id}) and Ada (id {ada.id})", report)
        self.assertIn("2, 3.", report)

    def test_creates_of_two_calls(self):
        for number, failure in enumerate(
            (Failure.HANG_UP_BEFORE, Failure.HANG_UP_AFTER, Failure.REFUSE)
        ):
            name, city = f"Ada {number}", f"City {number}"
            ada = self.new_contact(name=name, city=city)
            self.remote.fail(failure, "POST", "addresses")
            self.interrupt(ada)
            ada.export_record(fields=["name"])
            self.assert_whole(ada, number + 1, name, city)
            ada.with_context(connector_no_export=True).city = "Rome"
            ada.export_record(fields=["city"])
            self.assert_whole(ada, number + 1, name, "Rome")

    def test_an_import_completes_a_create_of_two_calls(self):
        ada = self.new_contact(name="Ada", city="London")
        self.remote.fail(Failure.HANG_UP_BEFORE, "POST", "addresses")
        self.interrupt(ada)
        self.bindings.import_record(self.shop, "1")
        self.assert_whole(ada, 1, "Ada", "London")
        self.assertEqual(len(self.bindings.search([("external_id", "=", "1")])), 1)

    def new_contact(self, **values):
        """Create a contact that no listener exports."""
        silent = self.bindings.with_context(connector_no_export=True)
        return silent.create({"backend_id": self.shop.id, **values})

    def interrupt(self, contact):
        """Export a contact at which the shop fails, and let an hour pass."""
        # assertRaises() would roll the intent back, which a job commits.
        with suppress(NetworkRetryableError, InvalidDataError):
            contact.export_record()
        self.assertFalse(contact.external_id)
        for intent in self.env["connector.create.intent"].search([]):
            intent.begun -= timedelta(hours=1)

    def assert_whole(self, contact, count, name, city):
        """Fail unless a contact is the last of the shop, with one address."""
        items = self.items()
        self.assertEqual(len(items), count)
        self.assertEqual(items[contact.external_id]["name"], name)
        addresses = self.remote.collection("addresses").values()
        own = [item for item in addresses if item["contact"] == contact.external_id]
        self.assertEqual([item["city"] for item in own], [city])

    def test_lost_updates(self):
        for name in ("Ada", "Bob"):
            self.remote.add("contacts", {"name": name, "mail": "old@example.com"})
        self.bindings.import_chunk(self.shop, ["1", "2"])
        ada, bob = self.bindings.search([("backend_id", "=", self.shop.id)], order="id")

        def edit(call):
            self.remote.change("contacts", "1", name="Ada L.")

        for edited in ("contacts/1", "contacts/batch"):
            self.remote.change("contacts", "1", name="Ada")
            self.bindings.import_record(self.shop, "1")
            self.remote.before(edit, "PATCH", edited)
            ada.email = bob.email = f"{edited}@example.com"
            if edited == "contacts/batch":
                (ada + bob).export_chunk(fields=["email"])
            self.run_jobs()
            self.assertEqual(ada.name, "Ada L.")
            for item in self.items().values():
                self.assertEqual(item["mail"], f"{edited}@example.com")
            self.assertEqual(self.items()["1"]["name"], "Ada L.")

    def test_images(self):
        contact = self.contact(name="Ada")
        contact.image_1920 = RED_DOT
        self.run_jobs()
        self.assertTrue(self.items()["1"]["image"])
        self.remote.add("contacts", {"name": "Bob", "image": RED_DOT})
        self.bindings.import_record(self.shop, "2")
        self.assertIn("import_image", self.run_jobs())
        bob = self.bindings.search([("external_id", "=", "2")])
        self.assertTrue(bob.image_1920)

    def test_companies(self):
        mine, other = self.env["res.company"].create([{"name": "A"}, {"name": "B"}])
        self.shop.company_id = mine
        with self.shop.work_on("shop.res.partner") as work:
            self.assertEqual(work.env.company, mine)
        contact = self.contact(name="Ada", company_id=other.id)
        self.assertIn("Skipped", contact.export_record())
        contact.company_id = mine
        self.assertIn("Exported", contact.export_record())
        self.remote.add("contacts", {"name": "Bob"})
        self.bindings.import_record(self.shop, "2")
        bob = self.bindings.search([("external_id", "=", "2")])
        self.assertEqual(bob.company_id, mine)

    def test_languages(self):
        self.shop.lang_id = self.env["res.lang"]._activate_lang("fr_FR")
        contact = self.contact(name="Ada").with_context(lang="en_US")
        with self.shop.with_context(lang="en_US").work_on(contact._name) as work:
            self.assertEqual(work.env.lang, "fr_FR")
            exporter = work.component(usage="record.exporter")
        exporter.binding = contact
        self.assertEqual(exporter._map_data().source.env.lang, "fr_FR")
        with self.assertRaisesRegex(InvalidDataError, "has no name") as raised:
            exporter._validate_create_data({})
        self.assertIn("args", raised.exception.args[0].terms)
        category = self.env["res.partner.category"].create({"name": "Blue"})
        names = {"fr_FR": "Bleu", "en_US": "Blue"}
        category.update_field_translations("name", names)
        self.assertEqual(category.with_context(lang="fr_FR").name, "Bleu")

    def test_secrets(self):
        user = new_test_user(self.env, "ann", "connector.group_connector_manager")
        shop = self.shop.with_user(user)
        self.assertFalse(shop.read(["token"])[0]["token"])
        self.assertEqual(shop.token_status, "Set, enter to change")
        self.assertEqual(reveal(shop, "token"), "secret")
        with self.assertRaises(ValidationError):
            shop.url = "https://elsewhere.example.com"
        shop.write({"url": self.remote.url, "token": "another"})
        self.assertEqual(reveal(shop, "token"), "another")

    def test_first_load(self):
        count = self.env["res.partner"].search_count([])
        self.bindings.export_batch(self.shop)
        self.run_jobs()
        self.assertEqual(len(self.items()), count)
        with self.shop.work_on("shop.res.partner") as work:
            adapter = work.component(usage="backend.adapter")
        calls = self.remote.count()
        self.remote.refuse("contacts", lambda item: "no" if not item["name"] else None)
        ada, refused = adapter.create_many([{"name": "Ada"}, {"name": ""}], ["a", "b"])
        self.assertIsInstance(refused, InvalidDataError)
        self.assertEqual(adapter.find_created("a"), ada)
        changed, refused = adapter.write_many(
            [(ada, {"name": "A"}), (ada, {"name": ""})]
        )
        self.assertIsNone(changed)
        self.assertIsInstance(refused, InvalidDataError)
        self.assertEqual(adapter.read_many([ada, "gone"]).keys(), {ada})
        self.assertEqual(self.remote.count(), calls + 4)

    def tickets(self):
        return self.enterContext(self.shop.work_on(self.bindings._name)).component(
            usage="tickets"
        )

    def test_json_rpc_and_a_login(self):
        answers = (
            {"result": {"id": 7}},
            {"error": {"code": -32001, "message": "No ticket 8"}},
            {"error": {"code": 1, "message": "The title is empty"}},
        )
        texts = [json.dumps(each).encode() for each in answers]
        self.remote.script(*(Answer(200, each, {}) for each in texts), path="jsonrpc")
        self.remote.script(Answer(204, b"", {"Set-Cookie": "sid=1"}), path="login")
        tickets = self.tickets()
        self.assertEqual(tickets.rpc("getTicket", id=7), {"id": 7})
        with self.assertRaisesRegex(IDMissingInBackend, "Shop: No ticket 8"):
            tickets.rpc("getTicket", id=8)
        with self.assertRaisesRegex(InvalidDataError, "The title is empty"):
            tickets.rpc("setTicket", id=8)
        login, *calls = self.remote.calls
        self.assertEqual(login.body, {"password": "secret"})
        self.assertEqual([call.headers["Cookie"] for call in calls], ["sid=1"] * 3)
        self.remote.script(Answer(401, b"", {}), path="login")
        with self.assertRaisesRegex(AccessRefusedError, "Check the password"):
            self.tickets().rpc("getTicket", id=7)

    def test_debugging(self):
        contact = self.contact(name="Ada")
        self.assertEqual(mapped(self.env, contact.id)["name"], "Ada")
        self.remote.add("contacts", {"name": "Bob"})
        self.assertEqual(read(self.shop, "1")["name"], "Bob")

    def test_webhooks(self):
        self.remote.add("contacts", {"name": "Ada"})
        endpoint = self.env["connector.webhook.endpoint"].of(self.shop)
        shown = endpoint.action_set_up()["context"]
        token = shown["default_address"].rpartition("/")[2]
        content = {"type": "contact.updated", "data": {"id": "1"}}
        body = json.dumps(content).encode()
        for age, status in ((400, 403), (0, 202), (0, 202)):
            headers = Headers(
                standard_headers(shown["default_secret"], body, "msg_1", age)
            )
            headers["Content-Type"] = "application/json"
            request = WebhookRequest(headers, body, time.time())
            self.assertEqual(endpoint.receive(token, request)[0], status)
        asked = {"hub.mode": "subscribe", "hub.challenge": "15f7"}
        request = WebhookRequest(Headers(), b"", time.time(), "GET", asked)
        self.assertEqual(endpoint.receive(token, request), (200, {}, "15f7"))
        methods = ["process_webhook_delivery", "import_announced", "import_image"]
        self.assertEqual(self.run_jobs(), methods)
        self.assertEqual(self.bindings.search([("external_id", "=", "1")]).name, "Ada")


@tagged("post_install", "-at_install")
class TestIndustries(ConformanceCase):
    """The list that delivers the industries with their data."""

    backend_model = "shop.backend"
    binding_model = "shop.res.partner.industry"
    collection = "industries"
    remote_field = "title"

    def new_remote(self):
        return self.enterContext(RemoteSystem())  # The list has one page.

    def backend_values(self, remote):
        return {"name": "Shop", "url": remote.url, "token": remote.token}
