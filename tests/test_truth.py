# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each number on a screen is that of plain SQL over jobs and bindings."""

from datetime import timedelta
from unittest import skipUnless
from unittest.mock import patch

from odoo import fields

from ..models.overview import figures
from .common import RealJobsCase, ShopCase, noted_queries
from .truth import figures_by_sql, figures_on_screens

try:
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as st
except ImportError:
    settings = None

MODEL = "connector.test.binding"


class TruthCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.contacts = self.model.browse()
        self.state = self.env["connector.backend.state"].of(self.shop)
        self.addCleanup(self.env.registry.clear_cache)

    def make_contacts(self, count, **values):
        records = self.env["connector.test.contact"].create([{"name": "A"}] * count)
        self.contacts = self.model.create(
            [
                {"backend_id": self.shop.id, "odoo_id": record.id, **values}
                for record in records
            ]
        )

    def put(self, job, state="failed", cause="The password is wrong.", **values):
        """Let a job be in a state, as the queue leaves it."""
        row = job.db_record()
        values.setdefault("date_started", fields.Datetime.now())
        if state == "failed":
            values.update(cause=cause, cause_class="settings")
        row.with_context(_job_edit_sentinel=row.EDIT_SENTINEL).write(
            {"state": state, **values}
        )
        return row

    def doubt(self, binding):
        self.env["connector.create.intent"].create(
            {
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                "model_name": MODEL,
                "res_id": binding.id,
                "key": f"key {binding.id}",
                "begun": fields.Datetime.now() - timedelta(minutes=2),
            }
        )

    def check(self):
        """Compare the screens with plain SQL; return the figures of the card."""
        truth = figures_by_sql(self.shop, MODEL)
        shown, others = figures_on_screens(self.shop, MODEL)
        self.assertEqual(shown, truth)
        self.assertEqual(set(others.values()), {truth["failed"]}, others)
        return shown

    @property
    def sentence(self):
        self.state.invalidate_recordset()
        return self.state.sentence


class TestScenes(TruthCase):
    def test_contacts_that_three_jobs_failed_at(self):
        self.make_contacts(45)
        for contact in self.contacts:
            for _ in range(3):
                self.put(contact.with_delay().export_record())
        self.assertEqual(self.check()["failed"], 45)
        self.assertEqual(
            self.sentence, "45 records cannot be exported: The password is wrong."
        )

    def test_a_chunk_and_its_records_alone(self):
        self.make_contacts(45)
        self.put(self.contacts.with_delay().export_chunk())
        for contact in self.contacts[:20]:
            self.put(contact.with_delay().export_record(), cause="No e-mail address.")
        self.assertEqual(self.check()["failed"], 45)
        failures = self.env["connector.failure"].search([])
        self.assertEqual(
            {each.cause: each.record_count for each in failures},
            {"The password is wrong.": 25, "No e-mail address.": 20},
        )

    def test_contacts_and_searches(self):
        self.make_contacts(45)
        for contact in self.contacts:
            self.put(contact.with_delay().export_record())
        for _ in range(6):
            self.put(self.model.with_delay().import_changes(self.shop))
        self.assertEqual(self.check()["failed"], 45)
        self.assertEqual(
            self.sentence, "45 records cannot be exported: The password is wrong."
        )
        self.assertEqual(self.state.detail, "The search for changes failed")
        [failure] = self.env["connector.failure"].search([])
        self.assertEqual((failure.record_count, failure.job_count), (45, 51))

    def test_searches_alone(self):
        for _ in range(6):
            self.put(self.model.with_delay().import_changes(self.shop))
        text = "The search for changes failed: The password is wrong."
        self.assertEqual(self.sentence, text)
        self.assertEqual(self.state.color, "act")
        self.assertFalse(self.state.figures)
        [failure] = self.env["connector.failure"].search([])
        self.assertEqual((failure.record_count, failure.sentence), (0, text))

    def test_a_contact_in_doubt_that_waits_and_was_never_exported(self):
        self.make_contacts(1)
        self.doubt(self.contacts)
        self.contacts.with_delay().export_record()
        shown = self.check()
        self.assertEqual(
            {name for name, count in shown.items() if count}, {"unconfirmed"}
        )
        self.put(self.contacts.with_delay().export_record())
        shown = self.check()
        self.assertEqual({name for name, count in shown.items() if count}, {"failed"})

    def test_two_searches_of_a_paused_backend(self):
        self.model.with_delay().import_changes(self.shop)
        self.model.with_delay().export_batch(self.shop)
        self.state.action_pause()
        self.assertRegex(self.sentence, "; 2 searches wait$")

    def test_a_record_that_is_named_in_several_ways(self):
        self.put(self.model.with_delay().import_record(self.shop, "7"))
        self.put(self.model.with_delay().import_record(self.shop, external_id=7))
        self.put(self.model.with_delay().import_chunk(self.shop, [7, "8"]))
        self.put(self.model.with_delay().import_announced(self.shop, "8"))
        shown, others = figures_on_screens(self.shop, MODEL)
        self.assertEqual({shown["failed"], *others.values()}, {2})

    def test_many_records_count_for_each_job(self):
        """To read the ids of all records would take seconds."""
        self.make_contacts(1)
        self.put(self.contacts.with_delay().export_record(), record_count=10_000)
        self.put(self.contacts.with_delay().export_record())
        shown, others = figures_on_screens(self.shop, MODEL)
        self.assertEqual({shown["failed"], *others.values()}, {10_001})

    def test_a_text_that_postgresql_cannot_read_as_json(self):
        self.put(self.model.with_delay().import_chunk(self.shop, ["7\0", "8"]))
        self.put(self.model.with_delay().import_record(self.shop, "\ud800"))
        shown, others = figures_on_screens(self.shop, MODEL)
        self.assertEqual({shown["failed"], *others.values()}, {3})

    def test_a_chunk_that_left_records_is_not_done_with_them(self):
        self.make_contacts(45)
        self.put(
            self.contacts.with_delay().export_chunk(),
            "done",
            date_done=fields.Datetime.now(),
            outcome_counts={"created": 40, "failed": 3, "postponed": 2},
        )
        self.assertEqual(self.state.history[-1]["done"], 40)

    def test_a_comparison_synchronises_nothing(self):
        self.make_contacts(2, external_id="x")
        comparison = self.env["connector.comparison"].create({})
        job = self.contacts.with_delay().compare_chunk(comparison)
        self.assertEqual(self.check()["waiting"], 0)
        self.assertEqual(self.sentence, "Both sides are being compared")
        self.put(job)
        self.assertEqual(self.check()["failed"], 0)
        text = "The comparison failed: The password is wrong."
        self.assertEqual(self.sentence, text)
        self.put(job, "done", date_done=fields.Datetime.now())
        self.assertEqual(self.state.history[-1]["done"], 0)


class TestLargeTables(RealJobsCase):
    """What takes long to count is counted again only when it has changed."""

    def setUp(self):
        super().setUp()
        self.enterContext(patch.multiple(figures, LARGE=0, LARGE_HISTORY=0))
        self.enterContext(patch.dict(figures._KEPT, clear=True))

    def read(self):
        with self.transaction() as env, noted_queries() as queries:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            [kind] = state.figures
            done = [day["done"] for day in state.history]
        counts = [
            query for query in queries if 'FROM "connector_test_binding"' in query
        ]
        return kind["linked"], done, len(counts)

    def change(self, work):
        with self.transaction() as env:
            env.cr.execute("SELECT pg_stat_force_next_flush()")
            work(env)

    def test_bindings_are_counted_again_when_some_have_changed(self):
        ids = self.bindings("Ada", "Bob", external_id="x")
        self.change(lambda env: env[MODEL].browse(ids[0]).write({"name": "Adah"}))
        self.assertEqual(self.read()[::2], (2, 1))
        self.assertEqual(self.read()[::2], (2, 0))
        self.change(lambda env: env[MODEL].browse(ids[0]).unlink())
        self.assertEqual(self.read()[::2], (1, 1))

    def test_own_changes_are_counted(self):
        ids = self.bindings("Ada", "Bob", external_id="x")
        self.read()
        with self.transaction() as env:
            env[MODEL].browse(ids[0]).external_id = False
            shop = env["connector.test.shop"].browse(self.shop_id)
            [kind] = env["connector.backend.state"].of(shop).figures
            self.assertEqual((kind["linked"], kind["never"]), (1, 1))

    def test_today_is_always_read(self):
        ids = self.bindings("Ada", "Bob", external_id="x")
        jobs = [self.delay_chunk(ids) for _ in range(3)]

        def done(env, uuid, moment):
            job = env["queue.job"].search([("uuid", "=", uuid)])
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                {"state": "done", "date_done": moment}
            )

        now = fields.Datetime.now()
        self.change(lambda env: done(env, jobs[0], now - timedelta(days=2)))
        self.assertEqual(self.read()[1][-3:], [2, 0, 0])
        self.change(lambda env: done(env, jobs[1], now))
        self.change(lambda env: done(env, jobs[2], now - timedelta(days=1)))
        self.assertEqual(self.read()[1][-3:], [2, 0, 2])
        with patch.object(figures, "monotonic", lambda: float("inf")):
            self.assertEqual(self.read()[1][-3:], [2, 2, 2])


if settings:
    METHODS = (
        *("export_record", "export_chunk", "export_changes"),
        *("import_record", "import_chunk", "import_announced"),
        *("export_delete_record", "export_delete_records"),
        *("import_batch", "import_changes", "export_batch"),
    )
    CAUSES = ("The password is wrong.", "No e-mail address.")
    STATES = ("failed", "failed", "pending", "enqueued", "started", "done", "cancelled")
    contacts = st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True)
    job = st.tuples(
        st.sampled_from(METHODS),
        contacts,
        st.sampled_from(STATES),
        st.sampled_from(CAUSES),
    )


@skipUnless(settings, "hypothesis is not installed")
class TestAnyJobs(TruthCase):
    def test_any_jobs(self):
        self.make_contacts(6)

        @seed(7)
        @settings(
            max_examples=60, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(
            jobs=st.lists(job, max_size=12),
            linked=st.sets(st.integers(0, 5)),
            doubted=st.sets(st.integers(0, 5)),
        )
        def compare(jobs, linked, doubted):
            with self.cr.savepoint() as savepoint:
                for number in linked:
                    self.contacts[number].external_id = f"x{number}"
                for number in doubted:
                    self.doubt(self.contacts[number])
                for each in jobs:
                    self.make_job(*each)
                self.check()
                savepoint.rollback()
            self.env.invalidate_all()

        compare()

    def make_job(self, method, numbers, state, cause):
        ids = [f"x{number}" for number in numbers]
        contacts = self.model.union(*(self.contacts[number] for number in numbers))
        calls = {
            "export_record": (contacts[0],),
            "export_chunk": (contacts,),
            "export_changes": (contacts,),
            "import_record": (self.model, self.shop, ids[0]),
            "import_chunk": (self.model, self.shop, ids),
            "import_announced": (self.model, self.shop, ids[0]),
            "export_delete_record": (self.model, self.shop, ids[0]),
            "export_delete_records": (self.model, self.shop, [[id_] for id_ in ids]),
        }
        records, *args = calls.get(method, (self.model, self.shop))
        made = getattr(records.with_delay(), method)(*args)
        if state != "pending":
            self.put(made, state, cause)
