# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A save that the listener notices: its cost, and that no change is lost."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import ConnectionPool

from odoo.addons.connector.exception import NetworkRetryableError

from .common import Transaction, noted_queries
from .listener_cases import ManyCase


class SavesCase(ManyCase):
    @contextmanager
    def noted_connections(self):
        """Note each connection that is taken from the pool, in a list."""
        borrowed = []
        borrow = ConnectionPool.borrow

        def note(pool, connection_info):
            borrowed.append(1)
            return borrow(pool, connection_info)

        with patch.object(ConnectionPool, "borrow", note):
            yield borrowed


class TestCostOfSaves(SavesCase):
    count = 3

    def save(self, binding_id, silently=False, **values):
        """Save a contact as a user does; return its queries and connections."""
        with Transaction(self.registry) as env:
            env = env(context={"connector_no_export": silently})
            contact = self.browse(env, [binding_id]).odoo_id
            contact.fetch(["name"])  # a user sees the form
            env.user.fetch(["company_id"])
            with noted_queries() as queries, self.noted_connections() as connections:
                contact.write(values)
                env.cr.commit()
        return queries, len(connections)

    def extra_queries(self, binding_id, age):
        """Return the queries that the listener adds, and the connections it takes."""
        plain, _none = self.save(binding_id, silently=True, age=age)
        queries, connections = self.save(binding_id, age=age + 1)
        for query in plain:
            if query in queries:
                queries.remove(query)
        return queries, connections

    def test_a_save_needs_few_queries_and_no_second_connection(self):
        self.extra_queries(self.ids[0], 1)  # fills caches of the registry
        self.forget()
        for reason, limit in (("a new job", 3), ("a job that waits", 2)):
            with self.subTest(reason):
                queries, connections = self.extra_queries(self.ids[1], 1)
                self.assertLessEqual(len(queries), limit, "\n".join(queries))
                self.assertEqual(connections, 0)
        self.assertEqual(len(self.jobs()), 1)

    def test_a_renamed_backend_has_its_new_name_in_jobs(self):
        for name in ("First", "Second"):
            with self.transaction() as env:
                env["connector.test.shop"].browse(self.shop_id).name = name
                contact = self.browse(env, self.ids[:1]).odoo_id
                contact.fetch(["name"])
                contact.age += 1
            [job] = self.jobs()
            self.assertTrue(job["name"].endswith(f"to {name}"), job["name"])
            self.forget()


class TestOrdersOfSavesAndJobs(SavesCase):
    """A transaction reads, stores a change, and commits; a job happens in between.

    Whatever the order, each change is exported.
    """

    count = 8

    #: The steps of a user's transaction
    STEPS = ("snapshot", "store", "commit")

    def steps(self, ids):
        """Save contacts as a user does, step by step, in an open transaction."""
        with Transaction(self.registry) as env:
            contacts = self.browse(env, ids).odoo_id
            contacts.fetch(["name"])  # PostgreSQL takes the snapshot.
            yield "snapshot"
            contacts.age = 37
            env.cr.flush()
            yield "store"
        yield "commit"

    def check_orders(self, ids, happen):
        """Let something happen to the job before and after each step of a save.

        :param happen: called with the UUID of the job that waits for the contacts
        """
        for moment in ("before", *self.STEPS):
            with self.subTest(moment=moment):
                self.forget()
                for id_ in ids:
                    self.sent(id_).clear()
                self.edit(ids, email="a@example.com")
                [job] = self.jobs()
                if moment == "before":
                    happen(job["uuid"])
                for step in self.steps(ids):
                    if step == moment:
                        happen(job["uuid"])
                self.run_rest()
                sent = {"mail": "a@example.com", "years": 37}
                self.assertEqual([self.sent(id_) for id_ in ids], [sent] * len(ids))
                self.assertFalse(self.waiting_changes() or self.jobs())
                self.reset(ids)

    def run_rest(self):
        """Run the jobs that are left, and once more those that were retried."""
        for _attempt in range(2):
            for job in [*self.jobs(state="enqueued"), *self.jobs()]:
                self.run_job(job["uuid"])

    def reset(self, ids):
        with self.transaction() as env:
            contacts = self.browse(env, ids).odoo_id
            contacts.with_context(connector_no_export=True).write(
                {"age": 0, "email": False}
            )

    def on_row(self, statement):
        """Return a step that another transaction commits on the row of the job."""

        def happen(uuid):
            with self.transaction() as env:
                env.cr.execute(f"{statement} WHERE uuid = %s", [uuid])

        return happen

    def test_the_job_of_one_record_runs(self):
        self.check_orders(self.ids[:1], self.run_job)

    def test_the_job_of_a_chunk_runs(self):
        self.check_orders(self.ids, self.run_job)

    def test_the_runner_hands_the_job_to_a_worker(self):
        self.check_orders(
            self.ids[:1], self.on_row("UPDATE queue_job SET state = 'enqueued'")
        )

    def test_somebody_locks_the_job_for_a_moment(self):
        def lock(uuid):
            with self.transaction() as env:
                env.cr.execute(
                    "SELECT id FROM queue_job WHERE uuid = %s FOR UPDATE", [uuid]
                )

        self.check_orders(self.ids[:1], lock)

    def test_the_job_is_retried(self):
        def fail_once(uuid):
            down = NetworkRetryableError("down")
            with patch.object(self.server, "write", side_effect=down):
                self.run_job(uuid)

        self.check_orders(self.ids[:1], fail_once)

    def test_the_job_begins_while_the_change_is_stored(self):
        """The start of the job is not committed yet. The save does not wait for it."""
        ids = self.ids[:1]
        self.edit(ids, email="a@example.com")
        [job] = self.jobs()
        steps = self.steps(ids)
        next(steps)
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET state = 'started' WHERE uuid = %s", [job["uuid"]]
            )
            self.assertEqual(next(steps), "store")
            env.cr.rollback()
        self.assertEqual(list(steps), ["commit"])
        self.assertEqual(len(self.jobs()), 2)
        self.run_rest()
        self.assertEqual(self.sent(ids[0]), {"mail": "a@example.com", "years": 37})
        self.assertFalse(self.waiting_changes())

    def test_a_job_that_was_cancelled_after_the_snapshot_takes_nothing(self):
        ids = self.ids[:1]
        self.edit(ids, email="a@example.com")
        [cancelled] = self.jobs()
        steps = self.steps(ids)
        next(steps)
        self.on_row("UPDATE queue_job SET state = 'cancelled'")(cancelled["uuid"])
        self.assertEqual(list(steps), ["store", "commit"])
        self.run_only_job()
        self.assertEqual(self.sent(ids[0]), {"mail": "a@example.com", "years": 37})

    def test_two_saves_at_a_time_lose_nothing(self):
        """Neither sees the job of the other."""
        first, second = self.steps(self.ids[:1]), self.steps(self.ids[1:2])
        for steps in zip(first, second, strict=True):
            self.assertEqual(*steps)
        with self.transaction() as one, self.transaction() as other:
            binding = self.browse(one, self.ids[2:3])
            binding.odoo_id.age = 7
            self.changes(other).note(self.browse(other, self.ids[2:3]), ["email"])
            one.cr.commit()
        self.run_rest()
        self.assertEqual([self.sent(id_)["years"] for id_ in self.ids[:3]], [37, 37, 7])
        self.assertEqual(self.sent(self.ids[2]), {"years": 7, "mail": False})
        self.assertFalse(self.waiting_changes() or self.jobs())

    def changes(self, env):
        return env["connector.export.change"]
