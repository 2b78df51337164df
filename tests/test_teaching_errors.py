# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The mistakes of authors get an error that names the place and the remedy."""

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ..components.mapper import convert
from ..exception import DefinitionError, UnknownFieldError
from ..jobs.causes import cause_class_of
from .common import (
    BulkExports,
    ImportCase,
    ShopCase,
    batch_export_components,
    listener_components,
    override,
)

LISTENER = "odoo.addons.connector.components.exporter.listener"


class TestMissingComponents(ShopCase):
    def error(self, usage, model="connector.test.binding", shop=None):
        with (
            self.assertRaises(NoComponentError) as caught,
            (shop or self.shop).work_on(model) as work,
        ):
            work.component(usage=usage)
        return str(caught.exception)

    def test_a_misspelt_usage_gets_the_near_one(self):
        text = self.error("record.exportr")
        self.assertIn(
            "No component found for collection 'connector.test.shop', usage "
            "'record.exportr', model_name 'connector.test.binding'.",
            text,
        )
        self.assertIn("Did you mean the usage 'record.exporter'?", text)
        self.assertIn("test.shop.contact.exporter (connector/tests/shop.py)", text)

    def test_a_component_of_another_model_is_named(self):
        text = self.error("record.exporter", "connector.test.numbered")
        self.assertIn("test.shop.contact.exporter (connector/tests/shop.py)", text)
        self.assertIn("is for connector.test.binding", text)
        self.assertIn("Add 'connector.test.numbered' to its _apply_on", text)

    def test_an_unknown_usage_gets_the_list(self):
        text = self.error("weather")
        self.assertIn("have the usages", text)
        self.assertIn("'export.mapper'", text)
        self.assertIn("_usage = 'weather'", text)

    def test_a_component_without_the_collection_is_named(self):
        class Forgotten(Component):
            _name = "test.forgotten.weather"
            _inherit = "base.connector"
            _usage = "weather"
            _collection = "connector.test.other"
            _apply_on = ["connector.test.binding"]

        self.build(Forgotten)
        text = self.error("weather")
        self.assertIn("test.forgotten.weather", text)
        self.assertIn(
            "its _collection is 'connector.test.other', not 'connector.test.shop'", text
        )

    def test_an_addon_that_does_not_import_its_components_is_told_so(self):
        for name in list(self.components):
            if self.components[name]._collection == "connector.test.shop":
                del self.components._components[name]
        self.components._cache.clear()
        text = self.error("record.exporter")
        self.assertIn("No component has the collection 'connector.test.shop'", text)
        self.assertIn("from . import components", text)

    def test_a_component_that_looks_for_another_one_explains_as_well(self):
        with self.shop.work_on("connector.test.binding") as work:
            exporter = work.component(usage="record.exporter")
            with self.assertRaises(NoComponentError) as caught:
                exporter.component(usage="binders")
        self.assertIn("Did you mean the usage 'binder'?", str(caught.exception))

    def test_two_that_fit_are_named_with_their_files(self):
        class Second(Component):
            _name = "test.shop.contact.exporter.again"
            _inherit = "test.shop.contact.exporter"

        self.build(Second)
        with (
            self.assertRaises(SeveralComponentError) as caught,
            self.shop.work_on("connector.test.binding") as work,
        ):
            work.component(usage="record.exporter")
        text = str(caught.exception)
        self.assertIn("test.shop.contact.exporter (connector/tests/shop.py)", text)
        self.assertIn(
            "test.shop.contact.exporter.again "
            "(connector/tests/test_teaching_errors.py)",
            text,
        )
        self.assertIn("_inherit", text)

    def test_abstract_components_are_no_near_miss(self):
        class Abstract(AbstractComponent):
            _name = "test.abstract.weather"
            _inherit = "base.test.shop"
            _usage = "weather"

        self.build(Abstract)
        self.assertNotIn("test.abstract.weather", self.error("weather"))


class TestUnknownFields(ImportCase):
    def export_error(self, **attributes):
        self.build(override("test.shop.contact.export.mapper", **attributes))
        binding = self.binding("Ada")
        with self.assertRaises(UnknownFieldError) as caught:
            self.component("export.mapper").map_record(binding).values()
        return str(caught.exception)

    def test_a_misspelt_source_names_the_mapper_the_row_and_the_near_field(self):
        text = self.export_error(direct=[("name", "title"), ("emial", "mail")])
        self.assertEqual(
            text,
            "test.shop.contact.export.mapper reads the field 'emial', which "
            "connector.test.binding does not have. Did you mean 'email'? "
            "(direct[1] in connector/tests/shop.py)",
        )

    def test_so_do_modifiers_and_children(self):
        text = self.export_error(direct=[(convert("emial", str), "mail")])
        self.assertIn("reads the field 'emial'", text)
        self.assertIn("(direct[0] in ", text)
        text = self.export_error(
            direct=[], children=[("friend_idz", "friends", "connector.test.binding")]
        )
        self.assertIn("Did you mean 'friend_id'?", text)
        self.assertIn("(children[0] in ", text)

    def test_a_key_error_within_a_field_stays_what_it_is(self):
        def broken(mapper, record, target):
            raise KeyError("name")

        self.build(
            override("test.shop.contact.export.mapper", direct=[(broken, "title")])
        )
        with self.assertRaises(KeyError) as caught:
            self.component("export.mapper").map_record(self.binding("Ada")).values()
        self.assertNotIsInstance(caught.exception, UnknownFieldError)

    def import_error(self, run, **attributes):
        self.build(override("test.shop.contact.import.mapper", **attributes))
        with self.assertRaises(UnknownFieldError) as caught:
            run()
        return str(caught.exception)

    def test_a_misspelt_target_names_the_mapper_and_the_row(self):
        self.source.add(1)
        importer = self.component("record.importer")
        text = self.import_error(lambda: importer.run("1"), direct=[("title", "nmae")])
        self.assertIn("maps to the field 'nmae', which connector.test.binding", text)
        self.assertIn("Did you mean 'name'?", text)
        self.assertIn("(direct[0] in connector/tests/", text)

    def test_so_does_an_update(self):
        self.source.add(1, mail="ada@example.com")
        self.component("record.importer").run("1")
        text = self.import_error(
            lambda: self.component("record.importer").run("1", force=True),
            direct=[("title", "name"), ("mail", "emial")],
        )
        self.assertIn("Did you mean 'email'?", text)

    def test_the_author_is_to_be_told(self):
        self.assertEqual(cause_class_of(UnknownFieldError("x")), "developer")


class TestCreatesWithoutId(BulkExports, ShopCase):
    def test_an_adapter_that_returns_nothing_is_named(self):
        self.build(override("test.shop.adapter", create=lambda self, data: None))
        binding = self.binding("Ada")
        with self.assertRaises(AssertionError) as caught:
            self.component("record.exporter").run(binding)
        self.assertEqual(
            str(caught.exception),
            f"None is not a valid external id, so {binding} cannot be bound. Return "
            "the id of the new record from test.shop.adapter.create() "
            "(connector/tests/shop.py).",
        )

    def test_so_is_an_exporter_that_creates_in_its_own_way(self):
        self.override(_create=lambda self, data: "")
        with self.assertRaises(AssertionError) as caught:
            self.component("record.exporter").run(self.binding("Ada"))
        self.assertIn(
            "from test.shop.contact.exporter._create()", str(caught.exception)
        )

    def test_so_is_an_adapter_that_creates_many(self):
        self.build(*self.many_components(), *batch_export_components())
        bindings = self.binding("Ada") + self.binding("Grace")
        for returned, text in ((None, "returned None"), (["1"], "returned 1 results")):
            create_many = lambda self, data, result=returned, **kw: result  # noqa: E731
            self.build(override("test.shop.adapter", create_many=create_many))
            with self.assertRaises(DefinitionError) as caught:
                self.component("batch.exporter").run_chunk(bindings)
            self.assertIn("test.shop.adapter.create_many() (", str(caught.exception))
            self.assertIn(f"{text} for 2 records", str(caught.exception))


class TestListeners(ShopCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.contact_binding = self.binding("Ada", external_id="7")
        self.noted()

    def listen(self, **attributes):
        self.build(override("test.shop.contact.export.listener", **attributes))
        self.contact_binding.odoo_id.name = "Grace"
        return self.noted()

    def noted(self):
        self.cr.flush()
        changes = self.env["connector.export.change"].search([])
        names = changes.mapped("field_names")
        changes.unlink()
        return names

    def test_the_field_of_the_bindings_is_found(self):
        self.assertEqual(self.listen(_binding_field=None), [["name"]])

    def test_a_misspelt_field_is_named_once(self):
        with self.assertLogs(LISTENER, "WARNING") as logs:
            self.assertFalse(self.listen(_binding_field="shop_bind_idz"))
        self.assertIn(
            "test.shop.contact.export.listener (connector/tests/shop.py) does not "
            "export changes of connector.test.contact, which has no field "
            "'shop_bind_idz'. Set _binding_field",
            logs.output[0],
        )
        with self.assertNoLogs(LISTENER, "WARNING"):
            self.contact_binding.odoo_id.name = "Alan"
            self.cr.flush()

    def test_a_model_without_such_a_field_is_named(self):
        with self.assertLogs(LISTENER, "WARNING") as logs:
            self.build(
                override(
                    "test.shop.contact.export.listener",
                    _binding_field=None,
                    _apply_on=["res.country"],
                )
            )
            self.env["res.country"].search([], limit=1).code = "ZZ"
            self.noted()
        self.assertIn("res.country, which has no one2many to bindings", logs.output[0])

    def test_bindings_of_other_connectors_are_not_exported(self):
        with self.assertLogs(LISTENER, "WARNING") as logs:
            self.listen(
                _binding_field=None,
                _apply_on=["connector.test.numbered", "connector.test.contact"],
            )
        self.assertIn("has no one2many to bindings", logs.output[0])
