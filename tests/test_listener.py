# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.component_event import skip_if

from .common import ShopCase


class TestListener(ShopCase):
    def setUp(self):
        super().setUp()
        heard = self.heard = []

        class ContactListener(Component):
            _name = "test.shop.contact.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["connector.test.binding"]

            @skip_if(lambda self, record, **kw: self.no_connector_export(record))
            def on_record_write(self, record, fields=None):
                heard.append((record, fields))

        self.build(ContactListener)

    def test_a_listener_gets_a_change(self):
        binding = self.binding()
        binding.write({"note": "changed"})
        self.assertEqual(self.heard, [(binding, ["note"])])

    def test_a_listener_skips_the_change_of_a_connector(self):
        binding = self.binding()
        for key in ("connector_no_export", "no_connector_export"):
            binding.with_context(**{key: True}).write({"note": key})
        self.assertFalse(self.heard)

    def test_a_listener_skips_the_binding_of_a_record(self):
        binding = self.binding()
        self.component("binder").bind("7", binding)
        self.assertFalse(self.heard)

    def test_a_false_context_key_skips_nothing(self):
        binding = self.binding().with_context(connector_no_export=False)
        binding.write({"note": "changed"})
        self.assertEqual(len(self.heard), 1)
