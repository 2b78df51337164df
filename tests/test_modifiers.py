# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    convert,
    external_to_m2o,
    follow_m2o_relations,
    m2o_to_external,
    none,
)
from odoo.addons.connector.exception import MappingError

from .common import MapperCase


class TestSimpleModifiers(MapperCase):
    def value(self, modifier, source):
        mapper = self.import_mapper(direct=[(modifier, "target")])
        return mapper.map_record(source).values()["target"]

    def test_none_turns_false_values_into_none(self):
        for value in (False, "", 0, None):
            self.assertIsNone(self.value(none("a"), {"a": value}))
        self.assertEqual(self.value(none("a"), {"a": "Ada"}), "Ada")
        self.assertIsNone(self.value(none("a"), {}))

    def test_convert_calls_the_type_and_keeps_false_values_false(self):
        self.assertEqual(self.value(convert("a", int), {"a": "7"}), 7)
        for value in (False, "", 0, None):
            self.assertIs(self.value(convert("a", str), {"a": value}), False)

    def test_modifiers_can_be_nested_both_ways(self):
        self.assertEqual(self.value(none(convert("a", int)), {"a": "7"}), 7)
        self.assertIsNone(self.value(none(convert("a", int)), {"a": ""}))
        self.assertEqual(self.value(convert(none("a"), int), {"a": "7"}), 7)
        self.assertIs(self.value(convert(none("a"), int), {"a": ""}), False)

    def test_an_error_of_the_conversion_is_not_hidden(self):
        with self.assertRaises(ValueError):
            self.value(convert("a", int), {"a": "seven"})

    def test_they_read_odoo_records_too(self):
        mapper = self.export_mapper(
            direct=[(none("email"), "a"), (convert("age", str), "b")]
        )
        values = mapper.map_record(self.contact(age=7)).values()
        self.assertEqual(values, {"a": None, "b": "7"})

    def test_relations_are_followed(self):
        root = self.contact("Root", age=7)
        leaf = self.contact("Leaf", parent_id=self.contact("M", parent_id=root.id).id)
        mapper = self.export_mapper(
            direct=[
                (follow_m2o_relations("parent_id.parent_id.name"), "name"),
                (follow_m2o_relations("parent_id.parent_id.age"), "age"),
            ]
        )
        self.assertEqual(mapper.map_record(leaf).values(), {"name": "Root", "age": 7})
        self.assertEqual(mapper.map_record(root).values(), {"name": False, "age": 0})

    def test_attributes_are_followed_as_well(self):
        parent = self.contact("Parent")
        leaf = self.contact("Leaf", parent_id=parent.id)
        expected = {
            "parent_id.ids": parent.ids,
            "parent_id.parent_id.ids": [],
            "parent_id.env.uid": self.env.uid,
            "env.lang": self.env.lang,
            "create_date.year": leaf.create_date.year,
        }
        for path, value in expected.items():
            with self.subTest(path):
                modifier = follow_m2o_relations(path)
                mapper = self.export_mapper(direct=[(modifier, "target")])
                self.assertEqual(mapper.map_record(leaf).values(), {"target": value})

    def test_a_path_through_the_data_of_a_backend(self):
        class Town:
            zip = "10115"

        data = {"address": {"town": Town()}}
        self.assertEqual(
            self.value(follow_m2o_relations("address.town.zip"), data), "10115"
        )

    def test_a_path_that_does_not_exist_is_an_error_that_names_it(self):
        leaf = self.contact("Leaf", parent_id=self.contact("Parent").id)
        for path in ("nmae", "parent_id.nmae", "name.nmae", "parent_id.nmae.name"):
            mapper = self.export_mapper(direct=[(follow_m2o_relations(path), "a")])
            with (
                self.subTest(path),
                self.assertRaisesRegex(AttributeError, "has no attribute 'nmae'"),
            ):
                mapper.map_record(leaf).values()


class TestManyToOneToExternal(MapperCase):
    def value(self, modifier, record):
        mapper = self.export_mapper(direct=[(modifier, "target")])
        return mapper.map_record(record).values()["target"]

    def test_a_relation_to_a_binding_gives_its_external_id(self):
        grace = self.binding("Grace", external_id="7")
        ada = self.binding("Ada", friend_id=grace.id)
        self.assertEqual(self.value(m2o_to_external("friend_id"), ada), "7")

    def test_a_relation_to_a_wrapped_record_goes_through_its_binding(self):
        grace = self.binding("Grace", external_id="7")
        ada = self.contact("Ada", parent_id=grace.odoo_id.id)
        modifier = m2o_to_external("parent_id", binding="connector.test.binding")
        self.assertEqual(self.value(modifier, ada), "7")

    def test_an_empty_relation_is_false(self):
        self.assertIs(self.value(m2o_to_external("friend_id"), self.binding()), False)

    def test_a_related_record_without_external_id_is_an_error_that_names_it(self):
        grace = self.contact("Grace")
        ada = self.contact("Ada", parent_id=grace.id)
        modifier = m2o_to_external("parent_id", binding="connector.test.binding")
        with self.assertRaisesRegex(MappingError, f"parent_id.*Grace.*{grace.id}"):
            self.value(modifier, ada)

    def test_an_external_id_of_zero_is_one(self):
        grace = self.binding("Grace", external_id="0")
        ada = self.binding("Ada", friend_id=grace.id)
        self.assertEqual(self.value(m2o_to_external("friend_id"), ada), "0")

    def test_another_kind_of_field_is_an_error(self):
        contact = self.contact()
        self.contact("Child", parent_id=contact.id)
        for name in ("name", "child_ids"):
            with self.subTest(name), self.assertRaisesRegex(ValueError, name):
                self.value(m2o_to_external(name), contact)
        with self.assertRaisesRegex(KeyError, "unknown"):
            self.value(m2o_to_external("unknown"), contact)

    def test_another_kind_of_field_without_a_value_is_false(self):
        for name in ("email", "child_ids"):
            value = self.value(m2o_to_external(name), self.contact())
            self.assertIs(value, False)

    def test_several_related_records_are_an_error(self):
        two = self.binding("A", external_id="1") + self.binding("B", external_id="2")
        friends = [self.binding(f"Of {each.name}", friend_id=each.id) for each in two]
        with self.assertRaisesRegex(ValueError, "Expected singleton"):
            self.value(m2o_to_external("friend_id"), friends[0] + friends[1])


class TestExternalToManyToOne(MapperCase):
    def value(self, modifier, target, source):
        self.import_mapper(direct=[(modifier, target)])
        mapper = self.work("connector.test.binding").component_by_name(
            "test.import.mapper"
        )
        return mapper.map_record(source).values()[target]

    def test_an_external_id_gives_the_binding(self):
        grace = self.binding("Grace", external_id="7")
        value = self.value(external_to_m2o("a"), "friend_id", {"a": "7"})
        self.assertEqual(value, grace.id)

    def test_an_external_id_gives_the_wrapped_record(self):
        grace = self.binding("Grace", external_id="7")
        modifier = external_to_m2o("a", binding="connector.test.binding")
        value = self.value(modifier, "parent_id", {"a": "7"})
        self.assertEqual(value, grace.odoo_id.id)

    def test_no_external_id_is_false(self):
        for source in ({"a": None}, {"a": ""}, {}):
            value = self.value(external_to_m2o("a"), "friend_id", source)
            self.assertIs(value, False)

    def test_an_unknown_external_id_is_an_error_that_names_it(self):
        with self.assertRaisesRegex(MappingError, "friend_id.*binding.*77.* a"):
            self.value(external_to_m2o("a"), "friend_id", {"a": "77"})

    def test_another_kind_of_target_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "note"):
            self.value(external_to_m2o("a"), "note", {"a": "7"})
        with self.assertRaisesRegex(
            KeyError, "maps to the field 'frend_id'.*friend_id"
        ):
            self.value(external_to_m2o("a"), "frend_id", {"a": "7"})

    def test_no_external_id_is_false_for_any_target(self):
        for target in ("note", "friend_ids", "frend_id"):
            value = self.value(external_to_m2o("a"), target, {"a": ""})
            self.assertIs(value, False)

    def test_a_value_that_is_no_external_id_is_an_error(self):
        with self.assertRaisesRegex(MappingError, "friend_id.*True"):
            self.value(external_to_m2o("a"), "friend_id", {"a": True})

    def test_a_modifier_is_named_by_its_field(self):
        with self.assertRaisesRegex(MappingError, "external id 77, the value of a"):
            self.value(external_to_m2o(none("a")), "friend_id", {"a": "77"})

    def test_the_binder_of_a_connector_may_return_an_id(self):
        grace = self.binding("Grace", external_id="7")

        class Binder(Component):
            _inherit = "test.shop.binder"

            def to_internal(self, external_id, unwrap=False):
                return super().to_internal(external_id, unwrap).id

        self.build(Binder)
        binding = "connector.test.binding"
        rows = {
            "friend_id": (external_to_m2o("a"), grace.id),
            "parent_id": (external_to_m2o("a", binding=binding), grace.odoo_id.id),
            "club_id": ("a", grace.id),
        }
        for target, (modifier, expected) in rows.items():
            with self.subTest(target):
                value = self.value(modifier, target, {"a": "7"})
                self.assertEqual(value, expected)
                with self.assertRaisesRegex(MappingError, "77"):
                    self.value(modifier, target, {"a": "77"})
