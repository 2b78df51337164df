# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from inspect import signature
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user

from ..exception import (
    AccessRefusedError,
    FailedJobError,
    InvalidDataError,
    NetworkRetryableError,
)
from ..jobs.causes import (
    CAUSE_LENGTH,
    MESSAGE_LENGTH,
    cause_class_of,
    cause_of,
    example_of,
    masked_cause_of,
)
from ..jobs.methods import METHODS, direction_of, job_method
from ..models.external_binding import ExternalBinding
from ..tools.secrets import LONGEST_TEXT, without_secrets
from .common import RealJobsCase, ShopCase, batch_export_components

#: Texts that are repeated, to be looked at by each pattern of a mask.
LONG_TEXTS = (
    *("<", "a", "1", "é", "'", '"', "“", "„", "«", "(", "@", "&", "-", " ", "\n"),
    *(
        "://",
        "a://",
        "a@",
        "key",
        "key=",
        "key-",
        'token"',
        "token':",
        "authorization: ",
    ),
    *("bearer ", "1a", "0-", "00000000-", "“„", "a, ", "'a", "x'", "()=(", "&#1"),
)


class TestFactsOfJobs(ShopCase):
    def test_a_job_on_bindings_knows_its_backend_and_counts_them(self):
        bindings = self.binding("Ada") + self.binding("Bob")
        job = bindings.with_delay().export_chunk().db_record()
        self.assertEqual((job.backend_model, job.backend_id), self.reference)
        self.assertEqual(job.record_count, 2)

    @property
    def reference(self):
        return self.shop._name, self.shop.id

    def test_a_job_that_imports_many_counts_their_ids(self):
        job = self.model.with_delay().import_chunk(self.shop, ["1", "2", "3"])
        self.assertEqual(job.db_record().record_count, 3)
        job = self.model.with_delay().import_chunk(
            backend=self.shop, external_ids=["1", "2"]
        )
        self.assertEqual(job.db_record().record_count, 2)
        self.assertEqual(job.db_record().backend_id, self.shop.id)

    def test_a_job_of_a_backend_knows_it_and_counts_nothing(self):
        job = self.shop.with_delay().check_connection().db_record()
        self.assertEqual((job.backend_model, job.backend_id), self.reference)
        self.assertEqual(job.record_count, 0)

    def test_other_jobs_belong_to_no_backend(self):
        job = self.env["res.partner"].with_delay().name_search("Ada").db_record()
        self.assertFalse(job.backend_model or job.backend_id or job.run_id)

    def test_nobody_changes_what_a_job_is_about(self):
        job = self.binding("Ada").with_delay().export_record().db_record()
        for values in ({"backend_id": 7}, {"run_id": False}, {"cause": "forged"}):
            with self.assertRaises(AccessError):
                job.write(values)


class TestMethods(BaseCase):
    def test_the_table_describes_methods_of_bindings(self):
        for name, method in METHODS.items():
            with self.subTest(name):
                arguments = signature(getattr(ExternalBinding, name)).parameters
                if method.ids_argument:
                    self.assertEqual(list(arguments)[2], method.ids_argument)
                if method.channel_of:
                    self.assertIn(method.channel_of, METHODS)
                self.assertTrue(direction_of(name))

    def test_the_name_of_a_connectors_own_method_tells_the_direction(self):
        for name, direction in (
            ("export_invoices", "export"),
            ("import_orders", "import"),
            ("check_connection", ""),
        ):
            self.assertEqual(direction_of(name), direction)

    def test_ids_are_found_by_position_and_by_name(self):
        for name, args, kwargs, expected in (
            ("import_record", ("shop", 7), {}, [7]),
            ("import_record", ("shop",), {"external_id": 7}, [7]),
            ("import_chunk", ("shop",), {"external_ids": [7, 8]}, [7, 8]),
            ("export_delete_records", ("shop", [[7], (8, "more")]), {}, [7, 8]),
            ("export_record", (["name"],), {}, []),
            ("export_invoices", ("shop", 7), {}, []),
        ):
            with self.subTest(name, args=args):
                self.assertEqual(job_method(name).external_ids(args, kwargs), expected)


class TestRuns(ShopCase):
    def runs(self):
        return self.env["connector.run.start"].search(
            [("backend_id", "=", self.shop.id)]
        )

    def test_a_batch_job_begins_a_run_and_its_chunks_belong_to_it(self):
        batch = self.model.with_delay().import_batch(self.shop).db_record()
        run = self.runs()
        self.assertEqual(batch.run_id, run)
        self.assertEqual(run.direction, "import")
        self.assertEqual(run.user_id, self.env.user)
        with self.env["queue.job"].within_run_of(batch):
            chunk = self.model.with_delay().import_chunk(self.shop, ["1"]).db_record()
        self.assertEqual(chunk.run_id, run)
        self.assertEqual(self.runs(), run)

    def test_jobs_of_another_backend_do_not_belong_to_the_run(self):
        other = self.env["connector.test.shop"].create({"name": "Other"})
        batch = self.model.with_delay().import_batch(self.shop).db_record()
        with self.env["queue.job"].within_run_of(batch):
            job = self.model.with_delay().import_record(other, "1").db_record()
        self.assertFalse(job.run_id)

    def test_a_scheduled_action_is_named(self):
        cron = self.env["ir.cron"].create(
            {
                "name": "Shop: export",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "state": "code",
                "interval_type": "hours",
            }
        )
        progress = self.env["ir.cron.progress"].sudo().create({"cron_id": cron.id})
        model = self.model.with_context(ir_cron_progress_id=progress.id)
        model.with_delay().export_batch(self.shop)
        self.assertEqual(self.runs().cron_id, cron)


class TestPause(ShopCase):
    def setUp(self):
        super().setUp()
        self.state = self.env["connector.backend.state"].of(self.shop)
        self.addCleanup(self.env.registry.clear_cache)

    def delay(self, shop=None):
        return self.model.with_delay().import_record(shop or self.shop, "1").db_record()

    def test_jobs_of_a_paused_backend_wait_and_run_later(self):
        before = self.delay()
        self.state.action_pause()
        after = self.delay()
        self.assertEqual(before.state, "wait_dependencies")
        self.assertEqual(after.state, "wait_dependencies")
        self.state.action_resume()
        self.assertEqual({before.state, after.state}, {"pending"})

    def test_other_backends_go_on(self):
        other = self.env["connector.test.shop"].create({"name": "Other"})
        self.state.action_pause()
        self.assertEqual(self.delay(other).state, "pending")

    def test_a_resumed_job_still_waits_for_the_jobs_that_it_needs(self):
        first = self.model.delayable().import_record(self.shop, "1")
        second = self.model.delayable().import_record(self.shop, "2")
        first.on_done(second).delay()
        first, second = (
            delayable._generated_job.db_record() for delayable in (first, second)
        )
        self.state.action_pause()
        self.assertEqual(first.state, "wait_dependencies")
        self.state.action_resume()
        self.assertEqual((first.state, second.state), ("pending", "wait_dependencies"))

    def test_only_managers_pause(self):
        self.grant("connector.group_connector_user")
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        state = self.state.with_user(user)
        self.assertEqual(state.backend_name, self.shop.name)
        for action in (state.action_pause, state.action_resume):
            with self.assertRaises(AccessError):
                action()
        user.group_ids = [
            Command.link(self.env.ref("connector.group_connector_manager").id)
        ]
        state.action_pause()
        self.assertEqual(self.state.paused_by_id, user)

    def test_users_see_only_backends_that_they_may_read(self):
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        states = self.env["connector.backend.state"].with_user(user)
        self.assertNotIn(self.state, states.search([]))
        with self.assertRaises(AccessError):
            self.state.with_user(user).read(["paused_since"])
        self.grant("connector.group_connector_user")
        self.assertIn(self.state, states.search([]))

    def test_a_state_comes_and_goes_with_its_backend(self):
        shop = self.env["connector.test.shop"].create({"name": "Short"})
        state = self.env["connector.backend.state"].search(
            [("backend_model", "=", shop._name), ("backend_id", "=", shop.id)]
        )
        self.assertTrue(state)
        shop.unlink()
        self.assertFalse(state.exists())

    def test_states_of_backends_from_before_are_made(self):
        self.state.unlink()
        self.env["connector.backend.state"].make_missing()
        self.assertTrue(
            self.env["connector.backend.state"].search_count(
                [("backend_id", "=", self.shop.id)]
            )
        )


class TestCauses(ShopCase):
    def masked(self, text):
        return masked_cause_of(self.env, InvalidDataError(text))

    def test_failures_with_the_same_cause_have_the_same_text(self):
        for one, other in (
            ("The shop refuses 'a@b.org'.", "The shop refuses 'zoe@x.com'."),
            ("Order SO0012/3 has no tax.", "Order SO77 has no tax."),
            ("https://shop.org/x?y=1 is gone.", "http://other.org is gone."),
            ("Since 2026-01-02 it fails.", "Since 2025-12-31 it fails."),
            ('Value "5 €" is wrong', "Value \"a 'b' c\" is wrong"),
        ):
            with self.subTest(one):
                self.assertEqual(self.masked(one), self.masked(other))
                self.assertIn("…", self.masked(one))

    def test_other_causes_have_other_texts(self):
        self.assertNotEqual(self.masked("No tax 7."), self.masked("No account 7."))
        self.assertEqual(self.masked("It isn't what it's."), "It isn't what it's.")

    def test_a_message_of_any_length_is_cut_before_it_is_masked(self):
        """A pattern would look at a part of some of them once for each character."""
        for text in LONG_TEXTS:
            with self.subTest(text):
                message = (text * 1_000_000)[:1_000_000]
                begins = message[: MESSAGE_LENGTH - 1]
                self.assertEqual(self.masked(message), self.masked(f"{begins}…"))
                self.assertLessEqual(len(self.masked(message)), CAUSE_LENGTH)
                for shown in (
                    cause_of(self.env, InvalidDataError(message)),
                    cause_of(self.env, ZeroDivisionError(message)),
                    example_of("odoo.exceptions.UserError", message),
                ):
                    self.assertLessEqual(len(shown), MESSAGE_LENGTH)
                self.assertLessEqual(len(without_secrets(message)), LONGEST_TEXT + 1)

    def test_the_end_of_a_long_text_shows_no_half_of_an_address(self):
        for before in range(LONGEST_TEXT - 60, LONGEST_TEXT + 1):
            text = f"{'x' * before} https://ada:s3cret-and-more@shop.org/ and more"
            self.assertNotIn("s3cret", without_secrets(text))

    def test_secrets_are_found_wherever_a_word_begins(self):
        for text, shown in (
            ("https://ada:s3cret@shop.org/x", "https://shop.org/x"),
            ("a=https://ada:p@s3cret@shop.org", "a=https://shop.org"),
            ("/x?api_key=s3cret&b=1", "/x?api_key=…&b=1"),
            ("x-my-token=s3cret", "x-my-token=…"),
            ('{"access-token" : "s3cret", "b": 1}', '{"access-token" : "…", "b": 1}'),
            ("Authorization: Bearer s3cret x", "Authorization: Bearer … x"),
            ("Proxy-Authorization: Basic s3cret", "Proxy-Authorization: Basic …"),
            ("url=https://h/?token=s3cret", "url=https://h/?token=…"),
            ("monkeys: 3", "monkeys: 3"),
        ):
            self.assertEqual(without_secrets(text), shown)

    def test_the_class_says_what_to_do(self):
        no_answer = NetworkRetryableError("no answer")
        last = FailedJobError("Max. retries (5) reached: no answer")
        last.__cause__ = no_answer
        for error, expected in (
            (no_answer, "wait"),
            (last, "settings"),
            (AccessRefusedError("401"), "settings"),
            (InvalidDataError("no e-mail"), "record"),
            (KeyError("emial"), "developer"),
        ):
            with self.subTest(error):
                self.assertEqual(cause_class_of(error), expected)
        self.assertEqual(masked_cause_of(self.env, last), "no answer")


class TestFactsOfRealJobs(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def job(self, uuid):
        return self.read("queue.job", [("uuid", "=", uuid)])[0]

    def test_outcomes_are_counted(self):
        one, *many = self.bindings("Ada", "Bob", "Eve")
        [uuid] = self.delay([one])
        self.assertEqual(self.run_job(uuid)["outcome_counts"], {"created": 1})
        job = self.run_job(self.delay_chunk([one, *many]))
        self.assertEqual(job["outcome_counts"], {"created": 2, "updated": 1})

    def test_outcomes_are_counted_although_the_connector_extends_the_export(self):
        bindings = self.registry["connector.test.binding"]

        def export_record(binding, fields=None):
            return super(bindings, binding).export_record(fields)

        with patch.object(bindings, "export_record", export_record):
            job = self.run_job(self.delay_chunk(self.bindings("Ada", "Bob")))
        self.assertEqual(job["outcome_counts"], {"created": 2})

    def test_a_cause_is_kept_until_the_job_succeeds(self):
        failing = True

        def _has_to_skip(exporter, *args, **kwargs):
            if failing:
                raise NetworkRetryableError("The shop does not answer.", seconds=1)
            return False

        self.override(_has_to_skip=_has_to_skip)
        [uuid] = self.delay(self.bindings("Ada"))
        job = self.run_job(uuid)
        self.assertEqual(job["state"], "pending")
        self.assertEqual(job["cause"], "The shop does not answer.")
        self.assertEqual(job["cause_class"], "wait")
        failing = False
        job = self.run_job(uuid)
        self.assertEqual(job["state"], "done")
        self.assertFalse(job["cause"] or job["cause_class"])

    def test_a_failed_job_names_its_cause(self):
        def _has_to_skip(exporter, *args, **kwargs):
            raise InvalidDataError("The shop refuses 'ada@x.org'.")

        self.override(_has_to_skip=_has_to_skip)
        [uuid] = self.delay(self.bindings("Ada"))
        with (
            self.assertLogs("odoo.addons.queue_job", "ERROR"),
            self.assertRaises(InvalidDataError),
        ):
            self.run_job(uuid)
        job = self.job(uuid)
        self.assertEqual(job["state"], "failed")
        self.assertEqual(job["cause"], "The shop refuses ….")
        self.assertEqual(job["cause_class"], "record")

    def test_a_job_that_was_about_to_run_waits_during_a_pause(self):
        [uuid] = self.delay(self.bindings("Ada"))
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            state = env["connector.backend.state"].of(shop)
            state.action_pause()
            state_id = state.id
        self.addCleanup(self.registry.clear_cache)
        self.assertEqual(self.run_job(uuid)["state"], "wait_dependencies")
        self.assertEqual(self.job(uuid)["retry"], 0)
        with self.transaction() as env:
            env["connector.backend.state"].browse(state_id).action_resume()
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def test_the_chunks_of_a_running_batch_belong_to_its_run(self):
        self.bindings("Ada", "Bob")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            uuid = env["connector.test.binding"].with_delay().export_batch(shop).uuid
        batch = self.run_job(uuid)
        chunks = self.read(
            "queue.job",
            [("method_name", "=", "export_chunk"), ("run_id", "=", batch["run_id"][0])],
        )
        self.assertEqual([chunk["record_count"] for chunk in chunks], [2])
