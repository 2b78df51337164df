# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merges that meet what connectors and people seldom do."""

from contextlib import contextmanager

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.dependencies import DependencyTracker
from odoo.addons.connector.components.importer.memory import ImportMemory
from odoo.addons.connector.components.mapper import changed_by, mapping

from .common import BulkExports, ImportCase, override
from .merge_cases import MergeCase, MergedExports, MergedLines


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

        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def address(self, record):
                return {"street": record["address"][0]}

            @mapping
            def city(self, record):
                return {"zip": record["address"][1], "city": record["address"][2]}

        self.build(Mapper)
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
        backends = self.registry[self.shop._name]
        inherited = backends.work_on

        @contextmanager
        def work_on(backend, model_name, **kwargs):
            backend = backend.with_context(lang="en_US")
            with inherited(backend, model_name, **kwargs) as work:
                yield work

        self.patch(backends, "work_on", work_on)

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


class SentTogether(MergedExports):
    """Exports whose calls hold more, or less, than the fields that changed."""

    def test_a_question_is_not_sent_with_another_field(self):
        class ImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def address(self, record):
                return {"street": record["address"][0]}

            @mapping
            def city(self, record):
                return {"zip": record["address"][1], "city": record["address"][2]}

        self.build(ImportMapper)
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


class TestMergeSentAlone(SentTogether, MergeCase):
    def export(self, binding, fields=None):
        self.env.flush_all()
        binding.export_record(fields=fields)


class TestMergeSentInBulk(SentTogether, BulkExports, MergeCase):
    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def write_one(self, external_id, data):
        return self.server.write(external_id, data)

    def export(self, binding, fields=None):
        self.env.flush_all()
        other = self.binding("Other", external_id="9")
        self.server.records["9"] = {}
        sent = list(self.sent)
        (binding + other).export_chunk(fields=fields)
        self.sent = [d for d in self.sent if d.get("title") != "Other"] or sent


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
