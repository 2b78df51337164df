# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping

from .common import MapperCase


class ChildCase(MapperCase):
    def setUp(self):
        super().setUp()

        class ChildImportMapper(Component):
            _name = "test.child.import.mapper"
            _inherit = ["base.import.mapper", "base.test.shop"]
            _apply_on = ["connector.test.contact"]
            direct = [("title", "name")]

            @mapping
            def parent(self, record):
                return {"age": self.options.age}

        class ChildExportMapper(Component):
            _name = "test.child.export.mapper"
            _inherit = ["base.export.mapper", "base.test.shop"]
            _apply_on = ["connector.test.contact"]
            direct = [("name", "title")]

        self.build(ChildImportMapper, ChildExportMapper)


class TestImportChildren(ChildCase):
    children = [("members", "child_ids", "connector.test.contact")]

    def test_children_become_commands_that_create_them(self):
        mapper = self.import_mapper(children=self.children)
        source = {"members": [{"title": "Ada"}, {"title": "Grace"}]}
        self.assertEqual(
            mapper.map_record(source).values(age=7),
            {
                "child_ids": [
                    (0, 0, {"name": "Ada", "age": 7}),
                    (0, 0, {"name": "Grace", "age": 7}),
                ]
            },
        )

    def test_a_connector_may_define_map_children(self):
        def _map_children(self, record, attr, model):
            raise AssertionError("The mapper must not call it.")

        mapper = self.import_mapper(children=self.children, _map_children=_map_children)
        values = mapper.map_record({"members": [{"title": "Ada"}]}).values()
        self.assertEqual(values["child_ids"][0][2]["name"], "Ada")

    def test_the_commands_work(self):
        mapper = self.import_mapper(children=self.children, direct=[("t", "name")])
        source = {"t": "Club", "members": [{"title": "Ada"}, {"title": "Grace"}]}
        club = self.env["connector.test.contact"].create(
            mapper.map_record(source).values()
        )
        self.assertEqual(club.child_ids.mapped("name"), ["Ada", "Grace"])

    def test_a_source_without_children_has_none(self):
        mapper = self.import_mapper(children=self.children)
        for source in ({}, {"members": None}, {"members": []}):
            self.assertEqual(mapper.map_record(source).values(), {"child_ids": []})

    def test_children_are_mapped_as_a_whole_when_their_field_is_named(self):
        mapper = self.import_mapper(children=self.children, direct=[("t", "name")])
        record = mapper.map_record({"t": "Club", "members": [{"title": "Ada"}]})
        self.assertEqual(
            record.values(fields=["members"]),
            {"child_ids": [(0, 0, {"name": "Ada", "age": None})]},
        )
        self.assertEqual(record.values(fields=["t"]), {"name": "Club"})

    def test_children_run_before_finalize(self):
        def finalize(self, map_record, values):
            return {"age": len(values["child_ids"])}

        mapper = self.import_mapper(children=self.children, finalize=finalize)
        source = {"members": [{"title": "Ada"}]}
        self.assertEqual(mapper.map_record(source).values(), {"age": 1})

    def test_a_connector_may_bring_its_own_child_component(self):
        parents = []

        class MemberMapChild(Component):
            _name = "test.member.map.child"
            _inherit = ["base.map.child.import", "base.test.shop"]
            _apply_on = ["connector.test.contact"]

            def skip_item(self, map_record):
                parents.append(map_record.parent.source["t"])
                return map_record.source["title"] == "Skipped"

            def get_item_values(self, map_record, to_attr, options):
                if map_record.source["title"] == "Empty":
                    return {}
                return {"name": f"{to_attr}: {map_record.source['title']}"}

            def format_items(self, items_values):
                return [values["name"] for values in items_values]

        self.build(MemberMapChild)
        mapper = self.import_mapper(children=self.children)
        titles = ("Ada", "Skipped", "Empty")
        source = {"t": "Club", "members": [{"title": title} for title in titles]}
        self.assertEqual(
            mapper.map_record(source).values(), {"child_ids": ["child_ids: Ada"]}
        )
        self.assertEqual(parents, ["Club"] * 3)

    def test_map_child_can_be_overridden(self):
        def _map_child(self, map_record, from_attr, to_attr, model_name):
            return f"{from_attr} {to_attr} {model_name}"

        mapper = self.import_mapper(children=self.children, _map_child=_map_child)
        self.assertEqual(
            mapper.map_record({}).values(),
            {"child_ids": "members child_ids connector.test.contact"},
        )


class TestSyncChildren(ChildCase):
    """Children that are brought up to date by their external ids."""

    def setUp(self):
        super().setUp()

        class FriendMapper(Component):
            _name = "test.friend.import.mapper"
            _inherit = ["base.import.mapper", "base.test.shop"]
            _apply_on = ["connector.test.binding"]
            direct = [("title", "name")]

        class FriendMapChild(Component):
            _name = "test.friend.map.child"
            _inherit = ["connector.map.child.import", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        self.build(FriendMapper, FriendMapChild)
        self.club = self.binding("Club", external_id="1")
        self.children_mapper = self.import_mapper(
            children=[("members", "friend_ids", "connector.test.binding")]
        )

    def sync(self, *members):
        record = self.children_mapper.map_record({"members": members})
        values = record.values(binding=self.club)
        self.club.write(values)
        return values["friend_ids"]

    def members(self):
        return {friend.external_id: friend.name for friend in self.club.friend_ids}

    def test_new_ones_are_created_with_their_ids(self):
        self.sync({"id": 7, "title": "Ada"}, {"id": 8, "title": "Grace"})
        self.assertEqual(self.members(), {"7": "Ada", "8": "Grace"})
        self.assertEqual(self.club.friend_ids.backend_id, self.shop)

    def test_known_ones_are_updated_and_missing_ones_removed(self):
        self.sync({"id": 7, "title": "Ada"}, {"id": 8, "title": "Grace"})
        ada = self.club.friend_ids.filtered(lambda friend: friend.external_id == "7")
        self.sync({"id": 7, "title": "Ada L."}, {"id": 9, "title": "Mary"})
        self.assertEqual(self.members(), {"7": "Ada L.", "9": "Mary"})
        self.assertIn(ada, self.club.friend_ids)

    def test_nothing_is_written_when_nothing_has_changed(self):
        self.sync({"id": 7, "title": "Ada"})
        self.assertEqual(self.sync({"id": 7, "title": "Ada"}), [])

    def test_an_archived_line_is_not_created_again(self):
        self.sync({"id": 7, "title": "Ada"})
        self.club.friend_ids.active = False
        self.sync({"id": 7, "title": "Ada L."})
        friends = self.club.with_context(active_test=False).friend_ids
        self.assertEqual(friends.mapped("name"), ["Ada L."])

    def test_a_line_that_is_skipped_is_not_removed(self):
        self.sync({"id": 7, "title": "Ada"})

        class Skipping(Component):
            _inherit = "test.friend.map.child"

            def skip_item(self, map_record):
                return True

        self.build(Skipping)
        self.sync({"id": 7, "title": "Ada L."})
        self.assertEqual(self.members(), {"7": "Ada"})

    def test_a_line_that_has_moved_keeps_its_record(self):
        ada = self.binding("Ada", external_id="7")
        self.sync({"id": 7, "title": "Ada L."})
        self.assertEqual(self.club.friend_ids, ada)
        self.assertEqual(ada.name, "Ada L.")

    def test_lines_that_the_backend_never_had_stay(self):
        own = self.binding("Added by hand", club_id=self.club.id)
        self.sync({"id": 7, "title": "Ada"})
        self.assertIn(own, self.club.friend_ids)

    def test_a_line_is_the_same_as_number_and_as_text(self):
        self.sync({"id": 7, "title": "Ada"}, {"id": "7", "title": "Ada again"})
        self.assertEqual(self.members(), {"7": "Ada"})
        ada = self.club.friend_ids
        for line_id in ("7", 7):
            commands = self.sync({"id": line_id, "title": "Ada"})
            self.assertEqual(commands, [])
        self.sync({"id": "7", "title": "Ada L."}, {"id": 7, "title": "Ada again"})
        self.assertEqual(self.club.friend_ids, ada)
        self.assertEqual(self.members(), {"7": "Ada L."})

    def test_lines_without_an_id_are_different_lines(self):
        self.sync({"id": None, "title": "Ada"}, {"id": None, "title": "Grace"})
        self.assertEqual(self.club.friend_ids.mapped("name"), ["Ada", "Grace"])

    def test_a_record_that_is_new_has_no_lines_to_look_for(self):
        record = self.children_mapper.map_record({"members": [{"id": 7, "title": "A"}]})
        [(operation, _id, values)] = record.values(for_create=True)["friend_ids"]
        self.assertEqual((operation, values["external_id"]), (0, 7))


class TestExportChildren(ChildCase):
    children = [("child_ids", "members", "connector.test.contact")]

    def test_children_become_a_list_of_their_values(self):
        club = self.contact("Club")
        self.contact("Ada", parent_id=club.id)
        self.contact("Grace", parent_id=club.id)
        mapper = self.export_mapper(children=self.children)
        self.assertEqual(
            mapper.map_record(club).values(),
            {"members": [{"title": "Ada"}, {"title": "Grace"}]},
        )

    def test_children_of_a_record_reach_the_component_as_they_are(self):
        items = []

        class Noted(Component):
            _name = "test.noted.map.child"
            _inherit = ["base.map.child.export", "base.test.shop"]
            _apply_on = ["connector.test.contact"]

            def get_items(self, children, parent, to_attr, options):
                items.append(children)
                return super().get_items(
                    children.sorted("name"), parent, to_attr, options
                )

        self.build(Noted)
        contact = self.contact()
        mapper = self.export_mapper(children=self.children)
        mapper.map_record(contact).values()
        self.assertEqual(items, [contact.child_ids])

    def test_a_record_without_children_has_none(self):
        mapper = self.export_mapper(children=self.children)
        self.assertEqual(mapper.map_record(self.contact()).values(), {"members": []})

    def test_the_base_leaves_the_mapper_to_its_heirs(self):
        base = self.work("connector.test.contact").component_by_name("base.map.child")
        with self.assertRaises(NotImplementedError):
            base._child_mapper()
