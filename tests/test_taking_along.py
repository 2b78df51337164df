# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job of one record that takes along others of its kind, with real commits."""

from contextlib import closing
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields

from odoo.addons.component.core import Component
from odoo.addons.connector.components import along
from odoo.addons.connector.controllers.run_job import RunJobController
from odoo.addons.connector.exception import (
    AccessRefusedError,
    InvalidDataError,
    LimitReachedError,
    NetworkRetryableError,
)
from odoo.addons.connector.jobs.taking_along import Taker, counts_each_job

from .common import (
    BulkExports,
    RealJobsCase,
    listener_components,
    override,
)
from .webhooks import DELETED, WebhookCase


class AlongCase(BulkExports, RealJobsCase):
    """Contacts that the shop has and users have changed, each with a job."""

    def setUp(self):
        super().setUp()
        self.build(*listener_components())

    def make_shop(self):
        with self.transaction() as env:
            self.shop_id = self.make_backend(env, name="Shop").id

    def change(self, *names, context=None):
        """Bind contacts, then let users change their names, one after the other.

        :return: the ids of the bindings
        """
        with self.transaction() as env:
            shop = {"backend_id": self.shop_id}
            bindings = (
                env["connector.test.binding"]
                .with_context(connector_no_export=True)
                .create([{**shop, "name": "Old"} for _name in names])
            )
            for binding in bindings:
                binding.external_id = self.server.create({"title": "Old"})
        self.server.calls.clear()
        for id_, name in zip(bindings.ids, names, strict=True):
            self.edit(id_, context, name=name)
        return bindings.ids

    def edit(self, binding_id, context=None, **values):
        with self.transaction() as env:
            contacts = env["connector.test.binding"].browse(binding_id).odoo_id
            contacts.with_context(**context or {}).write(values)

    def first(self):
        """Run the oldest job that waits; return its fields."""
        waiting = self.jobs([("state", "=", "pending")])
        return self.try_job(waiting[0]["uuid"])

    def states(self):
        return [job["state"] for job in self.jobs()]

    def titles(self):
        return [record["title"] for record in self.server.records.values()]

    def write_jobs(self, number, **values):
        """Change the job that was made as ``number``, as somebody else does."""
        with self.transaction() as env:
            job = env["queue.job"].search([("uuid", "=", self.jobs()[number]["uuid"])])
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(values)

    def acquire(self, uuid):
        with closing(self.registry.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return RunJobController._acquire_job(env, uuid)

    def enqueue(self, uuid):
        """As the runner does, which does not look at the job again."""
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET state = 'enqueued', date_enqueued = now()"
                " WHERE uuid = %s",
                [uuid],
            )

    def end_lease(self, number=1):
        """Let so much time pass that a job that was taken along may run again."""
        self.write_jobs(number, eta=fields.Datetime.now() - timedelta(seconds=1))

    def assert_waits_for_its_taker(self, number):
        uuid = self.jobs()[number]["uuid"]
        self.enqueue(uuid)
        with self.assertNoLogs("odoo.addons.queue_job", "WARNING"):
            self.assertIsNone(self.acquire(uuid))
        job = self.jobs()[number]
        self.assertEqual(job["state"], "pending")
        self.assertGreater(job["eta"], fields.Datetime.now())


class TestTogether(AlongCase):
    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def answer_with(self, error, calls=1):
        """Let the shop answer the next calls with an error."""
        left = [error] * calls
        shop = self

        def call_many(adapter, pairs):
            shop.many_calls.append(("write", len(pairs)))
            if left:
                raise left.pop()
            return [shop.write_one(*pair) for pair in pairs]

        def write(adapter, external_id, data):
            if left:
                raise left.pop()
            shop.server.write(external_id, data)

        self.build(override("test.shop.adapter", write_many=call_many, write=write))

    def test_one_call_for_all_and_an_outcome_for_each(self):
        self.change("Ada", "Bob", "Cleo")
        waiting = self.jobs()
        self.first()
        self.assertEqual(self.many_calls, [("write", 3)])
        self.assertEqual(self.titles(), ["Ada", "Bob", "Cleo"])
        for number, (before, job) in enumerate(
            zip(waiting, self.jobs(), strict=True), 1
        ):
            self.assertEqual(job["state"], "done")
            self.assertIn(f"id on the backend is {number}", job["result"])
            self.assertEqual(job["outcome_counts"], {"updated": 1})
            self.assertEqual(job["identity_key"], before["identity_key"])
            self.assertLessEqual(job["date_started"], job["date_done"])
            self.assertEqual((job["retry"], job["record_count"]), (1, 1))
            self.assertFalse(job["eta"] or job["cause"])
        self.assertFalse(self.read("connector.export.change", []))

    def test_each_record_is_sent_with_its_own_fields(self):
        [ada, bob] = self.change("Ada", "Bob")
        self.edit(bob, age=37)
        self.first()
        self.assertEqual(
            [*self.server.records.values()],
            [{"title": "Ada"}, {"title": "Bob", "years": 37}],
        )

    def test_jobs_that_users_have_made_for_a_record(self):
        with self.transaction() as env:
            env["connector.export.change"].search([]).unlink()
        ids = self.change("Ada", "Bob", "Cleo", context={"connector_no_export": True})
        with self.transaction() as env:
            for binding in env["connector.test.binding"].browse(ids):
                binding.with_delay().export_record(fields=["name"][: binding.id % 2])
        self.first()
        self.assertEqual(self.many_calls, [("write", 3)])
        self.assertEqual(self.states(), ["done"] * 3)
        sent = [set(record) for record in self.server.records.values()]
        every, name = {"title", "mail", "years"}, {"title"}
        self.assertEqual(sent, [name if id_ % 2 else every for id_ in ids])

    def test_new_records_get_their_ids(self):
        ids = [self.bindings(name)[0] for name in ("Ada", "Bob")]
        self.first()
        self.assertEqual(self.many_calls, [("create", 2)])
        self.assertEqual([self.binding(id_)["external_id"] for id_ in ids], ["1", "2"])
        self.assertEqual(
            [job["outcome_counts"] for job in self.jobs()], [{"created": 1}] * 2
        )

    def test_at_most_a_chunk(self):
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).chunk_size = 2
        self.change("Ada", "Bob", "Cleo")
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])

    def test_a_bad_record_fails_alone_in_its_own_job(self):
        self.change("Ada", "Refused", "Cleo")
        self.first()
        self.assertEqual(self.states(), ["done", "pending", "done"])
        self.assertEqual(self.jobs()[1]["retry"], 0)
        self.server.write = self.refuse
        job = self.first()
        self.assertEqual((job["state"], job["retry"]), ("failed", 1))
        self.assertIn("no such title", job["exc_message"])
        self.assertEqual(job["cause_class"], "record")
        self.assertEqual(len(self.jobs()), 3)

    def refuse(self, external_id, data):
        raise InvalidDataError("no such title")

    def test_a_bad_record_takes_others_along(self):
        self.change("Refused", "Bob", "Cleo")
        self.server.write = self.refuse_first
        job = self.first()
        self.assertEqual((job["state"], job["retry"]), ("failed", 1))
        self.assertEqual(self.states(), ["failed", "done", "done"])

    def refuse_first(self, external_id, data):
        if data["title"] == "Refused":
            raise InvalidDataError("no such title")

    def test_a_change_that_comes_while_others_are_sent_is_not_lost(self):
        [_ada, bob] = self.change("Ada", "Bob")

        def write_many(adapter, pairs):
            if not self.many_calls:
                self.edit(bob, name="Robert")
            self.many_calls.append(("write", len(pairs)))
            return [self.write_one(*pair) for pair in pairs]

        self.build(override("test.shop.adapter", write_many=write_many))
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])
        self.first()
        self.assertEqual(self.titles(), ["Ada", "Robert"])
        self.assertFalse(self.read("connector.export.change", []))

    def test_a_change_that_is_being_committed_waits_for_its_own_job(self):
        [_ada, bob] = self.change("Ada", "Bob")
        with self.transaction() as env:
            env["connector.test.binding"].browse(bob).odoo_id.age = 37
            env.cr.flush()  # stored, and relying on the job that waits
            self.first()
            self.assertEqual(self.titles(), ["Ada", "Old"])
        self.run_jobs()
        self.assertEqual(self.server.records["2"], {"title": "Bob", "years": 37})

    def test_whom_a_job_does_not_take_along(self):
        later = fields.Datetime.now() + timedelta(minutes=5)
        for values in (
            {"state": "cancelled"},
            {"state": "wait_dependencies"},
            {"state": "enqueued"},
            {"eta": later},
            {"priority": 5},
            {"channel": "root.other"},
            {"user_id": 2},
            {"company_id": False},
            {"run_id": True},
            {"graph_uuid": "graph"},
            {"record_count": 2},
            {"date_started": fields.Datetime.now()},
        ):
            with self.subTest(values=values):
                self.delete_records()
                self.server.records.clear()
                self.make_shop()
                self.change("Ada", "Bob")
                if "run_id" in values:
                    values["run_id"] = self.begin_run()
                self.write_jobs(1, **values)
                before = self.jobs()[1]
                self.first()
                self.assertEqual(len(self.server.calls), 1)
                after = self.jobs()[1]
                self.assertEqual(after, before)

    def begin_run(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            return env["connector.run.start"].begin(shop, False).id

    def test_another_language_another_job(self):
        [ada] = self.change("Ada", context={"active_test": False})
        [bob] = self.change("Bob", context={"active_test": True})
        self.first()
        self.assertEqual(self.states(), ["done", "pending"])

    def test_another_shop_another_job(self):
        self.change("Ada")
        self.make_shop()
        self.change("Bob")
        self.first()
        self.assertEqual(self.states(), ["done", "pending"])

    def test_a_job_that_was_retried_is_taken_along(self):
        self.change("Ada", "Bob")
        earlier = fields.Datetime.now() - timedelta(minutes=5)
        self.write_jobs(1, eta=earlier, retry=3, cause="The backend is down.")
        self.first()
        job = self.jobs()[1]
        self.assertEqual((job["state"], job["retry"]), ("done", 4))
        self.assertFalse(job["cause"] or job["eta"])

    def test_two_jobs_of_one_record(self):
        [ada, _bob] = self.change("Ada", "Bob")
        with self.transaction() as env:
            binding = env["connector.test.binding"].browse(ada)
            binding.with_delay().export_changes()  # without a key
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])
        self.assertIn("earlier job", self.first()["result"])

    def test_a_pause_while_jobs_are_taken_along(self):
        """It meets no conflict. A job that it has missed waits when it begins."""
        self.change("Ada", "Refused", "Cleo")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            self.first()
            state.action_pause()
        self.assertEqual(self.states(), ["done", "pending", "done"])
        self.first()
        self.assertEqual(self.states(), ["done", "wait_dependencies", "done"])
        with self.transaction() as env:
            env["connector.backend.state"].browse(state.id).action_resume()
        self.assertEqual(self.states(), ["done", "pending", "done"])

    # -- errors that concern all

    def test_a_backend_that_is_down(self):
        """All wait as long as the job that found out, and count no attempt."""
        self.change("Ada", "Bob", "Cleo")
        self.answer_with(NetworkRetryableError("down", seconds=60), calls=2)
        job = self.first()
        self.assertEqual((job["state"], job["retry"]), ("pending", 1))
        others = self.jobs()[1:]
        self.assertEqual([job["retry"] for job in others], [0, 0])
        self.assertFalse(any(job["date_started"] for job in others))
        for other in others:
            self.assertTrue(other["identity_key"])
            self.assertGreaterEqual(other["eta"], job["eta"])
            self.assertLess(other["eta"], job["eta"] + timedelta(seconds=5))
        for number in range(3):
            self.write_jobs(number, eta=False)
        self.first()
        self.assertEqual(self.many_calls, [("write", 3)] * 2)
        self.assertEqual(self.states(), ["done"] * 3)

    def test_a_record_for_which_the_backend_fails(self):
        """The others go on alone; none of them counts an attempt for it."""
        self.change("Ada", "Poison", "Cleo")
        self.answer_with(NetworkRetryableError("status 500"))
        self.assertEqual(self.first()["state"], "done")
        self.assertEqual(self.states(), ["done", "pending", "pending"])
        self.assertEqual([job["retry"] for job in self.jobs()[1:]], [0, 0])
        self.first()
        self.first()
        self.assertEqual(self.many_calls, [("write", 3)])
        self.assertEqual(self.titles(), ["Ada", "Poison", "Cleo"])

    def test_credentials_that_are_refused(self):
        self.change("Ada", "Bob")
        self.answer_with(AccessRefusedError("key"), calls=3)
        self.assertEqual(self.first()["state"], "failed")
        self.assertEqual(self.first()["state"], "failed")
        self.assertEqual(len(self.many_calls), 1)

    def test_what_is_done_stays_done(self):
        """The shop takes the changes, but no new record."""
        self.change("Ada", "Bob")
        self.bindings("New")

        def create_many(adapter, data_list, idempotency_keys=None):
            raise NetworkRetryableError("limit", seconds=30)

        self.build(override("test.shop.adapter", create_many=create_many))
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])
        new = self.jobs()[2]
        self.assertTrue(new["eta"] and not new["date_started"])
        self.assertEqual(len(self.server.calls), 2)

    # -- processes that die, and a runner that is late

    def taken(self, dies=False):
        """Take the second of two jobs along, as another process does.

        :param dies: whether that process dies
        """
        self.change("Ada", "Bob")
        ada = self.jobs()[0]["uuid"]
        self.enqueue(ada)
        process = self.enterContext(closing(self.registry.cursor()))
        job = RunJobController._acquire_job(
            api.Environment(process, SUPERUSER_ID, {}), ada
        )
        taker = Taker(job)
        self.assertEqual(len(taker.take(10)), 1)
        if dies:
            process.rollback()
        return taker, self.jobs()[1]

    def test_a_process_dies_with_jobs_that_it_has_taken_along(self):
        """They run by themselves soon, one by one, and no attempt is counted."""
        _taker, bob = self.taken(dies=True)
        self.assertEqual((bob["state"], bob["retry"]), ("pending", 0))
        soon = fields.Datetime.now() + timedelta(seconds=90)
        self.assertLess(bob["eta"], soon)
        self.change("Cleo")
        self.end_lease()
        self.enqueue(bob["uuid"])
        self.run_as_it_is(bob["uuid"])
        self.assertEqual(self.states(), ["started", "done", "pending"])
        bob = self.jobs()[1]
        self.assertEqual(bob["retry"], 1)
        self.assertTrue(bob["identity_key"])
        self.assertFalse(bob["kept_data"])

    def run_as_it_is(self, uuid):
        """Run a job that is enqueued, and leave what else its row has."""
        with closing(self.registry.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            job = RunJobController._acquire_job(env, uuid)
            RunJobController._runjob(env, job)
            cr.commit()  # pylint: disable=invalid-commit

    def test_a_process_dies_and_its_job_runs_again(self):
        """Jobs that its first run had taken along do not wait for its second one."""
        _taker, bob = self.taken(dies=True)
        ada = self.jobs()[0]["uuid"]
        self.enqueue(ada)
        with closing(self.registry.cursor()) as process:
            env = api.Environment(process, SUPERUSER_ID, {})
            self.assertTrue(RunJobController._acquire_job(env, ada))
            self.end_lease()
            self.enqueue(bob["uuid"])
            self.assertTrue(self.acquire(bob["uuid"]))

    def test_a_call_that_takes_longer_than_the_lease(self):
        """The jobs that were taken along wait for it, however long it takes."""
        self.change("Ada", "Bob", "Cleo")
        keys = [job["identity_key"] for job in self.jobs()]

        def write_many(adapter, pairs):
            self.many_calls.append(("write", len(pairs)))
            for _twice in range(2):
                self.end_lease(1)
                self.end_lease(2)
                self.assert_waits_for_its_taker(1)
                self.assertGreater(self.jobs()[2]["eta"], fields.Datetime.now())
            return [self.write_one(*pair) for pair in pairs]

        self.build(override("test.shop.adapter", write_many=write_many))
        self.first()
        self.assertEqual(self.many_calls, [("write", 3)])
        self.assertEqual(self.states(), ["done"] * 3)
        self.assertEqual([job["identity_key"] for job in self.jobs()], keys)
        self.assertEqual(len(self.server.calls), 3)

    def test_users_cannot_touch_a_job_whose_taker_takes_long(self):
        """Neither can they cancel it, nor let it run now."""
        taker, bob = self.taken()
        self.end_lease()
        with self.transaction() as env:
            jobs = env["queue.job"].search([("uuid", "=", bob["uuid"])])
            jobs.button_cancelled()
            jobs.requeue()
        self.assert_waits_for_its_taker(1)
        taker.done({taker.jobs[0]: "sent"})
        self.assertEqual(self.jobs()[1]["state"], "done")

    def test_a_job_that_a_user_has_ended_does_not_run(self):
        """The runner enqueues it, since it has seen the job before that."""
        for button, state in (
            ("button_cancelled", "cancelled"),
            ("button_done", "done"),
        ):
            with self.subTest(button):
                self.delete_records()
                self.server.records.clear()
                self.make_shop()
                self.change("Ada")
                uuid = self.jobs()[0]["uuid"]
                with self.transaction() as env:
                    getattr(env["queue.job"].search([("uuid", "=", uuid)]), button)()
                for _again in range(2):
                    self.enqueue(uuid)
                    with self.assertNoLogs("odoo.addons.queue_job", "WARNING"):
                        self.assertIsNone(self.acquire(uuid))
                    self.assertEqual(self.states(), [state])
                with self.assertNoLogs("odoo.addons.queue_job", "WARNING"):
                    self.assertIsNone(self.acquire(uuid))
                self.assertEqual(self.titles(), ["Old"])
                with self.transaction() as env:
                    env["queue.job"].search([("uuid", "=", uuid)]).requeue()
                self.first()
                self.assertEqual(self.titles(), ["Ada"])

    def test_a_change_of_a_record_whose_job_was_taken_along(self):
        self.taken()
        [_ada, bob] = [job["records"] for job in self.jobs()]
        with self.transaction() as env:
            [_ada, bob] = env["connector.test.binding"].search([], order="id").ids
        self.edit(bob, age=37)
        self.assertEqual(self.states(), ["started", "pending", "pending"])

    def test_the_runner_asks_for_a_job_that_was_taken_along(self):
        taker, bob = self.taken()
        self.enqueue(bob["uuid"])
        with self.assertNoLogs("odoo.addons.queue_job", "WARNING"):
            self.assertIsNone(self.acquire(bob["uuid"]))
        self.assertEqual(self.jobs()[1]["state"], "pending")
        taker.done({taker.jobs[0]: "sent"})
        self.assertEqual(self.jobs()[1]["state"], "done")

    def test_the_runner_asks_for_a_job_that_is_done(self):
        taker, bob = self.taken()
        taker.done({taker.jobs[0]: "sent"})
        for enqueue in (True, False):
            if enqueue:
                self.enqueue(bob["uuid"])
            with self.assertNoLogs("odoo.addons.queue_job", "WARNING"):
                self.assertIsNone(self.acquire(bob["uuid"]))
            job = self.jobs()[1]
            self.assertEqual((job["state"], job["result"]), ("done", "sent"))

    def test_a_job_that_somebody_else_has_begun_is_left_to_them(self):
        taker, bob = self.taken()
        self.write_jobs(1, eta=False, state="started")
        [job] = taker.jobs
        taker.done({job: "sent"})
        self.assertEqual(self.jobs()[1]["state"], "started")

    def test_users_cannot_cancel_a_job_that_was_taken_along(self):
        taker, bob = self.taken()
        with self.transaction() as env:
            jobs = env["queue.job"].search([("uuid", "=", bob["uuid"])])
            jobs.button_cancelled()
        self.assertEqual(self.jobs()[1]["state"], "pending")
        taker.give_back()
        with self.transaction() as env:
            env["queue.job"].browse(jobs.ids).button_cancelled()
        self.assertEqual(self.jobs()[1]["state"], "cancelled")

    def test_an_interrupted_job_takes_none_along(self):
        self.change("Ada", "Bob")
        self.write_jobs(0, date_started=fields.Datetime.now())
        ada = self.jobs()[0]
        self.enqueue(ada["uuid"])
        self.run_as_it_is(ada["uuid"])
        self.assertEqual(self.states(), ["done", "pending"])

    # -- connectors and channels that want one job after the other

    def test_channels_that_count_each_job(self):
        channels = "root:4,root.slow:1:throttle=1,root.row:1:sequential,root.free:2"
        with patch(
            "odoo.addons.connector.jobs.taking_along._channels", lambda: channels
        ):
            counts_each_job.cache_clear()
            self.addCleanup(counts_each_job.cache_clear)
            counted = [
                counts_each_job(name)
                for name in ("root", "root.slow", "root.row.sub", "root.free")
            ]
            self.assertEqual(counted, [False, True, True, False])

    def test_a_hook_that_is_called_for_each_record(self):
        seen = []

        def _update(exporter, data):
            seen.append(exporter.binding.name)
            exporter.backend_adapter.write(exporter.external_id, data)

        self.override(_update=_update)
        self.change("Ada", "Bob")
        self.first()
        self.assertEqual(seen, ["Ada", "Bob"])
        self.assertFalse(self.many_calls)
        self.assertEqual(self.states(), ["done", "done"])


class TestOneByOne(AlongCase):
    """The shop takes a record a call; only starts of jobs are saved."""

    def test_each_is_committed_before_the_next(self):
        ids = self.change("Ada", "Bob", "Cleo")
        left = []
        write = self.server.write

        def count(external_id, data):
            left.append(len(self.read("connector.export.change", [])))
            write(external_id, data)

        self.server.write = count
        self.first()
        self.assertEqual(left, [3, 2, 1])
        self.assertEqual(self.states(), ["done"] * 3)
        self.assertEqual(len(ids), len(self.server.calls))
        self.assertEqual(
            [job["outcome_counts"] for job in self.jobs()], [{"updated": 1}] * 3
        )

    def test_a_call_that_takes_longer_than_the_lease(self):
        self.change("Ada", "Bob", "Cleo")
        write = self.server.write

        def get_slow(external_id, data):
            if data["title"] == "Bob":
                for number in (1, 2):
                    self.end_lease(number)
                    self.assert_waits_for_its_taker(number)
            write(external_id, data)

        self.server.write = get_slow
        self.first()
        self.assertEqual(self.states(), ["done"] * 3)
        self.assertEqual(len(self.server.calls), 3)

    def test_a_record_that_takes_long_takes_none_along(self):
        self.change("Ada", "Bob")
        with patch.object(along, "SECONDS", 0):
            self.first()
        self.assertEqual(self.states(), ["done", "pending"])

    def test_it_stops_after_some_seconds(self):
        self.change("Ada", "Bob", "Cleo")
        write = self.server.write

        def get_slow(external_id, data):
            write(external_id, data)
            if data["title"] == "Bob":
                self.enterContext(patch.object(along.time, "monotonic", lambda: 1e12))

        self.server.write = get_slow
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])
        cleo = self.jobs()[2]
        self.assertFalse(cleo["eta"] or cleo["date_started"])

    def test_it_stops_after_some_records(self):
        self.change("Ada", "Bob", "Cleo")
        with patch.object(along, "ONE_BY_ONE", 2):
            self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])

    def test_a_bad_record_stops_no_other_one(self):
        self.change("Ada", "Refused", "Cleo")
        write = self.server.write

        def refuse(external_id, data):
            if data["title"] == "Refused":
                raise InvalidDataError("no such title")
            write(external_id, data)

        self.server.write = refuse
        self.first()
        self.assertEqual(self.states(), ["done", "pending", "done"])
        self.assertEqual(self.first()["state"], "failed")

    def test_a_limit_of_the_backend(self):
        """What is done is done; the rest waits as the backend demands."""
        self.change("Ada", "Bob", "Cleo", "Dan")
        write = self.server.write

        def limit(external_id, data):
            if len(self.server.calls) == 2:
                raise LimitReachedError("limit", seconds=30)
            write(external_id, data)

        self.server.write = limit
        self.assertEqual(self.first()["state"], "done")
        self.assertEqual(self.states(), ["done", "done", "pending", "pending"])
        cleo, dan = self.jobs()[2:]
        self.assertTrue(dan["eta"] and not dan["date_started"])
        self.assertEqual((cleo["retry"], dan["retry"]), (0, 0))

    def test_records_at_which_the_backend_fails(self):
        """They stop no other one, unless there are three in a row."""
        write = self.server.write

        def fail(external_id, data):
            if data["title"].startswith("Poison"):
                raise NetworkRetryableError("status 500", seconds=30)
            write(external_id, data)

        self.server.write = fail
        for names, expected in (
            (["Ada", "Poison", "Poison", "Cleo"], [True, False, False, True]),
            (["Ada"] + ["Poison"] * 3 + ["Cleo"], [True] + [False] * 4),
        ):
            with self.subTest(names=names):
                self.delete_records()
                self.server.records.clear()
                self.make_shop()
                self.change(*names)
                self.first()
                done = [state == "done" for state in self.states()]
                self.assertEqual(done, expected)
                self.assertEqual(
                    [job["retry"] for job in self.jobs()], [*map(int, done)]
                )
        self.assertTrue(self.jobs()[-1]["eta"])

    def test_a_job_that_fails_takes_none_along(self):
        self.change("Ada", "Bob")
        self.server.write = self.refuse
        self.assertEqual(self.first()["state"], "failed")
        self.assertEqual(self.states(), ["failed", "pending"])

    def refuse(self, external_id, data):
        raise InvalidDataError("no such title")

    def test_deletes(self):
        deleted = []

        class DeletingAdapter(Component):
            _inherit = "test.shop.adapter"

            def delete(self, external_id):
                deleted.append(external_id)

        class Deleter(Component):
            _name = "test.shop.contact.deleter"
            _inherit = ["connector.record.deleter", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        self.build(DeletingAdapter, Deleter)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            for external_id in "789":
                delayed = env["connector.test.binding"].with_delay()
                delayed.export_delete_record(shop, external_id)
        self.first()
        self.assertEqual(deleted, ["7", "8", "9"])
        self.assertEqual(self.states(), ["done"] * 3)

    def test_a_connector_with_its_own_method_for_a_record(self):
        model = self.registry["connector.test.binding"]
        inherited = model.export_record
        seen = []

        def export_record(bindings, fields=None):
            seen.append(bindings.id)
            return inherited(bindings, fields)

        ids = self.change("Ada", "Bob", context={"connector_no_export": True})
        self.delay(ids)
        with patch.object(model, "export_record", export_record):
            self.first()
        self.assertEqual(seen, ids[:1])
        self.assertEqual(self.states(), ["done", "pending"])


class TestAnnounced(WebhookCase):
    """The backend announces contacts, and returns many with one call."""

    def setUp(self):
        super().setUp()
        self.reads = []
        test = self

        class ManyReader(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                test.reads.append(external_ids)
                contacts = test.source.contacts
                return {id_: contacts[id_] for id_ in external_ids if id_ in contacts}

        self.build(ManyReader)

    def announced(self, *ids, **options):
        for id_ in ids:
            self.announce(id_, **options)
        for job in self.jobs([("state", "=", "pending")]):
            if job["method_name"] != "import_announced":
                self.run_job(job["uuid"])

    def imports(self):
        return self.jobs([("method_name", "=", "import_announced")])

    def states(self):
        return [job["state"] for job in self.imports()]

    def first(self):
        waiting = [job for job in self.imports() if job["state"] == "pending"]
        return self.try_job(waiting[0]["uuid"])

    def test_one_read_for_all_and_an_outcome_for_each(self):
        self.source.add("1", "2", "3")
        self.announced("1", "2", "3")
        keys = [job["identity_key"] for job in self.imports()]
        self.first()
        self.assertEqual(self.reads, [["1", "2", "3"]])
        self.assertFalse(self.source.reads)
        jobs = self.imports()
        self.assertEqual([job["identity_key"] for job in jobs], keys)
        self.assertEqual(
            [(job["state"], job["result"], job["outcome_counts"]) for job in jobs],
            [
                ("done", f"Imported as Contact {number}.", {"created": 1})
                for number in "123"
            ],
        )

    def test_a_bad_record_fails_alone_in_its_own_job(self):
        self.source.add("1", "2", "3")
        self.source.contacts["2"]["title"] = "Unmappable"
        self.announced("1", "2", "3")
        self.first()
        self.assertEqual(self.states(), ["done", "pending", "done"])
        job = self.first()
        self.assertEqual((job["state"], job["retry"]), ("failed", 1))

    def test_records_that_are_gone(self):
        self.source.add("1", "2")
        self.announced("1", "2")
        self.first()
        del self.source.contacts["2"]
        self.source.contacts["1"]["title"] = "Ada"
        self.announced("1")
        self.announced("2", topic=DELETED)
        self.first()
        results = [job["outcome_counts"] for job in self.imports()[2:]]
        self.assertEqual(results, [{"updated": 1}, {"deleted": 1}])
        bindings = self.read("connector.test.binding", [])
        self.assertEqual([each["name"] for each in bindings], ["Ada"])

    def test_a_record_that_is_not_there_yet_waits_in_its_own_job(self):
        self.source.add("1")
        self.announced("1", "2")
        self.first()
        self.assertEqual(self.states(), ["done", "pending"])
        self.assertTrue(self.first()["eta"])

    def test_an_old_job_does_not_give_up_a_record_that_was_just_announced(self):
        for many in (True, False):
            with self.subTest(many=many):
                self.build(override("test.shop.adapter", _reads_many=many))
                old, new = ("1", "2") if many else ("3", "4")
                self.source.add(old)
                self.announced(old, new)
                waiting = self.imports()[-2:]
                self.write_job(
                    waiting[0], date_created=fields.Datetime.now() - timedelta(hours=1)
                )
                self.run_job(waiting[0]["uuid"])
                self.assertEqual(self.states()[-2:], ["done", "pending"])
                self.assertTrue(self.run_job(waiting[1]["uuid"])["eta"])
                self.source.add(new)
                self.run_job(waiting[1]["uuid"])
                self.assertIn(new, self.names())

    def test_an_announcement_that_comes_meanwhile_is_not_lost(self):
        self.source.add("1", "2")
        self.announced("1", "2")
        source = self.source

        def read_many(adapter, external_ids):
            found = {id_: source.contacts[id_] for id_ in external_ids}
            self.announced("2")
            return found

        self.build(override("test.shop.adapter", read_many=read_many))
        self.first()
        self.assertEqual(self.states(), ["done", "done", "pending"])

    def test_a_backend_that_is_down(self):
        self.announced("1", "2")

        def down(adapter, *ids):
            raise NetworkRetryableError("down", seconds=60)

        self.build(override("test.shop.adapter", read_many=down, read=down))
        self.first()
        self.assertEqual(self.states(), ["pending", "pending"])
        self.assertEqual([job["retry"] for job in self.imports()], [1, 0])
        self.assertTrue(all(job["eta"] for job in self.imports()))
        self.assertFalse(any(job["kept_data"] for job in self.imports()))

    def test_imports_of_a_record(self):
        self.source.add("1", "2")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            for external_id in "12":
                env["connector.test.binding"].with_delay().import_record(
                    shop, external_id
                )
        waiting = self.jobs([("method_name", "=", "import_record")])
        self.run_job(waiting[0]["uuid"])
        self.assertEqual(self.reads, [["1", "2"]])

    def delay_imports(self, *ids):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            for external_id in ids:
                env["connector.test.binding"].with_delay().import_record(
                    shop, external_id
                )

    def delayed_imports(self):
        return self.jobs([("method_name", "=", "import_record")])

    def test_jobs_that_name_the_record_by_keyword(self):
        self.source.add("1")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            for _twice in range(2):
                delayed = env["connector.test.binding"].with_delay()
                delayed.import_record(backend=shop, external_id="1")
        for job in self.delayed_imports():
            self.assertEqual(self.try_job(job["uuid"])["state"], "done")

    def test_a_job_whose_arguments_postgresql_cannot_read_as_json(self):
        """It stops no other job, and runs by itself."""
        self.source.add("1", "2")
        for bad in ("a\0b", "a\ud800b"):
            with self.subTest(bad=bad):
                self.reads.clear()
                self.delay_imports(bad, "1", "2")
                waiting = self.delayed_imports()[-3:]
                self.assertEqual(self.try_job(waiting[1]["uuid"])["state"], "done")
                self.assertEqual(self.reads, [["1", "2"]])
                job = self.try_job(waiting[0]["uuid"])
                self.assertEqual(job["state"], "failed")
                self.assertIn("cannot store", job["exc_message"])

    def test_a_limit_between_an_import_and_what_follows_it(self):
        """The steps after the import are made up for, though nothing has changed."""
        self.source.add("1", "2", "3", "4")
        finished, refused = [], []

        def _after_import(importer, binding):
            if importer.external_id == "2" and not refused:
                refused.append(importer.external_id)
                raise NetworkRetryableError("limit", seconds=30, ignore_retry=True)
            finished.append(importer.external_id)

        self.build(
            override(
                "test.shop.contact.record.importer",
                _after_import=_after_import,
                _is_uptodate=lambda importer, binding: bool(binding),
            )
        )
        self.announced("1", "2", "3", "4")
        self.first()
        self.assertEqual(self.states(), ["done"] + ["pending"] * 3)
        self.run_jobs()
        self.assertEqual(sorted(finished), ["1", "2", "3", "4"])
        self.assertEqual(self.states(), ["done"] * 4)
        self.assertEqual(
            [job["outcome_counts"] for job in self.imports()], [{"created": 1}] * 4
        )
        self.assertFalse(any(job["kept_data"] for job in self.imports()))

    def test_a_job_that_goes_on_where_it_stopped_is_left_alone(self):
        self.source.add("1", "2")
        for number in range(2):
            with self.subTest(number=number):
                self.delay_imports("1", "2")
                waiting = self.delayed_imports()[-2:]
                self.write_job(waiting[number], kept_data={"last": ["1"]})
                self.run_job(waiting[0]["uuid"])
                self.assertFalse(self.reads)
                job = self.run_job(waiting[1]["uuid"])
                self.assertEqual((job["state"], job["kept_data"]), ("done", False))

    def write_job(self, job, **values):
        with self.transaction() as env:
            jobs = env["queue.job"].search([("uuid", "=", job["uuid"])])
            jobs.with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).write(values)

    def test_an_importer_with_its_own_run(self):
        def run(importer, external_id, *args, **kwargs):
            return f"{external_id} by hand"

        self.build(override("test.shop.contact.record.importer", run=run))
        self.announced("1", "2")
        self.first()
        self.assertFalse(self.reads)
        self.assertEqual(
            [job["result"] for job in self.imports()], ["1 by hand", "2 by hand"]
        )
