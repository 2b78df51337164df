# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test cases that the test kit offers to connectors."""

from unittest.mock import patch

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import InvalidDataError

from .common import ConnectorCase, Failure, RealConnectorCase
from .remote_shop import StoreTools, store_connector, store_connector_in


class TestConnectorCase(StoreTools, ConnectorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        connector = store_connector_in(cls.cr, cls.registry)
        cls.components = cls.enterClassContext(connector)

    def person(self, name="Ada"):
        return self.env["connector.test.person"].create({"name": name})

    def titles(self):
        people = self.remote.collection("people")
        return {id_: person["title"] for id_, person in people.items()}

    def test_a_backend_and_its_components_are_ready(self):
        self.assertEqual(self.backend.url, self.remote.url)
        self.assertEqual(self.component("binder")._name, "test.store.binder")
        other = self.make_backend(name="Other")
        self.assertEqual((other.name, other.url), ("Other", self.remote.url))

    def test_jobs_of_a_listener_run(self):
        person = self.person()
        with self.running_jobs():
            binding = self.bind(person)
        self.assertEqual(self.titles(), {binding.external_id: "Ada"})
        with self.running_jobs():
            person.name = "Ada King"
        self.assertEqual(self.titles(), {binding.external_id: "Ada King"})

    def test_jobs_that_are_made_by_jobs_run(self):
        self.remote.add("people", {"title": "Ada"})
        with self.running_jobs() as jobs:
            self.bindings.with_delay().import_batch(self.backend)
        # its second job imports the chunk
        jobs.assert_jobs_count(0)
        self.assertEqual(self.binding_of("1").name, "Ada")

    def test_jobs_from_before_do_not_run(self):
        self.bind(self.person())
        self.cr.flush()
        with self.running_jobs():
            self.remote.add("people", {"title": "Bob"})
        self.assertEqual(self.titles(), {"1": "Bob"})

    def test_the_error_of_a_job_is_raised(self):
        self.remote.fail(Failure.REFUSE, "POST", "people")
        with self.assertRaises(InvalidDataError), self.running_jobs():
            self.bind(self.person())

    def test_jobs_without_an_end_fail(self):
        class EndlessImporter(Component):
            _inherit = "test.store.importer"

            def run(self, external_id, **kwargs):
                self.model.with_delay().import_record(self.backend_record, "1")

        EndlessImporter._build_component(self.components)
        with (
            self.assertRaisesRegex(AssertionError, "jobs still make jobs"),
            self.running_jobs(),
        ):
            self.bindings.with_delay().import_record(self.backend, "1")


class TestRealConnectorCase(StoreTools, RealConnectorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(store_connector(cls.registry))

    def count_rows(self):
        """Return the number of rows of each table."""
        with self.transaction() as env:
            return {
                name: env[name].with_context(active_test=False).search_count([])
                for name, model in self.registry.items()
                if model._auto and not model._abstract
            }

    def begin(self):
        """Delay jobs that export two persons, of whom the backend refuses one."""
        self.remote.refuse("people", lambda item: item["title"] == "Bob" and "No Bob")
        with self.transaction() as env:
            backend = self.make_backend(env)
            values = self.binding_values(backend)
            env[self.binding_model].create(
                [{**values, "name": name} for name in ("Ada", "Bob", "Carl")]
            )

    def test_a_job_that_fails_stops_no_other(self):
        self.begin()
        states = [job["state"] for job in self.run_jobs()]
        self.assertEqual(states, ["done", "failed", "done"])
        self.assertEqual(len(self.remote.collection("people")), 2)
        self.assertIn("No Bob", self.jobs([("state", "=", "failed")])[0]["exc_message"])

    def test_a_retried_job_runs_again_with_the_next_call(self):
        self.begin()
        with self.remote.down():
            jobs = self.run_jobs()
            self.assertEqual({job["state"] for job in jobs}, {"pending"})
        self.assertFalse(self.remote.collection("people"))
        with self.transaction() as env:
            for intent in env["connector.create.intent"].search([]):
                intent.begun = "2020-01-01"
        self.assertEqual(len(self.run_jobs()), 3)
        self.assertEqual(len(self.remote.collection("people")), 2)

    def test_a_job_that_takes_the_place_of_another_one_runs_with_the_next_call(self):
        def export_record(bindings, fields=None):
            bindings.with_delay(identity_key="again").export_record()

        self.begin()
        model = self.registry[self.binding_model]
        with patch.object(model, "export_record", export_record):
            with self.transaction() as env:
                binding = env[self.binding_model].search([], limit=1)
                binding.with_delay(identity_key="again").export_record()
            for _each in range(2):
                ran = [job["identity_key"] for job in self.run_jobs(once=True)]
                self.assertEqual(ran.count("again"), 1)

    def test_the_records_of_a_test_are_deleted(self):
        before = self.count_rows()
        self.begin()
        with self.transaction() as env:
            users = env["res.users"].with_context(no_reset_password=True)
            users.create({"name": "Clerk", "login": "clerk"})
            env["res.company"].create({"name": "Other Company"})
        self.run_jobs()
        with self.transaction() as env:
            env["connector.test.person"].search([], limit=1).name = "Ada King"
        during = self.count_rows()
        self.assertGreater(during["connector.export.change"], 0)
        self.assertGreater(during["connector.test.person"], 0)
        self.delete_records()
        self.assertEqual(self.count_rows(), before)
