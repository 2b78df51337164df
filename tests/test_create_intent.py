# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    LimitReachedError,
    NetworkRetryableError,
)

from .common import RealJobsCase, ShopCase, Transaction, override
from .shop import recovering_adapter


class IntentMixin:
    """A shop that stores keys and can raise an error before or after a create."""

    def add_recovery(self):
        self.keys = {}
        self.asked = []
        self.error_before = self.error_after = None
        self.server.create_with_key = self.create_with_key
        self.server.find_created = self.find_created

    def create_with_key(self, data, key):
        if self.error_before:
            raise self.error_before
        external_id = self.server.create(data)
        self.keys.setdefault(key, []).append(external_id)
        if self.error_after:
            raise self.error_after
        return external_id

    def find_created(self, key):
        self.asked.append(key)
        return self.keys.get(key, [None])[0]


class TestRecovery(IntentMixin, ShopCase):
    def setUp(self):
        super().setUp()
        self.add_recovery()
        self.build(recovering_adapter(self.server))
        self.intents = self.env["connector.create.intent"]

    def export(self, binding):
        return self.component("record.exporter").run(binding)

    def interrupt(self, binding, **when):
        """Export a binding with an error before or after the backend's work."""
        for name in when:
            setattr(self, name, NetworkRetryableError("no answer"))
        with self.assertRaises(NetworkRetryableError) as raised:
            self._export_and_keep(binding)
        self.error_before = self.error_after = None
        return raised.exception

    def _export_and_keep(self, binding):
        """Export as in a job: an error rolls back everything except the intent."""
        error = None
        try:
            self.export(binding)
        except NetworkRetryableError as raised:
            error = raised
        kept = self.intents.search([]).read(
            [
                "backend_model",
                "backend_id",
                "model_name",
                "res_id",
                "key",
                "previous_external_id",
            ]
        )
        self.kept = [
            {name: value for name, value in row.items() if name != "id"} for row in kept
        ]
        raise error

    def restore_intents(self):
        self.intents.create(self.kept)

    def test_a_successful_create_leaves_no_intent(self):
        ada = self.binding("Ada")
        self.export(ada)
        self.assertEqual(ada.external_id, "1")
        self.assertFalse(self.intents.search([]))
        self.assertFalse(self.asked, "there was nothing to ask")

    def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(self):
        ada = self.binding("Ada")
        self.interrupt(ada, error_after=True)
        self.restore_intents()
        self.assertFalse(ada.external_id)
        ada.name = "Ada L."
        self.export(ada)
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(list(self.server.records), ["1"])
        self.assertEqual(self.server.records["1"]["title"], "Ada L.", "up to date")
        self.assertFalse(self.intents.search([]))

    def test_a_create_that_did_not_happen_is_repeated_with_the_same_key(self):
        ada = self.binding("Ada")
        self.interrupt(ada, error_before=True)
        self.restore_intents()
        [intent] = self.intents.search([])
        key = intent.key
        self.export(ada)
        self.assertEqual(self.asked, [key])
        self.assertEqual(self.keys, {key: [1]})
        self.assertEqual(ada.external_id, "1")

    def test_the_next_create_of_a_record_has_another_key(self):
        ada = self.binding("Ada")
        self.export(ada)
        ada.external_id = False
        self.export(ada)
        self.assertEqual(len(self.keys), 2)
        self.assertEqual(list(self.server.records), ["1", "2"])

    def declare(self, binding, shop=None):
        external_ids = {binding.id: binding.external_id}
        intents = self.intents.declare(shop or self.shop, binding, external_ids)
        return intents[binding.id]

    def refused(self, binding, error):
        """Export a binding that the shop refuses, and roll nothing back."""
        self.error_before = error
        with suppress(type(error)):
            self.export(binding)
        self.error_before = None

    def test_a_refused_create_leaves_no_intent(self):
        for error in (InvalidDataError("no"), AccessRefusedError("no")):
            self.refused(self.binding("Ada"), error)
            self.assertFalse(self.intents.search([]))

    def test_a_refused_repeat_keeps_the_intent(self):
        """The backend may refuse it because the first create did happen."""
        ada = self.binding("Ada")
        key, _is_unconfirmed = self.declare(ada)
        self.refused(ada, InvalidDataError("there is one with this key"))
        self.assertEqual(self.declare(ada), (key, True))
        self.assertEqual(self.asked, [key] * 2, "and the shop is asked once more")

    def test_a_refused_repeat_is_found_when_the_shop_was_slow(self):
        ada = self.binding("Ada")
        key, _is_unconfirmed = self.declare(ada)

        def slow(data, key):
            self.keys[key] = [7]
            self.server.records["7"] = {}
            raise InvalidDataError("there is one with this key")

        self.server.create_with_key = slow
        self.export(ada)
        self.assertEqual(ada.external_id, "7")
        self.assertFalse(self.intents.search([]))

    def test_a_record_that_an_import_has_bound_is_confirmed(self):
        ada = self.binding("Ada")
        self.declare(ada)
        self.component("binder").bind("7", ada)
        self.assertFalse(self.intents.search([("unconfirmed", "=", True)]))

    def test_a_create_that_was_found_is_bound_before_its_update(self):
        ada = self.binding("Ada")
        key, _is_unconfirmed = self.declare(ada)
        self.keys[key] = [7]  # which knows nothing of an update
        with suppress(KeyError):
            self.export(ada)
        self.assertEqual(ada.external_id, "7")
        self.assertFalse(self.intents.search([]))

    def test_an_exporter_needs_no_adapter(self):
        class OwnExporter(Component):
            _name = "test.shop.own.exporter"
            _inherit = "test.shop.contact.exporter"
            _usage = "own.exporter"
            _base_backend_adapter_usage = "no.such.adapter"

            def _create(self, data):
                return 77

        self.build(OwnExporter)
        ada = self.binding("Ada")
        self.component("own.exporter").run(ada)
        self.assertEqual(ada.external_id, "77")

    def test_adapters_that_cannot_recover_send_no_query(self):
        class PlainAdapter(Component):
            _inherit = "test.shop.adapter"
            _recovers_creates = False

            def create(self, data):
                return 7

        self.build(PlainAdapter)
        ada, grace = self.binding("Ada"), self.binding("Grace")
        self.export(ada)  # caches
        self.env.flush_all()
        queries = []
        execute = type(self.cr).execute

        def noted(cr, query, *args, **kwargs):
            queries.append(str(getattr(query, "code", query)))
            return execute(cr, query, *args, **kwargs)

        self.patch(type(self.cr), "execute", noted)
        self.export(grace)
        self.assertTrue(queries)
        self.assertFalse([query for query in queries if "intent" in query])

    def test_records_and_backends_do_not_share_an_intent(self):
        other = self.shop.create({"name": "Other Shop"})
        ada = self.binding("Ada")
        keys = {
            self.declare(record, shop)[0]
            for shop in (self.shop, other)
            for record in (ada, self.binding("Grace"))
        }
        self.assertEqual(len(keys), 4)

    def test_a_bound_record_is_confirmed_although_its_intent_is_left(self):
        ada = self.binding("Ada")
        key, _is_unconfirmed = self.declare(ada)
        self.component("binder").bind("7", ada)
        self.assertFalse(self.intents.search([("unconfirmed", "=", True)]))
        self.assertEqual(len(self.intents.search([("unconfirmed", "=", False)])), 1)
        other_key, is_unconfirmed = self.declare(ada)
        self.assertNotEqual(other_key, key)
        self.assertFalse(is_unconfirmed)
        self.assertEqual(self.intents.search([]).mapped("key"), [other_key])

    def test_a_create_after_the_backend_lost_the_record_is_found_again(self):
        """The binding still has the id that the backend does not know any more."""

        def _should_import(exporter):
            if exporter.external_id == "77":
                raise IDMissingInBackend("77 is gone")

        self.override(_should_import=_should_import)
        ada = self.binding("Ada", external_id="77")
        self.interrupt(ada, error_after=True)
        self.restore_intents()
        self.assertEqual(self.intents.search([]).mapped("unconfirmed"), [True])
        self.export(ada)
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(list(self.server.records), ["1"])
        self.assertFalse(self.intents.search([]))

    def test_the_vacuum_deletes_intents_of_bound_records(self):
        ada, grace = self.binding("Ada"), self.binding("Grace")
        self.declare(ada)
        key, _is_unconfirmed = self.declare(grace)
        self.component("binder").bind("7", ada)
        self.intents._gc_confirmed()
        self.assertEqual(self.intents.search([]).mapped("key"), [key])


class TestForPeople(IntentMixin, ShopCase):
    def setUp(self):
        super().setUp()
        self.add_recovery()
        self.build(recovering_adapter(self.server))
        self.ada = self.binding("Ada")
        intents = self.env["connector.create.intent"]
        declared = intents.declare(self.shop, self.ada, {self.ada.id: False})
        self.key, _is_unconfirmed = declared[self.ada.id]
        self.intent = intents.search([])

    def test_people_see_the_record_and_its_backend(self):
        self.assertTrue(self.intent.unconfirmed)
        self.assertEqual(self.intent.record_name, self.ada.display_name)
        self.assertEqual(self.intent.backend_name, "Corner Shop")
        self.assertEqual(
            self.intent.action_open_record()["res_id"], self.intent._record().id
        )

    def test_check_backend_links_a_record_that_is_found(self):
        self.keys[self.key] = [7]
        action = self.intent.action_check_backend()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.ada.external_id, "7")
        self.assertFalse(self.intent.exists())

    def test_check_backend_shows_why_the_backend_does_not_answer(self):
        def down(key):
            raise NetworkRetryableError("Corner Shop: no answer")

        self.server.find_created = down
        with self.assertRaisesRegex(UserError, "Corner Shop: no answer"):
            self.intent.action_check_backend()

    def test_check_backend_reports_that_nothing_is_found(self):
        action = self.intent.action_check_backend()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertFalse(self.ada.external_id)
        self.assertTrue(self.intent.exists())

    def test_an_external_id_can_be_entered(self):
        with self.assertRaises(UserError):
            self.intent.action_link()
        self.intent.external_id = "77"
        self.intent.action_link()
        self.assertEqual(self.ada.external_id, "77")
        self.assertFalse(self.intent.exists())

    def test_an_external_id_of_another_record_is_refused(self):
        grace = self.binding("Grace", external_id="77")
        self.intent.external_id = "77"
        with self.assertRaisesRegex(UserError, f"77.*{grace.id}"):
            self.intent.action_link()

    def test_a_discarded_create_is_repeated_with_another_key(self):
        self.intent.action_discard()
        self.assertFalse(self.intent.exists())
        self.component("record.exporter").run(self.ada)
        self.assertNotIn(self.key, self.keys)
        self.assertFalse(self.asked)

    def test_the_create_of_a_deleted_record_can_only_be_discarded(self):
        self.ada.unlink()
        self.intent.invalidate_recordset()
        self.assertFalse(self.intent.record_name)
        for action in ("action_check_backend", "action_open_record"):
            with self.assertRaises(UserError):
                getattr(self.intent, action)()
        self.intent.action_discard()
        self.assertFalse(self.intent.exists())

    def test_the_create_of_an_uninstalled_model_can_be_discarded(self):
        self.intent.model_name = "uninstalled.model"
        self.assertFalse(self.intent.record_name)
        self.intent.action_discard()

    def test_only_connector_managers_see_and_discard_creates(self):
        plain = new_test_user(self.env, "plain", groups="base.group_user")
        manager = new_test_user(
            self.env,
            "manager",
            groups="base.group_user,connector.group_connector_manager",
        )
        with self.assertRaises(AccessError):
            self.intent.with_user(plain).read(["key"])
        self.grant("base.group_user", self.intent._name, "connector.test.shop")
        self.intent.external_id = "77"
        for action in ("action_check_backend", "action_link", "action_discard"):
            with self.assertRaises(AccessError):
                getattr(self.intent.with_user(plain), action)()
        intent = self.intent.with_user(manager)
        self.assertEqual(intent.search([]), intent)
        with self.assertRaises(AccessError):
            intent.create({"key": "forged"})
        intent.action_discard()

    def manager(self):
        """Return the intent as a manager sees it, who may read the backend."""
        self.grant("connector.group_connector_manager")
        group = "connector.group_connector_manager"
        return self.intent.with_user(new_test_user(self.env, "manager", groups=group))

    def test_nobody_sees_the_name_of_a_record_that_he_may_not_read(self):
        intent = self.manager()
        self.assertEqual(intent.record_name, "A record that you may not read")
        [(_id, name)] = intent.name_search("", [("id", "=", intent.id)])
        self.assertEqual(name, "A record that you may not read")
        self.assertEqual(self.intent.record_name, self.ada.display_name)
        group = "connector.group_connector_manager"
        self.grant(group, "connector.test.binding", "connector.test.contact")
        intent.invalidate_recordset()
        self.assertEqual(intent.record_name, self.ada.display_name)

    def test_nobody_links_a_record_that_he_may_not_write(self):
        intent = self.manager()
        group = "connector.group_connector_manager"
        self.grant(group, "connector.test.binding", "connector.test.contact")
        intent.external_id = "77"
        for action in (intent.action_link, intent.action_check_backend):
            with self.assertRaises(AccessError):
                action()
        self.assertFalse(self.ada.external_id)
        self.grant(group, "connector.test.binding", write=True)
        intent.action_link()
        self.assertEqual(self.ada.external_id, "77")

    def test_a_form_does_not_name_another_record(self):
        intent = self.manager()
        group = "connector.group_connector_manager"
        self.grant(group, "connector.test.binding", "connector.test.contact")
        other = self.binding("Grace")
        values = {"res_id": other.id, "external_id": "7"}
        spec = {"record_name": {}, "external_id": {}}
        shown = intent.onchange(values, list(values), spec)
        self.assertNotIn("Grace", str(shown))

    def test_companies_do_not_see_each_others_creates(self):
        company = self.env["res.company"].create({"name": "Other Company"})
        self.intent.company_id = company
        self.grant("connector.group_connector_manager")
        manager = new_test_user(
            self.env,
            "manager",
            groups="base.group_user,connector.group_connector_manager",
        )
        self.assertFalse(self.intent.with_user(manager).search([]))


class TestReferences(ShopCase):
    def test_a_manager_cannot_read_the_name_of_any_record(self):
        manager = new_test_user(
            self.env, "manager", groups="connector.group_connector_manager"
        )
        ada = self.binding("Ada")
        self.grant("connector.group_connector_manager")
        intents = self.env["connector.create.intent"]
        intents.declare(self.shop, ada, {ada.id: False})
        intent = intents.search([]).with_user(manager)
        intent.external_id = "7"
        with self.assertRaises(AccessError):
            intent.write({"model_name": "ir.config_parameter", "res_id": 1})


class TestRecoveryInJobs(IntentMixin, RealJobsCase):
    """The intent outlives the transaction of the job, and does not block it."""

    def setUp(self):
        super().setUp()
        self.add_recovery()
        self.build(recovering_adapter(self.server))

    def intents(self):
        return self.read("connector.create.intent", [])

    def test_a_successful_create_leaves_no_intent(self):
        [ada] = self.bindings("Ada")
        self.assertEqual(self.run_job(self.delay([ada])[0])["state"], "done")
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertFalse(self.intents())

    def test_the_intent_is_durable_while_the_backend_works(self):
        seen = []
        self.server.before_create = lambda data: seen.append(self.intents())
        [ada] = self.bindings("Ada")
        self.run_job(self.delay([ada])[0])
        [[intent]] = seen
        self.assertEqual((intent["res_id"], intent["unconfirmed"]), (ada, True))

    def test_a_create_on_its_way_is_not_sent_again(self):
        """A job loses the lock of the record while the backend works."""
        self.build(override("test.shop.adapter", _settles_after=10))
        [ada] = self.bindings("Ada")
        first, second = self.delay([ada]) + self.delay([ada])
        others = []

        def meet(data):
            if not others:
                with self.transaction() as env:
                    env.cr.execute(
                        "SELECT pg_terminate_backend(pid, 1000) FROM pg_locks WHERE"
                        " relation = 'connector_test_binding'::regclass"
                        " AND pid != pg_backend_pid()"
                    )
                others.append(self.run_job(second))

        self.server.before_create = meet
        with mute_logger("odoo.sql_db"):
            self.assertEqual(self.run_job(first)["state"], "pending")
        [other] = others
        self.assertEqual((other["state"], other["retry"]), ("pending", 0))
        self.assertIn("may still be creating", other["result"])
        self.assertEqual(self.server.calls, [("create", 1)])
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE connector_create_intent SET begun = begun - interval '1 minute'"
            )
        self.assertEqual(self.run_job(second)["state"], "done")
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertEqual(list(self.server.records), ["1"])

    def test_a_clock_that_was_set_back_lets_a_create_wait_no_longer(self):
        self.build(override("test.shop.adapter", _settles_after=10))
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        self.error_after = NetworkRetryableError("no answer", seconds=1)
        self.run_job(uuid)
        self.error_after = None
        for hours in (1, 0):
            with self.transaction() as env:
                env.cr.execute(
                    "UPDATE connector_create_intent SET"
                    " begun = begun + %s * interval '1 hour' - interval '11 s'",
                    [hours],
                )
            if hours:
                self.assertIn("may still be creating", self.run_job(uuid)["result"])
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(list(self.server.records), ["1"])

    def test_a_create_that_is_sent_again_is_on_its_way_again(self):
        self.build(override("test.shop.adapter", _settles_after=10))
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        for seconds in (0, 60):
            with self.transaction() as env:
                env.cr.execute(
                    "UPDATE connector_create_intent"
                    " SET begun = begun - %s * interval '1 second'",
                    [seconds],
                )
            self.error_before = NetworkRetryableError("no answer", seconds=1)
            self.assertIn("no answer", self.run_job(uuid)["result"])
        self.error_before = None
        self.assertIn("may still be creating", self.run_job(uuid)["result"])

    def test_the_next_attempt_finds_a_create_whose_answer_was_lost(self):
        [ada] = self.bindings("Ada")
        [uuid] = self.delay([ada])
        self.error_after = NetworkRetryableError("no answer", seconds=1)
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        self.assertEqual(len(self.intents()), 1)
        self.error_after = None
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(list(self.server.records), ["1"])
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertFalse(self.intents())

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_an_error_after_the_commit_leaves_no_unconfirmed_create(self):
        def _after_export(exporter):
            raise ValueError("after the export")

        self.override(_after_export=_after_export)
        [ada] = self.bindings("Ada")
        with self.assertRaises(ValueError):
            self.run_job(self.delay([ada])[0])
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertFalse([row for row in self.intents() if row["unconfirmed"]])

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def test_a_create_that_could_not_be_bound_is_unconfirmed(self):
        class FailingBinder(Component):
            _inherit = "test.shop.binder"

            def bind(self, external_id, binding):
                super().bind(external_id, binding)
                raise ValueError("while binding")

        self.build(FailingBinder)
        [ada] = self.bindings("Ada")
        with self.assertRaises(ValueError):
            self.run_job(self.delay([ada])[0])
        self.assertFalse(self.binding(ada)["external_id"])
        self.assertTrue(self.intents()[0]["unconfirmed"])

    def test_people_cannot_interfere_with_a_running_create(self):
        seen = []

        def before_create(data):
            with Transaction(self.registry) as env:
                intent = env["connector.create.intent"].search([])
                for action in ("action_check_backend", "action_discard"):
                    try:
                        getattr(intent, action)()
                    except UserError as error:
                        seen.append(str(error))

        self.server.before_create = before_create
        [ada] = self.bindings("Ada")
        self.run_job(self.delay([ada])[0])
        self.assertEqual(len(seen), 2)
        self.assertIn("right now", seen[0])
        self.assertEqual(self.binding(ada)["external_id"], "1")

    def test_a_job_that_may_not_commit_leaves_no_unconfirmed_create(self):
        """The job is not on a binding, but exports one."""
        [ada] = self.bindings("Ada")
        with self.transaction() as env:
            contact = env["connector.test.binding"].browse(ada).odoo_id
            uuid = contact.with_delay().export_bindings_in_a_job().uuid
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.binding(ada)["external_id"], "1")
        with self.transaction() as env:
            intents = env["connector.create.intent"]
            self.assertTrue(intents.search([]))
            self.assertFalse(intents.search([("unconfirmed", "=", True)]))
            intents._gc_confirmed()
            self.assertFalse(intents.search([]))

    def test_people_can_check_the_backend_after_a_lost_answer(self):
        [ada] = self.bindings("Ada")
        self.error_after = NetworkRetryableError("no answer", seconds=1)
        self.run_job(self.delay([ada])[0])
        with Transaction(self.registry) as env:
            env["connector.create.intent"].search([]).action_check_backend()
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertFalse(self.intents())

    def _refuse_second_call(self, error, windows):
        """Let the adapter's create make two calls, of which the second is refused.

        :param windows: the calls that it declares; without any, it does not count them
        """
        test = self

        def create(adapter, data, idempotency_key=None):
            adapter._take_call()
            external_id = test.create_with_key(data, idempotency_key)
            if test.refusals:
                test.refusals.pop()
                raise error
            return external_id

        self.refusals = [error]
        self.build(
            override("test.shop.adapter", create=create, _calls_in_window=windows)
        )

    def test_a_create_whose_second_call_is_refused_is_found_again(self):
        for error in (
            LimitReachedError("Too many calls.", seconds=1, ignore_retry=True),
            AccessRefusedError("no details for you"),
            InvalidDataError("no such details"),
        ):
            for windows in ((40, 60), ()):
                with self.subTest(type(error).__name__, windows=windows):
                    self._refuse_second_call(error, windows)
                    [ada] = self.bindings("Ada")
                    [uuid] = self.delay([ada])
                    created = len(self.server.records) + 1
                    self.assertNotEqual(self.try_job(uuid)["state"], "done")
                    self.assertEqual(len(self.intents()), 1)
                    self.assertEqual(self.run_job(uuid)["state"], "done")
                    self.assertEqual(len(self.server.records), created)
                    self.assertFalse(self.intents())

    def test_a_create_whose_first_call_is_refused_leaves_no_intent(self):
        self.error_before = LimitReachedError("Too many calls.", seconds=1)
        [ada] = self.bindings("Ada")
        self.assertEqual(self.run_job(self.delay([ada])[0])["state"], "pending")
        self.assertFalse(self.intents())
