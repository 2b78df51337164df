# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case with real commits, whose jobs run as the queue runs them."""

from contextlib import closing, suppress
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name

from odoo.addons.component.core import _component_databases
from odoo.addons.connector import updates
from odoo.addons.connector.controllers.run_job import RunJobController
from odoo.addons.queue_job.job import Job

from .models import committed_test_models
from .shop import ShopServer, component_registry, override, shop_components


class Transaction:
    """A context manager of an environment with a transaction of its own.

    The transaction is committed at the end, and rolled back after an error.
    """

    def __init__(self, registry):
        self.registry = registry

    def __enter__(self):
        self.cr = self.registry.cursor()
        # a test that waits for its own lock fails instead of hanging
        self.cr.execute("SET lock_timeout = '5s'")
        return api.Environment(self.cr, SUPERUSER_ID, {})

    def __exit__(self, *error):
        with suppress(psycopg2.Error):
            self.cr.execute("RESET lock_timeout")
        # the cursor commits unless an error occurred, and closes
        self.cr.__exit__(*error)


class RealJobsCase(BaseCase):
    """A test whose models and commits are real: nothing is rolled back.

    Each access to the database has a transaction of its own. The tables are emptied
    after each test.
    """

    connector_commits = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.enterClassContext(committed_test_models(cls.registry))

    def setUp(self):
        super().setUp()
        self.job_pid = None  #: PostgreSQL's process that holds the lock of the job
        self.server = ShopServer()
        self.components = component_registry(*shop_components(self.server))
        databases = patch.dict(
            _component_databases, {self.registry.db_name: self.components}
        )
        databases.start()
        self.addCleanup(databases.stop)
        # Messages to screens would come between the queries that tests count.
        self.screens = self.enterContext(patch.object(updates, "notify_screens"))
        self.addCleanup(self.empty_tables)
        with self.transaction() as env:
            self.shop_id = env["connector.test.shop"].create({"name": "Shop"}).id

    def empty_tables(self):
        with self.transaction() as env:
            for model in ("binding", "contact", "shop"):
                env[f"connector.test.{model}"].with_context(active_test=False).search(
                    []
                ).unlink()
            env["queue.job"].search([("model_name", "like", "connector.test")]).unlink()
            env["connector.create.intent"].search([]).unlink()
            env["connector.run.start"].search([]).unlink()

    def transaction(self):
        """Return a new :class:`Transaction`."""
        return Transaction(self.registry)

    def build(self, *classes):
        """Add component classes to the connector of this test."""
        for cls in classes:
            cls._build_component(self.components)

    def override(self, **hooks):
        """Replace hooks of the exporter of contacts."""
        self.build(override("test.shop.contact.exporter", **hooks))

    def bindings(self, *names, **values):
        """Create contacts with bindings on the shop; return the ids of the bindings."""
        with self.transaction() as env:
            return (
                env["connector.test.binding"]
                .create(
                    [
                        {"backend_id": self.shop_id, "name": name, **values}
                        for name in names
                    ]
                )
                .ids
            )

    def delay(self, binding_ids):
        """Delay an export job for each binding; return the UUIDs of the jobs."""
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(binding_ids)
            return [binding.with_delay().export_record().uuid for binding in bindings]

    def delay_chunk(self, binding_ids):
        """Delay one export job for many bindings; return its UUID."""
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(binding_ids)
            return bindings.with_delay().export_chunk().uuid

    def run_job(self, uuid):
        """Run a job as the queue's controller does; return its fields afterwards."""
        with self.transaction() as env:
            job = Job.load(env, uuid)
            job.set_enqueued()
            job.eta = None
            job.store()
        with closing(self.registry.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.job_pid = cr.connection.get_backend_pid()
            job = RunJobController._acquire_job(env, uuid)
            if job:
                RunJobController._runjob(env, job)
            # As Odoo at the end of a request, whose connection may be lost.
            cr.flush()
            if not cr.closed:
                cr.commit()  # pylint: disable=invalid-commit
        return self.read("queue.job", [("uuid", "=", uuid)])[0]

    def read(self, model, domain):
        """Return what is committed, as a list of dicts."""
        with self.transaction() as env:
            return env[model].with_context(active_test=False).search(domain).read()

    def binding(self, binding_id):
        """Return the committed fields of a binding."""
        return self.read("connector.test.binding", [("id", "=", binding_id)])[0]
