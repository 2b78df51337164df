# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a connector declares, and the steps of which scenarios consist."""

import logging
from contextlib import contextmanager
from datetime import timedelta
from itertools import takewhile
from typing import NamedTuple
from unittest import SkipTest
from unittest.mock import patch

from odoo.addons.component.exception import NoComponentError
from odoo.addons.queue_job.job import DONE, FAILED, PENDING

from ...components.exporter.record import GenericExporter
from ...components.files.outgoing import OutgoingFileAdapter
from ...components.importer.delivered_data import reads_single_records
from ...components.importer.delivery import Delivery
from ...tools.bindings import wrapped_field, wrapped_model
from ...tools.overrides import overrides
from ..connector_case import external_id_of
from ..real_connector import RealConnectorCase
from ..remote_system import RemoteSystem
from .card import ReportCard, scenarios_of
from .records import RecordsFace, RemoteRecords, sample

_logger = logging.getLogger(__name__)

EXPORTER = "record.exporter"
BATCH_EXPORTER = "batch.exporter"
DELETER = "record.exporter.deleter"
IMPORTER = "record.importer"
BATCH_IMPORTER = "batch.importer"
#: Not a usage: a component that listens to changes of the records.
LISTENER = "listener"
#: Not a usage: an adapter that refuses to overwrite another version of a record.
VERSIONS = "versions"

#: Not a usage: an exporter that recognises records which the backend has already.
MATCHING = "matching"
#: Not a usage: an importer of records that come with their data.
DELIVERIES = "deliveries"
#: Not a usage: a backend that can be asked for the data of one record.
READING = "reading"

#: How often jobs that are retried run again.
ATTEMPTS = 5


class Side(NamedTuple):
    """A backend in Odoo, and the records of its remote system."""

    backend_id: int
    records: RecordsFace


class ConformanceTools(RealConnectorCase):
    """What a connector declares, and the steps of which scenarios consist."""

    #: Odoo runs the tests that a class inherits.
    allow_inherited_tests_method = True

    #: Name of a text field of the bindings that both directions synchronise.
    text_field = "name"
    #: Name of another text field that both directions synchronise, for scenarios in
    #: which people edit two fields.
    other_field = None
    #: More values of each Odoo record, such as ``{"ref": "SKU {}".format}``: a function
    #: is called with a number that no other sample record has. The same holds for
    #: ``remote_values`` and ``bad_remote_values``.
    record_values = {}
    #: Name of the collection of the :class:`RemoteSystem`.
    collection = None
    #: Name of the field of the remote records with the text.
    remote_field = None
    #: Name of the field of the remote records with the other text.
    other_remote_field = None
    #: More values of each remote record.
    remote_values = {}
    #: More values of an Odoo record by which the exporter recognises it on the backend,
    #: if it does not recognise each record.
    match_values = {}
    #: More values of an Odoo record whose create takes several calls; none if each
    #: create takes one call.
    part_values = {}
    #: Name of the collection of the :class:`RemoteSystem` that a later call creates a
    #: record in.
    part_collection = None
    #: Values of a remote record that the connector cannot import.
    bad_remote_values = None
    #: Name of the field of the Odoo records with another record, which the import
    #: imports or creates first; see :meth:`shared_values`.
    shared_field = None
    #: Groups of a user who may change the Odoo records, separated by commas.
    user_groups = "base.group_user"
    #: Reasons not to run scenarios, by the name of the test.
    exempt = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        title = f"Conformance of {cls.binding_model}"
        cls.card = ReportCard(title, scenarios_of(cls))
        cls.addClassCleanup(cls.log_card)

    @classmethod
    def log_card(cls):
        """Log the report card."""
        for line in cls.card.text().splitlines():
            _logger.info(line)

    def setUp(self):
        test = getattr(self, self._testMethodName)
        if getattr(test, "is_scenario", False):
            self._skip_early(test)
        super().setUp()
        self.side = self.new_side(self.remote)
        self.records = self.side.records

    def new_remote(self):
        # Small pages, whatever number the connector asks for.
        return self.enterContext(RemoteSystem(page_size=RecordsFace.page_size))

    def remote_records(self, remote):
        """Return the face by which scenarios use the records of a remote system.

        :param remote: what :meth:`new_remote` returned
        :rtype: RecordsFace
        """
        return RemoteRecords(
            remote,
            self.collection,
            self.remote_field or self.text_field,
            self.remote_values,
            self.bad_remote_values,
            self.other_remote_field or self.other_field,
            self.part_collection,
        )

    # -- whether a connector has a part for a scenario

    def _skip_early(self, test):
        """Skip a scenario without its set-up, if it is known that it is skipped."""
        with self.card.noting_a_skip(test.__name__, test.sentence):
            if test.__name__ in self.exempt:
                self.skipTest(self.exempt[test.__name__])
            self.require(*takewhile(self.card.lacks.__contains__, test.parts))

    def require(self, *parts):
        """Skip the test if the connector does not have all parts.

        :param parts: usages of components, and names above that are not a usage
        """
        for part in parts:
            if part not in self.card.lacks:
                self.card.lacks[part] = self._why_lacking(part)
            if reason := self.card.lacks[part]:
                self.skipTest(reason)

    def _why_lacking(self, part):
        """Return why the connector lacks a part, ``None`` if it has it."""
        others = {
            EXPORTER: self._require_exporter,
            LISTENER: self._require_listener,
            VERSIONS: self._require_versions,
            MATCHING: self._require_matching,
            DELIVERIES: self._require_deliveries,
            READING: self._require_reading,
        }
        with self.transaction() as env:
            try:
                if part in others:
                    others[part](env)
                else:
                    self._require_component(env, part)
            except SkipTest as skip:
                return str(skip)
        return None

    def _require_component(self, env, usage):
        try:
            self._component(env, usage)
        except NoComponentError:
            self.skipTest(f"The connector has no component with the usage {usage}.")

    def _require_exporter(self, env):
        self._require_component(env, EXPORTER)
        if isinstance(self._component(env, "backend.adapter"), OutgoingFileAdapter):
            self.skipTest("The connector sends files, which the scenarios do not read.")

    def _require_listener(self, env):
        wrapped = wrapped_model(env, self.binding_model)
        models = filter(None, (self.binding_model, wrapped))
        if not any(env[model]._event("on_record_write").events for model in models):
            self.skipTest("The connector has no listener of changes.")

    def _require_versions(self, env):
        if not self._component(env, "backend.adapter")._has_versions:
            self.skipTest("The adapter does not know the versions of records.")

    def _require_matching(self, env):
        exporter = self._component(env, EXPORTER)
        if not overrides(exporter, GenericExporter, "_match_key"):
            self.skipTest("The exporter does not match records of the backend.")

    def _require_deliveries(self, env):
        if not getattr(self._component(env, IMPORTER), "_has_deliveries", False):
            self.skipTest("The importer takes no records with their data.")

    def _require_reading(self, env):
        if not self._reads_single_records(env):
            self.skipTest("The backend cannot be asked for the data of one record.")

    def _reads_single_records(self, env):
        importer = self._component(env, IMPORTER)
        has_deliveries = getattr(importer, "_has_deliveries", False)
        return not has_deliveries or reads_single_records(importer)

    def require_parts(self):
        """Skip the test if the connector names no create of several calls."""
        if not self.part_values:
            self.skipTest("The test names no part_values: each create takes one call.")

    def require_other_field(self):
        """Skip the test if the connector names no other field."""
        if not self.other_field:
            self.skipTest("The test names no other_field, which both sides change.")

    def require_wrapped(self):
        """Skip the test if an export locks the record that users edit."""
        with self.transaction() as env:
            if not wrapped_field(env, self.binding_model):
                self.skipTest("The bindings wrap no record; the export locks them.")

    def _component(self, env, usage):
        backend = env[self.backend_model].browse(self.side.backend_id)
        return self.work(backend).component(usage=usage)

    # -- backends and records

    def new_side(self, remote, **values):
        """Create a backend for a remote system.

        :param remote: what :meth:`new_remote` returned
        :param values: other values of the backend
        :rtype: Side
        """
        with self.transaction() as env:
            backend = self.make_backend(env, remote, **values)
            return Side(backend.id, self.remote_records(remote))

    def backend(self, env, side=None):
        """Return the record of a backend.

        :param side: by default that of the test
        """
        return env[self.backend_model].browse((side or self.side).backend_id)

    @contextmanager
    def working(self, side=None):
        """Give a work context in a transaction, which is committed at the end.

        :return: context manager
        """
        with (
            self.transaction() as env,
            self.backend(env, side).work_on(self.binding_model) as work,
        ):
            yield work

    def bind(self, *texts, side=None, values=None):
        """Create records with bindings, which no listener exports.

        :param values: more values of each record, see :func:`~.records.sample`
        :return: the ids of the bindings
        :rtype: list[int]
        """
        with self.transaction() as env:
            more = values or {}
            of_side = self.binding_values(self.backend(env, side))
            silent = env[self.binding_model].with_context(connector_no_export=True)
            return silent.create(
                [
                    {
                        **sample({**self.record_values, **more}),
                        **of_side,
                        self.text_field: text,
                    }
                    for text in texts
                ]
            ).ids

    def add(self, text, external_id=None, values=None, side=None):
        """Add a record to the remote system, which the connector is to import.

        Odoo has it already, with another text, if the importer only updates records.

        :param external_id: its id; by default the system chooses one
        :param values: more values of it, for a system that chooses its id
        :return: its external id
        """
        side = side or self.side
        if external_id is not None:
            side.records.add_with_id(text, external_id)
        elif values:
            external_id = side.records.add_with(text, values)
        else:
            external_id = side.records.add(text)
        with self.transaction() as env:
            only_updates = getattr(self._component(env, IMPORTER), "_only_updates", 0)
        if only_updates:
            self.bind_to(external_id, f"{text} of Odoo", side)
        return external_id

    def bind_to(self, external_id, text, side=None):
        """Create a record that is linked with one of the remote system.

        :return: the id of the binding
        """
        [binding_id] = self.bind(text, side=side)
        with self.working(side) as work:
            binding = work.env[self.binding_model].browse(binding_id)
            work.component(usage="binder").bind(external_id, binding)
        return binding_id

    def unbind(self, binding_id):
        """Remove the external id of a binding, as if it was never synchronised."""
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            self._component(env, "binder")._unbind(binding)

    def exported(self, text):
        """Create a record, and export it.

        :return: the id of the binding
        """
        [binding_id] = self.bind(text)
        self.assert_done(self.export(binding_id))
        return binding_id

    def record(self, env, binding_id):
        """Return the record that a binding wraps, or the binding if it wraps none."""
        binding = env[self.binding_model].browse(binding_id)
        field = wrapped_field(env, self.binding_model)
        return binding.sudo()[field].with_env(env) if field else binding

    def edit(self, binding_id, text, user=None, silently=False):
        """Change the text of a record, as a user does.

        :param user: id of the user; by default the superuser
        :param silently: whether no listener exports the change
        """
        with self.transaction() as env:
            env = env(user=user or env.uid, context={"connector_no_export": silently})
            self.record(env, binding_id).write({self.text_field: text})

    def delete(self, binding_id, silently=False):
        """Delete a record, as a user does.

        :param silently: whether no listener deletes it on the backend
        """
        with self.transaction() as env:
            env = env(context={"connector_no_export": silently})
            self.record(env, binding_id).unlink()

    def external_id(self, binding_id):
        """Return the external id of a binding, ``None`` when it has none."""
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            return external_id_of(self.backend(env), binding)

    def texts(self, side=None):
        """Return the texts of the bindings of a backend, by external id (``str``).

        Bindings without an external id have the key ``"unbound N"``.
        """
        with self.transaction() as env:
            backend = self.backend(env, side)
            return {
                self._key(backend, binding): binding[self.text_field]
                for binding in self._bindings(env, side).sorted("id")
            }

    def _bindings(self, env, side=None):
        values = self.binding_values(self.backend(env, side))
        domain = [(name, "=", value) for name, value in values.items()]
        return env[self.binding_model].with_context(active_test=False).search(domain)

    def _key(self, backend, binding):
        external_id = external_id_of(backend, binding)
        return f"unbound {binding.id}" if external_id is None else str(external_id)

    # -- jobs

    def delay(self, method, *args, ids=(), side=None):
        """Delay a job of the bindings' model, as a connector does.

        :param method: name of the method
        :param args: its arguments, without the backend
        :param ids: ids of the bindings that it is called on
        :return: the UUID of the job
        """
        with self.transaction() as env:
            bindings = env[self.binding_model].browse(ids)
            arguments = args if ids else (self.backend(env, side), *args)
            return getattr(bindings.with_delay(), method)(*arguments).uuid

    def export(self, *binding_ids):
        """Run a job that exports each binding; return the jobs that ran."""
        for binding_id in binding_ids:
            self.delay("export_record", ids=[binding_id])
        return self.run_jobs()

    def import_(self, *external_ids, side=None):
        """Run a job that imports each record; return the jobs that ran.

        If the backend cannot be asked for a record, it delivers all records.
        """
        with self.transaction() as env:
            reads = self._reads_single_records(env)
        if not reads:
            return self.deliver(side=side)
        for external_id in external_ids:
            self.delay("import_record", external_id, side=side)
        return self.run_jobs()

    def import_together(self, *external_ids):
        """Import records with one job, and run it and the jobs that it makes."""
        with self.transaction() as env:
            reads = self._reads_single_records(env)
        if reads:
            self.delay("import_chunk", list(external_ids))
            self.settle()
        else:
            self.deliver()

    def deliver(self, side=None):
        """Let the batch importer import all records; return the jobs that ran.

        :attr:`delivered` has what it found.
        """
        side, self.delivered = side or self.side, []
        with self.working(side) as work:
            side.records.deliver(work.component(usage=BATCH_IMPORTER))
        take, delivered = Delivery.take, self.delivered

        def note(delivery, found, waiting=()):
            delivered.extend(found)
            return take(delivery, found, waiting)

        with patch.object(Delivery, "take", note):
            self.delay("import_batch", side=side)
            return self.settle()

    def import_changes(self):
        """Run the jobs that import what has changed, until none is left."""
        self.delay("import_changes")
        self.settle()

    def run_jobs(self, once=True):
        # A look for files that waits is followed by another one.
        return super().run_jobs(once)

    def settle(self):
        """Run jobs until none is left, after the waits of those that are retried.

        :return: the jobs that ran
        """
        ran = {}
        for _attempt in range(ATTEMPTS):
            self.let_time_pass()
            jobs = self.run_jobs()
            ran.update((job["uuid"], job) for job in jobs)
            if not jobs:
                break
        return list(ran.values())

    def let_time_pass(self):
        """Let unconfirmed creates and files be so old that nobody works on them."""
        with self.transaction() as env:
            for intent in env["connector.create.intent"].sudo().search([]):
                intent.begun -= timedelta(hours=1)
            for file in env["connector.file"].sudo().search([("seen", "!=", False)]):
                file.seen -= timedelta(hours=1)

    # -- what must be so

    def expect(self, condition, message):
        """Fail with a message, which is the reason on the report card.

        :param condition: what must be true
        :param message: sentence that says what is wrong
        """
        if not condition:
            self.fail(message)

    def assert_done(self, jobs):
        """Fail unless all jobs have done their work."""
        for job in jobs:
            self.expect(job["state"] == DONE, self.job_message(job))

    def assert_retried(self, job):
        """Fail unless a job is retried."""
        self.expect(job["state"] == PENDING, self.job_message(job))

    def assert_nothing_failed(self):
        """Fail if a job has failed, or is still retried."""
        self.assert_done(self.jobs([("state", "in", (FAILED, PENDING))]))

    def job_message(self, job):
        """Return a sentence that says how a job has ended."""
        text = job["exc_message"] or job["result"]
        return f"The job '{job['name']}' is {job['state']}: {text}"

    def assert_same_on_both_sides(self, *texts, side=None):
        """Fail unless both sides have records with these texts, linked one to one."""
        side = side or self.side
        remote, odoo = side.records.texts(), self.texts(side)
        self.expect(
            sorted(remote.values()) == sorted(texts) and odoo == remote,
            f"Both sides must have {_list(texts)}; the backend has {_pairs(remote)}, "
            f"and Odoo has {_pairs(odoo)}.",
        )

    def assert_one_failed(self, chunk_method, name):
        """Fail unless one job has failed, and the job of the chunk names its record.

        :param chunk_method: name of the method of the job for all records
        :param name: text that names the bad record
        """
        failed = self.jobs([("state", "!=", DONE)])
        messages = " ".join(map(self.job_message, failed)) or "No job has failed."
        self.expect([job["state"] for job in failed] == [FAILED], messages)
        [chunk] = self.jobs([("method_name", "=", chunk_method)])
        report = chunk["result"] or ""
        self.expect(name in report, f"The report does not name {name}: {report}")


def _list(texts):
    return ", ".join(texts) or "no record"


def _pairs(texts):
    return _list([f"{text} ({id_[:20]})" for id_, text in texts.items()])
