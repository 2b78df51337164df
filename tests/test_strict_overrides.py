# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Hooks that connectors override get the arguments that are documented.

Overrides that refuse any other kind of argument take part in real synchronisations.
"""

from collections import Counter

from odoo import models

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    MapOptions,
    MapRecord,
    external_to_m2o,
    m2o_to_external,
)

from .common import (
    BulkExports,
    ImportCase,
    batch_export_components,
    listener_components,
    override,
)

BINDING = "connector.test.binding"
CONTACT = "connector.test.contact"


# -- kinds of arguments


def record_of(*model_names):
    """Return a check for one record of one of some models."""
    return lambda value: (
        isinstance(value, models.BaseModel)
        and value._name in model_names
        and len(value) == 1
    )


def instance_of(*types):
    """Return a check for instances of exactly one of some types."""
    return lambda value: type(value) in types


def none_or(check):
    return lambda value: value is None or check(value)


def any_of(*checks):
    return lambda value: any(check(value) for check in checks)


a_text = instance_of(str)
a_flag = instance_of(bool)
a_dict = instance_of(dict)
an_external_id = instance_of(str, int)
a_binding = record_of(BINDING)
#: With ``wrap``, it is the record that the binding wraps.
a_record_or_id = any_of(record_of(BINDING, CONTACT), instance_of(int))
a_map_record = instance_of(MapRecord)
some_options = instance_of(MapOptions)
some_fields = none_or(
    lambda value: isinstance(value, list | tuple | set) and all(map(a_text, value))
)
a_source = any_of(a_text, callable)
some_data = any_of(a_dict, a_binding)

MAPPER_HOOKS = {
    "_map_direct": {"record": some_data, "from_attr": a_source, "to_attr": a_text},
    "_map_child": {
        "map_record": a_map_record,
        "from_attr": a_text,
        "to_attr": a_text,
        "model_name": a_text,
    },
    "_apply": {"map_record": a_map_record, "options": some_options},
    "_apply_with_options": {"map_record": a_map_record},
    "_mapping_options": {"options": some_options},
    "_direct_source_field_name": {"direct_entry": a_source},
    "_get_map_child_component": {"model_name": a_text},
    "finalize": {"map_record": a_map_record, "values": a_dict},
}
MAP_CHILD_HOOKS = {
    "_child_mapper": {},
    "skip_item": {"map_record": a_map_record},
    "get_items": {
        "items": any_of(
            instance_of(list), lambda value: isinstance(value, models.BaseModel)
        ),
        "parent": a_map_record,
        "to_attr": a_text,
        "options": some_options,
    },
    "get_item_values": {
        "map_record": a_map_record,
        "to_attr": a_text,
        "options": some_options,
    },
    "format_items": {"items_values": instance_of(list)},
}
BINDER_HOOKS = {
    "to_internal": {"external_id": an_external_id, "unwrap": a_flag},
    "to_external": {"binding": a_record_or_id, "wrap": a_flag},
    "bind": {"external_id": an_external_id, "binding": a_binding},
}
#: Hooks of exporters that many records with one call have, too.
EXPORTER_HOOKS = {
    "_should_import": {},
    "_has_to_skip": {},
    "_export_dependencies": {},
    "_export_dependency": {
        "relation": lambda value: isinstance(value, models.BaseModel),
        "binding_model": a_text,
        "component_usage": a_text,
        "binding_field": none_or(a_text),
        "binding_extra_vals": none_or(a_dict),
    },
    "_map_data": {},
    "_create_data": {"map_record": a_map_record, "fields": some_fields},
    "_update_data": {"map_record": a_map_record, "fields": some_fields},
    "_validate_create_data": {"data": a_dict},
    "_validate_update_data": {"data": a_dict},
    "_after_export": {},
}
#: Hooks of exporters that export one record.
SINGLE_EXPORT_HOOKS = {
    "run": {"binding": a_binding, "fields": some_fields},
    "_run": {"fields": some_fields},
    "_lock": {},
    "_create": {"data": a_dict},
    "_update": {"data": a_dict},
}
IMPORTER_HOOKS = {
    "_import_data": {},
    "_must_skip": {},
    "_get_binding": {},
    "_is_uptodate": {"binding": a_binding},
    "_before_import": {},
    "_import_dependencies": {},
    "_import_dependency": {
        "external_id": none_or(an_external_id),
        "binding_model": a_text,
        "always": a_flag,
    },
    "_map_data": {},
    "_validate_data": {"data": a_dict},
    "_create_data": {"map_record": a_map_record},
    "_create": {"data": a_dict},
    "_update_data": {
        "map_record": a_map_record,
        "binding": a_binding,
        "removed": instance_of(list),
    },
    "_update": {"binding": a_binding, "data": a_dict},
    "_after_import": {"binding": a_binding},
}
ADAPTER_HOOKS = {
    "create": {"data": a_dict},
    "write": {"external_id": an_external_id, "data": a_dict},
    "read": {"external_id": an_external_id},
    "search": {"filters": none_or(a_dict)},
    "delete": {"external_id": an_external_id},
}
LOCKER_HOOKS = {
    "lock": {
        "records": a_binding,
        "seconds": none_or(an_external_id),
        "ignore_retry": a_flag,
    }
}
#: Names that connectors define, or are likely to, by the component that they inherit.
NAMES_OF_CONNECTORS = {
    "test.shop.binder": "_binding _cache _find _find_binding _is_binding _is_bound "
    "_backend_domain _by_value _convert_external_id _prefetch _search_one",
    "test.shop.contact.export.mapper": "_map_children _plan _plans _prefetch",
    "test.shop.contact.exporter": "_bind _binding _binding_field _get_binding "
    "_get_or_create_binding _is_exported _job _prepare _retry_later _validate_data",
    "test.shop.adapter": "_call _job _not_implemented _result _retry_later",
}
LISTENER_HOOKS = {
    "on_record_create": {"record": record_of(BINDING, CONTACT), "fields": some_fields},
    "on_record_write": {"record": record_of(BINDING, CONTACT), "fields": some_fields},
    "on_record_unlink": {"record": record_of(BINDING, CONTACT)},
    "no_connector_export": {"record": record_of(BINDING, CONTACT)},
}


class StrictCase(BulkExports, ImportCase):
    """A test with overrides that check each of their arguments."""

    def setUp(self):
        super().setUp()
        self.called = Counter()

        class Deletes(Component):
            _inherit = "test.shop.adapter"

            def delete(adapter, external_id):
                self.server.records.pop(str(external_id))

        class Deleter(Component):
            _name = "test.shop.contact.deleter"
            _inherit = ["connector.record.deleter", "base.test.shop"]

        self.build(Deletes, Deleter, *batch_export_components())

    def be_strict(self, name, hooks):
        """Override hooks of a component with strict ones.

        :param name: name of the component
        :param hooks: the checks of the arguments, by hook
        """
        cls = override(name)
        for hook, checks in hooks.items():
            setattr(cls, hook, self.strict_hook(cls, hook, checks))
        self.build(cls)

    def strict_hook(self, cls, hook, checks):
        def strict(component, *args, **kwargs):
            given = {**dict(zip(checks, args, strict=False)), **kwargs}
            self.assertEqual(len(args) + len(kwargs), len(given), hook)
            for name, value in given.items():
                self.assertIn(name, checks, hook)
                self.assertTrue(checks[name](value), f"{hook}: {name} = {value!r}")
            self.called[hook] += 1
            return getattr(super(cls, component), hook)(*args, **kwargs)

        return strict

    def assert_called(self, *tables):
        """Check that all hooks of some tables were called."""
        self.assertLessEqual(
            {hook for table in tables for hook in table}, {*self.called}
        )


class TestStrictExports(StrictCase):
    def setUp(self):
        super().setUp()

        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [
                ("name", "title"),
                ("friend_id", "friend"),
                (m2o_to_external("parent_id", binding=BINDING), "parent"),
            ]
            children = [("friend_ids", "members", BINDING)]

        class MapChild(Component):
            _name = "test.shop.member.map.child"
            _inherit = ["base.map.child.export", "base.test.shop"]
            _apply_on = [BINDING]

        self.build(ExportMapper, MapChild)
        self.be_strict("test.shop.contact.export.mapper", MAPPER_HOOKS)
        self.be_strict("test.shop.member.map.child", MAP_CHILD_HOOKS)
        self.be_strict("test.shop.binder", BINDER_HOOKS)

    def bindings(self, *names):
        """Create contacts with a parent to export first, a friend and a member."""
        friend = self.binding("Friend", external_id="7")
        bindings = self.model
        for name in names:
            parent = self.contact(f"Parent of {name}")
            bindings += self.binding(name, parent_id=parent.id, friend_id=friend.id)
            self.binding("Member", club_id=bindings[-1].id)
        return bindings

    def assert_exported(self, bindings, titles):
        for binding, title in zip(bindings, titles, strict=True):
            data = self.server.records[binding.external_id]
            self.assertEqual((data["title"], data["friend"]), (title, "7"))
            self.assertTrue(data["parent"])
            self.assertEqual([each["title"] for each in data["members"]], ["Member"])

    def be_strict_one_by_one(self):
        hooks = {**EXPORTER_HOOKS, **SINGLE_EXPORT_HOOKS}
        self.be_strict("test.shop.contact.exporter", hooks)
        self.be_strict("test.shop.adapter", ADAPTER_HOOKS)

    def assert_exporter_called(self, *tables):
        tables = (*tables, EXPORTER_HOOKS, MAPPER_HOOKS, MAP_CHILD_HOOKS)
        self.assert_called(*tables)
        self.assertTrue({"to_external", "bind"} <= self.called.keys())

    def test_one_record(self):
        self.be_strict_one_by_one()
        binding = self.bindings("Ada")
        binding.export_record()
        binding.name = "Grace"
        binding.export_record(fields=["name", "friend_id", "friend_ids"])
        self.assert_exported(binding, ["Grace"])
        self.assert_exporter_called(SINGLE_EXPORT_HOOKS)

    def test_a_chunk_one_by_one(self):
        self.be_strict_one_by_one()
        bindings = self.bindings("Ada", "Grace")
        for _time in range(2):
            bindings.export_chunk()
        self.assert_exported(bindings, ["Ada", "Grace"])
        self.assert_exporter_called(SINGLE_EXPORT_HOOKS)

    def test_a_chunk_with_one_call(self):
        self.build(*self.many_components())
        self.be_strict("test.shop.contact.exporter", EXPORTER_HOOKS)
        bindings = self.bindings("Ada", "Grace")
        for _time in range(2):
            bindings.export_chunk(fields=None)
        self.assertEqual(self.many_calls, [("create", 2), ("write", 2)])
        self.assert_exported(bindings, ["Ada", "Grace"])
        self.assert_exporter_called()

    def test_methods_of_connectors_are_not_called(self):
        def own_method(component, *args, **kwargs):
            raise AssertionError("Only the connector calls its own methods.")

        for component, names in NAMES_OF_CONNECTORS.items():
            self.build(override(component, **dict.fromkeys(names.split(), own_method)))
        self.be_strict_one_by_one()
        bindings = self.bindings("Ada", "Grace")
        bindings[0].export_record()
        bindings.export_chunk()
        self.assert_exported(bindings, ["Ada", "Grace"])

    def test_a_delete(self):
        self.be_strict_one_by_one()
        self.be_strict(
            "test.shop.contact.deleter",
            {
                "run": {"external_id": an_external_id},
                "_delete": {"external_id": an_external_id},
            },
        )
        binding = self.bindings("Ada")
        binding.export_record()
        external_id = binding.external_id
        self.model.export_delete_record(self.shop, external_id)
        self.assertNotIn(external_id, self.server.records)
        self.assertTrue({"_delete", "delete"} <= self.called.keys())

    def test_listener_events(self):
        self.build(*listener_components())
        self.be_strict("test.shop.contact.export.listener", LISTENER_HOOKS)
        binding = self.binding("Ada", external_id="7")
        binding.odoo_id.name = "Grace"
        binding.note = "changed"
        binding.unlink()
        self.assert_called(LISTENER_HOOKS)

    def test_the_exporter_passes_the_binding_to_the_binder(self):
        self.be_strict(
            "test.shop.binder",
            {"to_external": {"binding": a_binding}, "bind": BINDER_HOOKS["bind"]},
        )
        rows = [("name", "title")]
        self.build(
            override("test.shop.contact.export.mapper", direct=rows, children=[])
        )
        bindings = self.bindings("Ada")
        bindings.export_record()
        bindings.export_chunk()
        titles = [record["title"] for record in self.server.records.values()]
        self.assertEqual(titles, ["Parent of Ada", "Ada"])
        self.assertTrue(self.called["to_external"])

    def test_a_mapper_passes_an_id_and_a_flag_to_the_binder(self):
        bindings = self.bindings("Ada")
        bindings.odoo_id.parent_id = self.binding("Parent", external_id="8").odoo_id
        arguments = {"binding": instance_of(int), "wrap": a_flag}
        self.be_strict("test.shop.binder", {"to_external": arguments})
        mapper = self.component("export.mapper")
        values = mapper.map_record(bindings).values()
        self.assertEqual((values["friend"], values["parent"]), ("7", "8"))

    def test_a_binder_that_does_not_inherit_ours(self):
        class OwnBinder(Component):
            _name = "own.numbered.binder"
            _inherit = "base.test.shop"
            _apply_on = ["connector.test.contact"]
            _usage = "binder"

            def to_external(self, binding, wrap=False):
                return f"own-{binding}"

        contact = self.contact("Parent")
        row = (m2o_to_external("parent_id", binding="connector.test.contact"), "parent")
        self.build(OwnBinder, override("test.shop.contact.export.mapper", direct=[row]))
        binding = self.binding("Ada", parent_id=contact.id)
        values = self.component("export.mapper").map_record(binding).values()
        self.assertEqual(values["parent"], f"own-{contact.id}")

    def test_the_record_locker(self):
        self.be_strict("base.record.locker", LOCKER_HOOKS)
        self.component("record.locker").lock(self.binding())
        self.assert_called(LOCKER_HOOKS)


class TestStrictImports(StrictCase):
    def setUp(self):
        super().setUp()

        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [
                ("title", "name"),
                ("friend", "friend_id"),
                (external_to_m2o("parent", binding=BINDING), "parent_id"),
            ]
            children = [("members", "friend_ids", BINDING)]

        class MapChild(Component):
            _name = "test.shop.member.map.child"
            _inherit = ["connector.map.child.import", "base.test.shop"]
            _apply_on = [BINDING]

        self.build(ImportMapper, MapChild)
        for name, hooks in {
            "test.shop.contact.import.mapper": MAPPER_HOOKS,
            "test.shop.member.map.child": MAP_CHILD_HOOKS,
            "test.shop.binder": BINDER_HOOKS,
            "test.shop.adapter": ADAPTER_HOOKS,
            "test.shop.contact.record.importer": IMPORTER_HOOKS,
        }.items():
            self.be_strict(name, hooks)
        self.binding("Parent", external_id="parent")
        self.source.add("friend")

    def new_ids(self, *ids):
        """Add contacts with a friend to import first, a parent and a member."""
        for id_ in ids:
            self.source.add(
                id_,
                friend="friend",
                parent="parent",
                members=[{"id": f"{id_}/1", "title": "Member"}],
            )
        return ids

    def assert_imported(self, *ids):
        for id_ in ids:
            binding = self.imported(id_)
            self.assertEqual(binding.friend_id.external_id, "friend")
            self.assertEqual(binding.parent_id.name, "Parent")
            self.assertEqual(binding.friend_ids.mapped("name"), ["Member"])
        hooks = MAP_CHILD_HOOKS.keys() - {"format_items"}  # Lines become commands.
        self.assert_called(IMPORTER_HOOKS, MAPPER_HOOKS, hooks, ["read", "bind"])

    def test_one_record(self):
        [id_] = self.new_ids("1")
        for title in "Ada", "Grace":
            self.source.contacts[id_]["title"] = title
            self.model.import_record(self.shop, id_)
        self.assert_imported(id_)
        self.assertEqual(self.imported(id_).name, "Grace")

    def test_a_chunk(self):
        ids = self.new_ids("1", "2")
        for title in "Ada", "Grace":
            for id_ in ids:
                self.source.contacts[id_]["title"] = title
            self.model.import_chunk(self.shop, [*ids])
        self.assert_imported(*ids)
        self.assertEqual([self.imported(id_).name for id_ in ids], ["Grace", "Grace"])

    def test_a_batch(self):
        self.new_ids("1")
        self.model.import_batch(self.shop, {"since": "today"})
        self.assertTrue(self.called["search"])
