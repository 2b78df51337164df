# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of mappers that refer to other records, which are synchronised first."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    external_to_m2o,
    follow_m2o_relations,
    m2o_to_external,
    none,
    only_create,
    records_to_external,
)
from odoo.addons.connector.exception import MappingError, MissingDependencyError

from .common import ImportCase, ShopCase, override

BINDING = "connector.test.binding"
NOBODY = {"id": None}
MAPPER = "test.shop.contact.export.mapper"


class TestExport(ShopCase):
    def set_up(self, *rows, **exporter):
        """Let the mapper have rows, and the exporter no dependencies of its own."""
        direct = [("name", "title"), *rows]

        class PlainExporter(Component):
            _name = "test.shop.plain.exporter"
            _inherit = ["generic.exporter", "base.test.shop"]
            _usage = "plain.exporter"
            _default_binding_field = "shop_bind_ids"
            _exports_references = True

            def _export_dependency(self, *args, **kwargs):
                usage = {"component_usage": "plain.exporter"}
                return super()._export_dependency(*args, **usage, **kwargs)

        self.build(override(MAPPER, direct=direct), PlainExporter)
        if exporter:
            self.build(override("test.shop.plain.exporter", **exporter))

    def export(self, binding):
        self.component("plain.exporter").run(binding)

    def titles(self):
        return [record["title"] for record in self.server.records.values()]

    def test_what_a_many2one_refers_to_is_exported_first(self):
        self.set_up((none(m2o_to_external("parent_id", binding=BINDING)), "parent"))
        root = self.contact("Root")
        self.export(self.binding("Leaf", parent_id=root.id))
        self.assertEqual(self.titles(), ["Root", "Leaf"])
        self.assertEqual(self.server.records["2"]["parent"], "1")
        self.assertEqual(root.shop_bind_ids.external_id, "1")

    def test_a_binding_is_exported_first(self):
        self.set_up((m2o_to_external("friend_id"), "friend"))
        grace = self.binding("Grace")
        self.export(self.binding("Ada", friend_id=grace.id))
        self.assertEqual(self.titles(), ["Grace", "Ada"])

    def test_many_records_are_exported_first_as_a_list_of_ids(self):
        self.set_up((records_to_external("child_ids", binding=BINDING), "children"))
        root = self.binding("Root")
        for name in ("One", "Two"):
            self.contact(name, parent_id=root.odoo_id.id)
        self.export(root)
        self.assertEqual(self.titles(), ["One", "Two", "Root"])
        self.assertEqual(self.server.records["3"]["children"], ["1", "2"])
        self.assertEqual(self.server.records["1"]["children"], [])

    def test_the_path_to_records_may_be_longer(self):
        path = "child_ids.parent_id.child_ids"
        self.set_up((records_to_external(path, binding=BINDING), "known"))
        root = self.binding("Root")
        self.contact("Leaf", parent_id=root.odoo_id.id)
        self.export(root)
        self.assertEqual(self.server.records["2"]["known"], ["1"])
        mapper = self.component("export.mapper")
        self.assertEqual(mapper.source_fields(), {"name", "child_ids"})

    def test_a_record_without_an_id_is_named(self):
        self.set_up(
            (records_to_external("child_ids", binding=BINDING), "children"),
            _exports_references=False,
        )
        root = self.binding("Root")
        self.contact("Leaf", parent_id=root.odoo_id.id)
        with self.assertRaisesRegex(MappingError, "child_ids points to Leaf"):
            self.export(root)
        self.assertEqual(self.titles(), [])

    def test_a_row_for_new_records_only(self):
        parent = only_create(m2o_to_external("parent_id", binding=BINDING))
        self.set_up((parent, "parent"))
        root = self.binding("Root", external_id="7")
        ada = self.binding("Ada", parent_id=root.odoo_id.id)
        self.export(ada)
        self.assertEqual(self.server.records["1"], {"title": "Ada", "parent": "7"})
        mapper = self.component("export.mapper")
        self.assertEqual(mapper.map_record(ada).values(), {"title": "Ada"})
        self.assertEqual(mapper.source_fields(), {"name"})


class TestImport(ImportCase):
    def set_up(self):
        rows = [("title", "name"), ("friend", "friend_id")]
        boss = external_to_m2o(follow_m2o_relations("boss.id"), binding=BINDING)
        rows.append((boss, "parent_id"))
        self.build(override("test.shop.contact.import.mapper", direct=rows))

        class ReferringImporter(Component):
            _name = "test.shop.referring.importer"
            _inherit = ["connector.record.importer", "base.test.shop"]
            _usage = "referring.importer"
            _imports_references = True

        self.build(ReferringImporter)

    def test_what_the_rows_refer_to_is_imported_first(self):
        self.set_up()
        self.source.add(1, friend=2, boss={"id": 3})
        self.source.add(2, 3, boss=NOBODY)
        self.component("referring.importer").run(1)
        ada = self.imported(1)
        self.assertEqual(ada.friend_id, self.imported(2))
        self.assertEqual(ada.parent_id, self.imported(3).odoo_id)
        self.assertEqual(list(map(str, self.source.reads)), ["1", "2", "3"])

    def test_in_a_chunk_too(self):
        self.set_up()
        self.source.add(1, 2, boss={"id": 3})
        self.source.add(3, boss=NOBODY)
        self.component("referring.importer").run_chunk([1, 2])
        parents = self.imported(1).parent_id, self.imported(2).parent_id
        self.assertEqual(parents, (self.imported(3).odoo_id,) * 2)
        self.assertEqual(list(map(str, self.source.reads)).count("3"), 1)

    def test_a_record_waits_for_those_that_are_not_linked(self):
        self.binding("Mug", external_id="7")
        importer = self.component("record.importer")
        importer._require_linked(BINDING, {"7": "Mug"})
        names = {7: "Mug", "8": "Cup", "9": "Bowl"}
        with self.assertRaisesRegex(MissingDependencyError, r"'Bowl', 'Cup' \("):
            importer._require_linked(BINDING, names)
