# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from collections import Counter
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.queue_job.job import Job

from ..components.importer.batch import BatchImporter
from ..exception import AccessRefusedError, NetworkRetryableError
from ..jobs.methods import EXPORT, IMPORT
from ..models.overview.sentences import (
    ACT,
    NOTHING,
    RULES,
    WAIT,
    Cause,
    Facts,
    sentence_of,
)
from .common import (
    ImportCase,
    RealJobsCase,
    ShopCase,
    batch_export_components,
    noted_queries,
    override,
)

USER = "connector.group_connector_user"
MANAGER = "connector.group_connector_manager"


class TestSentences(ShopCase):
    """The sentence for each rule, and which of them is the worst."""

    def setUp(self):
        super().setUp()
        self.env = self.env(context={"lang": "en_US", "tz": "UTC"})
        self.now = fields.Datetime.now().replace(hour=14, minute=2, second=0)
        self.seen = set()

    def sentence(self, **facts):
        return sentence_of(self.env, Facts(name="Shop", **facts))

    def check(self, name, color, text, **facts):
        found = self.sentence(**facts)
        self.assertEqual(found[:3], (name, color, text))
        return found

    def test_archived(self):
        self.check(
            "archived", NOTHING, "Archived: nothing is synchronised", is_archived=True
        )

    def test_paused(self):
        paused = {"paused_since": self.now, "paused_by": "Mitchell Admin"}
        self.assertRegex(
            self.sentence(**paused, waiting=Counter({EXPORT: 210})).text,
            r"^Paused since 2:02\WPM by Mitchell Admin; 210 exports wait$",
        )
        found = self.sentence(**paused)
        self.assertRegex(found.text, r"^Paused since 2:02\WPM by Mitchell Admin$")
        self.assertEqual(found[:2], ("paused", WAIT))

    def test_no_runner(self):
        found = self.sentence(stuck_since=self.now, waiting=Counter({EXPORT: 2}))
        self.assertEqual(found[:2], ("stuck", ACT))
        self.assertRegex(
            found.text,
            r"^Jobs have been waiting since 2:02\WPM: no job runner is running$",
        )

    def test_failures_of_one_cause(self):
        cause = Cause(EXPORT, "the shop refuses their e-mail address")
        self.check(
            "failed",
            ACT,
            "3 records cannot be exported: the shop refuses their e-mail address",
            failed=Counter({cause: 3}),
        )
        self.check(
            "failed",
            ACT,
            "1 record cannot be imported",
            failed=Counter({Cause(IMPORT, ""): 1}),
        )

    def test_failures_of_several_causes(self):
        failed = Counter({Cause(EXPORT, "no tax"): 1200, Cause(IMPORT, "no name"): 2})
        found = self.check(
            "failed",
            ACT,
            "1,202 records cannot be synchronised, for 2 reasons",
            failed=failed,
        )
        self.assertEqual(found.detail, "Most often: no tax")

    def test_no_answer(self):
        found = self.sentence(
            silent_since=self.now,
            waiting=Counter({EXPORT: 210}),
            retried=Counter({Cause(EXPORT, "The connection failed."): 210}),
        )
        self.assertEqual(found[:2], ("silent", WAIT))
        self.assertRegex(
            found.text, r"^Shop has not answered since 2:02\WPM; 210 exports wait$"
        )
        self.assertEqual(found.detail, "The connection failed.")

    def test_unconfirmed_creates(self):
        self.check(
            "unconfirmed",
            ACT,
            "It is unknown whether 1 record was created. Check it.",
            unconfirmed=1,
        )
        self.check(
            "unconfirmed",
            ACT,
            "It is unknown whether 2 records were created. Check them.",
            unconfirmed=2,
        )

    def test_conflicts(self):
        for number, sentence in (
            (1, "1 record was changed on both sides. Decide what to keep."),
            (2, "2 records were changed on both sides. Decide what to keep."),
        ):
            self.check("conflicts", ACT, sentence, conflicts=number)

    def test_retries(self):
        self.check(
            "retried",
            WAIT,
            "1 record will be retried soon: another job works on it.",
            retried=Counter({Cause(EXPORT, "another job works on it."): 1}),
            waiting=Counter({EXPORT: 5}),
        )

    def test_work(self):
        self.check(
            "working",
            WAIT,
            "1,210 records are being synchronised",
            running=1000,
            waiting=Counter({EXPORT: 100, IMPORT: 110}),
        )

    def test_nothing_was_synchronised_yet(self):
        self.check("unused", NOTHING, "Nothing has been synchronised yet")
        self.check("unused", NOTHING, "Nothing has been synchronised yet", never=7)

    def test_never_exported(self):
        self.check(
            "incomplete", WAIT, "7 records were never exported", linked=2, never=7
        )

    def test_in_sync(self):
        self.check("in_sync", NOTHING, "All 1,240 records are in sync", linked=1240)
        self.check("in_sync", NOTHING, "The only record is in sync", linked=1)
        self.check("in_sync", NOTHING, "Everything is in sync", last_success=self.now)

    def test_the_worst_comes_first(self):
        worst = {
            "is_archived": True,
            "paused_since": self.now,
            "stuck_since": self.now,
            "failed": Counter({Cause(EXPORT, "no tax"): 1}),
            "silent_since": self.now,
            "unconfirmed": 1,
            "conflicts": 1,
            "retried": Counter({Cause(EXPORT, "busy"): 1}),
            "running": 1,
            "never": 1,
        }
        linked = {"linked": 9}
        order = []
        while worst:
            order.append(self.sentence(**worst, **linked).state)
            del worst[next(iter(worst))]
        self.assertEqual(
            order,
            [rule.name for rule in RULES if rule.name not in ("unused", "in_sync")],
        )

    def test_moments_of_other_days_have_a_date(self):
        yesterday = self.now - timedelta(days=1)
        text = self.sentence(paused_since=yesterday, paused_by="Ada").text
        self.assertIn(yesterday.strftime("%b"), text)
        self.assertRegex(text, r"2:02\WPM")


class OverviewCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.state = self.env["connector.backend.state"].of(self.shop)
        self.addCleanup(self.env.registry.clear_cache)

    def read(self, state=None):
        """Return what the overview shows of a backend."""
        state = state or self.state
        state.invalidate_recordset()
        return state.read()[0]

    def kind(self, model="connector.test.binding", state=None):
        """Return the figures of a kind of record."""
        for figures in self.read(state)["figures"]:
            if figures["model"] == model:
                return figures

    def job(self, state="pending", records=1, shop=None, **values):
        """Make an export job of a state, as the queue leaves it."""
        bindings = self.binding() if records == 1 else self.bindings(records)
        job = bindings.with_delay().export_chunk().db_record()
        return self.change(job, state=state, **values)

    def bindings(self, count, shop=None, **values):
        contacts = self.env["connector.test.contact"].create([{"name": "Ada"}] * count)
        return self.model.create(
            [
                {"backend_id": (shop or self.shop).id, "odoo_id": contact.id, **values}
                for contact in contacts
            ]
        )

    def change(self, job, **values):
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(values)
        return job

    def ago(self, **delta):
        return fields.Datetime.now() - timedelta(**delta)

    def seer(self, group=USER, **values):
        return new_test_user(self.env, f"{group}.seer", groups=group, **values)


class TestFigures(OverviewCase):
    def test_links_are_counted(self):
        self.bindings(2, external_id="x")
        self.bindings(1, external_id="y", active=False)
        self.bindings(3)
        other = self.env["connector.test.shop"].create({"name": "Other"})
        self.bindings(5, shop=other)
        self.assertEqual((self.kind()["linked"], self.kind()["never"]), (3, 3))

    def test_bindings_with_other_field_names_are_counted(self):
        numbered = self.env["connector.test.numbered"]
        numbered.create([{"shop": self.shop.id, "number": 7}, {"shop": self.shop.id}])
        counted = self.kind("connector.test.numbered")
        self.assertEqual((counted["linked"], counted["never"]), (1, 1))

    def test_records_of_jobs_are_counted_and_not_jobs(self):
        self.job("pending", records=3)
        self.job("enqueued")
        self.job("started", records=2)
        self.job("failed", records=4)
        self.job("done", records=9)
        counted = self.kind()
        self.assertEqual(counted["waiting"], 4)
        self.assertEqual(counted["running"], 2)
        self.assertEqual(counted["failed"], 4)
        self.assertTrue(self.read()["is_busy"])

    def test_a_job_that_prepares_others_counts_no_record(self):
        self.model.with_delay().import_batch(self.shop)
        read = self.read()
        self.assertFalse(read["figures"])
        self.assertTrue(read["is_busy"])
        self.assertEqual(read["sentence"], "Odoo is looking for changes")

    def intent(self, binding, begun, **values):
        return self.env["connector.create.intent"].create(
            {
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                "model_name": binding._name,
                "res_id": binding.id,
                "key": "key",
                "begun": begun,
                **values,
            }
        )

    def test_creates_are_unconfirmed_after_a_minute(self):
        self.intent(self.binding(), self.ago(minutes=2))
        self.intent(self.binding(), self.ago(seconds=20))
        self.intent(self.binding(external_id="7"), self.ago(minutes=2))
        renewed = self.binding(external_id="8")
        self.intent(renewed, self.ago(minutes=2), previous_external_id="8")
        self.assertEqual(self.kind()["unconfirmed"], 2)
        shown = self.env["connector.create.intent"].search([("unconfirmed", "=", True)])
        old = shown.filtered(lambda intent: intent.begun < self.ago(minutes=1))
        self.assertEqual(len(old), 2)

    def test_last_success_is_the_end_of_a_job_that_is_done(self):
        self.assertFalse(self.read()["last_success"])
        moment = self.ago(hours=3).replace(microsecond=0)
        self.job("done", date_done=moment)
        self.job("failed", date_started=self.ago(hours=1))
        self.assertEqual(self.read()["last_success"], moment)

    def test_next_run_is_the_next_scheduled_action_of_the_models(self):
        values = {"state": "code", "interval_type": "hours"}
        moments = [self.ago(hours=-hours).replace(microsecond=0) for hours in (5, 3, 1)]
        models = ("connector.test.shop", "connector.test.binding", "res.partner")
        for model, moment in zip(models, moments, strict=True):
            model_id = self.env["ir.model"]._get(model).id
            self.env["ir.cron"].create(
                {"name": model, "model_id": model_id, "nextcall": moment, **values}
            )
        self.assertEqual(self.read()["next_run"], moments[1])
        self.state.action_pause()
        self.assertFalse(self.read()["next_run"])

    def test_history_has_a_day_for_each_of_14(self):
        self.job("done", records=3, date_done=self.ago(days=1))
        self.job("done", date_done=self.ago(days=20))
        self.job("failed", records=2, date_started=self.ago(days=1))
        history = self.read()["history"]
        self.assertEqual(len(history), 14)
        self.assertEqual(history[-1]["day"], str(fields.Date.context_today(self.state)))
        self.assertEqual([day["done"] for day in history], [0] * 12 + [3, 0])
        self.assertEqual([day["failed"] for day in history], [0] * 12 + [2, 0])

    def test_figures_are_values_of_json(self):
        self.job("failed")
        read = self.read()
        for name in ("figures", "history"):
            self.assertEqual(json.loads(json.dumps(read[name])), read[name])


class TestStates(OverviewCase):
    """The rule that applies to what really is in the database."""

    def text(self):
        return self.read()["sentence"]

    def test_failed_jobs_with_their_cause(self):
        self.job("failed", records=3, cause="The shop refuses ….")
        read = self.read()
        self.assertEqual(
            read["sentence"], "3 records cannot be exported: The shop refuses …."
        )
        self.assertEqual(read["color"], "act")

    def test_an_earlier_cause_does_not_explain_an_interruption(self):
        self.job(
            "failed",
            records=3,
            cause="No answer.",
            exc_name="JobFoundDead",
            outcome_terms={"cause": "No answer."},
        )
        self.assertEqual(
            self.text(),
            "3 records cannot be exported: The job was interrupted each time it was "
            "tried.",
        )

    def test_a_pause(self):
        self.job(records=2)
        self.state.action_pause()
        self.assertIn(f"by {self.env.user.name}; 2 exports wait", self.text())
        self.state.action_resume()
        self.assertEqual(self.text(), "2 records are being synchronised")

    def test_jobs_wait_and_no_runner_starts_them(self):
        job = self.change(self.job(), date_created=self.ago(minutes=6))
        self.assertIn("no job runner is running", self.text())
        self.change(job, eta=self.ago(minutes=-9))
        self.assertNotIn("no job runner is running", self.text())

    def test_a_runner_works_that_has_started_any_job_lately(self):
        self.job(date_created=self.ago(minutes=6))
        other = self.env["res.partner"].with_delay().name_search("Ada").db_record()
        self.change(other, state="failed", date_started=self.ago(minutes=7))
        self.assertIn("no job runner is running", self.text())
        for values in (
            {"state": "failed", "date_started": self.ago(minutes=1)},
            {"state": "started", "date_started": self.ago(minutes=30)},
            {"state": "done", "channel": "root", "date_done": self.ago(minutes=1)},
        ):
            self.change(other, **values)
            self.assertEqual(self.text(), "1 record is being synchronised")

    def test_another_attempt_is_no_answer_yet(self):
        trouble = {"cause": "The connection failed.", "is_unanswered": True}
        job = self.job("started", eta=self.ago(seconds=1), **trouble)
        self.assertRegex(self.text(), "has not answered since .*; 1 export waits$")
        self.change(job, state="pending", eta=False)  # Somebody has requeued it.
        self.assertEqual(self.text(), "1 record is being synchronised")

    def test_an_archived_backend(self):
        self.shop.active = False
        self.assertEqual(self.text(), "Archived: nothing is synchronised")

    def test_records_that_were_never_exported(self):
        self.bindings(2)
        self.bindings(1, external_id="x")
        self.assertEqual(self.text(), "2 records were never exported")

    def test_new_backends(self):
        self.assertEqual(self.text(), "Nothing has been synchronised yet")


class TestQueriesOfTheOverview(OverviewCase):
    def repeat(self, job, times):
        """Copy a job for other records and causes, without a message for each."""
        job.flush_recordset()
        own = ("id", "uuid", "cause", "records")
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name, field in job._fields.items()
            if field.store and field.column_type and name not in own
        )
        self.cr.execute(
            SQL(
                """
                INSERT INTO queue_job (uuid, cause, records, %(columns)s)
                SELECT gen_random_uuid(), cause || ' ' || number,
                    to_jsonb(jsonb_set((records #>> '{}')::jsonb, '{ids}',
                        jsonb_build_array(-number))::text), %(columns)s
                FROM queue_job, generate_series(1, %(times)s) AS number
                WHERE queue_job.id = %(id)s
                """,
                columns=columns,
                times=times,
                id=job.id,
            )
        )

    def queries(self, backends, records):
        shops = self.env["connector.test.shop"].create(
            [{"name": "Shop"} for _ in range(backends)]
        )
        states = self.env["connector.backend.state"].of(shops)
        count = records // backends
        for shop in shops:
            binding = self.bindings(count, shop=shop)[0]
            job = binding.with_delay().export_record().db_record()
            self.change(job, state="failed", cause="cause")
            self.repeat(job, count - 1)
        fields_ = {name: {} for name in ("sentence", "figures", "history", "next_run")}
        read = self.env["connector.backend.state"].with_user(self.seer_)
        for _ in range(2):  # The first time fills caches that all requests share.
            self.env.invalidate_all()
            with noted_queries() as queries:
                found = read.web_search_read([("id", "in", states.ids)], fields_)
        self.assertEqual(found["length"], backends)
        for state in found["records"]:
            self.assertIn(f"for {count} reasons", state["sentence"])
        return len(queries)

    def test_their_number_does_not_grow(self):
        self.grant(USER)
        self.seer_ = self.seer()
        few = self.queries(backends=2, records=10)
        self.assertEqual(self.queries(backends=20, records=1000), few)


class TestRightsOfTheOverview(OverviewCase):
    def test_users_see_cards_and_press_no_buttons(self):
        self.grant(USER)
        self.job("failed")
        state = self.state.with_user(self.seer())
        self.assertEqual(state.read()[0]["sentence"], "1 record cannot be exported")
        for name in ("synchronise", "check_connection", "pause", "resume"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(state, f"action_{name}")()
        arch = state.get_view(view_type="kanban")["arch"]
        self.assertNotIn("action_synchronise", arch)
        self.assertNotIn("action_pause", arch)

    def test_managers_see_the_buttons(self):
        arch = self.state.with_user(self.seer(MANAGER)).get_view(view_type="kanban")
        for name in ("synchronise", "check_connection", "pause", "resume"):
            self.assertIn(f"action_{name}", arch["arch"])

    def test_others_see_no_cards(self):
        for group in ("base.group_user", "base.group_portal"):
            with self.subTest(group):
                state = self.state.with_user(self.seer(group))
                for call in (
                    lambda state=state: state.search([]),
                    lambda state=state: state.read(["sentence"]),
                    lambda state=state: state.action_open_figure(self.model._name, "x"),
                    state.action_synchronise,
                ):
                    self.assertRaises(AccessError, call)

    def test_a_backend_that_the_user_may_not_read_has_no_card(self):
        user = self.seer()
        states = self.env["connector.backend.state"].with_user(user)
        self.assertFalse(states.search([("id", "=", self.state.id)]))
        for call in (
            lambda: self.state.with_user(user).read(["sentence"]),
            lambda: self.state.with_user(user).read_figures(),
            lambda: self.state.with_user(user).action_open_figure(
                self.model._name, "waiting"
            ),
        ):
            self.assertRaises(AccessError, call)

    def test_a_backend_of_another_company_has_no_card(self):
        self.grant(USER)
        company = self.env["res.company"].create({"name": "Other"})
        self.state.company_id = company
        user = self.seer()
        states = self.env["connector.backend.state"].with_user(user)
        self.assertFalse(states.search([("id", "=", self.state.id)]))
        user.company_ids = [Command.link(company.id)]
        states = states.with_context(allowed_company_ids=company.ids)
        self.assertTrue(states.search([("id", "=", self.state.id)]))

    def test_bindings_open_for_those_who_may_read_them(self):
        self.grant(USER)
        self.bindings(1, external_id="x")
        state = self.state.with_user(self.seer())
        self.assertNotIn("linked", self.kind(state=state)["opens"])
        self.grant(USER, "connector.test.binding")
        self.assertIn("linked", self.kind(state=state)["opens"])


class TestTheWorstFirst(OverviewCase):
    def setUp(self):
        super().setUp()
        self.job("failed")
        shops = self.shop.create([{"name": "Fine"}, {"name": "Broken"}])
        states = self.env["connector.backend.state"].of(shops)
        self.fine, self.broken = states
        for binding in self.bindings(2, shop=shops[1]):
            job = binding.with_delay().export_record().db_record()
            self.change(job, state="failed")
        self.all = Domain("id", "in", [self.state.id, *states.ids])

    def read_cards(self, domain=Domain.TRUE, **page):
        self.env.flush_all()
        self.env.invalidate_all()
        fields_ = {"color": {}, "figures": {}}
        return self.env["connector.backend.state"].web_search_read(
            self.all & domain, fields_, **page
        )

    def ids(self, found):
        return [card["id"] for card in found["records"]]

    def test_the_worst_cards_come_first(self):
        order = [self.broken.id, self.state.id, self.fine.id]
        self.assertEqual(self.ids(self.read_cards()), order)
        page = self.read_cards(offset=1, limit=1)
        self.assertEqual((self.ids(page), page["length"]), (order[1:2], 3))
        found = self.read_cards(order="id")
        self.assertEqual(self.ids(found), sorted(order))

    def test_cards_that_need_attention_are_found(self):
        found = self.read_cards(Domain("color", "=", "act"))
        self.assertEqual(self.ids(found), [self.broken.id, self.state.id])
        found = self.read_cards(Domain("color", "!=", "act"))
        self.assertEqual(self.ids(found), [self.fine.id])


class TestLinksOfTheOverview(OverviewCase):
    def opened(self, figure):
        """Return the records that a figure opens."""
        self.state.invalidate_recordset()
        action = self.state.action_open_figure("connector.test.binding", figure)
        model = self.env[action["res_model"]].with_context(**action["context"])
        return model.search(action["domain"])

    def test_figures_open_what_they_count(self):
        linked = self.bindings(2, external_id="x", active=False)
        job = self.job()
        running = self.job("started")
        self.assertEqual(self.opened("linked"), linked)
        self.assertEqual(self.opened("never"), job.records + running.records)
        self.assertEqual(self.opened("waiting"), job)
        self.assertEqual(self.opened("running"), running)

    def test_users_without_access_to_jobs_see_the_runs(self):
        self.grant(USER)
        state = self.state.with_user(self.seer())
        action = state.action_open_figure("connector.test.binding", "waiting")
        self.assertEqual(action["res_model"], "connector.run")

    def test_the_menu_makes_the_cards_that_are_missing(self):
        self.grant(USER)
        self.state.unlink()
        action = self.env.ref("connector.connector_overview_action")
        action.with_user(self.seer()).run()
        self.assertTrue(
            self.env["connector.backend.state"].search(
                [("backend_id", "=", self.shop.id)]
            )
        )

    def test_no_other_model_opens(self):
        action = self.state.action_open_figure("res.users", "linked")
        self.assertEqual(action["res_model"], "queue.job")

    def test_the_app_opens_on_the_overview(self):
        root = self.env.ref("connector.menu_connector_root")
        app = self.env["ir.ui.menu"].load_web_menus(False)[root.id]
        overview = self.env.ref("connector.connector_overview_action")
        self.assertEqual(app["actionPath"], overview.path)

    def test_no_screen_shows_what_was_true_at_an_earlier_visit(self):
        """The web client would draw it from its cache until the answer is there."""
        for name in (
            *("backend_state", "failure", "run", "conflict", "comparison"),
            "create_intent",
        ):
            self.assertFalse(self.env.ref(f"connector.connector_{name}_action").cache)

    def test_the_backend_opens(self):
        action = self.state.action_open_backend()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (self.shop._name, self.shop.id)
        )


class TestSynchroniseNow(ImportCase):
    def setUp(self):
        super().setUp()
        self.state = self.env["connector.backend.state"].of(self.shop)
        self.addCleanup(self.env.registry.clear_cache)

    def new_jobs(self):
        return self.env["queue.job"].search(
            [("backend_id", "=", self.shop.id)], order="id"
        )

    def test_changes_are_imported_and_then_what_is_open_is_exported(self):
        self.build(*batch_export_components())
        self.state.action_synchronise()
        jobs = self.new_jobs().grouped("method_name")
        importing, exporting = jobs["import_changes"], jobs["export_batch"]
        self.assertEqual(importing.state, "pending")
        self.assertEqual(exporting.state, "wait_dependencies")
        self.assertEqual(
            Job.load(self.env, exporting.uuid).depends_on.pop().uuid, importing.uuid
        )
        run = importing.run_id
        self.assertEqual(exporting.run_id, run)
        self.assertEqual((run.direction, run.user_id), ("both", self.env.user))

    def test_all_records_are_imported_when_changes_cannot_be_found(self):
        self.build(
            override(
                "test.shop.contact.batch.importer",
                _since_filters=BatchImporter._since_filters,
            )
        )
        self.state.action_synchronise()
        self.assertEqual(self.new_jobs().method_name, "import_batch")

    def test_a_schedule_does_what_the_button_does(self):
        self.build(*batch_export_components())
        shops = self.shop + self.shop.create({"name": "Other"})
        for _twice in range(2):
            shops.synchronise()
        for shop in shops:
            jobs = self.env["queue.job"].search([("backend_id", "=", shop.id)])
            self.assertEqual(
                sorted(jobs.mapped("method_name")), ["export_batch", "import_changes"]
            )
            self.assertEqual(jobs.run_id.direction, "both")

    def test_pressing_twice_makes_no_second_run(self):
        self.state.action_synchronise()
        message = self.state.action_synchronise()["params"]["message"]
        self.assertEqual(message, "Corner Shop is already being synchronised.")
        self.assertEqual(len(self.new_jobs()), 1)
        runs = self.env["connector.run.start"].search(
            [("backend_id", "=", self.shop.id)]
        )
        self.assertEqual(len(runs), 1)

    def test_the_manager_need_not_have_rights_on_the_records(self):
        self.grant(MANAGER)
        manager = new_test_user(self.env, "manager", groups=MANAGER)
        self.state.with_user(manager).action_synchronise()
        job = self.new_jobs()
        self.assertEqual(job.run_id.user_id, manager)
        self.assertTrue(job.records.env.su)

    def test_a_paused_backend_is_synchronised_later(self):
        self.state.action_pause()
        message = self.state.action_synchronise()["params"]["message"]
        self.assertIn("paused", message)
        self.assertEqual(self.new_jobs().state, "wait_dependencies")

    def test_an_archived_backend_is_not_synchronised(self):
        self.shop.active = False
        with self.assertRaisesRegex(UserError, "Restore it"):
            self.state.action_synchronise()


class TestLeads(OverviewCase):
    """The card leads to what has to be done."""

    def test_a_red_card_leads_to_the_failures_and_to_the_settings(self):
        self.assertFalse(self.state.failures_label)
        self.job("failed", records=45, cause="Shop refuses the password (401).")
        self.state.invalidate_recordset()
        self.assertEqual(self.state.failures_label, "See 45 Failures")
        self.assertFalse(self.state.needs_settings)
        self.job("failed", cause="Shop is closed.", cause_class="settings")
        self.env.flush_all()
        self.state.invalidate_recordset()
        self.assertTrue(self.state.needs_settings)

    def test_a_pause_hides_no_failure(self):
        self.job("failed", records=3, cause="Shop refuses the password (401).")
        self.state.action_pause()
        self.state.invalidate_recordset()
        self.assertEqual(self.state.color, "act")
        self.assertIn("3 records cannot be exported", self.state.sentence)
        self.assertIn("Paused since", self.state.detail)
        self.assertEqual(self.state.failures_label, "See 3 Failures")

    def test_somebody_is_chosen_without_a_mouse(self):
        action = self.state.action_choose_responsible()
        self.assertEqual((action["res_id"], action["target"]), (self.state.id, "new"))


class TestSchedules(OverviewCase):
    """The card names the next run only if a schedule serves the backend."""

    def cron(self, code, **values):
        model = self.env["ir.model"]._get(self.shop._name)
        return self.env["ir.cron"].create(
            {"name": "Nightly", "model_id": model.id, "code": code, **values}
        )

    def shown(self):
        self.env.flush_all()
        self.state.invalidate_recordset()
        return bool(self.state.next_run), self.state.has_no_schedule

    def test_an_action_that_names_its_backends(self):
        self.assertEqual(self.shown(), (False, True))
        other = self.shop.copy()
        for code in (
            f"model.search([('id', '=', {other.id})]).synchronise()",
            f"model.browse({other.id}).synchronise()",
        ):
            cron = self.cron(code)
            self.assertEqual(self.shown(), (False, True), code)
            cron.code = code.replace(str(other.id), str(self.shop.id))
            self.assertEqual(self.shown(), (True, False), code)
            cron.unlink()
        self.cron("model.search([]).synchronise()")
        self.assertEqual(self.shown(), (True, False))

    def test_an_action_that_has_begun_runs_for_others(self):
        other = self.shop.copy()
        cron = self.cron("model._import_all()", lastcall=fields.Datetime.now())
        self.assertEqual(self.shown(), (True, False), "It has not begun any run.")
        begin = self.env["connector.run.start"].begin
        begin(other, self.model._name, "import_batch").cron_id = cron
        self.env.cr.execute(
            "UPDATE connector_test_shop SET write_date = now() - interval '1 day'"
        )
        self.env.invalidate_all()
        self.assertEqual(self.shown(), (False, True))
        begin(self.shop, self.model._name, "import_batch").cron_id = cron
        self.assertEqual(self.shown(), (True, False))

    def test_a_paused_backend_is_not_said_to_have_no_schedule(self):
        self.state.action_pause()
        self.assertEqual(self.shown(), (False, False))


class TestConnectionCheck(OverviewCase):
    def check(self, answer):
        def check_connection(backend):
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.patch(
            self.env.registry["connector.test.shop"],
            "check_connection",
            check_connection,
        )
        return self.state.action_check_connection()["params"]

    def test_a_connector_without_a_check_shows_no_button(self):
        self.assertFalse(self.state.can_check)
        self.patch(
            self.env.registry["connector.test.shop"],
            "check_connection",
            lambda self: "",
        )
        self.state.invalidate_recordset()
        self.assertTrue(self.state.can_check)

    def test_what_was_found_is_shown(self):
        shown = self.check("Corner Shop answers.")
        self.assertEqual(
            (shown["message"], shown["type"]), ("Corner Shop answers.", "success")
        )

    def test_it_offers_to_retry_what_failed_without_the_connection(self):
        refused = {"cause": "Wrong password.", "cause_class": "settings"}
        jobs = self.job("failed", **refused) + self.job("failed", records=2, **refused)
        search = self.model.with_delay().import_batch(self.shop).db_record()
        jobs += self.change(search, state="failed", **refused)
        other = self.job("failed", cause="No name.", cause_class="record")

        def check_connection(backend):
            return "Corner Shop answers."

        shop = self.env.registry["connector.test.shop"]
        self.patch(shop, "check_connection", check_connection)
        action = self.state.action_check_connection()
        state = self.state.with_context(**action["context"])
        self.assertEqual(state.check_message, "Corner Shop answers.")
        self.assertEqual(state.retry_label, "Retry 3 records")
        self.assertIn("retry_label", state.get_view(action["views"][0][0])["arch"])
        state.action_retry_failures()
        self.assertEqual(set(jobs.mapped("state")), {"pending"})
        self.assertEqual(other.state, "failed")

    def test_an_error_is_shown_in_plain_words(self):
        shown = self.check(AccessRefusedError("Corner Shop refuses the password."))
        self.assertEqual(shown["message"], "Corner Shop refuses the password.")
        self.assertEqual(shown["type"], "danger")

    def test_an_unexpected_error_shows_no_secret(self):
        with self.assertLogs("odoo.addons.connector", "WARNING") as logs:
            shown = self.check(ValueError("https://user:hunter2@shop.org"))
        self.assertNotIn("hunter2", shown["message"] + "".join(logs.output))
        self.assertIn("ValueError", shown["message"])

    def test_a_connector_without_batches_says_so(self):
        with self.assertRaisesRegex(
            UserError, "does not import or export many records"
        ):
            self.state.action_synchronise()


class TestSilence(RealJobsCase):
    def test_a_backend_that_does_not_answer(self):
        def _has_to_skip(exporter, *args, **kwargs):
            raise NetworkRetryableError("The connection to Shop failed.", seconds=60)

        self.override(_has_to_skip=_has_to_skip)
        [uuid] = self.delay(self.bindings("Ada"))
        self.run_job(uuid)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            text, color, detail = state.sentence, state.color, state.detail
        self.assertRegex(text, "^Shop has not answered since .*; 1 export waits$")
        self.assertEqual(color, "wait")
        self.assertEqual(detail, "The connection to Shop failed.")

    def test_an_answer_ends_the_silence(self):
        failing = True

        def _has_to_skip(exporter, *args, **kwargs):
            if failing:
                raise NetworkRetryableError("The connection failed.", seconds=60)
            return False

        self.override(_has_to_skip=_has_to_skip)
        [uuid] = self.delay(self.bindings("Ada"))
        self.run_job(uuid)
        failing = False
        self.run_job(uuid)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            self.assertEqual(state.sentence, "The only record is in sync")
