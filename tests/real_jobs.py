# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case with real commits for our own connector, the shop."""

from unittest.mock import patch

from odoo.addons.component.core import _component_databases

from .models import committed_test_models
from .real_connector import RealConnectorCase
from .shop import ShopServer, component_registry, override, shop_components


class RealJobsCase(RealConnectorCase):
    """A test whose models and commits are real: nothing is rolled back."""

    backend_model = "connector.test.shop"
    binding_model = "connector.test.binding"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(committed_test_models(cls.registry))

    def setUp(self):
        super().setUp()
        self.server = self.remote
        self.components = component_registry(*shop_components(self.server))
        self.enterContext(
            patch.dict(_component_databases, {self.registry.db_name: self.components})
        )
        with self.transaction() as env:
            self.shop_id = self.make_backend(env, name="Shop").id

    def new_remote(self):
        return ShopServer()

    def build(self, *classes):
        """Add component classes to the connector of this test."""
        for cls in classes:
            cls._build_component(self.components)

    def override(self, **hooks):
        """Replace hooks of the exporter of contacts."""
        self.build(override("test.shop.contact.exporter", **hooks))

    def bindings(self, *names, **values):
        """Create contacts with bindings on the shop; return the ids of the bindings."""
        with self.transaction() as env:
            return (
                env["connector.test.binding"]
                .create(
                    [
                        {"backend_id": self.shop_id, "name": name, **values}
                        for name in names
                    ]
                )
                .ids
            )

    def delay(self, binding_ids):
        """Delay an export job for each binding; return the UUIDs of the jobs."""
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(binding_ids)
            return [binding.with_delay().export_record().uuid for binding in bindings]

    def delay_chunk(self, binding_ids):
        """Delay one export job for many bindings; return its UUID."""
        with self.transaction() as env:
            bindings = env["connector.test.binding"].browse(binding_ids)
            return bindings.with_delay().export_chunk().uuid

    def binding(self, binding_id):
        """Return the committed fields of a binding."""
        return self.read("connector.test.binding", [("id", "=", binding_id)])[0]
