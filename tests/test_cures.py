# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record that is synchronised after all is not red any more."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from odoo.tools import SQL, mute_logger

from ..exception import AccessRefusedError, InvalidDataError
from ..jobs import closing
from ..jobs.closing import READ_COMMITTED
from .common import BulkExports, RealJobsCase, batch_export_components, noted_queries
from .kills import Killed, killed_at
from .shop import ShopSource, import_components
from .truth import figures_by_sql, figures_on_screens

MODEL = "connector.test.binding"


class CureCase(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source), *batch_export_components())
        self.error = AccessRefusedError("The shop refuses the password.")
        case = self

        def _has_to_skip(exporter, *args, **kwargs):
            if case.error:
                raise case.error
            return False

        def read(source, external_id):
            if case.error:
                raise case.error
            return ShopSource.read(source, external_id)

        self.override(_has_to_skip=_has_to_skip)
        self.source.read = read.__get__(self.source)

    def delay_call(self, method, *args, ids=(), **kwargs):
        """Delay a job; return its UUID. The shop comes first without records."""
        with self.transaction() as env:
            records = env[MODEL].browse(ids)
            shop = () if ids else (env["connector.test.shop"].browse(self.shop_id),)
            return getattr(records.with_delay(), method)(*shop, *args, **kwargs).uuid

    def let_fail(self, method, *args, **kwargs):
        uuid = self.delay_call(method, *args, **kwargs)
        self.assertEqual(self.try_job(uuid)["state"], "failed")
        return uuid

    def do(self, method, *args, **kwargs):
        self.error = None
        return self.run_job(self.delay_call(method, *args, **kwargs))

    def end_with_a_kill(self, step, *uuids):
        """Kill the first job at a step, and run all that are not done then.

        :return: whether the job has fewer steps
        """
        try:
            with mute_logger("odoo.sql_db"), killed_at(step):
                self.run_job(uuids[0])
        except Killed:
            for uuid in uuids:
                if self.job(uuid)["state"] != "done":
                    self.run_job(uuid)
            return False
        return True

    def job(self, uuid):
        [job] = self.jobs([("uuid", "=", uuid)])
        return job

    def figures(self):
        """Return the figures of the card, which are those of plain SQL."""
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            shown, others = figures_on_screens(shop, MODEL)
            self.assertEqual(shown, figures_by_sql(shop, MODEL))
            self.assertEqual({*others.values()}, {shown["failed"]})
            self.sentence = env["connector.backend.state"].of(shop).sentence
        return shown


class TestCures(CureCase):
    def test_any_later_export_closes_the_failure(self):
        for method in ("export_record", "export_chunk"):
            for later in ("export_record", "export_chunk"):
                with self.subTest(method, later=later):
                    self.error = AccessRefusedError("Wrong password.")
                    ids = self.bindings("Ada")
                    failed = self.let_fail(method, ids=ids)
                    self.assertEqual(self.figures()["failed"], 1)
                    done = self.do(later, ids=ids)
                    self.assertEqual(self.figures()["failed"], 0)
                    job = self.job(failed)
                    self.assertEqual(job["state"], "done")
                    self.assertIn(done["uuid"], job["result"])
                    self.assertIn("Wrong password", job["exc_message"])

    def test_any_later_import_closes_the_failure(self):
        self.source.add(7, 8)
        calls = (
            ("import_record", "7"),
            ("import_chunk", ["7", 8]),
            ("import_announced", 7),
        )
        for method, ids in calls:
            for later, later_ids in calls:
                with self.subTest(method, later=later):
                    self.error = AccessRefusedError("Wrong password.")
                    self.let_fail(method, ids)
                    self.do(later, later_ids)
                    left = method == "import_chunk" != later
                    self.assertEqual(self.figures()["failed"], left)
                    self.do("import_chunk", ["7", "8"])
                    self.assertEqual(self.figures()["failed"], 0)

    def test_a_kill_at_any_step_leaves_no_failure(self):
        for step in range(100):
            self.source.add(step)
            self.error = AccessRefusedError("Wrong password.")
            self.let_fail("import_record", str(step))
            self.error = None
            later = self.delay_call("import_chunk", [str(step)])
            if self.end_with_a_kill(step, later):
                return
            self.assertEqual(self.figures()["failed"], 0, step)
        self.fail("The job has more steps.")

    def test_a_chunk_keeps_the_records_that_still_fail(self):
        ids = self.bindings("Ada", "Bob", "Eve")
        failed = self.let_fail("export_chunk", ids=ids)
        self.do("export_record", ids=ids[:1])
        self.assertEqual(self.figures()["failed"], 2)
        job = self.job(failed)
        self.assertEqual((job["state"], job["record_count"]), ("failed", 2))
        self.assertEqual(self.run_job(failed)["state"], "done")
        self.assertEqual(self.figures()["failed"], 0)
        self.assertEqual(len(self.server.calls), 3)

    def test_a_chunk_closes_only_what_it_has_done(self):
        ids = self.bindings("Ada", "Refused")
        for id_ in ids:
            self.let_fail("export_record", ids=[id_])

        def _validate_create_data(exporter, data):
            if data["title"] == "Refused":
                raise InvalidDataError("The shop refuses 'Refused'.")

        self.override(_validate_create_data=_validate_create_data)
        self.do("export_chunk", ids=ids)
        self.assertEqual(self.figures()["failed"], 1)

    def test_an_import_does_not_close_a_failed_export(self):
        [id_] = self.bindings("Ada", external_id="7")
        self.source.add(7)
        self.let_fail("export_record", ids=[id_])
        self.do("import_record", "7")
        self.assertEqual(self.figures()["failed"], 1)

    def test_an_export_of_other_fields_closes_nothing(self):
        [id_] = self.bindings("Ada", external_id="7")
        self.server.records["7"] = {}
        self.let_fail("export_record", ids=[id_], fields=["name", "email"])
        self.do("export_record", ids=[id_], fields=["email"])
        self.assertEqual(self.figures()["failed"], 1)
        self.do("export_record", ids=[id_], fields=["email", "age", "name"])
        self.assertEqual(self.figures()["failed"], 0)

    def test_a_record_that_is_deleted_needs_nobody(self):
        [id_] = self.bindings("Ada")
        self.let_fail("export_record", ids=[id_])
        uuid = self.delay_call("export_record", ids=[id_])
        with self.transaction() as env:
            env[MODEL].browse(id_).unlink()
        self.run_job(uuid)
        self.assertEqual(self.figures()["failed"], 0)

    def test_a_search_closes_earlier_ones(self):
        self.source.search = lambda filters: (_ for _ in ()).throw(self.error)
        for method, args in (
            ("import_batch", ()),
            ("import_batch", ({"name": "A"},)),
            ("import_changes", ()),
        ):
            for _ in range(2):
                self.let_fail(method, *args)
        self.source.search = lambda filters: []
        for method, kwargs, left in (
            ("import_batch", {"filters": None}, 4),
            ("import_batch", {"filters": {"name": "A"}}, 2),
            ("import_changes", {}, 0),
        ):
            self.do(method, **kwargs)
            self.assertEqual(len(self.jobs([("state", "=", "failed")])), left)
        self.figures()
        self.assertEqual(self.sentence, "Everything is in sync")

    def test_what_waits_for_a_failed_job_goes_on(self):
        self.source.add(7)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            first = env[MODEL].delayable().import_record(shop, "7")
            second = env[MODEL].delayable().import_record(shop, "8")
            first.on_done(second).delay()
            uuids = [each._generated_job.uuid for each in (first, second)]
        self.assertEqual(self.try_job(uuids[0])["state"], "failed")
        self.do("import_record", "7")
        self.assertEqual(
            [self.job(uuid)["state"] for uuid in uuids], ["done", "pending"]
        )

    def test_a_failure_that_began_later_stays(self):
        [id_] = self.bindings("Ada")
        later = self.delay_call("export_record", ids=[id_])
        self.error = None
        with self.transaction() as env:
            job = env["queue.job"].search([("uuid", "=", later)])
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                {"state": "failed", "date_started": "2999-01-01", "cause": "x"}
            )
        self.do("export_record", ids=[id_])
        self.assertEqual(self.job(later)["state"], "failed")

    def test_a_run_counts_what_was_done_since(self):
        self.bindings("Ada", "Bob")
        batch = self.run_job(self.delay_call("export_batch"))
        [chunk] = self.jobs([("state", "=", "pending")])
        self.try_job(chunk["uuid"])
        with self.transaction() as env:
            ids = env["queue.job"].search([("uuid", "=", chunk["uuid"])]).records.ids
        names = ("state", "records", "handled", "failed")

        def run():
            [run] = self.read("connector.run", [("id", "=", batch["run_id"][0])])
            return tuple(run[name] for name in names)

        self.assertEqual(run(), ("failed", 2, 0, 2))
        self.do("export_record", ids=ids[:1])
        self.assertEqual(run(), ("failed", 2, 1, 1))
        self.do("export_record", ids=ids[1:])
        self.assertEqual(run(), ("done", 2, 2, 0))

    def test_the_activity_closes(self):
        [id_] = self.bindings("Ada")
        self.let_fail("export_record", ids=[id_])
        with self.transaction() as env:
            env["connector.cause"]._check()
            [cause] = env["connector.cause"].search([("backend_id", "=", self.shop_id)])
            self.assertTrue(cause.is_open)
        self.do("export_record", ids=[id_])
        with self.transaction() as env:
            env["connector.cause"]._check()
            [cause] = env["connector.cause"].search([("backend_id", "=", self.shop_id)])
            self.assertFalse(cause.is_open)

    def test_chunks_that_end_at_the_same_time_close_all_failures(self):
        ids = [f"{number}" for number in range(40)]
        self.source.add(*ids)
        for id_ in ids[:30]:
            self.let_fail("import_record", id_)
        self.let_fail("import_chunk", ids[30:])  # The chunks share this failure.
        self.error, barrier = None, Barrier(2)
        chunks = [ids[:15] + ids[30:35], ids[15:30] + ids[35:]]
        uuids = [self.delay_call("import_chunk", chunk) for chunk in chunks]
        close = closing._close

        def close_together(*args):
            close(*args)
            with suppress(BrokenBarrierError):
                barrier.wait(0.5)  # Both have closed, and none has committed yet.

        self.patch(closing, "_close", close_together)
        with ThreadPoolExecutor(2) as threads:
            jobs = list(threads.map(self.run_job, uuids))
        self.assertEqual([job["state"] for job in jobs], ["done"] * 2)
        self.assertEqual(self.jobs([("state", "!=", "done")]), [])
        self.assertEqual(self.figures()["failed"], 0)

    def test_a_failure_that_somebody_holds_stays_alone(self):
        self.patch(closing, "MOST_WAIT", "100ms")
        ids = [f"{number}" for number in range(20)]
        self.source.add(*ids)
        held, *_others = [self.let_fail("import_record", id_) for id_ in ids]
        uuid = self.delay_call("import_chunk", ids)
        self.error = None
        with self.transaction() as env:
            query = SQL("SELECT FROM queue_job WHERE uuid = %s FOR UPDATE", held)
            env.cr.execute(query)
            self.run_job(uuid)
        [left] = self.jobs([("state", "!=", "done")])
        self.assertEqual(left["uuid"], held)

    def test_many_failures_need_no_more_queries(self):
        few, many = self.bindings("Ada"), self.bindings(*map(str, range(20)))
        counts = []
        for ids in (few, few, many):
            self.error = AccessRefusedError("Wrong password.")
            for id_ in ids:
                self.let_fail("export_record", ids=[id_])
            uuid = self.delay_call("export_chunk", ids=ids)
            self.error = None
            with noted_queries() as queries:
                self.run_job(uuid)
            counts.append(sum("FOR NO KEY UPDATE OF failed" in q for q in queries))
        self.assertEqual(counts, [1, 1, 1])
        self.assertEqual(self.figures()["failed"], 0)


class TestCuresOfOthers(CureCase):
    """A job makes up for failures of the records that it synchronises in passing."""

    def family(self):
        """Create a contact that an export of another one needs; return both ids."""
        [parent_id] = self.bindings("Parent")
        with self.transaction() as env:
            parent = env[MODEL].browse(parent_id).odoo_id
        [child_id] = self.bindings("Child", parent_id=parent.id)
        return parent_id, child_id

    def test_an_export_that_another_one_needs(self):
        parent_id, child_id = self.family()
        failed = self.let_fail("export_record", ids=[parent_id])
        done = self.do("export_record", ids=[child_id])
        self.assertEqual(self.figures()["failed"], 0)
        job = self.job(failed)
        self.assertEqual(job["state"], "done")
        self.assertIn(done["uuid"], job["result"])

    def test_it_counts_if_the_other_one_fails(self):
        parent_id, child_id = self.family()
        failed = self.let_fail("export_record", ids=[parent_id])
        self.error = None

        def _validate_create_data(exporter, data):
            if data["title"] == "Child":
                raise InvalidDataError("The shop refuses the child.")

        self.override(_validate_create_data=_validate_create_data)
        other = self.delay_call("export_record", ids=[child_id])
        self.assertEqual(self.try_job(other)["state"], "failed")
        self.assertEqual(self.job(failed)["state"], "done")
        self.assertEqual(self.figures()["failed"], 1)

    def test_an_import_that_another_one_needs(self):
        self.source.add(7)
        self.source.add(8, friend="7")
        for method, ids in (("import_record", "8"), ("import_chunk", ["8"])):
            with self.subTest(method):
                self.error = AccessRefusedError("Wrong password.")
                failed = self.let_fail("import_record", "7")
                self.do(method, ids)
                self.assertEqual(self.job(failed)["state"], "done")
                with self.transaction() as env:
                    env[MODEL].search([]).unlink()

    def test_fields_that_are_passed_by_place(self):
        [parent_id] = self.bindings("Parent", external_id="7")
        [child_id] = self.bindings("Child", external_id="8")
        self.server.records.update({"7": {}, "8": {}})
        names = ["name", "email"]
        failed = self.let_fail("export_record", ids=[parent_id], fields=names)

        def _export_dependencies(exporter):
            if exporter.binding.id == child_id:
                other = exporter.component(usage="record.exporter")
                other.run(exporter.model.browse(parent_id), self.fields)

        self.override(_export_dependencies=_export_dependencies)
        for fields, state in (
            (["email"], "failed"),
            (("email",), "failed"),
            (names, "done"),
        ):
            self.fields = fields
            self.do("export_record", ids=[child_id])
            self.assertEqual(self.job(failed)["state"], state)

    def test_one_transaction_closes_all_failures(self):
        counts = []
        for fails in (False, True):
            parent_id, child_id = self.family()
            if fails:
                self.error = AccessRefusedError("Wrong password.")
                self.let_fail("export_record", ids=[parent_id])
            with noted_queries() as queries:
                self.do("export_record", ids=[child_id])
            counts.append(queries.count(READ_COMMITTED.code))
        self.assertEqual(counts, [0, 1])

    def test_an_import_before_an_export(self):
        [id_] = self.bindings("Ada", external_id="7")
        self.source.add(7)
        self.server.records["7"] = {}
        failed = self.let_fail("import_record", "7")
        self.override(_import_before_export=True, _should_import=lambda exporter: True)
        self.do("export_record", ids=[id_])
        self.assertEqual(self.job(failed)["state"], "done")


class TestCuresTakenAlong(BulkExports, CureCase):
    def test_a_kill_at_any_step_leaves_no_failure(self):
        self.build(*self.many_components())
        for step in range(100):
            self.error = AccessRefusedError("Wrong password.")
            ids = self.bindings(f"Ada {step}", f"Bob {step}")
            for id_ in ids:
                self.let_fail("export_record", ids=[id_])
            self.error = None
            if self.end_with_a_kill(step, *self.delay(ids)):
                return
            self.assertEqual(self.figures()["failed"], 0, step)
        self.fail("The job has more steps.")

    def test_jobs_that_are_taken_along_close_failures(self):
        self.build(*self.many_components())
        ids = self.bindings("Ada", "Bob", "Eve")
        for id_ in ids:
            self.let_fail("export_record", ids=[id_])
        self.assertEqual(self.figures()["failed"], 3)
        self.error = None
        uuids = self.delay(ids)
        self.run_job(uuids[0])
        states = [self.job(uuid)["state"] for uuid in uuids]
        self.assertEqual(self.figures()["failed"], 3 - states.count("done"))
        for uuid in uuids:
            if self.job(uuid)["state"] != "done":
                self.run_job(uuid)
        self.assertEqual(self.figures()["failed"], 0)
