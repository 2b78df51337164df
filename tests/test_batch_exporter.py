# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import random
import string
from datetime import timedelta
from functools import partial

from odoo import fields
from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.backend_adapter import BulkAdapter
from odoo.addons.connector.components.exporter.record import GenericExporter
from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    InvalidDataError,
    LimitReachedError,
    NetworkRetryableError,
)
from odoo.addons.connector.tools.locks import try_lock_rows
from odoo.addons.queue_job.delay import group

from .common import (
    BulkExports,
    RealJobsCase,
    ShopCase,
    Transaction,
    batch_export_components,
    override,
    sent_locks,
)


class BatchExporterCase(BulkExports, ShopCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def titles(self):
        return sorted(record["title"] for record in self.server.records.values())


class TestBatch(BatchExporterCase):
    def test_each_chunk_of_records_that_were_never_exported_gets_a_job(self):
        new = [self.binding(f"New {number}") for number in range(5)]
        self.binding("Known", external_id="7")
        result = self.component("batch.exporter").run(chunk_size=2)
        jobs = self.jobs("export_chunk")
        self.assertEqual([len(job.records) for job in jobs], [2, 2, 1])
        self.assertEqual(
            self.model.concat(*(job.records for job in jobs)), self.model.concat(*new)
        )
        self.assertIn("5", result)

    def test_a_size_of_chunks_that_makes_no_sense(self):
        for number in range(6):
            self.binding(f"New {number}")
        for size in (-1, 0, 2**31 - 1):
            with self.subTest(size):
                self.shop.chunk_size = size
                result = self.component("batch.exporter").run()
                self.assertIn("6 records to export, in 1 job", result)
                self.jobs("export_chunk").unlink()

    def test_all_records_of_a_kind_are_bound_first(self):
        old, new = self.binding("Old", external_id="7"), self.contact("New")
        waiting = self.binding("Waiting", active=False)
        other = self.env["connector.test.shop"].create({"name": "Other"})
        elsewhere = self.binding("Elsewhere", backend_id=other.id).odoo_id
        contacts = old.odoo_id + new + waiting.odoo_id + elsewhere
        self.contact("Not for the shop")
        self.build(
            override(
                "test.shop.contact.batch.exporter",
                _domain_to_bind=lambda exporter: [("id", "in", contacts.ids)],
            )
        )
        self.component("batch.exporter").run()
        [job] = self.jobs("export_chunk")
        self.assertEqual(job.records.odoo_id, new + elsewhere)
        self.assertEqual(job.records.backend_id, self.shop)
        ours = [("backend_id", "=", self.shop.id)]
        bound = self.model.with_context(active_test=False).search(ours)
        self.assertEqual(len(bound), 4)

    def test_records_that_are_not_bound_yet_are_bound_first(self):
        contact = self.contact("New")

        def _bind_unbound(exporter):
            values = {"backend_id": exporter.backend_record.id, "odoo_id": contact.id}
            exporter.model.with_context(connector_no_export=True).create(values)

        self.build(
            override("test.shop.contact.batch.exporter", _bind_unbound=_bind_unbound)
        )
        self.component("batch.exporter").run([("external_id", "=", "7")])
        self.assertFalse(self.model.search([("odoo_id", "=", contact.id)]))
        self.model.export_batch(self.shop)
        self.assertEqual(self.jobs("export_chunk").records.odoo_id, contact)

    def test_a_backend_that_does_not_answer_gets_no_chunks(self):
        self.binding("New")

        def check_connection(shop):
            raise InvalidDataError("The shop is closed.")

        self.patch(
            self.registry["connector.test.shop"], "check_connection", check_connection
        )
        with self.assertRaisesRegex(InvalidDataError, "closed"):
            self.model.export_batch(self.shop)
        self.assertFalse(self.jobs("export_chunk"))

    def test_a_domain_selects_the_records_to_export(self):
        known = self.binding("Known", external_id="7")
        self.binding("New")
        self.component("batch.exporter").run([("external_id", "!=", False)], ["name"])
        job = self.jobs("export_chunk")
        self.assertEqual(job.records, known)
        self.assertEqual(job.kwargs, {"fields": ["name"]})

    def test_records_of_other_backends_are_not_exported(self):
        other = self.shop.create({"name": "Other Shop"})
        self.binding("Theirs", backend_id=other.id)
        self.component("batch.exporter").run()
        self.assertFalse(self.jobs("export_chunk"))


class TestOneByOne(BatchExporterCase):
    def test_all_records_of_a_chunk_are_exported(self):
        bindings = self.binding("Ada") + self.binding("Grace")
        result = bindings.export_chunk()
        self.assertEqual(self.titles(), ["Ada", "Grace"])
        self.assertTrue(all(bindings.mapped("external_id")))
        self.assertIn("2", result)

    def test_a_deleted_record_is_left_out(self):
        ada, grace = self.binding("Ada"), self.binding("Grace")
        grace.unlink()
        (ada + grace).export_chunk()
        self.assertEqual(self.titles(), ["Ada"])

    def test_each_record_is_exported_to_its_own_backend(self):
        backends = {}

        class NotedAdapter(Component):
            _inherit = "test.shop.adapter"

            def create(self, data):
                backends[data["title"]] = self.backend_record
                return super().create(data)

        self.build(NotedAdapter)
        other = self.shop.create({"name": "Other Shop"})
        bindings = self.binding("Ada") + self.binding("Grace", backend_id=other.id)
        bindings.export_chunk()
        self.assertEqual(backends, {"Ada": self.shop, "Grace": other})

    def test_a_record_that_fails_is_retried_alone_with_the_same_options(self):
        def before_create(data):
            if data["title"] == "Bad":
                raise InvalidDataError("no such title")

        self.server.before_create = before_create
        bad = self.binding("Bad")
        (bad + self.binding("Ada")).export_chunk(fields=["name"])
        job = self.jobs("export_record")
        self.assertEqual((job.records, job.kwargs), (bad, {"fields": ["name"]}))


class TestTogether(BatchExporterCase):
    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def test_the_backend_is_called_once_for_new_and_once_for_known_records(self):
        new = self.binding("Ada") + self.binding("Grace")
        known = self.binding("Mary", external_id="77")
        self.server.records["77"] = {}
        (new + known).export_chunk()
        self.assertEqual(self.many_calls, [("write", 1), ("create", 2)])
        self.assertEqual(self.titles(), ["Ada", "Grace", "Mary"])
        self.assertEqual(new.mapped("external_id"), ["1", "2"])
        self.assertTrue(all((new + known).mapped("sync_date")))

    def test_no_more_is_read_than_is_mapped(self):
        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _export_dependencies(self):
                """Export none, so that nothing is read before."""

        self.build(Exporter)
        bindings = self.binding("Ada") + self.binding("Grace")
        contacts = bindings.odoo_id
        read = []
        self.server.before_create = lambda data: read.extend(contacts[0]._cache)
        self.env.flush_all()
        self.env.invalidate_all()
        bindings.export_chunk()
        self.assertIn("name", read)
        self.assertNotIn("weight", read)

    def test_a_record_that_the_backend_refuses_stops_no_other_record(self):
        bindings = self.binding("Ada") + self.binding("Refused")
        known = self.binding("Refused", external_id="77")
        self.server.records["77"] = {}
        result = (bindings + known).export_chunk()
        self.assertEqual(bindings[0].external_id, "1")
        self.assertFalse(bindings[1].external_id)
        self.assertEqual(result.count("no such title"), 2)
        self.assertEqual(len(self.jobs("export_record")), 2)

    def test_the_backend_may_refuse_all_creates_together(self):
        def create_many(adapter, data_list, **options):
            raise InvalidDataError("no titles today")

        self.build(override("test.shop.adapter", create_many=create_many))
        bindings = self.binding("Ada") + self.binding("Grace")
        result = bindings.export_chunk()
        self.assertEqual(result.count("no titles today"), 2)
        alone = self.jobs("export_record")
        self.assertEqual(self.model.union(*(job.records for job in alone)), bindings)

    def test_an_overridden_create_is_called_for_each_record(self):
        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _create(self, data):
                return super()._create({**data, "own": True})

        self.build(Exporter)
        (self.binding("Ada") + self.binding("Grace")).export_chunk()
        self.assertFalse(self.many_calls)
        self.assertTrue(all(record["own"] for record in self.server.records.values()))


class TestTogetherInJobs(BulkExports, RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components(), *self.many_components(recovers=True))

    def intents(self):
        return self.read("connector.create.intent", [])

    def test_a_chunk_is_bound_and_leaves_no_intent(self):
        ids = self.bindings(*map(str, range(10)))
        job = self.run_job(self.delay_chunk(ids))
        self.assertEqual(job["state"], "done")
        self.assertEqual(self.many_calls, [("create", 10)])
        self.assertEqual(len({self.binding(id_)["external_id"] for id_ in ids}), 10)
        self.assertFalse(self.intents())

    def test_failed_updates_create_nothing_twice(self):
        [known] = self.bindings("Known", external_id="77")
        new = self.bindings("Ada", "Grace")
        uuid = self.delay_chunk([*new, known])

        def down(external_id, data):
            raise NetworkRetryableError("no answer", seconds=1)

        self.write_one = down
        for _try in range(3):
            self.run_job(uuid)
        self.assertFalse(self.server.calls, "creates come last")
        del self.write_one
        self.server.records["77"] = {}
        self.run_job(uuid)
        titles = sorted(record["title"] for record in self.server.records.values())
        self.assertEqual(titles, ["Ada", "Grace", "Known"])

    def test_a_record_that_cannot_be_bound_does_not_unbind_the_others(self):
        self.create_one = lambda data, key: 7  # the same id for both
        with self.transaction() as env:
            env.cr.execute(
                "CREATE UNIQUE INDEX one_id ON connector_test_binding (external_id)"
            )
        self.addCleanup(self.drop_index)
        ids = self.bindings("Ada", "Grace")
        with mute_logger("odoo.sql_db"):
            self.run_job(self.delay_chunk(ids))
        self.assertEqual(
            [self.binding(id_)["external_id"] for id_ in ids], ["7", False]
        )

    def drop_index(self):
        with self.transaction() as env:
            env.cr.execute("DROP INDEX one_id")

    def test_an_error_before_the_export_rolls_back_no_other_record(self):
        def _export_dependencies(exporter):
            exporter.binding.note = "prepared"
            if exporter.binding.name == "Bad":
                raise ValueError("before the export")

        self.override(_export_dependencies=_export_dependencies)
        ids = self.bindings("Ada", "Bad", "Grace")
        self.run_job(self.delay_chunk(ids))
        notes = [self.binding(id_)["note"] for id_ in ids]
        self.assertEqual(notes, ["prepared", False, "prepared"])

    def test_an_error_after_the_export_rolls_back_no_other_record(self):
        def _after_export(exporter):
            exporter.binding.note = "after"
            if exporter.binding.name == "Bad":
                raise ValueError("after the export")

        self.override(_after_export=_after_export)
        ids = self.bindings("Ada", "Bad", "Grace")
        self.run_job(self.delay_chunk(ids))
        notes = [self.binding(id_)["note"] for id_ in ids]
        self.assertEqual(notes, ["after", False, "after"])
        self.assertTrue(all(self.binding(id_)["external_id"] for id_ in ids))

    def test_a_chunk_is_retried_as_a_whole_when_the_backend_is_down(self):
        def down(data, key):
            raise NetworkRetryableError("no answer", seconds=1)

        self.create_one = down
        uuid = self.delay_chunk(self.bindings("Ada", "Grace"))
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        self.assertFalse(
            self.read("queue.job", [("method_name", "=", "export_record")])
        )

    def test_creates_whose_answer_was_lost_are_found_and_not_repeated(self):
        ids = self.bindings("Ada", "Grace")
        uuid = self.delay_chunk(ids)
        create_one, lost = self.create_one, []

        def lose_the_answer(data, key):
            create_one(data, key)
            if data["title"] == "Grace":
                lost.append(1)
                raise NetworkRetryableError("no answer", seconds=1)

        self.create_one = lose_the_answer
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        self.assertEqual(len(self.intents()), 2)
        self.create_one = create_one
        self.run_job(uuid)
        alone = self.read(
            "queue.job",
            [("method_name", "=", "export_record"), ("state", "=", "pending")],
        )
        for job in alone:
            self.run_job(job["uuid"])
        self.assertTrue(lost)
        self.assertEqual(len(self.server.records), 2)
        self.assertEqual({self.binding(id_)["external_id"] for id_ in ids}, {"1", "2"})
        self.assertFalse(self.intents())

    def test_a_record_that_another_job_holds_is_postponed(self):
        ids = self.bindings("Ada", "Grace")
        uuid = self.delay_chunk(ids)
        with Transaction(self.registry) as env, sent_locks() as statements:
            try_lock_rows(env["connector.test.binding"].browse(ids[0]))
            self.assertEqual(self.run_job(uuid)["state"], "done")
        statements = [each for each in statements if "connector_test" in each]
        self.assertEqual(
            [each.partition(" FOR UPDATE ")[2] for each in statements],
            ["NOWAIT", "SKIP LOCKED"],
            "the first lock is that of this test",
        )
        self.assertFalse(self.binding(ids[0])["external_id"])
        self.assertTrue(self.binding(ids[1])["external_id"])

    def test_a_hook_that_meets_a_lock_makes_only_its_record_wait(self):
        def _map_data(exporter):
            exporter.component(usage="record.locker").lock(exporter.binding.odoo_id)
            return exporter.mapper.map_record(exporter.binding)

        self.override(_map_data=_map_data)
        self.assert_the_first_record_waits(one_by_one=False)

    def test_exports_one_by_one_leave_a_locked_record_alone(self):
        def _lock(exporter):
            exporter._lock_or_retry(exporter.binding.odoo_id)

        self.override(_lock=_lock)
        self.assert_the_first_record_waits(one_by_one=True)

    def assert_the_first_record_waits(self, one_by_one):
        ids = self.bindings("Ada", "Grace", "Mary")
        uuid = self.delay_chunk(ids)
        with Transaction(self.registry) as env:
            try_lock_rows(env["connector.test.binding"].browse(ids[0]).odoo_id)
            with self.assertNoLogs("odoo.sql_db", "WARNING"):
                job = self.run_job(uuid)
        self.assertEqual(job["state"], "done")
        self.assertIn("2 exported, 1 postponed.", job["result"])
        calls = [] if one_by_one else [("create", 2)]
        self.assertEqual(self.many_calls, calls)
        exported = [bool(self.binding(id_)["external_id"]) for id_ in ids]
        self.assertEqual(exported, [False, True, True])

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_a_refused_access_fails_the_job_and_leaves_no_intent(self):
        def create_many(adapter, data_list, **options):
            raise AccessRefusedError("renew the password")

        self.build(override("test.shop.adapter", create_many=create_many))
        uuid = self.delay_chunk(self.bindings("Ada", "Grace"))
        with self.assertRaisesRegex(AccessRefusedError, "renew"):
            self.run_job(uuid)
        self.assertFalse(self.intents())

    def test_a_refused_record_leaves_no_intent(self):
        ids = self.bindings("Ada", "Refused")
        self.run_job(self.delay_chunk(ids))
        self.assertTrue(self.binding(ids[0])["external_id"])
        self.assertFalse(self.intents())


class TestErrorsMidway(BulkExports, RealJobsCase):
    """The adapter needs several calls for a chunk, and the backend refuses one."""

    ERRORS = (
        LimitReachedError("Too many calls.", seconds=1, ignore_retry=True),
        AccessRefusedError("renew the password"),
        BackendUnavailableError("No answer.", seconds=1),
        InvalidDataError("no such title"),
        KeyError("items"),
    )

    def setUp(self):
        super().setUp()
        self.refusals = []

    def make_adapter(self, recovers, yields=False, **attributes):
        """Let the adapter create and write two records with each call.

        :param recovers: whether it finds its own creates
        :param yields: whether it says what each call has done
        """
        self.build(*batch_export_components(), *self.many_components(recovers))
        test = self

        def create_many(adapter, data_list, idempotency_keys=None):
            keys = idempotency_keys or [None] * len(data_list)
            pairs = list(zip(data_list, keys, strict=True))
            return test.in_calls("create", pairs, test.create_one)

        def write_many(adapter, changes):
            return test.in_calls("write", changes, test.write_one)

        def listed(method):
            return lambda *args, **kwargs: list(method(*args, **kwargs))

        methods = {"create_many": create_many, "write_many": write_many}
        if not yields:
            methods = {name: listed(method) for name, method in methods.items()}
        self.build(override("test.shop.adapter", **methods, **attributes))

    def in_calls(self, name, pairs, one):
        for number in range(0, len(pairs), 2):
            if number == 2 and self.refusals:
                raise self.refusals.pop()
            self.many_calls.append((name, len(pairs[number : number + 2])))
            yield from [one(*pair) for pair in pairs[number : number + 2]]

    def export(self, ids):
        """Run the jobs until all is exported, also those that have failed."""
        self.delay_chunk(ids)
        for _attempt in range(4):
            for job in self.jobs([("state", "in", ("pending", "failed"))]):
                self.try_job(job["uuid"])
        self.assertEqual({job["state"] for job in self.jobs()}, {"done"})

    def assert_no_twins(self, count):
        titles = [record["title"] for record in self.server.records.values()]
        self.assertEqual(len(titles), count)
        self.assertEqual(len(set(titles)), count)
        self.assertFalse(self.read("connector.create.intent", []))

    def test_creates_before_an_error_are_found_again(self):
        for number, error in enumerate(self.ERRORS):
            with self.subTest(type(error).__name__):
                self.make_adapter(recovers=True)
                self.refusals = [error]
                self.export(self.bindings(*(f"{number} {each}" for each in "abcdef")))
                self.assert_no_twins(6 * (number + 1))

    def test_an_adapter_that_cannot_look_finds_its_creates_later(self):
        """A limit refuses the question, too."""
        self.make_adapter(recovers=True)
        [limit, *_others] = self.ERRORS
        self.refusals = [limit]
        asked = []

        def find_created(adapter, key):
            asked.append(key)
            if len(asked) == 1:
                raise limit
            return self.keys.get(key)

        self.build(override("test.shop.adapter", find_created=find_created))
        self.export(self.bindings(*"abcdef"))
        self.assert_no_twins(6)

    def test_an_adapter_says_what_it_has_created(self):
        for recovers in (True, False):
            for number, error in enumerate(self.ERRORS):
                with self.subTest(type(error).__name__, recovers=recovers):
                    self.server.records.clear()
                    self.make_adapter(recovers=recovers, yields=True)
                    self.refusals = [error]
                    names = [f"{recovers} {number} {each}" for each in "abcdef"]
                    self.export(self.bindings(*names))
                    self.assert_no_twins(6)

    def test_what_it_says_costs_no_other_call(self):
        self.make_adapter(recovers=True, yields=True)
        self.refusals = [self.ERRORS[0]]
        self.build(override("test.shop.adapter", find_created=None))
        self.export(self.bindings(*"abcdef"))
        self.assertEqual(self.many_calls, [("create", 2)] * 3)
        self.assert_no_twins(6)

    def test_the_other_records_go_on_after_the_time_of_the_error(self):
        self.make_adapter(recovers=False, yields=True)
        self.refusals = [self.ERRORS[0]]
        job = self.run_job(self.delay_chunk(self.bindings(*"abcdef")))
        self.assertEqual(job["outcome_counts"], {"created": 2, "delayed": 4})

    def test_what_was_written_is_not_sent_again(self):
        self.make_adapter(recovers=False, yields=True)
        ids = self.bindings(*"abcdef")
        self.export(ids)
        self.many_calls.clear()
        self.refusals = [self.ERRORS[0]]
        self.export(ids)
        self.assertEqual(self.many_calls, [("write", 2)] * 3)

    def test_an_adapter_that_counts_its_calls_gets_on_one_by_one(self):
        """write_many() needs more calls than the backend admits at a time."""
        self.make_adapter(recovers=False, _counts_changes=True)
        ids = self.bindings(*"abcdef")
        self.export(ids)
        limit, calls = self.ERRORS[0], []

        def write_many(adapter, changes):
            adapter._changes_made += 1
            raise limit

        self.build(override("test.shop.adapter", write_many=write_many))
        self.server.write = lambda *args: calls.append(args)
        self.export(ids)
        self.assertEqual(len(calls), 6)


class TestSeveralBackends(BulkExports, RealJobsCase):
    """A backend that is down stops no other one."""

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())
        self.down_id = self.shop_id
        self.ids = self.bindings("Ada", "Grace")
        with self.transaction() as env:
            self.shop_id = self.make_backend(env, name="Other").id
        self.ids += self.bindings("Alan", "Edsger", "Barbara")
        self.is_down = True
        self.override(_has_to_skip=lambda exporter: self.refuse(exporter))

    def refuse(self, exporter):
        if self.is_down and exporter.backend_record.id == self.down_id:
            raise BackendUnavailableError("It is down.", seconds=60)
        return False

    def exported(self):
        return [bool(self.binding(id_)["external_id"]) for id_ in self.ids]

    def assert_others_go_on(self, uuid):
        first, *jobs = self.run_jobs()
        self.assertEqual((first["uuid"], first["state"]), (uuid, "done"))
        self.assertEqual(first["outcome_counts"], {"delayed": 5})
        self.assertEqual(
            [(job["backend_id"], job["state"], job["record_count"]) for job in jobs],
            [(self.down_id, "pending", 2), (self.shop_id, "done", 3)],
        )
        self.assertEqual(self.exported(), [False] * 2 + [True] * 3)
        self.is_down = False
        self.run_jobs()
        self.assertEqual(self.exported(), [True] * 5)
        self.assertEqual(len(self.server.records), 5)

    def test_each_gets_a_job_of_its_own(self):
        uuid = self.delay_chunk(self.ids)
        self.assert_others_go_on(uuid)

    def test_so_do_changes_of_users(self):
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(self.ids)
            uuid = bindings.with_delay().export_changes().uuid
            env.cr.execute(
                "INSERT INTO connector_export_change (model_name, res_id, noted)"
                " SELECT %s, unnest(%s), now()",
                [bindings._name, self.ids],
            )
        self.assert_others_go_on(uuid)
        self.assertFalse(self.read("connector.export.change", []))

    def test_without_a_job_the_error_comes_last(self):
        with (
            self.assertRaisesRegex(BackendUnavailableError, "It is down."),
            self.transaction() as env,
        ):
            env["connector.test.binding"].browse(self.ids).export_chunk()
        self.assertEqual(self.exported(), [False] * 2 + [True] * 3)


class LimitCase(BulkExports, RealJobsCase):
    """A shop that admits few calls in a window."""

    CALLS, RECORDS = 40, 100
    ERROR = LimitReachedError

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())
        self.left = self.CALLS
        self.asked = 0  # calls in all
        self.refused = []

    def call(self):
        """Take one call out of the window, or raise the error of the limit."""
        self.asked += 1
        if not self.left:
            self.refused.append(self.asked)
            raise self.ERROR("Too many calls.", seconds=30)
        self.left -= 1

    def names(self, count=RECORDS):
        return [f"Contact {number:03}" for number in range(count)]

    def run_windows(self, windows):
        """Run the pending jobs, each once in a window; return all jobs afterwards."""
        for _window in range(windows):
            self.left = self.CALLS
            jobs = self.jobs([("state", "=", "pending")])
            for job in sorted(jobs, key=lambda job: -job["record_count"]):
                self.try_job(job["uuid"])
        return self.jobs()

    def bound(self, ids):
        return [id_ for id_ in ids if self.binding(id_)["external_id"]]


class TestLimitOneByOne(LimitCase):
    def setUp(self):
        super().setUp()
        self.server.before_create = lambda data: self.call()

    def test_a_chunk_gets_on_in_each_window(self):
        ids = self.bindings(*self.names())
        with self.transaction() as env:
            chunk = env["connector.test.binding"].browse(ids)
            options = {"priority": 3, "max_retries": 7, "channel": "root.shop"}
            chunk.with_delay(**options).export_chunk(fields=["name"])
        first, *_others = self.run_windows(1)
        self.assertEqual(
            first["result"],
            "40 exported.\n60 go on in another job after 30 s: Too many calls.",
        )
        self.assertEqual(first["outcome_counts"], {"created": 40, "delayed": 60})
        *_first, rest = self.jobs()
        self.assertEqual(rest["record_count"], 60)
        self.assertEqual(
            [rest[name] for name in ("priority", "max_retries", "channel", "kwargs")],
            [3, 7, "root.shop", first["kwargs"]],
        )
        self.assertGreater(rest["eta"], fields.Datetime.now() + timedelta(seconds=25))
        jobs = self.run_windows(2)
        self.assertEqual([job["state"] for job in jobs], ["done"] * 3)
        self.assertEqual(len(self.bound(ids)), self.RECORDS)
        self.assertLessEqual(self.asked, 1.1 * self.RECORDS)
        self.assertEqual(len(self.server.records), self.RECORDS)

    def test_each_error_of_the_backend_lets_the_chunk_get_on(self):
        """Whether it counts attempts or names seconds, as adapters have it."""
        for number, (error, options) in enumerate(
            (
                (BackendUnavailableError, {}),
                (NetworkRetryableError, {"seconds": 4}),
                (NetworkRetryableError, {"seconds": 4, "ignore_retry": True}),
            )
        ):
            with self.subTest(error=error.__name__, **options):
                self.ERROR = partial(error, **options)
                self.asked = 0
                ids = self.bindings(*(f"{number} {name}" for name in self.names()))
                self.delay_chunk(ids)
                jobs = self.run_windows(4)
                self.assertEqual({job["state"] for job in jobs}, {"done"})
                self.assertEqual(len(self.bound(ids)), self.RECORDS)
                self.assertLessEqual(self.asked, 1.1 * self.RECORDS)

    def test_records_with_dependencies_get_on(self):
        with self.transaction() as env:
            values = [{"name": f"Parent {name}"} for name in self.names()]
            parents = env["connector.test.contact"].create(values).ids
            ids = [
                env["connector.test.binding"]
                .create({"backend_id": self.shop_id, "name": name, "parent_id": parent})
                .id
                for name, parent in zip(self.names(), parents, strict=True)
            ]
        self.delay_chunk(ids)
        self.run_windows(6)
        self.assertEqual(len(self.bound(ids)), self.RECORDS)
        self.assertEqual(len(self.server.records), 2 * self.RECORDS)
        self.assertLessEqual(self.asked, 1.1 * 2 * self.RECORDS)

    def test_records_with_details_get_on(self):
        self.override(_after_export=lambda exporter: self.call())
        ids = self.bindings(*self.names())
        self.delay_chunk(ids)
        self.server.write = lambda external_id, data: self.call()
        jobs = self.run_windows(6)
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.assertLessEqual(self.asked, 1.1 * 2 * self.RECORDS)

    def test_a_record_at_which_the_backend_fails_stops_no_other_record(self):
        def before_create(data):
            if data["title"] == "Bad":
                raise NetworkRetryableError("Internal error.", seconds=4)

        self.server.before_create = before_create
        ids = self.bindings("Ada", "Bad", "Grace")
        job = self.run_job(self.delay_chunk(ids))
        self.assertIn("2 exported, 1 postponed.", job["result"])
        self.assertEqual(self.bound(ids), [ids[0], ids[2]])

    def test_a_record_at_which_the_backend_never_answers_stops_no_other_record(self):
        def before_create(data):
            if data["title"] == "Bad":
                raise BackendUnavailableError("No answer.", seconds=4)

        self.server.before_create = before_create
        ids = self.bindings("Bad", *self.names(9))
        self.delay_chunk(ids)
        jobs = self.run_windows(2)
        self.assertEqual(self.bound(ids), ids[1:])
        self.assertEqual([job["record_count"] for job in jobs], [10, 1])

    def test_a_backend_that_fails_at_all_records_is_not_asked_for_each(self):
        def before_create(data):
            self.asked += 1
            raise NetworkRetryableError("Internal error.", seconds=4)

        self.server.before_create = before_create
        uuid = self.delay_chunk(self.bindings(*self.names()))
        job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 1))
        self.assertEqual(self.asked, 3)
        self.assertEqual(len(self.jobs()), 1)

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_after_a_refused_access_only_the_rest_fails(self):
        self.ERROR = lambda message, seconds: AccessRefusedError(message)
        self.delay_chunk(self.bindings(*self.names(50)))
        self.run_windows(1)
        self.CALLS = 0
        done, rest = self.run_windows(1)
        self.assertEqual((done["state"], rest["state"]), ("done", "failed"))
        self.assertEqual(rest["record_count"], 10)
        self.assertIn("40 exported.\n10 go on in another job: Too", done["result"])

    def test_jobs_that_wait_for_the_chunk_wait_for_its_rest(self):
        ids = self.bindings(*self.names(50))
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(ids)
            last = bindings[0].delayable().export_record()
            group(
                bindings[:45].delayable().export_chunk(),
                bindings[45:].delayable().export_chunk(),
            ).on_done(last).delay()
            last = last._generated_job.uuid
        self.run_windows(1)
        jobs = {job["uuid"]: job["state"] for job in self.jobs()}
        self.assertEqual(jobs.pop(last), "wait_dependencies")
        self.assertEqual(sorted(jobs.values()), ["done", "pending", "pending"])
        self.run_windows(1)
        self.assertEqual(len(self.bound(ids)), 50)
        self.assertEqual(self._read_job(last)["state"], "pending")

    def test_a_job_that_waits_for_one_chunk_waits_for_its_rest(self):
        ids = self.bindings(*self.names(50))
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(ids)
            last = bindings[0].delayable().export_record()
            bindings.delayable().export_chunk().on_done(last).delay()
            last = last._generated_job.uuid
        self.run_windows(1)
        self.assertEqual(self._read_job(last)["state"], "wait_dependencies")
        self.run_windows(1)
        self.assertEqual(len(self.bound(ids)), 50)
        self.assertEqual(self._read_job(last)["state"], "pending")

    def test_the_rest_belongs_to_the_run_of_the_chunk(self):
        ids = self.bindings(*self.names())
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.test.binding"].export_batch(shop)
        self.run_windows(1)
        [run] = {job["run_id"] for job in self.jobs()}
        [figures] = self.read("connector.run", [("id", "=", run[0])])
        self.assertEqual(
            [figures[name] for name in ("records", "handled", "to_do", "created")],
            [len(ids), 40, 60, 40],
        )

    @mute_logger("odoo.sql_db")
    def test_a_connection_that_is_lost_repeats_no_export(self):
        cut = []

        def before_create(data):
            self.asked += 1
            if self.asked == 40:
                cut.append(1)

        def _after_export(exporter):
            if cut:
                cut.clear()
                exporter.env.cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        self.server.before_create = before_create
        self.server.write = lambda external_id, data: before_create(data)
        self.override(_after_export=_after_export)
        ids = self.bindings(*self.names())
        self.delay_chunk(ids)
        done, rest = self.run_windows(2)
        self.assertEqual((done["state"], rest["state"]), ("done", "done"))
        self.assertEqual(done["outcome_counts"], {"created": 39, "delayed": 61})
        self.assertEqual(len(self.bound(ids)), self.RECORDS)
        self.assertLessEqual(self.asked, self.RECORDS + 1)

    def test_without_a_job_the_rest_gets_one(self):
        ids = self.bindings(*self.names())
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(ids)
            result = bindings.export_chunk()
        self.assertIn("60 go on in another job", result)
        [rest] = self.jobs()
        self.assertEqual(rest["method_name"], "export_chunk")
        self.assertEqual(rest["record_count"], 60)

    def test_an_override_of_the_delay_gets_the_rest_of_another_method(self):
        delayed = []

        def _delay_chunk(exporter, bindings, fields, **options):
            delayed.append((len(bindings), fields, list(options)))

        name = "test.shop.contact.batch.exporter"
        self.build(override(name, _delay_chunk=_delay_chunk))
        with self.transaction() as env:
            ids = self.bindings(*self.names())
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                exporter = work.component(usage="batch.exporter")
                exporter.run_chunk(exporter.model.browse(ids), fields=["name"])
        self.assertEqual(delayed, [(60, ["name"], ["eta"])])


class TestLimitTogether(LimitCase):
    """The shop takes many records with one call."""

    CALLS = 4

    def setUp(self):
        super().setUp()
        self.build(*self.many_components(recovers=True))

    def test_a_call_that_is_refused_is_repeated_as_a_whole(self):
        known = self.bindings("Ada", "Grace", external_id="77")
        self.server.records["77"] = {}
        self.limit_calls("write_many", "create_many", calls=1)
        ids = self.bindings(*self.names())
        self.delay_chunk([*known, *ids])
        done, _rest = self.run_windows(2)
        self.assertIn("2 exported.\n100 go on in another job", done["result"])
        self.assertEqual(len(self.bound(ids)), self.RECORDS)
        self.assertEqual(self.many_calls, [("write", 2), ("create", 100)])
        self.assertFalse(self.read("connector.create.intent", []))

    def limit_calls(self, *names, calls):
        """Let calls of the adapter count, of which a window has few."""
        self.CALLS = self.left = calls
        limited = override("test.shop.adapter")
        for name in names:

            def method(adapter, *args, name=name, **kwargs):
                self.call()
                return getattr(super(limited, adapter), name)(*args, **kwargs)

            setattr(limited, name, method)
        self.build(limited)

    def test_a_refused_call_does_nothing_but_keeps_what_was_exported_before(self):
        """The records that the others depend on were exported before."""
        self.limit_calls("create_many", calls=0)
        with self.transaction() as env:
            parent = env["connector.test.contact"].create({"name": "Parent"}).id
        ids = self.bindings("Ada", "Grace", parent_id=parent)
        uuid = self.delay_chunk(ids)
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        self.assertEqual(len(self.server.records), 1)
        self.assertFalse(self.read("connector.create.intent", []))
        self.left = 1
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(len(self.server.records), 3)
        self.assertEqual(len(self.jobs()), 1)

    def test_what_remains_after_the_export_gets_on(self):
        self.override(_after_export=lambda exporter: self.call())
        self.limit_calls("write_many", "create_many", calls=40)
        ids = self.bindings(*self.names())
        self.delay_chunk(ids)
        jobs = self.run_windows(4)
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.assertLessEqual(self.asked, 1.1 * self.RECORDS)
        self.assertEqual(len(self.server.records), self.RECORDS)

    def test_creates_whose_answer_was_lost_are_found_again(self):
        """Each record is looked for, and updated or created: two calls."""
        self.limit_calls("find_created", "create_many", "write", "create", calls=40)
        ids = self.bindings(*self.names())
        create_one, made = self.create_one, []

        def lose_the_answer(data, key):
            made.append(create_one(data, key))
            if len(made) == 50:
                raise BackendUnavailableError("No answer.", seconds=1)

        self.create_one = lose_the_answer
        self.delay_chunk(ids)
        self.run_windows(1)
        self.create_one = create_one
        jobs = self.run_windows(6)
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.assertEqual({job["method_name"] for job in jobs}, {"export_chunk"})
        self.assertEqual(len(self.server.records), self.RECORDS)
        self.assertLessEqual(self.asked, 1.1 * 2 * self.RECORDS)
        self.assertFalse(self.read("connector.create.intent", []))

    def test_records_that_are_read_before_get_on(self):
        self.limit_calls("write_many", "write", calls=40)
        self.override(_should_import=lambda exporter: self.call())
        ids = self.bindings(*self.names(), external_id="77")
        self.server.records["77"] = {}
        self.delay_chunk(ids)
        for _window in range(20):
            jobs = self.run_windows(1)
            if {job["state"] for job in jobs} == {"done"}:
                break
        self.assertEqual({job["state"] for job in jobs}, {"done"})

    def test_dependencies_and_mappers_with_calls_get_on(self):
        for hook in ("_should_import", "_export_dependencies", "_map_data"):
            with self.subTest(hook):
                self.CALLS = 40
                self.ERROR = partial(LimitReachedError, ignore_retry=True)
                ids = self.bindings(*self.names())

                def call(exporter, hook=hook):
                    self.call()
                    return getattr(GenericExporter, hook)(exporter)

                self.override(**{hook: call})
                self.delay_chunk(ids)
                for _window in range(20):
                    jobs = self.run_windows(1)
                    if {job["state"] for job in jobs} == {"done"}:
                        break
                self.assertEqual(len(self.bound(ids)), self.RECORDS)
                self.assertEqual({job["state"] for job in jobs}, {"done"})

    def test_an_adapter_with_one_bulk_call_gets_on_with_the_other(self):
        """write_many() of the framework calls write() for each record."""
        self.limit_calls("write", calls=40)
        self.build(override("test.shop.adapter", write_many=BulkAdapter.write_many))
        ids = self.bindings(*self.names(), external_id="77")
        self.server.records["77"] = {}
        self.delay_chunk(ids)
        jobs = self.run_windows(3)
        self.assertEqual([job["record_count"] for job in jobs], [100, 60, 20])
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.assertEqual(len(self.server.calls), self.RECORDS)

    def test_one_record_at_which_a_bulk_call_fails_stops_no_other_record(self):
        ids = self.bindings("Ada", "Bad", "Grace", external_id="77")
        self.server.records["77"] = {}

        def write_many(adapter, changes):
            if any(data["title"] == "Bad" for _id, data in changes):
                raise NetworkRetryableError("Internal error.", seconds=4)
            self.server.calls += changes

        self.build(override("test.shop.adapter", write_many=write_many))
        self.delay_chunk(ids)
        chunk, bad = self.run_windows(2)
        self.assertIn("2 exported, 1 postponed.", chunk["result"])
        self.assertEqual(bad["records"].ids, ids[1:2])
        self.assertEqual(len(self.server.calls), 2)

    def test_a_record_that_changes_at_that_moment_stops_no_other_record(self):
        ids = self.bindings("Ada", "Grace")
        changed = []

        def _export_dependencies(exporter):
            if not changed:
                changed.append(1)
                with self.transaction() as env:
                    env["connector.test.binding"].browse(ids[1]).note = "changed"

        self.override(_export_dependencies=_export_dependencies)
        job = self.run_job(self.delay_chunk(ids))
        self.assertEqual((job["state"], self.bound(ids)), ("done", ids))
        self.assertEqual(self.many_calls, [("create", 2)])

    @mute_logger("odoo.sql_db")
    def test_a_mapper_that_the_database_refuses_stops_no_other_record(self):
        def _map_data(exporter):
            if exporter.binding.name == "Bad":
                exporter.env.cr.execute("SELECT 1/0")
            return exporter.mapper.map_record(exporter.binding)

        self.override(_map_data=_map_data)
        ids = self.bindings("Ada", "Bad", "Grace")
        job = self.run_job(self.delay_chunk(ids))
        self.assertIn("2 exported, 1 failed.", job["result"])
        self.assertEqual(self.bound(ids), [ids[0], ids[2]])
        self.assertEqual(self.many_calls, [("create", 2)])


class TestOneJobForEachRecord(LimitCase):
    def setUp(self):
        super().setUp()
        self.bad = True
        self.server.before_create = self.refuse_bad

    def refuse_bad(self, data):
        if data["title"] == "Bad" and self.bad:
            raise InvalidDataError("No such title.")

    def export_all(self, ids, **options):
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(ids)
            bindings.with_delay().export_chunk(**options)
        states = {job["method_name"]: job["state"] for job in self.run_jobs()}
        self.assertEqual(states["export_chunk"], "done")

    def alone(self):
        return self.jobs([("method_name", "=", "export_record")])

    def test_a_record_that_fails_in_each_run_has_one_job(self):
        ids = self.bindings("Ada", "Bad", "Grace")
        for _run in range(3):
            self.export_all(ids, fields=["name"])
            [alone] = self.alone()
            self.assertEqual(alone["state"], "failed")
            self.assertEqual(alone["kwargs"], {"fields": ["name"]})
        self.bad = False
        self.export_all(ids[1:])
        self.assertEqual(self.bound(ids), ids)

    def test_a_job_with_other_fields_is_another_job(self):
        ids = self.bindings("Ada", "Bad", "Grace")
        for fields_ in (["name"], ["email", "name"], ["name", "email"], None):
            self.export_all(ids, fields=fields_)
        self.assertEqual(
            [job["kwargs"]["fields"] for job in self.alone()],
            [["name"], ["email", "name"], None],
        )

    def test_a_job_that_waits_is_enough(self):
        ids = self.bindings("Ada", "Bad")
        for _run in range(3):
            self.run_job(self.delay_chunk(ids))
        self.assertEqual([job["state"] for job in self.alone()], ["pending"])


class TestRecordsThatTheDatabaseRefuses(LimitCase):
    """One record of a chunk gets an id that cannot be stored."""

    CHARACTERS = "".join(random.choices(string.printable[:62], k=3000))

    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def create_one(self, data, key):
        if data["title"] == "Bad":
            return self.bad_id
        return super().create_one(data, key)

    def assert_one_fails(self, bad_id, cause):
        self.bad_id = bad_id
        ids = self.bindings("Ada", "Bad", "Grace")
        job = self.run_job(self.delay_chunk(ids))
        self.assertEqual(job["state"], "done")
        self.assertIn("2 exported, 1 failed.", job["result"])
        self.assertRegex(job["result"], f"Bad .id {ids[1]}. failed.*{cause}")
        self.assertEqual(self.bound(ids), [ids[0], ids[2]])
        [alone] = self.jobs([("method_name", "=", "export_record")])
        self.assertEqual(alone["records"].ids, ids[1:2])

    @mute_logger("odoo.sql_db")
    def test_an_id_that_is_too_long_for_its_index(self):
        with self.transaction() as env:
            env.cr.execute("CREATE INDEX by_id ON connector_test_binding (external_id)")
        self.addCleanup(self.drop_index)
        self.assert_one_fails(self.CHARACTERS, "is too long for the index by_id")

    def drop_index(self):
        with self.transaction() as env:
            env.cr.execute("DROP INDEX by_id")

    def test_an_id_with_nul(self):
        self.assert_one_fails("7\0", "not a valid external id")

    def test_an_id_with_half_of_a_surrogate_pair(self):
        self.assert_one_fails("7\ud800", "not a valid external id")

    @mute_logger("odoo.sql_db")
    def test_a_value_that_a_hook_cannot_store(self):
        def _after_export(exporter):
            if exporter.binding.name == "Bad":
                exporter.binding.note = "nul\0"

        self.override(_after_export=_after_export)
        ids = self.bindings("Ada", "Bad", "Grace")
        self.bad_id = "7"
        job = self.run_job(self.delay_chunk(ids))
        self.assertRegex(
            job["result"], f"Bad .id {ids[1]}. failed.* the database cannot store"
        )
        self.assertIn("2 exported, 1 failed.", job["result"])
