# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..exception import (
    InvalidDataError,
    MissingDependencyError,
    NetworkRetryableError,
)
from ..jobs.causes import MESSAGE_LENGTH, cause_class_of, masked_cause_of
from ..models.failures import connector_cause
from .common import RealJobsCase, ShopCase


class FailureCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.failures = self.env["connector.failure"]
        self.causes = self.env["connector.cause"]
        self.state = self.env["connector.backend.state"].of(self.shop)

    def failed(self, *names, cause="The shop refuses ….", state="failed", **values):
        """Make a failed job for each name; return the jobs."""
        jobs = self.env["queue.job"]
        for name in names:
            job = self.binding(name).with_delay().export_record().db_record()
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                {
                    "state": state,
                    "retry": 5,
                    "cause": cause,
                    "cause_class": "record",
                    "exc_message": f"The shop refuses '{name}'.",
                    **values,
                }
            )
            jobs |= job
        self.env.flush_all()
        return jobs

    def found(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.failures.search([("backend_id", "=", self.shop.id)])


class TestGroups(FailureCase):
    def test_failures_of_one_cause_are_one_line(self):
        self.failed("Ada", "Bob")
        self.failed("Eve", cause="Another cause.", cause_class="settings")
        many, one = self.found()
        self.assertEqual((many.record_count, many.failed_jobs), (2, 2))
        self.assertEqual(many.sentence, "The shop refuses ….")
        self.assertEqual(many.example, "The shop refuses 'Bob'.")
        self.assertIn("Correct the records", many.remedy)
        self.assertEqual(one.sentence, "Another cause.")
        self.assertIn("Check the connection", one.remedy)

    def test_long_messages_are_cut_and_no_markup(self):
        """Odoo takes seconds to sanitise some of them."""
        self.failed(*map(str, range(20)), exc_message="<b>" + "<" * 20_000)
        failure = self.found()
        self.assertEqual(len(failure.example), MESSAGE_LENGTH)
        self.assertLess(failure.records.count("&lt;"), 20 * 500)
        self.assertIn("&lt;b&gt;&lt;", failure.records)
        self.assertNotIn("<b><", failure.records)

    def test_the_id_of_a_line_stays_while_its_first_job_is_there(self):
        self.failed("Ada")
        before = self.found()
        self.failed("Bob")
        self.assertEqual(self.found(), before)

    def test_a_job_that_keeps_coming_back_is_seen(self):
        self.failed("Ada", state="pending", cause_class="wait", result="No answer.")
        failure = self.found()
        self.assertEqual((failure.job_count, failure.failed_jobs), (1, 0))
        self.assertEqual(failure.cause_class, "wait")
        self.assertEqual(failure.example, "No answer.")

    def test_nobody_need_act_while_a_job_is_retried(self):
        self.failed("Ada", state="pending", cause_class="developer")
        self.assertEqual(self.found().cause_class, "wait")

    def test_a_record_that_lacks_something_is_seen_and_tried_again(self):
        error = MissingDependencyError("The order waits for 'Tea'.")
        cause_class = cause_class_of(error)
        self.failed("Ada", state="pending", retry=0, cause_class=cause_class)
        failure = self.found()
        self.assertEqual((failure.cause_class, failure.failed_jobs), ("missing", 0))
        self.assertIn("Create the missing records", failure.remedy)

    def test_failures_are_grouped_by_backend(self):
        self.failed("Ada", "Bob")
        [group] = self.failures.formatted_read_group(
            [("backend_id", "=", self.shop.id)], ["state_id"], ["record_count:sum"]
        )
        self.assertEqual(group["state_id"], (self.state.id, self.shop.name))
        self.assertEqual(group["record_count:sum"], 2)

    def test_a_first_retry_is_not_worth_a_line(self):
        self.failed("Ada", state="pending", cause_class="wait", retry=1)
        self.assertFalse(self.found())

    def test_jobs_that_could_not_name_their_cause_are_seen(self):
        unknown = {"cause": False, "cause_class": False}
        self.failed("Ada", exc_name="JobFoundDead", **unknown)
        self.failed("Bob", exc_name=False, exc_message=False, **unknown)
        words = {failure.sentence: failure for failure in self.found()}
        dead = words["The job was interrupted each time it was tried."]
        self.assertEqual(dead.cause_class, "settings")
        self.assertIn("administrator", dead.remedy)
        self.assertEqual(words["The cause is unknown."].cause_class, "developer")
        self.assertEqual([len(failure._jobs()) for failure in words.values()], [1, 1])

    def test_a_line_names_its_records(self):
        self.grant("connector.group_connector_user")
        self.failed("Ada", "Bob")
        self.assertIn(
            "<b>Ada</b>: The shop refuses &#39;Ada&#39;.", self.found().records
        )
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        shown = self.found().with_user(user).records
        self.assertNotIn("<b>Ada</b>", shown, "The user may not read the binding.")
        self.assertIn("<li>#", shown)
        self.assertNotIn("refuses", shown)

    def test_a_message_is_for_people_who_may_read_its_records(self):
        group = "connector.group_connector_user"
        self.grant(group)
        self.failed("Ada", "Bob")
        user = new_test_user(self.env, "seer", groups=group)
        failure = self.found().with_user(user)
        self.assertEqual(failure.example, failure.sentence)
        self.assertNotIn("Bob", failure.records + failure.details)
        with self.assertRaises(AccessError):
            failure.read(["example_id"])
        self.grant(group, "connector.test.binding", "connector.test.contact")
        failure.invalidate_recordset()
        self.assertEqual(failure.example, "The shop refuses 'Bob'.")
        self.assertIn("<b>Ada</b>: The shop refuses &#39;Ada&#39;.", failure.records)

    def test_a_programming_error_is_for_the_developer(self):
        trace = (
            '  File "mapper.py", line 7, in email\n    record["emial"]\nKeyError: x\n'
        )
        error = {"exc_name": "builtins.KeyError", "exc_message": "x"}
        self.failed("Ada", cause_class="developer", exc_info=trace, **error)
        failure = self.found()
        self.assertIn("<li>Ada</li>", failure.records)
        self.assertIn('record["emial"]', failure.details)
        self.assertNotIn("KeyError: x", failure.details)

    def test_a_line_names_records_that_odoo_does_not_have(self):
        job = self.model.with_delay().import_chunk(self.shop, [7, 8, 9, 10, 11])
        record = job.db_record()
        record.with_context(_job_edit_sentinel=record.EDIT_SENTINEL).write(
            {"state": "failed", "cause": "No name."}
        )
        self.assertIn("<li>7, 8, 9, + 2</li>", self.found().records)

    def test_an_interrupted_job_does_not_show_an_earlier_cause(self):
        self.failed("Ada", exc_name="JobFoundDead", cause="No answer.")
        failure = self.found()
        self.assertIn("was interrupted", failure.sentence)
        self.assertEqual(failure.cause_class, "settings")

    def test_no_secret_is_shown(self):
        message = (
            "https://ada:s3cret/@pass@shop.org/x?token=s3cret refused it. "
            "Authorization: Basic s3cret, {'api_key': 's3cret'}"
        )
        place = '  File "exporter.py", line 7, in _run\n    send(data)'
        trace = f"{place}\nError: {message}\n  password=s3cret"
        cause = masked_cause_of(self.env, InvalidDataError(message))
        self.failed("Ada", cause=cause, exc_message=message, exc_info=trace)
        self.failed("Bob", state="pending", cause=f"{cause}!", result=message)
        shown = self.found().read()
        self.assertEqual(len(shown), 2)
        self.assertNotIn("s3cret", str(shown))
        self.assertIn("https://shop.org/x?token=… refused it.", shown[0]["example"])
        self.assertIn('File "exporter.py", line 7', self.found()[0].details)

    def test_no_row_of_the_database_is_shown(self):
        message = "duplicate key\nDETAIL:  Key (email)=(ada@x.org) already exists."
        name = "psycopg2.errors.UniqueViolation"
        self.failed("Ada", cause="Bound twice.", exc_name=name, exc_message=message)
        self.assertEqual(self.found().example, "Bound twice.")
        self.assertNotIn("ada@x.org", str(self.found().read()))

    def test_the_number_of_attempts_is_not_part_of_a_message(self):
        self.failed("Ada", exc_message="Max. retries (5) reached: No answer from 7.")
        self.assertEqual(self.found().example, "No answer from 7.")

    def test_the_number_of_queries_does_not_grow(self):
        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.failures.search([]).read(["sentence", "record_count", "remedy"])
            return self.env.cr.sql_log_count - before

        self.failed("Ada")
        queries()
        few = queries()
        for number in range(20):
            self.failed(f"Ada {number}", cause=f"Cause {chr(65 + number)}.")
        self.assertLessEqual(queries(), few)


class TestButtons(FailureCase):
    def test_all_jobs_of_a_cause_run_again(self):
        jobs = self.failed("Ada", "Bob")
        other = self.failed("Eve", cause="Another cause.")
        self.found().filtered(lambda each: each.job_count == 2).action_retry()
        self.assertEqual(set(jobs.mapped("state")), {"pending"})
        self.assertEqual(set(jobs.mapped("retry")), {0})
        self.assertEqual(other.state, "failed")

    def test_a_retry_does_what_requeue_does(self):
        fields = [
            *("state", "retry", "date_enqueued", "date_started", "date_done"),
            *("date_cancelled", "worker_pid", "exc_name", "exc_message", "exc_info"),
            *("cause", "cause_class", "result", "max_retries", "record_count"),
        ]
        now = self.env.cr.now()
        values = {"exc_name": "JobFoundDead", "exc_info": "Trace", "worker_pid": 7}
        dates = dict.fromkeys(("date_enqueued", "date_started"), now)
        one, other = self.failed("Ada", "Ada", **values, **dates)
        one.requeue()
        self.found().action_retry()
        self.assertEqual(
            *({name: job[name] for name in fields} for job in (one, other))
        )

    def test_a_job_that_needs_another_one_waits_for_it(self):
        first = self.model.delayable().import_record(self.shop, "1")
        second = self.model.delayable().import_record(self.shop, "2")
        first.on_done(second).delay()
        job = second._generated_job.db_record()
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
            {"state": "failed", "cause": "No."}
        )
        self.found().action_retry()
        self.assertEqual(job.state, "wait_dependencies")

    def test_many_jobs_run_again_with_as_many_queries_as_few(self):
        def queries():
            failure = self.found()
            failure.mapped("sentence")
            before = self.env.cr.sql_log_count
            failure.action_retry()
            return self.env.cr.sql_log_count - before

        # Each retry makes a trigger, however fast they follow one another.
        self.patch(connector_cause, "_throttle", connector_cause.Throttle(0))
        self.failed("Ada")
        queries()
        self.failed("Ada", "Bob")
        few = queries()
        self.env.cr.execute(
            "INSERT INTO queue_job (uuid, state, retry, cause, cause_class, records,"
            " backend_model, backend_id, model_name, record_count, dependencies)"
            " SELECT gen_random_uuid(), 'failed', 5, 'Many.', 'record', '{}', %s, %s,"
            " %s, 1, %s FROM generate_series(1, 5000)",
            (self.shop._name, self.shop.id, self.model._name, "{}"),
        )
        self.assertLessEqual(queries(), few)
        jobs = [("cause", "=", "Many."), ("state", "=", "pending")]
        self.assertEqual(self.env["queue.job"].search_count(jobs), 5000)

    def test_a_form_gives_way_to_the_list_since_its_record_goes(self):
        self.failed("Ada")
        form = self.found().with_context(connector_leave_form=True)
        after = form.action_retry()["params"]["next"]
        self.assertEqual(after["res_model"], "connector.failure")
        self.assertEqual(after["target"], "main")

    def test_jobs_of_a_paused_backend_wait(self):
        jobs = self.failed("Ada")
        self.state.action_pause()
        self.addCleanup(self.env.registry.clear_cache)
        self.found().action_retry()
        self.assertEqual(jobs.state, "wait_dependencies")
        self.state.action_resume()
        self.assertEqual(jobs.state, "pending")

    def test_a_job_that_is_retried_later_runs_now(self):
        job = self.failed("Ada", state="pending", eta=self.env.cr.now())
        self.found().action_retry()
        self.assertFalse(job.eta)

    def test_the_records_open(self):
        self.failed("Ada", "Bob")
        action = self.found().action_open_records()
        records = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(set(records.mapped("name")), {"Ada", "Bob"})
        self.assertEqual(records._name, "connector.test.contact")

    def test_records_that_odoo_does_not_have_yet(self):
        job = self.model.with_delay().import_record(self.shop, "7").db_record()
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
            {"state": "failed", "cause": "No name."}
        )
        with self.assertRaisesRegex(UserError, "Look for them on Corner Shop: 7"):
            self.found().action_open_records()

    def test_users_see_and_managers_retry(self):
        self.failed("Ada")
        failure = self.found()
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        failures = self.failures.with_user(user)
        self.assertFalse(failures.search([("id", "=", failure.id)]))
        self.grant("connector.group_connector_user")
        self.assertTrue(failures.search([("id", "=", failure.id)]))
        with self.assertRaises(AccessError):
            failure.with_user(user).action_retry()
        manager = new_test_user(
            self.env, "boss", groups="connector.group_connector_manager"
        )
        failure.with_user(manager).action_retry()
        portal = new_test_user(self.env, "guest", groups="base.group_portal")
        with self.assertRaises(AccessError):
            failures.with_user(portal).search([])

    def test_another_company_sees_nothing(self):
        self.failed("Ada")
        self.grant("connector.group_connector_user")
        self.state.sudo().company_id = self.env["res.company"].create({"name": "B"})
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        self.env.flush_all()
        failures = self.failures.with_user(user)
        self.assertFalse(failures.search([("backend_id", "=", self.shop.id)]))


class TestActivities(FailureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.responsible = new_test_user(
            cls.env, "boss", groups="connector.group_connector_manager"
        )

    def setUp(self):
        super().setUp()
        self.grant("connector.group_connector_manager")
        self.state.user_id = self.responsible

    def activities(self):
        self.env.invalidate_all()  # The scheduled action has a transaction of its own.
        self.causes._check()
        return self.env["mail.activity"].search([("user_id", "=", self.responsible.id)])

    def test_a_cause_makes_one_activity(self):
        self.failed(*(f"Ada {number}" for number in range(12)))
        activity = self.activities()
        self.assertEqual(len(activity), 1)
        self.assertIn("(records: 12)", activity.summary)
        self.assertIn("Correct the records", activity.note)
        self.failed("Bob")
        self.assertEqual(self.activities(), activity)

    def test_a_record_that_lacks_something_makes_an_activity(self):
        self.failed("Ada", state="pending", retry=0, cause_class="missing")
        self.assertIn("Create the missing records", self.activities().note)

    def test_an_interrupted_job_is_announced_in_words(self):
        self.failed("Ada", cause=False, exc_name="JobFoundDead")
        activity = self.activities()
        self.assertIn("The job was interrupted", activity.summary)
        self.assertIn("The job was interrupted", activity.res_name)
        self.assertIn("administrator", activity.note)

    def test_one_cause_with_two_classes_makes_one_activity(self):
        self.failed("Ada", cause_class="record")
        self.failed("Bob", cause_class="settings")
        self.assertIn("(records: 2)", self.activities().summary)

    def test_a_cause_leads_to_its_failures_and_to_no_others(self):
        jobs = self.failed("Ada") | self.failed("Bob", cause_class="settings")
        self.failed("Eve", cause="Another one.")
        self.activities()
        cause = self.causes.search([("cause", "=", "The shop refuses ….")])
        jobs = jobs.with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL)
        # Somebody has retried them, and they failed once more.
        for values in ({}, {"state": "pending", "retry": 1}):
            with self.subTest(values):
                jobs.write(values)
                failures = self.found()
                action = cause.action_open_failures()
                shown = self.failures.search(action.get("domain", []))
                expected = failures.filtered(lambda each: each.cause == cause.cause)
                self.assertEqual(shown, expected)
                records = sum(expected.mapped("record_count"))
                self.assertEqual(cause.record_count, records)

    def test_an_activity_tells_how_many_failed_by_now(self):
        self.failed("Ada")
        self.assertIn("(records: 1)", self.activities().summary)
        self.failed("Bob")
        self.assertIn("(records: 2)", self.activities().summary)

    def test_an_activity_that_somebody_has_closed_does_not_come_back(self):
        jobs = self.failed("Ada")
        self.activities().action_feedback()
        self.assertFalse(self.activities())
        jobs.unlink()
        self.activities()
        self.failed("Bob")
        self.assertEqual(len(self.activities()), 1)

    def test_a_person_gets_one_activity_a_day(self):
        shops = self.shop.create([{"name": "One"}, {"name": "Two"}])
        self.env["connector.backend.state"].of(shops).user_id = self.responsible
        jobs = self.env["queue.job"]
        for number in range(15):
            jobs |= self.failed(f"Ada {number}", cause=f"Cause {chr(65 + number)}.")
        for shop, job in zip(shops, jobs[:2], strict=True):
            job.records.backend_id = shop
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).backend_id = shop.id
        activity = self.activities()
        self.assertEqual(activity.summary, "15 problems of 3 backends")
        self.assertEqual(activity.note.count("<li>"), connector_cause.DESCRIBED)
        self.failed("Bob", cause="Another one.")
        self.assertEqual(self.activities(), activity)
        self.assertEqual(activity.summary, "16 problems of 3 backends")
        jobs.with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).write(
            {"state": "done", "cause": False}
        )
        self.assertEqual(
            self.activities().summary, "Corner Shop: Another one. (records: 1)"
        )

    def test_the_next_day_has_an_activity_of_its_own(self):
        self.failed("Ada")
        first = self.activities()
        self.cr.execute(
            "UPDATE mail_activity SET date_deadline = date_deadline - 1 WHERE id = %s",
            (first.id,),
        )
        self.failed("Bob", cause="Another cause.")
        self.assertEqual(len(self.activities()), 2)

    def test_an_activity_names_a_search(self):
        job = self.model.with_delay().import_batch(self.shop).db_record()
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
            {"state": "failed", "cause": "Wrong password.", "cause_class": "settings"}
        )
        self.assertEqual(
            self.activities().summary,
            "Corner Shop: The search for changes failed: Wrong password.",
        )

    def test_the_causes_of_a_deleted_backend_close(self):
        self.failed("Ada")
        self.assertTrue(self.activities())
        self.model.search([("backend_id", "=", self.shop.id)]).unlink()
        self.shop.unlink()
        self.assertFalse(self.activities())

    def test_jobs_fail_also_without_the_scheduled_action(self):
        self.env.ref("connector.ir_cron_causes").unlink()
        self.assertEqual(self.failed("Ada").state, "failed")

    def test_it_closes_when_the_cause_is_gone_and_comes_back_with_it(self):
        jobs = self.failed("Ada", "Bob")
        first = self.activities()
        self.found().action_retry()
        self.assertEqual(self.activities(), first, "The jobs have not run yet.")
        jobs.with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).write(
            {"state": "done", "cause": False}
        )
        self.assertFalse(self.activities())
        self.failed("Eve")
        self.assertEqual(len(self.activities()), 1)
        self.assertEqual(
            len(self.causes.search([("backend_id", "=", self.shop.id)])), 1
        )

    def test_a_job_that_is_still_retried_tells_nobody(self):
        self.failed("Ada", state="pending", cause_class="wait")
        self.assertFalse(self.activities())

    def test_without_a_responsible_person_who_made_the_backend_is_told(self):
        self.state.user_id = False
        self.env.cr.execute(
            "UPDATE connector_test_shop SET create_uid = %s WHERE id = %s",
            (self.responsible.id, self.shop.id),
        )
        self.env.invalidate_all()
        self.failed("Ada")
        self.assertEqual(len(self.activities()), 1)

    def test_nobody_who_cannot_see_it_is_told(self):
        group = "connector.group_connector_user"
        self.state.user_id = new_test_user(self.env, "clerk", groups=group)
        self.failed("Ada")
        self.causes._check()
        cause = self.causes.search([("backend_id", "=", self.shop.id)])
        self.assertTrue(cause.is_open)
        self.assertFalse(cause.activity_ids)
        self.grant(group)
        self.causes._check()
        self.assertEqual(cause.activity_ids.user_id, self.state.user_id)

    def test_only_the_first_failure_of_a_cause_posts_a_message(self):
        jobs = self.failed("Ada", "Bob", "Eve")
        failed = self.env.ref("queue_job.mt_job_failed")
        posted = jobs.message_ids.filtered(lambda each: each.subtype_id == failed)
        self.assertEqual(len(posted), 1)

    def test_solved_causes_go_after_a_while(self):
        job = self.failed("Ada")
        self.activities()
        job.unlink()
        self.activities()
        cause = self.causes.search([("backend_id", "=", self.shop.id)])
        self.causes._gc_solved()
        self.assertTrue(cause.exists())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE connector_cause SET write_date = %s",
            (self.env.cr.now() - timedelta(days=31),),
        )
        self.env.invalidate_all()
        self.causes._gc_solved()
        self.assertFalse(cause.exists())


class TestRealFailures(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.enterContext(
            patch.object(connector_cause, "_throttle", connector_cause.Throttle(0))
        )
        self.error = None

        def _validate_create_data(exporter, data):
            if self.error:
                raise self.error

        self.override(_validate_create_data=_validate_create_data)

        self.forget_triggers()  # of other tests with real jobs

    def forget_triggers(self):
        with self.transaction() as env:
            env["ir.cron.trigger"].search([]).unlink()

    def tearDown(self):
        with self.transaction() as env:
            env["connector.cause"].search([]).unlink()
        self.forget_triggers()
        super().tearDown()

    def failing(self, uuid):
        with self.assertLogs("odoo.addons.queue_job", "ERROR"):
            self.assertRaises(type(self.error), self.run_job, uuid)

    def look(self):
        with self.transaction() as env:
            env["connector.cause"]._check()
            return [
                (cause.cause, cause.is_open)
                for cause in env["connector.cause"].search([])
            ]

    def triggers(self):
        return len(self.read("ir.cron.trigger", []))

    def test_a_failure_is_looked_at_soon_and_so_is_its_end(self):
        self.error = InvalidDataError("The shop refuses 'Ada'.")
        [uuid] = self.delay(self.bindings("Ada"))
        self.failing(uuid)
        self.assertEqual(self.triggers(), 1)
        self.assertEqual(self.look(), [("The shop refuses ….", True)])
        self.error = None
        with self.transaction() as env:
            env["connector.failure"].search([]).action_retry()
        self.run_job(uuid)
        self.assertGreater(self.triggers(), 1)
        self.assertEqual(self.look(), [("The shop refuses ….", False)])

    def activities(self):
        domain = [("res_model", "=", "connector.cause")]
        return len(self.read("mail.activity", [*domain, ("active", "=", True)]))

    def let_admin_be_responsible(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.backend.state"].of(shop).user_id = env.ref("base.user_admin")
            access = env["ir.model.access"].create(
                {
                    "name": "Shops of the tests",
                    "model_id": env["ir.model"]._get_id(shop._name),
                    "group_id": env.ref("base.group_user").id,
                    "perm_read": True,
                }
            )
            access_id = access.id

        def withdraw():
            with self.transaction() as env:
                env["ir.model.access"].browse(access_id).unlink()

        self.addCleanup(withdraw)

    def test_many_failures_are_one_activity_and_one_message(self):
        self.let_admin_be_responsible()
        self.error = InvalidDataError("The shop refuses 'Ada'.")
        uuids = self.delay(self.bindings(*(f"Ada {number}" for number in range(12))))
        for uuid in uuids:
            self.failing(uuid)
        self.look()
        self.assertEqual(self.activities(), 1)
        with self.transaction() as env:
            subtype = env.ref("queue_job.mt_job_failed").id
        self.assertEqual(
            len(self.read("mail.message", [("subtype_id", "=", subtype)])), 1
        )

        self.error = None
        with self.transaction() as env:
            env["connector.failure"].search([]).action_retry()
        for uuid in uuids:
            self.run_job(uuid)
        self.look()
        self.assertEqual(self.activities(), 0)

        self.error = InvalidDataError("The shop refuses 'Eve'.")
        self.failing(*self.delay(self.bindings("Eve")))
        self.look()
        self.assertEqual(self.activities(), 1)

    def test_a_job_that_succeeds_at_first_triggers_nothing(self):
        [uuid] = self.delay(self.bindings("Ada"))
        self.run_job(uuid)
        self.assertEqual(self.triggers(), 0)

    def test_a_backend_that_does_not_answer_comes_back_as_one_line(self):
        self.error = NetworkRetryableError("No answer after 30 s.", seconds=1)
        uuids = self.delay(self.bindings("Ada", "Bob"))
        for uuid in uuids * 2:
            self.run_job(uuid)
        [failure] = self.read("connector.failure", [])
        self.assertEqual(failure["cause"], "No answer after … s.")
        self.assertEqual((failure["job_count"], failure["cause_class"]), (2, "wait"))
