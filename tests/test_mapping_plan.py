# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A mapper selects its rows and methods once for the same changed fields."""

from unittest import mock

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    Mapper,
    changed_by,
    mapping,
    only_create,
)
from odoo.addons.connector.components.mapper.plan import MappingPlan

from .common import MapperCase

CONTACT = {"name": "Ada", "email": "ada@example.com", "city": "London", "tags": ["x"]}


class PlanCase(MapperCase):
    def setUp(self):
        super().setUp()

        @mapping
        @changed_by("city")
        def place(self, record):
            return {"place": record["city"]}

        @mapping
        @only_create
        def source(self, record):
            return {"source": "odoo"}

        def _map_child(self, map_record, from_attr, to_attr, model_name):
            return map_record.source[from_attr]

        self.import_mapper(
            direct=[("name", "title"), ("email", "mail")],
            children=[("tags", "labels", "connector.test.binding")],
            place=place,
            source=source,
            _map_child=_map_child,
        )

    def values(self, **options):
        return self.new_mapper().map_record(CONTACT).values(**options)

    def new_mapper(self):
        work = self.work("connector.test.contact")
        return work.component_by_name("test.import.mapper")


class TestPlans(PlanCase):
    def test_each_set_of_fields_and_each_purpose_has_a_plan(self):
        for _time in range(2):
            self.assertEqual(
                self.values(for_create=True),
                {
                    "title": "Ada",
                    "mail": "ada@example.com",
                    "place": "London",
                    "source": "odoo",
                    "labels": ["x"],
                },
            )
            self.assertEqual(self.values(fields=["name"]), {"title": "Ada"})
            self.assertEqual(
                self.values(fields=("city", "tags")),
                {"place": "London", "labels": ["x"]},
            )
            self.assertEqual(
                self.values(fields={"name"}, for_create=True),
                {"title": "Ada", "source": "odoo"},
            )

    def test_a_mapper_keeps_the_plan_of_a_set_of_fields(self):
        map_record = self.new_mapper().map_record(CONTACT)
        map_record.values(fields=["name", "city"])
        with mock.patch.object(MappingPlan, "__init__", side_effect=AssertionError):
            self.assertEqual(
                map_record.values(fields=["city", "name"]),
                {"title": "Ada", "place": "London"},
            )

    def test_rows_that_a_connector_computes_may_differ_each_time(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.import.mapper"

            @property
            def direct(self):
                return [("name", self.options.target)]

        map_record = self.mapper(Mapper).map_record(CONTACT)
        for target in "title", "label":
            self.assertEqual(map_record.values(target=target)[target], "Ada")

    def test_rows_can_be_any_iterable(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.import.mapper"

            @property
            def direct(self):
                yield from super().direct
                yield "city", "town"

            children = ()

        mapper = self.mapper(Mapper)
        for _time in range(2):
            values = mapper.map_record(CONTACT).values(fields=["city"])
            self.assertEqual(values, {"town": "London", "place": "London"})

    def test_one_field_can_be_given_by_its_name(self):
        self.assertEqual(self.values(fields="name"), {"title": "Ada"})

    def test_a_modifier_may_read_a_list_of_fields(self):
        def concat(field):
            def modifier(self, record, to_attr):
                return " ".join(record[name] for name in field)

            return modifier

        mapper = self.import_mapper(direct=[(concat(["name", "city"]), "label")])
        map_record = mapper.map_record(CONTACT)
        self.assertEqual(map_record.values(), {"label": "Ada London"})
        self.assertEqual(map_record.values(fields=["email"]), {})
        self.assertEqual(mapper.changed_by_fields(), {"name", "city"})


class TestPatches(PlanCase):
    """Connectors patch mappers in place; the next mapper of the class follows."""

    def setUp(self):
        super().setUp()
        self.values()

    def test_a_row_that_is_added_to_the_list(self):
        self.components["test.import.mapper"].direct.append(("city", "town"))
        self.assertEqual(self.values()["town"], "London")

    def test_a_row_that_is_replaced_in_the_list(self):
        self.components["test.import.mapper"].direct[0] = ("city", "town")
        self.assertEqual(self.values()["town"], "London")
        self.assertNotIn("title", self.values())

    def test_a_list_that_is_set_on_one_mapper(self):
        mapper = self.new_mapper()
        mapper.direct = [("city", "town")]
        mapper.children = []
        self.assertEqual(
            mapper.map_record(CONTACT).values(), {"town": "London", "place": "London"}
        )
        self.assertEqual(self.values()["title"], "Ada")

    def test_children_that_are_removed(self):
        self.components["test.import.mapper"].children.clear()
        self.assertNotIn("labels", self.values())

    def test_methods_that_are_set_on_one_mapper(self):
        mapper = self.new_mapper()
        mapper._map_methods = {}
        self.assertNotIn("place", mapper.map_record(CONTACT).values())
        self.assertIn("place", self.values())

    def test_a_mapping_method_that_is_replaced(self):
        with mock.patch.object(
            self.components["test.import.mapper"],
            "place",
            lambda mapper, record: {"place": "Paris"},
        ):
            self.assertEqual(self.values()["place"], "Paris")

    def test_hooks_that_are_replaced(self):
        replaced = {
            "_map_direct": lambda mapper, record, source, target: "direct",
            "_apply_with_options": lambda mapper, map_record: {"title": "apply"},
            "finalize": lambda mapper, map_record, values: {"title": "final"},
            "map_methods": property(
                lambda mapper: [
                    (lambda record: {"title": "methods"}, mapper._map_methods["place"])
                ]
            ),
        }
        for name, hook in replaced.items():
            for cls in (self.components["test.import.mapper"], Mapper):
                if name == "_map_direct" and cls is Mapper:
                    continue  # The import mapper overrides it.
                with self.subTest(name, cls=cls), mock.patch.object(cls, name, hook):
                    self.assertNotEqual(self.values()["title"], "Ada")
        self.assertEqual(self.values()["title"], "Ada")

    def test_methods_in_another_order(self):
        @mapping
        def first(mapper, record):
            return {"winner": "first"}

        @mapping
        def second(mapper, record):
            return {"winner": "second"}

        mapper = self.import_mapper(first=first, second=second)
        self.assertEqual(mapper.map_record(CONTACT).values(), {"winner": "second"})
        mapper._map_methods = dict(reversed(mapper._map_methods.items()))
        self.assertEqual(mapper.map_record(CONTACT).values(), {"winner": "first"})

    def test_names_of_sources_on_one_mapper(self):
        fields = ["email", "city"]
        for known in (["email"], fields):  # with a plan of another mapper, and without
            mapper = self.new_mapper()
            self.values(fields=["email"])
            mapper._direct_source_field_name = lambda source: "email"
            values = mapper.map_record(CONTACT).values(fields=known)
            self.assertEqual(values["title"], "Ada")
        self.assertNotIn("title", self.values(fields=fields))

    def test_a_name_of_a_source_that_changes(self):
        wanted = ["email"]
        with mock.patch.object(
            self.components["test.import.mapper"],
            "_direct_source_field_name",
            lambda mapper, source: wanted[0],
        ):
            self.assertEqual(len(self.values(fields=["email"])), 2)
            wanted[0] = "other"
            self.assertEqual(self.values(fields=["email"]), {})
