# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an import does in which transaction, and what stops it.

Records are read before the transaction that writes them; what they need is imported in
transactions of its own; a record that fails or meets another transaction stops no other
record.
"""

import json
import random
import string
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer import dependencies
from odoo.addons.connector.components.importer.record import RecordImporter
from odoo.addons.connector.exception import (
    AccessRefusedError,
    InvalidDataError,
    LimitReachedError,
    NetworkRetryableError,
)
from odoo.addons.connector.jobs.deletes import delay_delete
from odoo.addons.connector.tools.locks import try_lock_rows
from odoo.addons.queue_job.job import Job

from .common import (
    ImportCase,
    Transaction,
    override,
)
from .import_cases import IMPORTER, ImportJobsCase


class TestUsersAtTheSameTime(ImportJobsCase):
    """A user edits a contact while its chunk is imported."""

    def setUp(self):
        super().setUp()
        self.ids = [str(number) for number in range(10)]
        self.source.add(*self.ids)
        self.import_chunk(*self.ids)
        self.source.add(*self.ids, title="Renamed")

    def assert_is_imported(self, outcome="10 updated."):
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            job = self.import_chunk(*self.ids)
        self.assertEqual((job["state"], job["result"]), ("done", outcome))

    def test_while_the_backend_is_read(self):
        read = self.source.read

        def edit_and_read(external_id):
            if external_id == "5":
                self.edit("3", age=77)
            return read(external_id)

        self.source.read = edit_and_read
        self.assert_is_imported()
        self.assertEqual(set(self.names().values()), {"Renamed"})
        [edited] = self.read("connector.test.binding", [("external_id", "=", "3")])
        self.assertEqual(edited["age"], 77)  # The backend has not changed it.

    def test_while_a_dependency_is_read(self):
        self.source.add("9", title="Renamed", friend="friend")
        self.source.add("friend")
        read = self.source.read

        def edit_and_read(external_id):
            if external_id == "friend":
                self.edit("3", weight=77)
            return read(external_id)

        self.source.read = edit_and_read
        self.assert_is_imported()

    def test_a_contact_that_is_deleted_on_both_sides_does_not_come_back(self):
        read = self.source.read

        def read_and_delete(external_id):
            data = read(external_id)
            if external_id == "3":
                with self.transaction() as env:
                    shop = env["connector.test.shop"].browse(self.shop_id)
                    bindings = env["connector.test.binding"]
                    bindings.search([("external_id", "=", "3")]).odoo_id.unlink()
                    delay_delete(bindings.browse(), shop, "3")
                [delete] = self.jobs([("method_name", "=", "export_delete_record")])
                with self.transaction() as env:
                    job = Job.load(env, delete["uuid"])
                    job.set_done()
                    job.store()
            return data

        self.source.read = read_and_delete
        self.assert_is_imported("9 updated, 1 skipped.")
        self.assertNotIn("3", self.names())

    def test_between_the_mapping_and_the_write(self):
        edits = ["3"]

        def _validate_data(importer, values):
            if importer.external_id == "9" and edits:
                self.edit(edits.pop(), weight=77)

        self.hook(_validate_data=_validate_data)
        self.assert_is_imported()
        self.assertEqual(set(self.names().values()), {"Renamed"})

    def test_a_contact_that_a_user_is_changing_waits_alone(self):
        with self.transaction() as env:
            bindings = env["connector.test.binding"]
            busy = bindings.search([("external_id", "=", "3")])
            try_lock_rows(busy.odoo_id)
            self.assert_is_imported(
                "9 updated, 1 postponed.\n"
                "Record 3: Somebody else is changing Binding of the tests 3."
            )
        [job] = self.jobs([("method_name", "=", "import_record")])
        self.assertEqual(self.run_job(job["uuid"])["state"], "done")
        self.assertEqual(set(self.names().values()), {"Renamed"})

    def test_a_user_who_refers_to_a_contact_stops_nothing(self):
        with self.transaction() as env:
            contact = env["connector.test.binding"].search([("external_id", "=", "3")])
            env["connector.test.contact"].create({"parent_id": contact.odoo_id.id})
            env.flush_all()
            self.assert_is_imported()

    def test_a_deleted_contact(self):
        edits = ["3"]

        def _validate_data(importer, values):
            if importer.external_id == "9" and edits:
                with Transaction(importer.env.registry) as env:
                    bindings = env["connector.test.binding"]
                    bindings = bindings.search([("external_id", "=", edits.pop())])
                    bindings.odoo_id.unlink()

        self.hook(_validate_data=_validate_data)
        self.assert_is_imported("1 created, 9 updated.")

    def test_one_record_alone(self):
        edits = ["3"]

        def _validate_data(importer, values):
            if edits:
                self.edit(edits.pop(), weight=77)

        self.hook(_validate_data=_validate_data)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            delayed = env["connector.test.binding"].with_delay()
            uuid = delayed.import_record(shop, "3").uuid
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.names()["3"], "Renamed")


class TestSharedDependencies(ImportJobsCase):
    """Jobs whose records need the same dependencies run at the same time."""

    CHUNKS, RECORDS, SHARED = 4, 20, 15

    def run_at_once(self, uuids):
        """Run jobs in a thread each."""
        barrier = Barrier(len(uuids))

        def run(uuid):
            barrier.wait()
            return self.run_job(uuid)

        with ThreadPoolExecutor(len(uuids)) as threads:
            return list(threads.map(run, uuids))

    def chunks(self, friend_of):
        chunks = []
        for chunk in range(self.CHUNKS):
            ids = [f"{chunk}-{number}" for number in range(self.RECORDS)]
            for number, id_ in enumerate(ids):
                self.source.add(id_, friend=friend_of(number))
            chunks.append(ids)
        return chunks

    def assert_first_load(self, records):
        chunks = self.chunks(lambda number: f"friend {number % self.SHARED}")
        jobs = self.run_at_once([self.delay_import(*chunk) for chunk in chunks])
        self.assertEqual([job["state"] for job in jobs], ["done"] * self.CHUNKS)
        self.assertEqual(
            [job["result"] for job in jobs],
            [f"{self.RECORDS} created."] * self.CHUNKS,
        )
        self.assertEqual(len(self.jobs()), self.CHUNKS)
        self.assertEqual(len(self.source.reads), records)
        self.assertEqual(len(self.names()), records)

    def test_flat(self):
        self.source.add(*(f"friend {number}" for number in range(self.SHARED)))
        self.assert_first_load(self.CHUNKS * self.RECORDS + self.SHARED)

    def test_dependencies_with_dependencies(self):
        for number in range(self.SHARED):
            parent = f"parent {number % 3}"
            self.source.add(f"friend {number}", friend=parent)
            self.source.add(parent, friend="root")
        self.source.add("root")
        self.assert_first_load(self.CHUNKS * self.RECORDS + self.SHARED + 3 + 1)

    def test_dependencies_that_need_each_other(self):
        self.source.add(*(f"friend {number}" for number in range(self.SHARED)))
        self.source.add("friend 0", friend="friend 1")
        self.source.add("friend 1", friend="friend 0")
        chunks = self.chunks(lambda number: f"friend {number % 2}")
        jobs = self.run_at_once([self.delay_import(*chunk) for chunk in chunks])
        self.assertEqual({job["state"] for job in jobs}, {"done"})
        self.run_jobs()
        self.assertEqual(len(self.names()), self.CHUNKS * self.RECORDS + 2)

    def test_a_dependency_is_committed_before_its_chunk(self):
        seen = []
        self.source.add("friend")
        self.source.add("1", friend="friend")
        self.hook(
            _map_data=lambda importer: (
                seen.append((importer.external_id, sorted(self.names())))
                or importer.mapper.map_record(importer.external_record)
            )
        )
        self.import_chunk("1")
        self.assertEqual(seen, [("friend", []), ("1", ["friend"])])

    def test_the_sentence_names_the_kind_of_record(self):
        self.source.add("friend")
        self.source.add("1", "2", friend="friend")
        self.patch(dependencies, "PATIENCE", 0.2)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                importer = work.component(usage="record.importer")
                importer._lock_import("friend")
                job = self.import_chunk("1", "2")
        self.assertEqual(
            job["result"],
            "2 postponed.\n"
            "Record 1: Another job is importing Binding of the tests friend.\n"
            "Record 2: Another job is importing Binding of the tests friend.",
        )
        self.assertEqual(self.source.reads, ["1", "2"])


class TestUnstorable(ImportJobsCase):
    """What PostgreSQL cannot store is an error of its record."""

    def assert_one_fails(self, bad, cause):
        self.source.add(*range(9))
        job = self.import_chunk(*map(str, range(9)), bad)
        self.assertEqual(job["state"], "done")
        self.assertIn("9 created, 1 failed.", job["result"])
        self.assertIn(cause, job["result"])
        [alone] = self.jobs([("method_name", "=", "import_record")])
        alone = self.try_job(alone["uuid"])
        self.assertEqual(alone["state"], "failed")
        self.assertNotIn("RecursionError", alone["exc_info"])

    def test_an_id_with_nul(self):
        self.source.add("a\0b")
        self.assert_one_fails("a\0b", r"The id a\x00b contains a character")

    def test_an_id_with_half_a_surrogate_pair(self):
        self.source.add("a\ud800")
        self.assert_one_fails("a\ud800", r"The id a\ud800 contains a character")

    def test_values_that_are_not_ids(self):
        for value in ("", None, False, True):
            with self.subTest(value=value):
                self.delete_records()
                with self.transaction() as env:
                    self.shop_id = self.make_backend(env, name="Shop").id
                self.source.contacts[value] = {"title": "Nobody"}
                self.assert_one_fails(value, f"{value!r}, which cannot be an id")
                job = self.jobs([("method_name", "=", "import_record")])[0]
                self.assertIn(f"record {value!r} alone", job["name"])

    def test_a_text_with_nul(self):
        self.source.add("bad", title="a\0b")
        self.assert_one_fails("bad", "Record bad failed and will be retried alone: The")

    def test_a_text_with_half_a_surrogate_pair(self):
        self.source.add("bad", title="a\udc80b")
        self.assert_one_fails("bad", "field 'Name' contains a character that the")

    def test_a_reference_with_nul(self):
        self.source.add("bad", friend="a\0b")
        self.assert_one_fails("bad", "Record bad failed")

    def test_a_text_that_is_too_long_for_an_index(self):
        with self.transaction() as env:
            env.cr.execute("CREATE INDEX ON connector_test_contact (name)")
        letters = random.Random(1).choices(string.ascii_letters, k=30000)
        self.source.add("bad", title="".join(letters))
        with mute_logger("odoo.sql_db"):
            self.assert_one_fails("bad", "Record bad failed")


class Bucket:
    """Admits some calls, until somebody refills it.

    :param size: how many calls it admits
    """

    def __init__(self, size):
        self.size = self.left = size
        self.calls = self.refused = 0

    def take(self):
        if not self.left:
            self.refused += 1
            raise LimitReachedError("Too many requests.", seconds=2, ignore_retry=True)
        self.left -= 1
        self.calls += 1

    def refill(self):
        self.left = self.size


class TestLimits(ImportJobsCase):
    """A backend admits 40 calls in a window, and each window runs the jobs once."""

    COUNT = 100

    def setUp(self):
        super().setUp()
        self.bucket = Bucket(40)
        read = self.source.read

        def limited_read(external_id):
            self.bucket.take()
            return read(external_id)

        self.source.read = limited_read
        self.ids = [str(number) for number in range(self.COUNT)]
        self.source.add(*self.ids)

    def run_windows(self, needed, most_windows=20):
        """Run the jobs window by window until all is imported; check the calls."""
        if not self.jobs():
            self.delay_import(*self.ids)
        windows = 0
        while self.jobs([("state", "=", "pending")]):
            windows += 1
            self.assertLessEqual(windows, most_windows)
            self.bucket.refill()
            for job in self.jobs([("state", "=", "pending")]):
                self.assertNotEqual(self.try_job(job["uuid"])["state"], "failed")
        counts = Counter()
        for job in self.jobs():
            self.assertEqual(job["state"], "done")
            self.assertFalse(job["kept_data"])
            counts.update(job["outcome_counts"] or {})
        self.assertEqual(counts["created"] + counts["updated"], self.COUNT)
        calls = self.bucket.calls + self.bucket.refused
        self.assertLessEqual(calls, 1.1 * needed)
        self.assertEqual(self.bucket.calls, needed)

    def hook_picture(self, **hooks):
        """Let the importer make a call after the import of each contact."""

        def _after_import(importer, binding):
            self.bucket.take()
            self.assertFalse(binding.note)
            binding.note = "picture"

        self.hook(_after_import=_after_import, **hooks)

    def assert_pictures(self):
        bindings = self.read(
            "connector.test.binding", [("external_id", "in", self.ids)]
        )
        self.assertEqual([each["note"] for each in bindings], ["picture"] * self.COUNT)

    def test_a_job_that_meets_a_limit_at_a_record_that_it_takes_along(self):
        self.source.add(*"123")
        read = self.source.read

        def read_one(external_id):
            if external_id != "1":
                raise LimitReachedError("One at a time.", seconds=5)
            return read(external_id)

        self.source.read = read_one
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            bindings = env["connector.test.binding"]
            uuids = [
                bindings.with_delay().import_record(shop, id_).uuid for id_ in "123"
            ]
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            job = self.run_job(uuids[0])
        self.assertEqual((job["state"], job["kept_data"]), ("done", False))
        others = self.jobs([("uuid", "in", uuids[1:])])
        self.assertEqual([each["state"] for each in others], ["pending"] * 2)

    def test_a_call_for_each_record(self):
        self.run_windows(100)

    def test_a_call_after_each_import(self):
        self.hook_picture()
        self.run_windows(200)
        self.assert_pictures()

    def test_a_call_for_each_dependency(self):
        for id_ in self.ids:
            self.source.add(id_, friend=f"friend {id_}")
            self.source.add(f"friend {id_}")
        self.run_windows(200)

    def test_calls_before_and_after(self):
        self.hook_picture()
        for id_ in self.ids:
            self.source.add(id_, friend=f"friend {id_}")
            self.source.add(f"friend {id_}")
        self.run_windows(400)
        self.assert_pictures()

    def test_an_adapter_that_reads_many(self):
        def read_many(adapter, external_ids):
            self.bucket.take()
            return {id_: self.source.contacts[id_] for id_ in external_ids}

        self.build(override("test.shop.adapter", read_many=read_many))
        self.hook_picture()
        self.run_windows(101)
        self.assert_pictures()

    def test_records_that_are_up_to_date_once_they_are_stored(self):
        """Those whose last call is missing are imported all the same."""
        self.hook_picture(_is_uptodate=lambda importer, binding: True)
        self.run_windows(200)
        self.assert_pictures()

    def test_a_chain_of_dependencies(self):
        for number in range(self.COUNT):
            self.source.add(number, friend=str(number + 1))
        self.source.add(self.COUNT)
        self.run_windows(self.COUNT + 1)

    def test_one_record_with_a_chain_of_dependencies(self):
        for number in range(self.COUNT):
            self.source.add(number, friend=str(number + 1))
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.test.binding"].with_delay().import_record(shop, "1")
        self.source.add(self.COUNT)
        for _window in range(3):
            self.bucket.refill()
            [job] = self.run_jobs()
        self.assertEqual(job["state"], "done")
        self.assertEqual(self.bucket.calls, self.COUNT)

    def test_a_call_in_the_mapper(self):
        def _map_data(importer):
            self.bucket.take()
            return RecordImporter._map_data(importer)

        self.hook(_map_data=_map_data)
        self.run_windows(2 * self.COUNT)

    def test_calls_in_the_mapper_and_after_the_import(self):
        def _map_data(importer):
            self.bucket.take()
            return RecordImporter._map_data(importer)

        self.hook_picture(_map_data=_map_data)
        self.delay_import(*self.ids)
        self.run_until_done()
        self.assert_pictures()

    def test_a_call_while_records_are_stored(self):
        def _match_existing(importer):
            self.bucket.take()

        self.hook(_match_existing=_match_existing)
        self.delay_import(*self.ids)
        self.run_until_done()
        self.assertEqual(len(self.names()), self.COUNT)

    def test_an_adapter_whose_read_many_makes_a_call_for_each_record(self):
        def read_many(adapter, external_ids):
            return {id_: self.source.read(id_) for id_ in external_ids}

        self.build(override("test.shop.adapter", read_many=read_many))
        self.delay_import(*self.ids)
        self.run_until_done()
        self.assertEqual(len(self.names()), self.COUNT)

    def run_until_done(self, most_windows=20):
        """Run the jobs window by window; they must end."""
        for _window in range(most_windows):
            self.bucket.refill()
            for job in self.jobs([("state", "=", "pending")]):
                self.assertNotEqual(self.try_job(job["uuid"])["state"], "failed")
        states = {job["state"] for job in self.jobs()}
        self.assertEqual(states, {"done"})

    def refuse_friend(self):
        """Let a job read a record, and fail at the one that this needs."""
        self.source.add("1", friend="2")
        self.source.add("2")
        read = self.source.read

        def read_one(external_id):
            if external_id == "2":
                raise AccessRefusedError("The key has expired.")
            return read(external_id)

        self.source.read = read_one
        self.delay_import("1")
        [job] = self.run_jobs()
        self.source.read = read
        self.assertEqual(job["state"], "failed")
        return job

    def test_a_job_that_fails_forgets_the_data(self):
        job = self.refuse_friend()
        self.assertNotIn("records", job["kept_data"] or {})
        self.bucket.refill()
        self.assertEqual(self.run_job(job["uuid"])["state"], "done")
        self.assertEqual(self.names(), {"1": "Contact 1", "2": "Contact 2"})

    def test_a_job_that_fails_in_its_last_step_goes_on_when_it_is_requeued(self):
        refused = [True]

        def _after_import(importer, binding):
            if refused:
                raise AccessRefusedError("The key has expired.")
            binding.name = "after"

        self.source.add("1")
        self.hook(_after_import=_after_import)
        self.delay_import("1")
        [job] = self.run_jobs()
        self.assertEqual(job["state"], "failed")
        self.assertTrue(job["kept_data"])
        refused.clear()
        self.assertEqual(self.run_job(job["uuid"])["state"], "done")
        self.assertEqual(self.names(), {"1": "after"})

    def test_a_job_that_the_runner_lets_fail_forgets_the_data(self):
        """It keeps what has to be made up for."""
        job = self.refuse_friend()
        kept = {"records": {"model": {}}, "unfinished": {"1": "created"}}
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET kept_data = %s WHERE uuid = %s",
                [json.dumps(kept), job["uuid"]],
            )
            env["queue.job"]._gc_kept_data()
        [job] = self.jobs()
        self.assertEqual(job["kept_data"], {"unfinished": {"1": "created"}})

    def test_data_that_json_cannot_hold(self):
        for id_ in self.ids:
            self.source.add(id_, born=date(1815, 12, 10))
        self.hook_picture()
        self.delay_import(*self.ids)
        for _window in range(20):
            self.bucket.refill()
            self.run_jobs()
        self.assertFalse(self.jobs([("state", "!=", "done")]))
        self.assert_pictures()

    def test_a_record_with_more_calls_than_a_window(self):
        """It holds up no other record, and fails in the end."""

        def _after_import(importer, binding):
            for _picture in range(50 if importer.external_id == "5" else 1):
                self.bucket.take()

        self.hook(_after_import=_after_import)
        self.delay_import(*self.ids)
        for _window in range(40):
            self.bucket.refill()
            self.run_jobs()
        [failed] = self.jobs([("state", "!=", "done")])
        self.assertEqual(failed["state"], "failed")
        self.assertIn("tests 5 needs more calls", failed["exc_message"])

    def test_a_record_that_another_job_has_imported_is_read_again(self):
        self.delay_import(*self.ids)
        self.hook(_before_import=lambda importer: self.bucket.take())
        self.run_jobs()
        [job] = self.jobs([("state", "=", "pending")])
        self.hook(_before_import=lambda importer: None)
        self.source.add("0", title="Newer")
        self.bucket.refill()
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.test.binding"].import_record(shop, "0")
        self.source.add("0", title="Newest")
        self.bucket.size = 200
        self.run_windows(101 + 1)
        self.assertEqual(self.names()["0"], "Newest")

    def test_the_rest_belongs_to_the_same_run_and_has_the_same_options(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            delayed = env["connector.test.binding"].with_delay(priority=3)
            delayed.import_chunk(shop, self.ids, force=True)
        self.run_jobs()
        first, rest = self.jobs()
        self.assertEqual(
            first["result"],
            "40 created.\n60 go on in another job after 2 s: Too many requests.",
        )
        self.assertEqual((rest["state"], rest["priority"]), ("pending", 3))
        self.assertEqual(rest["record_count"], 60)
        with self.transaction() as env:
            job = env["queue.job"].search([("uuid", "=", rest["uuid"])])
            self.assertEqual(job.args[1], self.ids[40:])
            self.assertEqual(job.kwargs, {"force": True})


class TestFailingReads(ImportJobsCase):
    def test_one_record_at_which_a_bulk_call_fails_stops_no_other_record(self):
        def read_many(adapter, external_ids):
            return {id_: adapter.read(id_) for id_ in external_ids}

        def read(external_id):
            if external_id == "5":
                raise NetworkRetryableError("500", seconds=1)
            return self.source.contacts[external_id]

        self.source.read = read
        self.build(override("test.shop.adapter", read_many=read_many))
        self.source.add(*map(str, range(10)))
        uuid = self.delay_import(*map(str, range(10)))
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        job = self.run_job(uuid)
        self.assertEqual(
            (job["state"], job["result"]),
            ("done", "9 created, 1 postponed.\nRecord 5: 500"),
        )


class TestChains(ImportCase):
    """Records that need another record, which needs another one, and so on."""

    def chain(self, length, last=None):
        """Add a chain of contacts to the shop; return the id of the first."""
        for number in range(length):
            self.source.add(number, friend=str(number + 1))
        self.source.add(length, friend=last)
        return "0"

    def assert_imported(self, length):
        self.assertEqual(self.model.search_count([]), length + 1)
        self.assertEqual(len(self.source.reads), length + 1)

    def test_a_thousand_records(self):
        self.run_chunk(self.chain(1000))
        self.assert_imported(1000)
        friendless = self.model.search([("friend_id", "=", False)])
        self.assertEqual(friendless.external_id, "1000")

    def test_a_record_alone(self):
        self.import_record(self.chain(200))
        self.assert_imported(200)

    def test_a_chain_that_ends_in_a_circle(self):
        for last in ("0", "30", "149", "150"):
            with self.subTest(last=last), self.cr.savepoint() as savepoint:
                self.source.reads.clear()
                self.run_chunk(self.chain(150, last))
                self.assert_imported(150)
                savepoint.rollback()

    def test_a_chain_without_an_end_names_the_record(self):
        def read(external_id):
            return {"title": external_id, "friend": f"{int(external_id) + 1}"}

        self.source.read = read
        self.patch(dependencies, "MAX_CHAIN", 200)
        with self.assertRaisesRegex(InvalidDataError, "tests 2 needs .* than 200 rec"):
            self.import_record("1")
        text = self.run_chunk("1")
        self.assertIn("Record 1 failed", text)


class TestChainsInJobs(ImportJobsCase):
    def test_progress_is_kept_when_a_record_of_the_chain_fails(self):
        for number in range(60):
            self.source.add(number, friend=str(number + 1))
        self.source.add(60)
        self.source.add(10, title="Unmappable", friend="11")
        job = self.import_chunk("0")
        self.assertIn("1 failed", job["result"])
        self.assertEqual(len(self.names()), 50)
        self.assertEqual(len(self.source.reads), 61)


class TestBadRecords(ImportCase):
    """A bad record costs the others little."""

    COUNT = 200

    def setUp(self):
        super().setUp()
        self.source.add(*range(self.COUNT))
        self.creates = []

    def note_creates(self, refuse=None):
        """Note how many bindings the ORM creates with each call; it refuses a name."""
        model = self.registry["connector.test.binding"]
        create = model.create

        def noted(bindings, vals_list):
            vals_list = [vals_list] if isinstance(vals_list, dict) else vals_list
            self.creates.append(len(vals_list))
            if refuse in [vals["name"] for vals in vals_list]:
                raise ValueError("refused")
            return create(bindings, vals_list)

        self.patch(model, "create", noted)

    def assert_one_fails(self, most_creates):
        text = self.run_chunk(*map(str, range(self.COUNT)))
        self.assertIn(f"{self.COUNT - 1} created, 1 failed.", text)
        self.assertEqual(self.jobs("import_record").args, [self.shop, "150"])
        self.assertLessEqual(len(self.creates), most_creates)
        self.assertEqual(len(self.source.reads), self.COUNT)

    def fails_at_150(self, hook):
        def method(importer, *args):
            if importer.external_id == "150":
                raise ValueError("bad")

        self.override(**{hook: method})

    def test_a_hook_before_the_write(self):
        self.note_creates()
        for hook in ("_before_import", "_import_dependencies", "_validate_data"):
            with self.subTest(hook=hook), self.cr.savepoint() as savepoint:
                self.source.reads.clear()
                self.creates.clear()
                self.fails_at_150(hook)
                self.assert_one_fails(1)
                savepoint.rollback()

    def test_the_hook_after_the_write(self):
        self.note_creates()
        self.fails_at_150("_after_import")
        self.assert_one_fails(3)

    def test_the_orm(self):
        self.note_creates(refuse="Contact 150")
        self.assert_one_fails(1 + 2 * 8)

    def test_each_hook_of_a_good_record_runs_once_before_the_write(self):
        calls = self.noted_hooks(["_before_import", "_import_dependencies"])
        self.note_creates(refuse="Contact 150")
        self.assert_one_fails(1 + 2 * 8)
        self.assertEqual(len(calls), 2 * self.COUNT)

    def test_what_a_connector_keeps_on_its_importer_is_not_kept_twice(self):
        class Importer(Component):
            _inherit = IMPORTER

            def __init__(self, work_context):
                super().__init__(work_context)
                self.notes = []

            def _before_import(self):
                self.notes.append("before")

            def _map_data(self):
                self.notes.append("mapped")
                return super()._map_data()

            def _after_import(self, binding):
                binding.note = ",".join(self.notes)

        self.build(Importer)
        self.note_creates(refuse="Contact 150")
        self.assert_one_fails(1 + 2 * 8)
        notes = self.model.search([]).mapped("note")
        self.assertEqual(set(notes), {"before,mapped"})

    def test_the_same_bad_record_has_one_job(self):
        self.source.add(150, title="Unmappable")
        for _run in range(3):
            self.run_chunk("149", "150")
        job = self.jobs("import_record")
        self.assertEqual(len(job), 1)
        job.state = "failed"
        self.run_chunk("149", "150")
        self.assertEqual(self.jobs("import_record"), job)
        self.assertEqual(job.state, "pending")  # It is retried.
        job.state = "done"
        self.run_chunk("149", "150")
        self.assertEqual(len(self.jobs("import_record")), 2)
