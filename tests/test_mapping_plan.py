# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a mapper has worked out once is what it would work out for each record."""

from unittest import mock

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    Mapper,
    changed_by,
    mapping,
    only_create,
)
from odoo.addons.connector.components.mapper.plan import KEPT_PLANS, MappingPlan

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
    def test_each_set_of_fields_and_each_purpose_has_its_own(self):
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

    def test_they_are_worked_out_once_for_all_mappers_of_a_class(self):
        self.values(fields=["name", "city"])
        with mock.patch.object(MappingPlan, "__init__", side_effect=AssertionError):
            self.assertEqual(
                self.values(fields=["city", "name"]),
                {"title": "Ada", "place": "London"},
            )

    def test_rows_can_be_anything_that_can_be_iterated(self):
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

    def test_they_are_not_kept_for_ever(self):
        for number in range(KEPT_PLANS + 5):
            self.values(fields=[f"field {number}"])
        plans = self.components["test.import.mapper"]._mapping_plans
        self.assertLessEqual(len(plans), KEPT_PLANS)
        self.assertEqual(self.values(fields=["name"]), {"title": "Ada"})


class TestChangesAfterThePlan(PlanCase):
    """Connectors change a mapper that was used already; it counts at once."""

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

    def test_a_list_that_is_put_on_one_mapper(self):
        mapper = self.new_mapper()
        mapper.direct = [("city", "town")]
        mapper.children = []
        self.assertEqual(
            mapper.map_record(CONTACT).values(), {"town": "London", "place": "London"}
        )
        self.assertEqual(self.values()["title"], "Ada")

    def test_children_that_are_taken_away(self):
        self.components["test.import.mapper"].children.clear()
        self.assertNotIn("labels", self.values())

    def test_methods_that_are_put_on_one_mapper(self):
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
                    continue  # that of the import mapper is in front of it
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
        for known in (["email"], fields):  # with a plan already, and without
            mapper = self.new_mapper()
            self.values(fields=["email"])
            mapper._direct_source_field_name = lambda source: "email"
            values = mapper.map_record(CONTACT).values(fields=known)
            self.assertEqual(values["title"], "Ada")
        self.assertNotIn("title", self.values(fields=fields))

    def test_a_name_of_a_source_that_depends_on_something(self):
        wanted = ["email"]
        with mock.patch.object(
            self.components["test.import.mapper"],
            "_direct_source_field_name",
            lambda mapper, source: wanted[0],
        ):
            self.assertEqual(len(self.values(fields=["email"])), 2)
            wanted[0] = "other"
            self.assertEqual(self.values(fields=["email"]), {})
