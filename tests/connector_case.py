# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases for the authors of connectors."""

import json
import time
from contextlib import contextmanager
from functools import cached_property

from odoo.tests import BaseCase, TransactionCase

from odoo.addons.queue_job.job import PENDING, Job
from odoo.addons.queue_job.tests.common import trap_jobs

from ..components.webhook.requests import WebhookRequest, webhooks_of
from ..exception import InvalidDataError
from ..tools.bindings import backend_field, wrapped_field
from ..tools.external_id import is_external_id
from .hostile_bodies import hostile_bodies
from .remote_system import RemoteSystem

#: How many jobs may make jobs in turn.
MAX_ROUNDS = 20


class ConnectorTools(BaseCase):
    """What test cases of connectors share; see :class:`ConnectorCase`."""

    #: Name of the model of the backend, such as ``shop.backend``.
    backend_model = None
    #: Name of the model of the bindings, such as ``shop.res.partner``.
    binding_model = None

    @cached_property
    def remote(self):
        """The remote system of the test."""
        return self.new_remote()

    def new_remote(self):
        """Return a remote system that runs until the test ends.

        Override it for another one than a :class:`RemoteSystem`.
        """
        return self.enterContext(RemoteSystem())

    def backend_values(self, remote):
        """Return the values of a backend.

        :param remote: the remote system that it stands for
        :rtype: dict
        """
        return {"name": "Test"}

    def work(self, backend, model=None):
        """Return a work context on a backend, which ends with the test.

        :param backend: record of the backend
        :param model: name of a model; by default that of the bindings
        """
        working = backend.work_on(model or self.binding_model)
        return self.enterContext(working)

    def binding_values(self, backend, record=None):
        """Return the values that link a binding with its backend and its record.

        :param backend: record of the backend
        :param record: the Odoo record that the binding wraps, if there is one
        :rtype: dict
        """
        env, model = backend.env, self.binding_model
        values = {backend_field(env, model, backend._name): backend.id}
        if record:
            values[wrapped_field(env, model)] = record.id
        return values


class ConnectorCase(ConnectorTools, TransactionCase):
    """A test of a connector in one transaction, which is rolled back at its end.

    A connector names its models, and the values of a backend::

        class ShopCase(ConnectorCase):
            backend_model = "shop.backend"
            binding_model = "shop.res.partner"

            def backend_values(self, remote):
                return {"name": "Shop", "url": remote.url, "token": remote.token}

        @tagged("post_install", "-at_install")
        class TestExport(ShopCase):
            def test_a_contact_is_exported(self):
                contact = self.env["res.partner"].create({"name": "Ada"})
                with self.running_jobs():
                    binding = self.bind(contact)
                self.assertEqual(self.remote.count("POST", "contacts"), 1)
                self.assertTrue(binding.external_id)
    """

    def setUp(self):
        super().setUp()
        self.backend = self.make_backend()
        self.env.flush_all()  # The test must not meet queries of its set-up.

    def make_backend(self, **values):
        """Create a backend.

        :param values: other values than those of :meth:`backend_values`
        """
        values = {**self.backend_values(self.remote), **values}
        return self.env[self.backend_model].create(values)

    @property
    def bindings(self):
        """An empty recordset of the bindings."""
        return self.env[self.binding_model]

    def bind(self, record, **values):
        """Create a binding of a record on the backend, as a user would.

        :param record: the Odoo record
        :param values: other values of the binding
        """
        values = {**self.binding_values(self.backend, record), **values}
        return self.bindings.create(values)

    def component(self, usage, model=None):
        """Return a component of the backend, in a new work context.

        :param usage: its usage, such as ``"record.exporter"``
        :param model: name of a model; by default that of the bindings
        """
        return self.work(self.backend, model).component(usage=usage)

    def binding_of(self, external_id):
        """Return the binding of an external id, or an empty recordset."""
        return self.component("binder").to_internal(external_id)

    @contextmanager
    def running_jobs(self):
        """Run the jobs that are made within a ``with`` block, at its end.

        The jobs that they make in turn run, too. The error of a job is raised.

        :return: context manager that gives queue_job's ``JobsTrap``, which has the
            method ``assert_enqueued_job``
        :raise AssertionError: when jobs go on making jobs
        """
        self.cr.flush()
        last = self.env["queue.job"].search([], order="id desc", limit=1).id or 0
        with trap_jobs() as trap:
            yield trap
            for _round in range(MAX_ROUNDS):
                # Changes of records make jobs at the end of a transaction.
                self.cr.flush()
                stored = self._stored_jobs(last)
                if not (trap.enqueued_jobs or stored):
                    return
                trap.perform_enqueued_jobs()
                for job in stored:
                    job.perform()
                    job.set_done()
                    job.store()
        raise AssertionError(f"After {MAX_ROUNDS} rounds, jobs still make jobs.")

    def announce(self, payload):
        """Let the backend send a webhook delivery, and run the jobs that it makes.

        The delivery counts as verified.

        :param payload: content of the delivery, which JSON can represent
        :raise InvalidDataError: when the webhook refuses it, with the reason
        """
        with self.running_jobs():
            problem = self._deliver(json.dumps(payload).encode())
        if problem:
            raise InvalidDataError(problem[1])

    def assert_refuses_junk(self, payload, *path, more=()):
        """Assert that the backend's webhook refuses deliveries that mean nothing.

        More than 130 are made from one that is right: not JSON, other types, invalid
        ids. Each has to be refused with a status from 400 to 499, and to make
        neither a delivery nor a job.

        :param payload: content of a delivery that is right
        :param path: the keys that lead to the id of a record in it
        :param more: other values that cannot be ids of this backend
        """
        for name, body in hostile_bodies(payload, path, more).items():
            with self.subTest(name):
                stored = self._count_deliveries()
                status, _reason = self._deliver(body) or (202, None)
                self.assertIn(status, range(400, 500))
                self.assertEqual(self._count_deliveries(), stored)
        self.assertIsNone(self._deliver(json.dumps(payload).encode()))

    def _count_deliveries(self):
        names = "connector.webhook.delivery", "queue.job"
        return [self.env[name].sudo().search_count([]) for name in names]

    def _deliver(self, body):
        """Let the backend send a delivery; return why it is refused, or ``None``."""
        deliveries = self.env["connector.webhook.delivery"].sudo()
        request = WebhookRequest({}, body, time.time())
        webhook = next(webhooks_of(self.backend))
        return deliveries.receive(self.backend, webhook, request)

    def _stored_jobs(self, last):
        """Return the jobs that a listener has made, which no trap gets."""
        domain = [("id", ">", last), ("state", "=", PENDING)]
        jobs = self.env["queue.job"].search(domain, order="id")
        return [Job.load(self.env, job.uuid) for job in jobs]


def external_id_of(backend, binding):
    """Return the external id of a binding, ``None`` when it has none.

    :param backend: record of the backend
    :param binding: the binding
    """
    with backend.work_on(binding._name) as work:
        external_id = work.component(usage="binder").to_external(binding)
    return external_id if is_external_id(external_id) else None
