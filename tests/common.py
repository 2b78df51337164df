# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What our tests stand on: a shop, contacts, bindings, and their components."""

from odoo.tests import TransactionCase

from odoo.addons.component.core import (
    AbstractComponent,
    Component,
    ComponentRegistry,
)

from .models import create_test_models, remove_test_models

SHOP_MODULES = ("component", "component_event", "connector")


class ShopServer:
    """The other side: keeps records, and notes the calls that reach it."""

    def __init__(self):
        self.records = {}
        self.calls = []
        self.next_id = 1
        self.before_create = None  # called first, to meddle

    def create(self, data):
        if self.before_create:
            self.before_create(data)
        external_id = self.next_id
        self.next_id += 1
        self.records[str(external_id)] = dict(data)
        self.calls.append(("create", external_id))
        return external_id

    def write(self, external_id, data):
        self.records[str(external_id)].update(data)
        self.calls.append(("write", str(external_id)))


def shop_components(server):
    """Return the component classes of a small connector to a :class:`ShopServer`."""

    class BaseShopComponent(AbstractComponent):
        _name = "base.test.shop"
        _inherit = "base.connector"
        _collection = "connector.test.shop"

    class ShopBinder(Component):
        _name = "test.shop.binder"
        _inherit = ["base.binder", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

    class NumberedBinder(Component):
        _name = "test.shop.numbered.binder"
        _inherit = ["base.binder", "base.test.shop"]
        _apply_on = ["connector.test.numbered"]
        _external_field = "number"
        _backend_field = "shop"
        _sync_date_field = "sync_time"

    class ShopAdapter(Component):
        _name = "test.shop.adapter"
        _inherit = ["base.backend.adapter.crud", "base.test.shop"]

        def create(self, data):
            return server.create(data)

        def write(self, external_id, data):
            server.write(external_id, data)

    class ContactExportMapper(Component):
        _name = "test.shop.contact.export.mapper"
        _inherit = ["base.export.mapper", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        direct = [("name", "title"), ("email", "mail"), ("age", "years")]

    class ContactExporter(Component):
        _name = "test.shop.contact.exporter"
        _inherit = ["generic.exporter", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        _usage = "record.exporter"
        _default_binding_field = "shop_bind_ids"

        def _export_dependencies(self):
            self._export_dependency(self.binding.parent_id, "connector.test.binding")

    return (
        BaseShopComponent,
        ShopBinder,
        NumberedBinder,
        ShopAdapter,
        ContactExportMapper,
        ContactExporter,
    )


def component_registry(*classes):
    """Return a registry with the components of our addon and the given ones."""
    registry = ComponentRegistry()
    for module in SHOP_MODULES:
        registry.load_components(module)
    for cls in classes:
        cls._build_component(registry)
    registry.ready = True
    return registry


class ShopCase(TransactionCase):
    """A test with a shop; nothing that it does remains."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        create_test_models(cls.cr, cls.registry)
        cls.addClassCleanup(remove_test_models, cls.cr, cls.registry)

    def setUp(self):
        super().setUp()
        self.server = ShopServer()
        self.components = component_registry(*shop_components(self.server))
        self.env = self.env(context={"components_registry": self.components})
        self.shop = self.env["connector.test.shop"].create({"name": "Corner Shop"})

    def build(self, *classes):
        """Add component classes to the connector of this test."""
        for cls in classes:
            cls._build_component(self.components)
        self.components._cache.clear()
        self.components["base.event.collecter"]._cache.clear()

    def work(self, model="connector.test.binding", shop=None):
        """Return a work context on a shop."""
        with (shop or self.shop).work_on(model) as work:
            return work

    def component(self, usage, model="connector.test.binding", shop=None):
        """Return the component of a usage for a model."""
        return self.work(model, shop).component(usage=usage)

    def contact(self, name="Ada", **values):
        """Create a contact that is not bound."""
        return self.env["connector.test.contact"].create({"name": name, **values})

    def binding(self, name="Ada", **values):
        """Create a contact with a binding on the shop."""
        return self.env["connector.test.binding"].create(
            {"backend_id": self.shop.id, "name": name, **values}
        )
