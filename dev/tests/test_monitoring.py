"""Test the report for monitoring systems, over HTTP with an API key."""

import unittest

import requests
from environment import OdooServer, databases, odoo_process

URL = "/json/2/connector.backend.state/monitoring"
#: Makes two address books and four users, and prints their keys by the login.
PREPARE = """
import json
from datetime import datetime, timedelta
companies = env["res.company"].create([{"name": "One"}, {"name": "Two"}])
books = env["carddav.backend"].create([
    {"name": f"Phones of {company.name}", "company_id": company.id,
     "url": "https://dav.example.com/ada/contacts/", "username": "ada",
     "new_password": "s3cret"}
    for company in companies
])
contacts = env["res.partner"].create([{"name": name} for name in ("Ada", "Bob")])
bindings = env["carddav.res.partner"].with_context(connector_no_export=True).create([
    {"backend_id": books[0].id, "odoo_id": contact.id} for contact in contacts
])
for binding, state in zip(bindings, ("wait_dependencies", "failed")):
    job = binding.with_delay().export_record().db_record()
    env.flush_all()
    env.cr.execute(
        "UPDATE queue_job SET date_created = date_created - interval '5 minutes',"
        " state = %s WHERE id = %s", (state, job.id))
users = {}
for login, company, group in (
    ("watch", companies[0], "connector.group_connector_user"),
    ("other", companies[1], "connector.group_connector_user"),
    ("plain", companies[0], "base.group_user"),
):
    user = env["res.users"].create({
        "name": login, "login": login, "company_id": company.id,
        "company_ids": [(6, 0, company.ids)],
        "group_ids": [(6, 0, env.ref(group).ids)],
    })
    keys = env["res.users.apikeys"].with_user(user).sudo()
    users[login] = keys._generate("rpc", "test", datetime.now() + timedelta(days=1))
env["connector.backend.state"].of(books[1]).action_pause()
env.cr.commit()
print("ANSWER", json.dumps(users))
"""


class TestMonitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Several workers may run tests of this class.
        copy = databases.temporary(databases.demo(), "monitoring")
        database = cls.enterClassContext(copy)
        cls.keys = odoo_process.answer_of(PREPARE, database)
        cls.server = cls.enterClassContext(OdooServer(database))

    def ask(self, login):
        headers = {"Authorization": f"Bearer {self.keys.get(login, 'wrong')}"}
        answer = requests.post(
            self.server.url + URL, json={}, headers=headers, timeout=60
        )
        self.assertNotIn("s3cret", answer.text)
        return answer

    def test_a_backend_is_reported_in_numbers_and_in_a_sentence(self):
        [report] = self.ask("watch").json()
        self.assertEqual(report["name"], "Phones of One")
        self.assertEqual(report["model"], "carddav.backend")
        self.assertEqual(report["state"], "act")
        self.assertEqual((report["waiting"], report["failed"]), (1, 1))
        self.assertGreaterEqual(report["lag_seconds"], 300)
        self.assertEqual((report["unconfirmed"], report["in_doubt"]), (0, 0))
        self.assertIsNone(report["last_success"])
        self.assertTrue(report["sentence"])

    def test_another_company_gets_its_own_backends_only(self):
        [report] = self.ask("other").json()
        self.assertEqual(report["name"], "Phones of Two")
        self.assertEqual((report["state"], report["failed"]), ("paused", 0))

    def test_without_the_right_or_a_key_nothing_is_said(self):
        for login, status in (("plain", 403), ("nobody", 401)):
            answer = self.ask(login)
            self.assertEqual(answer.status_code, status)
            self.assertNotIn("Phones", answer.text)
