# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.exception import (
    IDMissingInBackend,
    InvalidDataError,
    LimitReachedError,
    VersionChangedError,
)

from .common import ShopCase


class TestBackendAdapter(ShopCase):
    def test_a_call_that_a_connector_does_not_implement_is_an_error(self):
        class Silent(Component):
            _name = "test.shop.silent"
            _inherit = ["base.backend.adapter.crud", "base.test.shop"]
            _apply_on = ["connector.test.numbered"]

        self.build(Silent)
        adapter = self.component("backend.adapter", "connector.test.numbered")
        for call in ("search", "read", "search_read", "create", "write", "delete"):
            with (
                self.subTest(call=call),
                self.assertRaisesRegex(NotImplementedError, f"silent.*{call}"),
            ):
                getattr(adapter, call)(1, "two", three=3)

    def test_a_connectors_adapter_may_take_more_arguments(self):
        class Chatty(Component):
            _name = "test.shop.chatty"
            _inherit = ["base.backend.adapter.crud", "base.test.shop"]
            _usage = "chatty"

            def __init__(self, work, language="en"):
                super().__init__(work)
                self.language = language

        self.build(Chatty)
        adapter = type(self.component("chatty"))
        self.assertEqual(adapter(self.work(), "de").language, "de")
        self.assertEqual(adapter(self.work(), language="fr").language, "fr")

    def test_the_plain_adapter_has_the_usage_and_no_calls(self):
        adapter = self.components["base.backend.adapter"]
        self.assertEqual(adapter._usage, "backend.adapter")
        self.assertFalse(hasattr(adapter, "create"))


class TestManyByOne(ShopCase):
    """The calls for many records that the framework makes one by one."""

    def test_an_error_that_counts_no_attempt_counts_none_for_the_others(self):
        error = LimitReachedError("Too many calls.", seconds=7, ignore_retry=True)
        calls = []

        class OneByOneAdapter(Component):
            _name = "test.one.by.one.adapter"
            _inherit = ["connector.bulk.adapter", "base.test.shop"]
            _usage = "one.by.one"

            def create(self, data):
                calls.append(data)
                if len(calls) == 2:
                    raise error
                return str(len(calls))

            def write(self, external_id, data):
                return self.create(data)

        self.build(OneByOneAdapter)
        adapter = self.component("one.by.one")
        for method, change in (
            (adapter.create_many, [{}] * 4),
            (adapter.write_many, [("7", {})] * 4),
        ):
            with self.subTest(method.__name__):
                calls.clear()
                made, refused, *not_made = method(change)
                self.assertEqual((made, refused), ("1", error))
                self.assertEqual(len(calls), 2)
                for each in not_made:
                    self.assertEqual((each.seconds, each.ignore_retry), (7, True))


class TestOneByMany(ShopCase):
    """An adapter whose calls for many records serve one record, too."""

    def setUp(self):
        super().setUp()
        self.calls = calls = []
        self.answers = answers = {}

        class ManyAdapter(Component):
            _name = "test.shop.many.adapter"
            _inherit = ["connector.many.adapter", "base.test.shop"]
            _apply_on = ["connector.test.numbered"]

            def read_many(self, external_ids):
                return {id_: answers[id_] for id_ in external_ids if id_ in answers}

            def create_many(self, data_list, idempotency_keys=()):
                calls.append((data_list, idempotency_keys))
                yield answers.get("create", 7)

            def write_many(self, changes, versions=()):
                calls.append((changes, versions))
                return answers.get("write")

        self.build(ManyAdapter)
        self.adapter = self.component("backend.adapter", "connector.test.numbered")

    def test_a_record_is_read(self):
        self.answers["7"] = {"name": "Ada"}
        self.assertEqual(self.adapter.read("7"), {"name": "Ada"})
        with self.assertRaisesRegex(IDMissingInBackend, "no record 8"):
            self.adapter.read("8")
        self.answers["9"] = InvalidDataError("broken")
        with self.assertRaisesRegex(InvalidDataError, "broken"):
            self.adapter.read("9")

    def test_a_record_is_created(self):
        self.assertEqual(self.adapter.create({"a": 1}), 7)
        self.assertEqual(self.adapter.create({"a": 2}, idempotency_key="key"), 7)
        self.assertEqual(self.calls, [([{"a": 1}], ()), ([{"a": 2}], ["key"])])
        self.answers["create"] = InvalidDataError("refused")
        with self.assertRaisesRegex(InvalidDataError, "refused"):
            self.adapter.create({})

    def test_a_record_is_changed(self):
        self.adapter.write("7", {"a": 1})
        self.adapter.write("7", {"a": 2}, version="v")
        changes = [([("7", {"a": 1})], ()), ([("7", {"a": 2})], ["v"])]
        self.assertEqual(self.calls, changes)
        self.answers["write"] = [VersionChangedError("stale")]
        with self.assertRaisesRegex(VersionChangedError, "stale"):
            self.adapter.write("7", {})
