# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import psycopg2

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.components.mapper import (
    MapOptions,
    changed_by,
    convert,
    follow_m2o_relations,
    m2o_to_external,
    mapping,
    none,
    only_create,
)
from odoo.addons.connector.exception import MappingError, RetryableJobError

from .common import MapperCase


class TestDirectImport(MapperCase):
    def test_values_are_copied_and_false_ones_become_false(self):
        mapper = self.import_mapper(
            direct=[("title", "name"), ("mail", "email"), ("missing", "age")]
        )
        values = mapper.map_record({"title": "Ada", "mail": ""}).values()
        self.assertEqual(values, {"name": "Ada", "email": False, "age": False})
        self.assertIs(values["email"], False)

    def test_a_many2one_takes_the_binding_of_the_external_id(self):
        friend = self.binding("Grace", external_id="7")
        mapper = self.mapper_of_bindings(direct=[("friend", "friend_id")])
        self.assertEqual(
            mapper.map_record({"friend": "7"}).values(), {"friend_id": friend.id}
        )
        self.assertEqual(
            mapper.map_record({"friend": None}).values(), {"friend_id": False}
        )

    def test_an_unknown_external_id_is_an_error_that_names_it(self):
        mapper = self.mapper_of_bindings(direct=[("friend", "friend_id")])
        with self.assertRaisesRegex(MappingError, "friend_id.*7"):
            mapper.map_record({"friend": "7"}).values()

    def test_a_value_that_is_no_id_is_not_taken_for_the_id_of_a_record(self):
        for value, shown in ((True, "True"), ("7\0", r"'7\\x00'")):
            mapper = self.mapper_of_bindings(direct=[("friend", "friend_id")])
            with (
                self.subTest(value=value),
                self.assertRaisesRegex(MappingError, f"external id {shown},"),
            ):
                mapper.map_record({"friend": value}).values()

    def test_a_target_that_is_no_field_is_copied(self):
        mapper = self.import_mapper(direct=[("title", "for_finalize")])
        self.assertEqual(
            mapper.map_record({"title": "Ada"}).values(), {"for_finalize": "Ada"}
        )

    def mapper_of_bindings(self, **attributes):
        self.import_mapper(**attributes)
        return self.work("connector.test.binding").component_by_name(
            "test.import.mapper"
        )


class TestDirectExport(MapperCase):
    def test_values_are_copied_and_false_ones_become_false(self):
        mapper = self.export_mapper(direct=[("name", "title"), ("email", "mail")])
        values = mapper.map_record(self.contact("Ada")).values()
        self.assertEqual(values, {"title": "Ada", "mail": False})

    def test_the_zero_of_a_number_stays_zero(self):
        mapper = self.export_mapper(
            direct=[("age", "years"), ("weight", "kg"), ("active", "active")]
        )
        values = mapper.map_record(self.contact(active=False)).values()
        self.assertEqual(values, {"years": 0, "kg": 0.0, "active": False})
        self.assertIsNot(values["years"], False)
        self.assertIsNot(values["kg"], False)
        self.assertIs(values["active"], False)

    def test_nothing_is_no_number(self):
        mapper = self.export_mapper(direct=[("age", "years"), ("weight", "kg")])
        values = mapper.map_record({"age": None, "weight": 0.0}).values()
        self.assertIs(values["years"], False)
        self.assertIsInstance(values["kg"], float)

    def test_a_many2one_gives_the_external_id_of_the_binding(self):
        grace = self.binding("Grace", external_id="7")
        mapper = self.export_mapper(direct=[("friend_id", "friend")])
        ada = self.binding("Ada", friend_id=grace.id)
        self.assertEqual(mapper.map_record(ada).values(), {"friend": "7"})
        self.assertEqual(mapper.map_record(grace).values(), {"friend": False})

    def test_a_source_that_is_no_field_is_read_as_well(self):
        mapper = self.export_mapper(direct=[("title", "name")])
        self.assertEqual(mapper.map_record({"title": "Ada"}).values(), {"name": "Ada"})

    def test_no_record_has_false_values_and_several_are_refused(self):
        mapper = self.export_mapper(direct=[("email", "mail"), ("friend_id", "friend")])
        grace = self.binding("Grace", external_id="7")
        ada = self.binding("Ada", friend_id=grace.id)
        bob = self.binding("Bob", friend_id=ada.id)
        self.assertEqual(
            mapper.map_record(ada.browse()).values(), {"mail": False, "friend": False}
        )
        with self.assertRaisesRegex(ValueError, "Expected singleton"):
            mapper.map_record(ada + bob).values()


class TestMappingMethods(MapperCase):
    def test_all_run_and_nothing_is_nothing(self):
        @mapping
        def name(self, record):
            return {"name": record["title"].upper()}

        @mapping
        def nothing(self, record):
            return None

        def no_mapping(self, record):
            return {"email": "wrong"}

        mapper = self.import_mapper(name=name, nothing=nothing, no_mapping=no_mapping)
        self.assertEqual(mapper.map_record({"title": "Ada"}).values(), {"name": "ADA"})

    def test_a_method_that_returns_something_else_is_an_error_that_names_it(self):
        @mapping
        def wrong(self, record):
            return ["name", "Ada"]

        mapper = self.import_mapper(wrong=wrong)
        with self.assertRaisesRegex(ValueError, r"test\.import\.mapper\.wrong"):
            mapper.map_record({}).values()

    def test_only_create_runs_for_records_that_are_created(self):
        @mapping
        @only_create
        def name(self, record):
            return {"name": "new"}

        record = self.import_mapper(name=name).map_record({})
        self.assertEqual(record.values(for_create=True), {"name": "new"})
        self.assertEqual(record.values(), {})

    def test_methods_win_over_rows_and_finalize_over_both(self):
        @mapping
        def name(self, record):
            return {"name": "method", "email": "method"}

        def finalize(self, map_record, values):
            return {**values, "email": "finalize", "age": len(map_record.source)}

        mapper = self.import_mapper(
            direct=[("title", "name"), ("title", "note")], name=name, finalize=finalize
        )
        self.assertEqual(
            mapper.map_record({"title": "row"}).values(),
            {"note": "row", "name": "method", "email": "finalize", "age": 1},
        )

    def test_forced_values_win_over_everything(self):
        def finalize(self, map_record, values):
            return {**values, "name": "finalize"}

        record = self.import_mapper(finalize=finalize).map_record({})
        record.update(name="forced")
        record.update({"email": "forced"}, age=7)
        self.assertEqual(
            record.values(), {"name": "forced", "email": "forced", "age": 7}
        )


class TestFields(MapperCase):
    def setUp(self):
        super().setUp()

        @mapping
        def always(self, record):
            return {"always": True}

        @mapping
        @changed_by("street", "zip")
        def address(self, record):
            return {"address": True}

        self.methods = {"always": always, "address": address}

    def names(self, mapper, source, fields):
        return set(mapper.map_record(source).values(fields=fields))

    def test_rows_and_methods_run_for_the_fields_they_read(self):
        mapper = self.import_mapper(
            direct=[("a", "a"), (none("b"), "b"), (none(convert("c", int)), "c")],
            **self.methods,
        )
        source = {"a": 1, "b": 2, "c": 3}
        for fields, expected in (
            (["a"], {"a", "always"}),
            (["b"], {"b", "always"}),
            (("c", "zip"), {"c", "address", "always"}),
            ({"other"}, {"always"}),
            (None, {"a", "b", "c", "address", "always"}),
            ([], {"a", "b", "c", "address", "always"}),
        ):
            with self.subTest(fields=fields):
                self.assertEqual(self.names(mapper, source, fields), expected)

    def test_a_modifier_that_hides_its_field_always_runs(self):
        mapper = self.import_mapper(
            direct=[(lambda self, record, to_attr: to_attr.upper(), "a")]
        )
        self.assertEqual(mapper.map_record({}).values(fields=["b"]), {"a": "A"})

    def test_changed_by_fields_are_all_fields_that_are_read(self):
        def shout(field):
            def modifier(self, record, to_attr):
                return record[field].upper()

            return modifier

        mapper = self.export_mapper(
            direct=[
                ("name", "a"),
                (none("email"), "b"),
                (none(convert("age", str)), "c"),
                (convert(none(shout("note")), str), "d"),
                (m2o_to_external("friend_id"), "e"),
                (follow_m2o_relations("parent_id.parent_id.name"), "f"),
                (lambda self, record, to_attr: 1, "g"),
            ],
            **self.methods,
        )
        self.assertEqual(
            mapper.changed_by_fields(),
            {"name", "email", "age", "note", "friend_id", "parent_id", "street", "zip"},
        )


class TestOrder(MapperCase):
    """The order is that of OCA's connector: the last method wins for a key."""

    def test_methods_run_by_name(self):
        @mapping
        def second(self, record):
            return {"winner": "second"}

        @mapping
        def first(self, record):
            return {"winner": "first", "loser": "first"}

        mapper = self.import_mapper(second=second, first=first)
        self.assertEqual(self.names(mapper), ["first", "second"])
        self.assertEqual(
            mapper.map_record({}).values(), {"winner": "second", "loser": "first"}
        )

    def test_methods_of_inherited_components_run_before(self):
        class Plain:
            @mapping
            def b(self, record):
                return {}

        class Base(Plain, AbstractComponent):
            _name = "test.base.mapper"
            _inherit = "base.import.mapper"

            @mapping
            def d(self, record):
                return {}

        class Other(AbstractComponent):
            _name = "test.other.mapper"
            _inherit = "base.import.mapper"

            @mapping
            def e(self, record):
                return {}

        class Mapper(Component):
            _name = "test.mapper"
            _inherit = ["test.base.mapper", "test.other.mapper"]

            @mapping
            def c(self, record):
                return {}

            @mapping
            def a(self, record):
                return {}

            @mapping
            def d(self, record):
                return {}

        mapper = self.mapper(Base, Other, Mapper)
        self.assertEqual(self.names(mapper), ["e", "b", "d", "a", "c"])

    def test_an_extension_adds_its_methods_at_the_end(self):
        @mapping
        def b(self, record):
            return {}

        class Extension(Component):
            _inherit = "test.import.mapper"

            @mapping
            def a(self, record):
                return {}

        self.import_mapper(b=b)
        self.assertEqual(self.names(self.mapper(Extension)), ["b", "a"])

    def names(self, mapper):
        return [method.__name__ for method, _definition in mapper.map_methods]


class TestErrors(MapperCase):
    """People correct all that is wrong with a record in one go."""

    def test_all_errors_of_a_record_come_at_once(self):
        @mapping
        def zip_code(self, record):
            raise MappingError("there is no such zip code")

        friend, parent = self.binding("Grace"), self.contact("Parent")
        mapper = self.export_mapper(
            direct=[
                ("name", "title"),
                ("friend_id", "friend"),
                (m2o_to_external("parent_id", "connector.test.binding"), "parent"),
                (convert("email", int), "mail"),
            ],
            zip_code=zip_code,
        )
        ada = self.binding(
            "Ada", friend_id=friend.id, parent_id=parent.id, email="no number"
        )
        with self.assertRaises(MappingError) as raised:
            mapper.map_record(ada).values()
        text = str(raised.exception)
        for part in (
            f"{ada.display_name} (connector.test.binding, id {ada.id})",
            "friend_id -> friend: ",
            f"id {friend.id}",
            "parent_id -> parent: ",
            f"id {parent.id}",
            "email -> mail: ",
            "zip_code: there is no such zip code",
        ):
            self.assertIn(part, text)
        self.assertNotIn("title", text)

    def test_a_value_that_cannot_be_converted_is_a_value_error_as_well(self):
        mapper = self.import_mapper(direct=[(convert("a", int), "age")])
        with self.assertRaisesRegex(ValueError, "Ada, 7.*a -> age") as raised:
            mapper.map_record({"a": "x", "name": "Ada", "id": 7}).values()
        self.assertIsInstance(raised.exception, MappingError)

    def test_errors_that_nobody_mends_in_the_record_are_not_collected(self):
        for error in (KeyError("bug"), RetryableJobError("later")):

            def raising(self, record, to_attr, error=error):
                raise error

            mapper = self.import_mapper(direct=[(raising, "a")])
            with self.assertRaises(type(error)) as raised:
                mapper.map_record({}).values()
            self.assertIs(raised.exception, error)

    def test_an_error_of_an_own_class_reaches_the_caller(self):
        class Refused(MappingError):
            pass

        class Misspelt(ValueError):
            pass

        for error in (Refused("no"), Misspelt("no")):
            mapper = self.import_mapper(direct=[(self.raising(error), "a")])
            with self.subTest(error), self.assertRaises(type(error)) as raised:
                mapper.map_record({}).values()
            self.assertIs(raised.exception, error)
            self.assertEqual(str(error), "no")

    def test_an_own_error_of_a_method_wins_over_plain_ones(self):
        class Refused(MappingError):
            pass

        refused, reason = Refused("no"), KeyError("reason")

        @mapping
        def method(self, record):
            raise refused from reason

        mapper = self.import_mapper(direct=[(convert("a", int), "b")], method=method)
        with self.assertRaises(Refused) as raised:
            mapper.map_record({"a": "x"}).values()
        self.assertIs(raised.exception, refused)
        self.assertRegex(str(refused.__cause__), "(?s)a -> b: .*method: no")
        self.assertIs(refused.__cause__.__cause__, reason)

    def test_a_wrong_value_wins_over_what_stops_the_mapping_later(self):
        @mapping
        def wrong(self, record):
            raise MappingError("there is no such zip code")

        for error in (RetryableJobError("later"), KeyError("bug")):

            @mapping
            def zz(self, record, error=error):
                raise error

            mapper = self.import_mapper(wrong=wrong, zz=zz)
            with self.subTest(error), self.assertRaisesRegex(MappingError, "zip"):
                mapper.map_record({}).values()

    def test_a_retry_before_a_wrong_value_is_a_retry(self):
        class Waits(MappingError, RetryableJobError):
            pass

        for error in (RetryableJobError("later"), Waits("later")):
            rows = [(self.raising(error), "a"), (convert("a", int), "b")]
            mapper = self.import_mapper(direct=rows)
            with self.subTest(error), self.assertRaises(RetryableJobError) as raised:
                mapper.map_record({"a": "x"}).values()
            self.assertIs(raised.exception, error)

    def test_an_error_of_the_database_wins_over_wrong_values(self):
        @mapping
        def query(self, record):
            self.env.cr.execute("SELECT 1 / 0")

        mapper = self.import_mapper(direct=[(convert("a", int), "b")], query=query)
        with (
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
            self.assertRaises(psycopg2.errors.DivisionByZero),
        ):
            mapper.map_record({"a": "x"}).values()

    def test_a_conversion_fails_with_the_class_of_its_error(self):
        for value, error in (("x", ValueError), ([1], TypeError)):
            mapper = self.import_mapper(direct=[(convert("a", int), "b")])
            with self.subTest(value=value), self.assertRaises(error) as raised:
                mapper.map_record({"a": value}).values()
            self.assertIsInstance(raised.exception, MappingError)

    def raising(self, error):
        def modifier(mapper, record, to_attr):
            raise error

        return modifier

    def test_a_mistake_in_a_mapping_method_keeps_its_own_error(self):
        @mapping
        def mistake(self, record):
            return int("x")

        mapper = self.import_mapper(mistake=mistake)
        with self.assertRaises(ValueError) as raised:
            mapper.map_record({}).values()
        self.assertIs(type(raised.exception), ValueError)


class TestInheritance(MapperCase):
    def base(self):
        class Base(AbstractComponent):
            _name = "test.base.mapper"
            _inherit = "base.import.mapper"
            direct = [("a", "a")]

            @mapping
            @changed_by("street")
            @only_create
            def address(self, record):
                return {"address": "base"}

            @mapping
            def name(self, record):
                return {"name": "base"}

        return Base

    def definition(self, mapper, name):
        methods = {
            method.__name__: definition for method, definition in mapper.map_methods
        }
        return methods[name]

    def test_rows_are_those_of_the_last_class_that_sets_them(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"
            direct = [("b", "b")]

        class Heir(Component):
            _name = "test.heir.mapper"
            _inherit = "test.mapper"
            children = [("x", "x", "connector.test.contact")]

        mapper = self.mapper(self.base(), Mapper, Heir)
        self.assertEqual(mapper.direct, [("b", "b")])
        self.assertEqual(mapper.children, Heir.children)
        self.assertFalse(self.components["test.mapper"].children)

    def test_a_redefinition_adds_fields_and_decides_on_only_create(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"

            @mapping
            @changed_by("zip")
            def address(self, record):
                return {**super().address(record), "zip": "heir"}

        mapper = self.mapper(self.base(), Mapper)
        definition = self.definition(mapper, "address")
        self.assertEqual(definition.changed_by, {"street", "zip"})
        self.assertFalse(definition.only_create)
        self.assertEqual(
            mapper.map_record({}).values(fields=["street"]),
            {"address": "base", "zip": "heir", "name": "base"},
        )

    def test_a_redefinition_without_decorators_stays_a_mapping(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"

            def address(self, record):
                return {"address": "heir"}

        mapper = self.mapper(self.base(), Mapper)
        self.assertEqual(
            self.definition(mapper, "address"), ({"street"}, True), "as in the base"
        )
        values = mapper.map_record({}).values(for_create=True)
        self.assertEqual(values["address"], "heir")

    def test_plain_python_bases_count(self):
        class Mixin:
            @mapping
            @changed_by("phone")
            def phone(self, record):
                return {"phone": 1}

        class Mapper(Mixin, Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"

            @mapping
            @changed_by("mobile")
            def phone(self, record):
                return {"phone": 2}

        mapper = self.mapper(self.base(), Mapper)
        self.assertEqual(
            self.definition(mapper, "phone").changed_by, {"phone", "mobile"}
        )

    def test_the_outermost_changed_by_of_a_method_counts(self):
        @changed_by("a")
        @mapping
        @changed_by("b", "c")
        @only_create
        @changed_by("d")
        def outer(self, record):
            return {"outer": 1}

        @mapping
        @changed_by()
        @changed_by("b")
        def always(self, record):
            return {"always": 1}

        mapper = self.import_mapper(outer=outer, always=always)
        self.assertEqual(self.definition(mapper, "outer"), ({"a"}, True))
        self.assertEqual(self.definition(mapper, "always"), (set(), False))
        self.assertEqual(mapper.changed_by_fields(), {"a"})
        self.assertEqual(mapper.map_record({}).values(fields=["b"]), {"always": 1})

    def test_the_redefinition_of_a_plain_method_decides_whether_it_runs(self):
        class Mixin:
            @mapping
            @changed_by("street")
            def address(self, record):
                return {"address": "mixin"}

            @mapping
            @changed_by("phone")
            def phone(self, record):
                return {"phone": "mixin"}

        class Mapper(Mixin, Component):
            _name = "test.mapper"
            _inherit = "base.import.mapper"

            def address(self, record):
                return {"address": "mapper"}

            @mapping
            def phone(self, record):
                return {"phone": "mapper"}

        mapper = self.mapper(Mapper)
        self.assertEqual(mapper.map_record({}).values(), {"phone": "mapper"})
        self.assertFalse(self.definition(mapper, "phone").changed_by)

    def test_a_redefinition_does_not_change_the_mapper_that_it_inherits(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"

            @mapping
            @changed_by("zip")
            def name(self, record):
                return {}

        class Sibling(Component):
            _name = "test.sibling"
            _inherit = "test.base.mapper"

        mapper = self.mapper(self.base(), Mapper, Sibling)
        self.assertEqual(self.definition(mapper, "name").changed_by, set())

    def test_an_extension_in_place_reaches_mappers_built_before_it(self):
        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.base.mapper"

        class Extension(AbstractComponent):
            _inherit = "test.base.mapper"

            @mapping
            def late(self, record):
                return {"late": True}

        mapper = self.mapper(self.base(), Mapper)
        self.assertNotIn("late", mapper.map_record({}).values())
        self.build(Extension)
        self.assertIn("late", mapper.map_record({}).values())

    def test_base_mapper_can_be_extended_in_place(self):
        class Extension(AbstractComponent):
            _inherit = "base.mapper"

            def finalize(self, map_record, values):
                return {**super().finalize(map_record, values), "patched": True}

        self.build(Extension)
        self.assertTrue(self.import_mapper().map_record({}).values()["patched"])

    def test_siblings_do_not_share_methods(self):
        class One(Component):
            _name = "test.one"
            _inherit = "test.base.mapper"

            @mapping
            def one(self, record):
                return {"one": 1}

        class Two(Component):
            _name = "test.two"
            _inherit = "test.base.mapper"

        mapper = self.mapper(self.base(), One, Two)
        self.assertNotIn("one", mapper.map_record({}).values())


class TestDiamonds(MapperCase):
    """Several inherited components have the same method."""

    def creates_only(self, left, right, *own):
        """Return whether a method is ``only_create``.

        :param left: whether it is in a component that is inherited
        :param right: whether it is in another one
        :param own: whether it is where a mapper redefines it
        """

        def part(name, inherit, creates_only, kind=AbstractComponent):
            def method(self, record):
                return {}

            marked = only_create(method) if creates_only else method
            return type(
                "Part",
                (kind,),
                {
                    "_name": name,
                    "_inherit": inherit,
                    "__module__": __name__,
                    **({} if creates_only is None else {"method": mapping(marked)}),
                },
            )

        mapper = self.mapper(
            part("test.top", "base.import.mapper", False),
            part("test.left", "test.top", left),
            part("test.right", "test.top", right),
            part(
                "test.mapper", ["test.left", "test.right"], *own or (None,), Component
            ),
        )
        [(_method, definition)] = mapper.map_methods
        return definition.only_create

    def test_one_with_only_create_is_enough(self):
        self.assertTrue(self.creates_only(True, False))
        self.assertTrue(self.creates_only(False, True))
        self.assertTrue(self.creates_only(True, None))
        self.assertTrue(self.creates_only(None, True))
        self.assertFalse(self.creates_only(False, False))

    def test_a_redefinition_decides(self):
        self.assertFalse(self.creates_only(True, True, False))
        self.assertTrue(self.creates_only(False, False, True))

    def test_a_component_that_is_inherited_twice_counts_as_well(self):
        class Top(AbstractComponent):
            _name = "test.top"
            _inherit = "base.import.mapper"

            @mapping
            @only_create
            def method(self, record):
                return {}

        class Base(AbstractComponent):
            _name = "test.base.mapper"
            _inherit = "test.top"

            @mapping
            def method(self, record):
                return {}

        class Mapper(Component):
            _name = "test.mapper"
            _inherit = ["test.base.mapper", "test.top"]

        [(_method, definition)] = self.mapper(Top, Base, Mapper).map_methods
        self.assertTrue(definition.only_create)


class TestReadAhead(MapperCase):
    """An export mapper reads what it maps and no more, if it knows what that is."""

    def read_by(self, fields=None, **attributes):
        """Return the fields that a mapper lets the ORM read of two contacts."""
        mapper = self.export_mapper(
            _map_direct=lambda mapper, record, source, target: None,
            _map_child=lambda mapper, map_record, *row: None,
            **attributes,
        )
        contacts = self.contact() + self.contact()
        self.env.flush_all()
        self.env.invalidate_all()
        mapper.map_record(next(iter(contacts))).values(fields=fields)
        [read] = {frozenset(contact._cache.keys()) for contact in contacts}
        return read & {"name", "email", "age", "weight", "child_ids", "parent_id"}

    def test_columns_of_rows_and_methods_are_read(self):
        @mapping
        @changed_by("age", "no_field")
        def years(self, record):
            """Reads nothing."""

        attributes = {
            "direct": [(none("name"), "title"), (m2o_to_external("parent_id"), "p")],
            "children": [("child_ids", "contacts", "connector.test.contact")],
            "years": years,
        }
        self.assertEqual(self.read_by(**attributes), {"name", "parent_id", "age"})
        self.assertEqual(self.read_by(["age", "weight"], **attributes), {"age"})

    def test_nothing_is_read_ahead_when_not_all_is_known(self):
        @mapping
        def anything(self, record):
            """Reads nothing, and does not tell."""

        def hidden(self, record, to_attr):
            """Reads nothing, and does not tell."""

        self.assertFalse(self.read_by(direct=[("name", "a")], anything=anything))
        self.assertFalse(self.read_by(direct=[("name", "a"), (hidden, "b")]))
        self.assertFalse(self.read_by(["name"], direct=[("name", "a"), (hidden, "b")]))

    def test_queries_do_not_grow_with_the_records(self):
        mapper = self.export_mapper(direct=[("name", "title"), ("age", "years")])
        bindings = self.env["connector.test.binding"].union(
            *(self.binding(f"C{number}") for number in range(20))
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            titles = [mapper.map_record(b).values()["title"] for b in bindings]
        self.assertEqual(titles, [f"C{number}" for number in range(20)])

    def test_records_of_several_models_can_be_mapped_in_turn(self):
        mapper = self.export_mapper(direct=[("name", "title")])
        records = [self.contact("Ada"), self.binding("Grace"), self.shop]
        self.env.flush_all()
        for _time in range(2):
            self.env.invalidate_all()
            titles = [mapper.map_record(r).values()["title"] for r in records]
            self.assertEqual(titles, ["Ada", "Grace", "Corner Shop"])

    def test_a_record_that_must_not_be_read_is_an_error(self):
        mapper = self.export_mapper(direct=[("name", "title")])
        contact = self.contact().with_user(self.env.ref("base.public_user"))
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            mapper.map_record(contact).values()


class TestHooks(MapperCase):
    def test_map_direct_can_be_overridden(self):
        def _map_direct(self, record, from_attr, to_attr):
            return f"{from_attr}>{to_attr}"

        mapper = self.import_mapper(direct=[("a", "b")], _map_direct=_map_direct)
        self.assertEqual(mapper.map_record({}).values(), {"b": "a>b"})

    def test_apply_hooks_see_the_record_and_the_options(self):
        seen = []

        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "base.import.mapper"

            def _apply(self, map_record, options=None):
                seen.append(options.for_create)
                return super()._apply(map_record, options)

            def _apply_with_options(self, map_record):
                return {"color": self.options.color, "source": map_record.source}

        mapper = self.mapper(Mapper)
        values = mapper.map_record({"a": 1}).values(for_create=True, color="red")
        self.assertEqual(values, {"color": "red", "source": {"a": 1}})
        self.assertEqual(seen, [True])

    def test_map_methods_can_be_overridden(self):
        @mapping
        def name(self, record):
            return {"name": 1}

        @mapping
        def email(self, record):
            return {"email": 1}

        class Mapper(Component):
            _name = "test.mapper"
            _inherit = "test.import.mapper"

            @property
            def map_methods(self):
                for method, definition in super().map_methods:
                    if method.__name__ != "email":
                        yield method, definition

        self.import_mapper(name=name, email=email)
        mapper = self.mapper(Mapper)
        self.assertEqual(mapper.map_record({}).values(), {"name": 1})


class TestOptions(MapperCase):
    def test_options_that_were_not_given_are_none(self):
        options = MapOptions(color="red")
        self.assertEqual((options.color, options["color"]), ("red", "red"))
        self.assertIsNone(options.size)
        self.assertIsNone(options["size"])
        options.size = 7
        self.assertEqual(options["size"], 7)
        self.assertNotIn("weight", options)

    def test_options_behave_as_a_dict_for_python(self):
        import copy
        import pickle

        options = MapOptions(color="red")
        for twin in (
            copy.copy(options),
            copy.deepcopy(options),
            pickle.loads(pickle.dumps(options)),
        ):
            self.assertEqual(twin, options)
            self.assertIsInstance(twin, MapOptions)

    def test_mapping_methods_see_the_options(self):
        @mapping
        def color(self, record):
            options = self.options
            return {"seen": (options.color, options.for_create, options.fields)}

        record = self.import_mapper(color=color).map_record({})
        self.assertEqual(
            record.values(for_create=True, fields=["x"], color="red"),
            {"seen": ("red", True, ["x"])},
        )
        self.assertEqual(record.values(), {"seen": (None, None, None)})

    def test_options_are_restored_after_each_mapping(self):
        @mapping
        def nested(self, record):
            if self.options.depth == 1:
                self.map_record(record).values(depth=2)
            return {"depth": self.options.depth}

        mapper = self.import_mapper(nested=nested)
        self.assertEqual(mapper.map_record({}).values(depth=1), {"depth": 1})
        self.assertIsNone(mapper.options)

    def test_options_are_restored_after_an_error(self):
        @mapping
        def broken(self, record):
            raise KeyError("broken")

        mapper = self.import_mapper(broken=broken)
        with self.assertRaises(KeyError):
            mapper.map_record({}).values(color="red")
        self.assertIsNone(mapper.options)
