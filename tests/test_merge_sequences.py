# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merges that meet what connectors and people seldom do."""

from odoo.fields import Command

from odoo.addons.component.core import Component
from odoo.addons.connector.components.chunk import Chunk
from odoo.addons.connector.components.importer.dependencies import DependencyTracker
from odoo.addons.connector.components.importer.item import ImportItem
from odoo.addons.connector.components.importer.memory import ImportMemory
from odoo.addons.connector.components.mapper import changed_by, mapping
from odoo.addons.connector.exception import LimitReachedError

from .common import ImportCase, override
from .merge_cases import ExportedAlone, ExportedInBulk, MergeCase, MergedLines


def street_apart():
    """Return a mapper for which the street is a unit of its own."""

    class ImportMapper(Component):
        _inherit = "test.shop.contact.import.mapper"

        @mapping
        def address(self, record):
            return {"street": record["address"][0]}

        @mapping
        def city(self, record):
            return {"zip": record["address"][1], "city": record["address"][2]}

    return ImportMapper


class TestMergeQuestions(MergeCase):
    """Questions end, and keep their fields from exports until then."""

    def question(self, **data):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(**data)
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(self.questions(ada), {"name"})
        return ada

    def test_questions_about_another_record_of_the_backend_are_closed(self):
        ada = self.question()
        ada.with_context(connector_no_export=True).external_id = "8"
        self.assertFalse(self.questions(ada))

    def test_a_question_stays_if_the_data_leaves_out_its_field(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.record.importer"

            def _update_data(self, map_record, **kwargs):
                values = super()._update_data(map_record, **kwargs)
                if self.external_record.get("partial"):
                    del values["name"]
                return values

        self.build(Mapper)
        ada = self.question()
        self.change_there(partial=True)
        self.run_import()
        self.server.records["7"] = self.source.contacts["7"]
        self.cr.flush()
        ada.export_record(fields=["name"])
        self.assertEqual(self.server.records["7"]["title"], "Theirs")

    def test_a_question_ends_if_its_fields_are_mapped_otherwise(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(address=["Road 1", "1000", "Town"])
        ada.odoo_id.street = "Ours"
        self.change_there(address=["Theirs", "1000", "Town"])
        self.run_import()
        self.assertEqual(self.questions(ada), {"street", "zip", "city"})

        self.build(street_apart())
        self.run_import()
        self.assertEqual(self.questions(ada), {"street"})
        ada.odoo_id.street = "Theirs"
        self.run_import()
        self.assertFalse(self.questions(ada))

    def test_a_decision_about_a_record_that_is_gone_ends(self):
        ada = self.question()
        self.conflicts().action_keep_backend()
        del self.source.contacts["7"]
        self.run_import(force=True)
        self.assertFalse(self.questions(ada))

    def test_a_decision_in_another_language_is_applied(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.let_backend_work_in_english()

        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [("motto", "motto")]

        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [("motto", "motto")]

        self.build(ImportMapper, ExportMapper)
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(motto="Old")
        quiet = ada.odoo_id.with_context(connector_no_export=True)
        quiet.with_context(lang="de_DE").motto = "Deutsch"
        quiet.motto = "Ours"
        self.change_there(motto="Theirs")
        self.run_import()
        self.conflicts().with_context(lang="de_DE").action_keep_backend()
        self.run_import(force=True)
        self.assertEqual(ada.motto, "Theirs")

    def test_a_decision_in_another_company_is_applied(self):
        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [("price", "price")]

        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [("price", "price")]

        self.build(ImportMapper, ExportMapper)
        self.shop.conflict_policy = "ask"
        self.shop.company_id = self.env.company
        ada = self.synchronised(price=1)
        other = self.env["res.company"].create({"name": "Other"})
        quiet = ada.odoo_id.with_context(connector_no_export=True)
        quiet.with_company(other).price = 7
        quiet.price = 2
        self.change_there(price=3)
        self.run_import()
        self.assertEqual(self.questions(ada), {"price"})
        self.conflicts().with_company(other).action_keep_backend()
        self.run_import(force=True)
        self.assertEqual(ada.price, 3)

    def test_a_policy_that_has_changed_answers_the_question(self):
        ada = self.question()
        self.shop.conflict_policy = "backend"
        self.run_import()
        self.assertEqual(ada.name, "Theirs")
        self.assertFalse(self.questions(ada))


class TestMergeHooks(MergeCase):
    """A hook of an import writes to another record, which no user has changed."""

    def setUp(self):
        super().setUp()
        self.tag, self.other = self.env["res.partner.category"].create(
            [{"name": "Tag"}, {"name": "Other"}]
        )
        self.ada = self.synchronised(motto=False, tags=self.tag.ids)
        self.source.contacts["8"] = {"title": "Grace"}

    def import_other(self, write):
        """Import another contact, whose hook writes to the first one."""
        ada = self.ada.odoo_id

        def after(importer, binding):
            if importer.external_id == "8":
                write(ada.with_env(importer.env))

        self.override(_after_import=after)
        self.cr.flush()
        self.import_record("8")
        self.cr.flush()

    def quietly(self, **values):
        return lambda ada: ada.with_context(connector_no_export=True).write(values)

    def test_the_backend_changes_what_a_hook_has_written(self):
        self.import_other(self.quietly(name="Of the hook"))
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(self.ada.name, "Theirs")
        self.assertFalse(self.waiting(self.ada))

    def test_a_value_of_a_hook_stays_and_is_not_sent(self):
        self.import_other(self.quietly(name="Of the hook"))
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((self.ada.name, self.ada.email), ("Of the hook", "ada@new"))
        self.assertFalse(self.waiting(self.ada))

    def test_the_backend_changes_a_list_that_a_hook_has_written(self):
        self.import_other(self.quietly(tag_ids=[Command.link(self.other.id)]))
        self.change_there(tags=[])
        self.run_import()
        self.assertFalse(self.ada.tag_ids)
        self.assertFalse(self.waiting(self.ada))

    def test_a_change_of_a_user_before_stays_one(self):
        self.ada.odoo_id.with_context(connector_no_export=True).name = "Ours"
        self.import_other(self.quietly(name="Of the hook"))
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual(self.ada.name, "Of the hook")
        self.assertEqual(self.waiting(self.ada), {"name"})

    def test_what_a_hook_writes_for_its_export_is_sent(self):
        self.import_other(lambda ada: ada.write({"name": "Ours"}))
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual(self.ada.name, "Ours")
        self.assertIn("name", self.waiting(self.ada))


class TestMergeHooksOfElements(TestMergeHooks):
    """The same for a list that is merged element by element."""

    allow_inherited_tests_method = True

    def own_components(self):
        import_mapper, export_mapper = super().own_components()
        import_mapper.merged_by_element = ("tag_ids",)
        return import_mapper, export_mapper

    def test_an_element_of_a_user_stays_one(self):
        mine = self.tag.create({"name": "Mine"})
        quiet = self.ada.odoo_id.with_context(connector_no_export=True)
        quiet.tag_ids = [Command.link(mine.id)]
        self.import_other(self.quietly(tag_ids=[Command.link(self.other.id)]))
        self.change_there(tags=(self.tag + self.other).ids)
        self.run_import()
        self.assertEqual(self.ada.tag_ids, self.tag + self.other + mine)
        self.assertEqual(self.waiting(self.ada), {"tag_ids"})


class TestMergeUnits(MergeCase):
    """Fields of one unit, of which not all are exported or differ."""

    def test_a_conflict_of_a_unit_is_noted_once(self):
        ada = self.synchronised(address=["Road 1", "1000", "Town"])
        ada.odoo_id.write({"street": "Ours", "city": "City"})
        self.change_there(address=["Theirs", "1000", "City"])
        self.run_import()
        self.run_import()
        self.assertEqual(len(self.conflicts()), 1)

    def test_a_field_of_a_unit_that_is_not_exported_is_overwritten(self):
        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def address(self, record):
                street, code, city = record["address"]
                return {"street": street, "zip": code, "city": city, "note": "Theirs"}

        self.build(ImportMapper)
        ada = self.synchronised(address=["Road 1", "1000", "Town"])
        ada.with_context(connector_no_export=True).note = "Ours"
        self.change_there(mail="new")
        self.run_import()
        self.assertFalse(self.env["connector.export.change"].of(ada))
        self.assertEqual(ada.note, "Theirs")


class SentTogether:
    """Exports whose calls hold more, or less, than the fields that changed."""

    def test_a_question_is_not_sent_with_another_field(self):
        self.build(street_apart())
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(address=["Road 1", "1000", "Town"])
        ada.odoo_id.street = "Ours"
        self.change_there(address=["Theirs", "1000", "Town"])
        self.server.records["7"] = self.source.contacts["7"]
        self.run_import()
        self.assertEqual(self.questions(ada), {"street"})
        ada.odoo_id.city = "City"
        self.export(ada, ["city"])
        self.assertEqual(self.server.records["7"]["address"][0], "Theirs")
        self.run_import()
        self.assertEqual(self.questions(ada), {"street"})
        self.assertIn("city", self.waiting(ada))

    def test_lines_are_sent_in_spite_of_a_question(self):
        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            children = [("members", "friend_ids", "connector.test.binding")]

        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            children = [("friend_ids", "members", "connector.test.binding")]

        self.build(ImportMapper, ExportMapper)
        self.shop.conflict_policy = "ask"
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.server.records["7"] = self.source.contacts["7"]
        self.run_import()
        self.assertEqual(self.questions(ada), {"name"})
        self.export(ada)
        self.assertIn("members", self.sent_keys())

    def test_what_was_not_sent_is_not_what_the_backend_has(self):
        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @changed_by("street", "zip", "city")
            @mapping
            def address(self, record):
                return {}

        ada = self.both()
        self.build(ExportMapper)
        ada.odoo_id.with_context(connector_no_export=True).city = "Ours"
        self.export(ada, ["city"])
        self.run_import(force=True)
        self.assertEqual(ada.city, "Ours")

    def test_elements_that_the_backend_cannot_hold_stay(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            merged_by_element = ["tag_ids"]

        self.build(Mapper)
        tags = self.env["res.partner.category"].create([{"name": n} for n in "AB"])
        self.build(
            override(
                "test.shop.contact.exporter",
                _values_on_backend=lambda exporter: {"tag_ids": tags[0].ids},
            )
        )
        ada = self.both()
        ada.odoo_id.with_context(connector_no_export=True).tag_ids = tags
        self.export(ada, ["tag_ids"])
        self.change_there(tags=tags[0].ids)
        self.run_import()
        self.assertEqual(ada.tag_ids, tags)


class TestMergeSentAlone(SentTogether, ExportedAlone):
    allow_inherited_tests_method = True


class TestMergeSentInBulk(SentTogether, ExportedInBulk):
    allow_inherited_tests_method = True


class TestMergeOfLines(MergedLines, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        for external_id in external_ids:
            self.import_record(external_id)

    def export(self):
        club = self.imported("1")
        self.server.records["1"] = self.source.contacts["1"]
        self.env.flush_all()
        club.export_record(fields=["friend_ids"])

    def test_what_changes_there_after_an_export_is_no_conflict(self):
        self.edit("A", name="Ours")
        self.export()
        self.add({**self.ada, "title": "Theirs"}, self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G", "Theirs"])
        self.assertFalse(self.env["connector.conflict"].search([]))

    def test_a_question_about_a_line_is_not_sent(self):
        self.build(
            override(
                "test.shop.contact.record.importer",
                _conflict_policy=lambda importer, names: "ask",
            )
        )
        self.edit("A", name="Ours")
        self.add({**self.ada, "title": "Theirs"}, self.grace)
        self.run_import()
        self.edit("G", name="Ours, too")
        self.export()
        titles = [each.get("title") for each in self.source.contacts["1"]["members"]]
        self.assertIn("Theirs", titles)


class TestMergeMemory(MergeCase):
    def test_data_of_a_stored_record_is_compared_with_the_base_it_has_stored(self):
        def _after_import(importer, binding):
            if importer.external_id == "8":
                raise LimitReachedError("Too many calls.", seconds=1)

        ada = self.synchronised()
        self.override(_after_import=_after_import)
        self.source.contacts["8"] = {"title": "Grace"}
        self.change_there(title="Theirs")
        importer = self.component("record.importer")
        chunk = Chunk(
            self.env, [ImportItem(id_, importer=importer) for id_ in ("7", "8")]
        )
        memory = ImportMemory(importer, self.env["queue.job"])
        with DependencyTracker.of(importer.work).scope():
            chunk.items = memory.recall(chunk.items)
            importer._run_groups(chunk, False, 2)
            kept = memory.to_keep(chunk.rest)
        self.assertIn("8", kept["unfinished"])
        [(_moment, _data, seen)] = kept["records"][importer.model._name].values()
        self.assertEqual(seen, self.imported("8").sudo().sync_base)
        self.assertEqual(ada.name, "Theirs")

    def test_data_of_an_earlier_attempt_is_compared_with_its_base(self):
        ada = self.synchronised()
        importer = self.component("record.importer")
        job = self.env["queue.job"]
        key = importer.model._name, "7"
        tracker = DependencyTracker.of(importer.work)
        with tracker.scope():
            before = tracker.seen(key, ada.sudo().sync_base)
            tracker.keep(key, {"title": "Ada"})
            memory = ImportMemory(importer, job)
            kept = memory.to_keep([])
        memory = ImportMemory(importer, job)
        memory._kept = kept
        with tracker.scope():
            memory.recall([])
            self.assertEqual(tracker.seen(key, "another base"), before)
