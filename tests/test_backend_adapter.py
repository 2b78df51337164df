# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

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
