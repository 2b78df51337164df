# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.component.exception import NoComponentError
from odoo.addons.connector.components.synchronizer import (
    Deleter,
    Exporter,
    GenericExporter,
    Importer,
    Synchronizer,
)

from .common import ShopCase

PARENTS = {
    # name: (parents, usage)
    "base.connector": ([], None),
    "base.backend.adapter": (["base.connector"], "backend.adapter"),
    "base.backend.adapter.crud": (["base.backend.adapter"], "backend.adapter"),
    "base.binder": (["base.connector"], "binder"),
    "base.record.locker": (["base.connector"], "record.locker"),
    "base.connector.listener": (
        ["base.connector", "base.event.listener"],
        "event.listener",
    ),
    "base.mapper": (["base.connector"], "mapper"),
    "base.import.mapper": (["base.mapper"], "import.mapper"),
    "base.export.mapper": (["base.mapper"], "export.mapper"),
    "base.map.child": (["base.connector"], None),
    "base.map.child.import": (["base.map.child"], "import.map.child"),
    "base.map.child.export": (["base.map.child"], "export.map.child"),
    "base.synchronizer": (["base.connector"], None),
    "base.exporter": (["base.synchronizer"], "exporter"),
    "generic.exporter": (["base.exporter"], "exporter"),
    "base.importer": (["base.synchronizer"], "importer"),
    "base.deleter": (["base.synchronizer"], "deleter"),
}


class TestComponents(ShopCase):
    """Connectors mix our components in by these names, parents and usages."""

    def test_names_parents_and_usages_are_those_connectors_rely_on(self):
        for name, (parents, usage) in PARENTS.items():
            with self.subTest(name):
                component = self.components[name]
                bases = [base._name for base in component.__bases__ if base._name]
                named = [base for base in bases if base not in (name, "base")]
                self.assertEqual(named, parents)
                self.assertEqual(component._usage, usage)

    def test_all_but_the_locker_are_abstract(self):
        for name in PARENTS:
            with self.subTest(name):
                self.assertEqual(
                    self.components[name]._abstract, name != "base.record.locker"
                )

    def test_they_can_be_inherited_before_and_after_the_connectors_base(self):
        for number, parents in enumerate(
            (
                ["generic.exporter", "base.test.shop"],
                ["base.test.shop", "base.exporter"],
            )
        ):
            exporter = type(
                "Exporter",
                (Component,),
                {
                    "_name": f"test.mixed.{number}",
                    "_inherit": parents,
                    "_usage": f"mixed.{number}",
                    "__module__": __name__,
                },
            )
            self.build(exporter)
            self.assertTrue(self.component(f"mixed.{number}").mapper)


class TestSynchronizer(ShopCase):
    def setUp(self):
        super().setUp()

        class AnyImporter(Component):
            _name = "test.shop.importer"
            _inherit = ["base.importer", "base.test.shop"]

        class AnyDeleter(Component):
            _name = "test.shop.deleter"
            _inherit = ["base.deleter", "base.test.shop"]

        class ContactImportMapper(Component):
            _name = "test.shop.contact.import.mapper"
            _inherit = ["base.import.mapper", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        class AnyMapper(Component):
            _name = "test.shop.any.mapper"
            _inherit = ["base.mapper", "base.test.shop"]

        self.build(AnyImporter, AnyDeleter, ContactImportMapper, AnyMapper)

    def test_the_classes_can_be_imported(self):
        for cls, name in (
            (Synchronizer, "base.synchronizer"),
            (Exporter, "base.exporter"),
            (GenericExporter, "generic.exporter"),
            (Importer, "base.importer"),
            (Deleter, "base.deleter"),
        ):
            self.assertEqual(cls._name, name)
            self.assertTrue(issubclass(cls, AbstractComponent))

    def test_it_finds_mapper_binder_and_adapter_by_their_usages(self):
        for usage, mapper in (
            ("record.exporter", "test.shop.contact.export.mapper"),
            ("importer", "test.shop.contact.import.mapper"),
            ("deleter", "test.shop.any.mapper"),
        ):
            with self.subTest(usage):
                synchronizer = self.component(usage)
                self.assertEqual(synchronizer.mapper._name, mapper)
                self.assertEqual(synchronizer.binder._name, "test.shop.binder")
                self.assertEqual(
                    synchronizer.backend_adapter._name, "test.shop.adapter"
                )

    def test_it_looks_them_up_when_needed_and_once(self):
        importer = self.component("importer", "connector.test.contact")
        for slot in ("mapper", "binder", "backend_adapter"):
            self.assertIsNone(getattr(importer, f"_{slot}"))
        adapter = importer.backend_adapter
        self.assertIs(importer.backend_adapter, adapter)
        self.assertIs(importer._backend_adapter, adapter)
        with self.assertRaises(NoComponentError):
            importer.binder  # noqa: B018

    def test_it_uses_the_components_of_another_one_when_needed(self):
        first, second = (self.component("record.exporter") for _time in range(2))
        second.share_components(first)
        self.assertIsNone(first._mapper)
        for name in ("mapper", "binder", "backend_adapter"):
            self.assertIs(getattr(second, name), getattr(first, name))

    def test_a_component_in_a_slot_is_used(self):
        importer = self.component("importer")
        importer._mapper = importer._binder = importer._backend_adapter = "mine"
        self.assertEqual(
            (importer.mapper, importer.binder, importer.backend_adapter), ("mine",) * 3
        )

    def test_usages_can_be_changed_in_a_connector(self):
        class OtherAdapter(Component):
            _name = "test.shop.other.adapter"
            _inherit = ["base.backend.adapter", "base.test.shop"]
            _usage = "other.adapter"

        class OtherImporter(Component):
            _name = "test.shop.other.importer"
            _inherit = "test.shop.importer"
            _usage = "other.importer"
            _base_mapper_usage = "export.mapper"
            _base_backend_adapter_usage = "other.adapter"

        self.build(OtherAdapter, OtherImporter)
        importer = self.component("other.importer")
        self.assertEqual(importer.mapper._usage, "export.mapper")
        self.assertEqual(importer.backend_adapter._name, "test.shop.other.adapter")

    def test_run_has_to_be_implemented(self):
        for usage in ("importer", "deleter"):
            with self.subTest(usage), self.assertRaises(NotImplementedError):
                self.component(usage).run()
