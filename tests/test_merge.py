# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An import merges what users have changed in Odoo, field by field."""

from datetime import datetime, timedelta

from odoo import fields

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.connector.exception import DefinitionError

from .common import (
    override,
)
from .merge_cases import ExportedAlone, ExportedInBulk, MergeCase


class TestMerge(MergeCase):
    def test_changes_of_different_fields_are_both_kept(self):
        ada = self.synchronised()
        ada.odoo_id.name = "Ada Lovelace"
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ada Lovelace", "ada@new"))
        self.assertEqual(self.waiting(ada), {"name"})
        self.assertFalse(self.conflicts())

    def test_a_change_that_no_listener_has_seen_is_kept_and_sent(self):
        ada = self.synchronised()
        ada.odoo_id.with_context(connector_no_export=True).name = "Ada Lovelace"
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ada Lovelace", "ada@new"))
        self.assertEqual(self.waiting(ada), {"name"})

    def test_a_change_that_waits_as_a_whole_keeps_only_what_changed(self):
        ada = self.synchronised()
        ada.odoo_id.name = "Ada Lovelace"
        self.env["connector.export.change"].note(ada)
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ada Lovelace", "ada@new"))
        self.assertIsNone(self.waiting(ada))

    def test_the_same_change_on_both_sides_is_no_conflict(self):
        ada = self.synchronised()
        ada.odoo_id.name = "Ada Lovelace"
        self.change_there(title="Ada Lovelace")
        self.run_import()
        self.assertFalse(self.conflicts())
        self.change_there(title="Ada Byron")
        self.run_import()
        self.assertEqual(ada.name, "Ada Byron")

    def test_a_change_that_is_taken_back_is_none(self):
        ada = self.synchronised()
        ada.odoo_id.name = "Ada Lovelace"
        ada.odoo_id.name = "Ada"
        self.change_there(title="Ada Byron")
        self.run_import()
        self.assertEqual(ada.name, "Ada Byron")

    def test_odoo_wins_a_conflict_and_the_backend_gets_its_value(self):
        ada = self.synchronised()
        ada.odoo_id.with_context(connector_no_export=True).name = "Ours"
        self.change_there(title="Theirs", mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ours", "ada@new"))
        self.assertEqual(self.waiting(ada), {"name"})
        [conflict] = self.conflicts()
        self.assertEqual((conflict.winner, conflict.state), ("odoo", "settled"))
        self.assertEqual(conflict.kept["backend"], {"name": "Theirs"})
        self.run_import()
        self.assertEqual(ada.name, "Ours")
        self.assertEqual(self.conflicts(), conflict)

    def test_odoo_still_wins_after_its_value_was_taken_back(self):
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        ada.odoo_id.name = "Ada"
        self.run_import()
        self.assertEqual(ada.name, "Ada")
        self.assertEqual(self.waiting(ada), {"name"})

    def test_the_backend_wins_by_its_policy(self):
        self.shop.conflict_policy = "backend"
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(ada.name, "Theirs")
        [conflict] = self.conflicts()
        self.assertEqual((conflict.winner, conflict.state), ("backend", "settled"))
        self.assertEqual(conflict.kept["odoo"], {"name": "Ours"})

    def test_the_policy_of_a_field_counts_more_than_that_of_the_backend(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            conflict_policies = {"name": "backend"}

        self.build(Mapper)
        ada = self.synchronised()
        ada.odoo_id.write({"name": "Ours", "email": "ada@ours"})
        self.change_there(title="Theirs", mail="ada@theirs")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Theirs", "ada@ours"))

    def test_a_hook_decides_for_a_unit(self):
        units = []

        def _conflict_policy(importer, names):
            units.append(sorted(names))
            return "backend"

        self.override(_conflict_policy=_conflict_policy)
        ada = self.synchronised(address=["Road 1", "1000", "Town"])
        ada.odoo_id.street = "Road 2"
        self.change_there(address=["Road 1", "2000", "City"])
        self.run_import()
        self.assertEqual(units, [["city", "street", "zip"]])
        self.assertEqual((ada.street, ada.zip, ada.city), ("Road 1", "2000", "City"))

    def test_an_unknown_policy_is_an_error_that_names_the_hook(self):
        self.override(_conflict_policy=lambda importer, names: "coin")
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        with self.assertRaisesRegex(DefinitionError, "_conflict_policy.*'coin'"):
            self.run_import()

    def test_a_field_of_that_name_may_have_other_values(self):
        self.shop.conflict_policy = "server"
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(ada.name, "Ours")

    def test_the_newer_side_wins(self):
        self.shop.conflict_policy = "newer"
        now = fields.Datetime.now()
        for moment, name in ((-1, "Ours"), (1, "Theirs")):
            changed = now + timedelta(hours=moment)
            self.override(_changed_at=lambda importer, changed=changed: changed)
            ada = self.synchronised()
            ada.odoo_id.name = "Ours"
            self.change_there(title="Theirs")
            self.run_import()
            self.assertEqual(ada.name, name)
            ada.unlink()
            self.cr.flush()
            self.jobs("export_delete_record").state = "done"

    def test_a_person_is_asked_if_a_time_is_unknown(self):
        self.shop.conflict_policy = "newer"
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(self.questions(ada), {"name"})

    def edited_without_a_waiting_change(self, changed_there):
        self.shop.conflict_policy = "newer"
        self.override(_changed_at=lambda importer: changed_there)
        ada = self.synchronised()
        ada.odoo_id.with_context(connector_no_export=True).name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        return ada

    def test_a_record_that_was_written_before_is_older(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        ada = self.edited_without_a_waiting_change(later)
        self.assertEqual(ada.name, "Theirs")

    def test_a_write_of_another_field_does_not_make_a_field_newer(self):
        ada = self.edited_without_a_waiting_change(datetime(2000, 1, 1))
        self.assertEqual(ada.name, "Ours")
        self.assertEqual(self.questions(ada), {"name"})

    # -- questions

    def question(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs", mail="ada@new")
        self.run_import()
        return ada

    def test_a_question_stops_one_field_only(self):
        ada = self.question()
        self.assertEqual((ada.name, ada.email), ("Ours", "ada@new"))
        self.assertEqual(self.questions(ada), {"name"})
        self.run_import()
        self.assertEqual(len(self.conflicts()), 1)
        self.change_there(title="Theirs, again")
        self.run_import()
        [conflict] = self.conflicts()
        self.assertEqual(conflict.kept["backend"], {"name": "Theirs, again"})

    def test_a_question_ends_when_both_sides_agree(self):
        for side in ("odoo", "backend", "taken back in Odoo", "taken back there"):
            with self.subTest(side=side):
                ada = self.question()
                if side == "odoo":
                    ada.odoo_id.name = "Theirs"
                elif side == "backend":
                    self.change_there(title="Ours")
                elif side == "taken back in Odoo":
                    ada.odoo_id.name = "Ada"
                else:
                    self.change_there(title="Ada")
                self.run_import()
                self.assertFalse(self.questions(ada))
                expected = (
                    "Ours" if side in ("backend", "taken back there") else "Theirs"
                )
                self.assertEqual(ada.name, expected)
                ada.unlink()
                self.cr.flush()
                self.jobs("export_delete_record").state = "done"

    def decide(self, winner):
        self.conflicts().filtered(lambda row: row.state == "open").write(
            {"state": "decided", "winner": winner}
        )

    def test_a_decision_is_applied(self):
        for winner, name in (("odoo", "Ours"), ("backend", "Theirs")):
            with self.subTest(winner=winner):
                ada = self.question()
                self.decide(winner)
                self.run_import(force=True)
                self.assertEqual(ada.name, name)
                self.assertFalse(self.questions(ada))
                self.run_import(force=True)
                self.assertEqual(ada.name, name)
                ada.unlink()
                self.cr.flush()
                self.jobs("export_delete_record").state = "done"

    def test_a_decision_about_values_that_have_changed_since_is_asked_again(self):
        ada = self.question()
        self.decide("backend")
        self.change_there(title="Theirs, again")
        self.run_import(force=True)
        self.assertEqual(ada.name, "Ours")
        self.assertEqual(self.questions(ada), {"name"})

    # -- values of all kinds

    def test_values_that_odoo_stores_in_its_own_form_are_unchanged(self):
        euro = self.env.ref("base.EUR")
        data = {
            "comment": "<p>Hello<script>x</script></p>",
            "code": "  ab  ",
            "rounded": 1.234567,
            "amount": 9.87654,
            "birthday": "1815-12-10",
            "seen": "2026-01-01 10:00:00",
            "years": "7",
        }
        ada = self.synchronised(**data)
        ada.odoo_id.with_context(connector_no_export=True).currency_id = euro
        self.run_import(force=True)
        before = ada.read()
        noted = self.env["connector.export.change"].search([])
        self.run_import(force=True)
        self.assertEqual(ada.code, "AB")
        self.assertEqual(self.env["connector.export.change"].search([]), noted)
        for row in before:
            del row["write_date"], row["sync_date"], row["sync_base"]
        after = ada.read()
        for row in after:
            del row["write_date"], row["sync_date"], row["sync_base"]
        self.assertEqual(after, before)
        self.change_there(code="cd", comment="<p>New</p>", rounded=2.5, amount=1.5)
        self.run_import()
        self.env.invalidate_all()
        self.assertEqual((ada.code, ada.rounded, ada.amount), ("CD", 2.5, 1.5))
        self.assertEqual(ada.comment, "<p>New</p>")
        self.assertFalse(self.conflicts())

    def test_values_of_all_kinds_that_a_user_changes(self):
        ada = self.synchronised(
            comment="<p>Hello</p>", code="AB", rounded=1.5, birthday="1815-12-10"
        )
        ours = {"comment": "<p>Ours</p>", "code": "XY", "rounded": 7, "birthday": False}
        ada.odoo_id.write(ours)
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.code, ada.rounded, ada.birthday), ("XY", 7.0, False))
        self.assertEqual(ada.comment, "<p>Ours</p>")
        self.assertEqual(ada.email, "ada@new")

    def test_empty_values_are_equal(self):
        ada = self.synchronised(mail="", comment="<p><br></p>")
        ada.odoo_id.write({"email": False, "comment": False})
        self.change_there(mail="ada@new", comment="<p>New</p>")
        self.run_import()
        self.assertEqual((ada.email, ada.comment), ("ada@new", "<p>New</p>"))
        self.assertFalse(self.conflicts())

    def test_secrets_are_written_as_before_and_have_no_base(self):
        ada = self.synchronised(password="old", hidden="old")
        text = ada.sudo().sync_base
        ada.odoo_id.sudo().with_context(connector_no_export=True).write(
            {"password": "ours", "hidden": "ours"}
        )
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.password, ada.sudo().hidden), ("old", "old"))
        self.assertEqual(len(text), len(ada.sudo().sync_base))

    def test_a_list_is_one_value(self):
        ada, tags = self.synchronised(), self.tags()
        ada.odoo_id.tag_ids = tags[0]
        self.change_there(tags=tags[1].ids)
        self.run_import()
        self.assertEqual(ada.tag_ids, tags[0])
        self.assertEqual(len(self.conflicts()), 1)

    def tags(self):
        return self.env["res.partner.category"].create(
            [{"name": name} for name in ("A", "B", "C", "D")]
        )

    def test_a_list_is_merged_by_element(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            merged_by_element = ["tag_ids"]

        self.build(Mapper)
        a, b, c, d = self.tags()
        ada = self.synchronised(tags=(a + b).ids)
        ada.odoo_id.tag_ids = a + c
        self.change_there(tags=(b + d).ids)
        self.run_import()
        self.assertEqual(ada.tag_ids, c + d)
        self.assertEqual(self.waiting(ada), {"tag_ids"})
        self.run_import()
        self.assertEqual(ada.tag_ids, c + d)
        self.assertFalse(self.conflicts())

    def test_an_archived_tag_is_still_there(self):
        a, b, _c, _d = self.tags()
        ada = self.synchronised(tags=(a + b).ids)
        a.active = False
        self.change_there(mail="ada@new")
        self.run_import()
        self.env.invalidate_all()
        contact = ada.odoo_id.with_context(active_test=False)
        self.assertEqual(contact.tag_ids, a + b)
        self.assertFalse(self.env["connector.export.change"].search([]))

    # -- as before

    def test_a_record_without_a_base_is_imported_as_before(self):
        ada = self.synchronised()
        ada.sudo().sync_base = False
        ada.odoo_id.name = "Ours"
        ada.odoo_id.with_context(connector_no_export=True).age = 77
        self.change_there(title="Theirs", mail="ada@new", years=8)
        self.run_import()
        self.assertEqual((ada.name, ada.email, ada.age), ("Ours", "ada@new", 8))
        self.assertFalse(self.conflicts())
        self.change_there(title="Theirs, again")
        self.run_import()
        self.assertEqual(ada.name, "Ours")
        self.assertEqual(len(self.conflicts()), 1)

    def test_fields_that_are_not_exported_are_overwritten(self):
        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [("name", "title")]

            @mapping
            def everything(self, record):
                return {"mail": record.email}

        self.build(ExportMapper)
        ada = self.synchronised()
        ada.with_context(connector_no_export=True).odoo_id.email = "ada@ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Theirs", "ada@old"))

    def test_a_connector_that_does_not_export_overwrites_everything(self):
        for usage in ("export.mapper", "record.exporter"):
            with self.subTest(usage=usage):
                kind = usage.removeprefix("record.")
                name = f"test.shop.contact.{kind}"
                self.components[name]._usage = "none"
                self.components._cache.clear()
                ada = self.synchronised()
                ada.odoo_id.with_context(connector_no_export=True).name = "Ours"
                self.change_there(mail=f"{usage}@new")
                self.run_import()
                self.assertEqual(ada.name, "Ada")
                self.components[name]._usage = usage

    def test_a_connector_that_keeps_fields_itself_overwrites_the_others(self):
        self.override(_fields_to_keep=lambda importer, binding: {"email"})
        ada = self.synchronised()
        ada.odoo_id.write({"name": "Ours", "email": "ada@ours"})
        self.change_there(mail="ada@new", title="Theirs")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Theirs", "ada@ours"))
        self.assertFalse(self.conflicts())

    def test_overrides_get_and_change_the_values(self):
        class Importer(Component):
            _inherit = "test.shop.contact.record.importer"

            def _update_data(self, map_record, **kwargs):
                values = super()._update_data(map_record, **kwargs)
                return {**values, "age": 5, "note": values["name"]}

            def _update(self, binding, data):
                return super()._update(binding, {**data, "weight": 3})

        ada = self.synchronised()
        self.build(Importer)
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs", mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ours", "ada@new"))
        self.assertEqual((ada.age, ada.note, ada.weight), (5, "Theirs", 3))

    def test_a_hook_after_the_import_changes_what_both_sides_have(self):
        def _after_import(importer, binding):
            binding.with_context(connector_no_export=True).name = binding.name.upper()

        self.override(_after_import=_after_import)
        ada = self.synchronised()
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("ADA", "ada@new"))
        self.assertFalse(self.env["connector.export.change"].search([]))


class TestMergeInChunks(TestMerge):
    allow_inherited_tests_method = True

    def import_record(self, external_id, **kwargs):
        self.source.add("9")
        result = self.run_chunk(external_id, "9", **kwargs)
        failed = self.jobs("import_record")
        if failed:
            raise DefinitionError(result)
        return result


class ExportTests:
    """Exports of one and of many, and the imports after them."""

    def test_what_was_sent_is_no_change_of_the_backend(self):
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.export(ada, ["name"])
        self.assertEqual(self.source.contacts["7"]["title"], "Ours")
        ada.odoo_id.with_context(connector_no_export=True).name = "Ours, again"
        self.run_import()
        self.assertEqual(ada.name, "Ours, again")
        self.assertFalse(self.conflicts())

    def test_what_changes_there_after_an_export_is_imported(self):
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.export(ada, ["name"])
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(ada.name, "Theirs")
        self.assertFalse(self.conflicts())

    def test_the_old_value_there_is_a_change_after_an_export(self):
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.export(ada, ["name"])
        self.change_there(title="Ada")
        self.run_import()
        self.assertEqual(ada.name, "Ada")

    def test_an_edit_during_the_call_stays_a_change(self):
        ada = self.both()
        write = self.server.write

        def write_and_edit(external_id, data):
            write(external_id, data)
            quiet = ada.odoo_id.with_context(connector_no_export=True)
            quiet.name = "Edited during the call"

        self.server.write = write_and_edit
        ada.odoo_id.name = "Ours"
        self.export(ada, ["name"])
        self.assertEqual(self.source.contacts["7"]["title"], "Ours")
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Edited during the call", "ada@new"))
        self.assertIn("name", self.waiting(ada))

    def test_fields_that_were_not_sent_keep_their_base(self):
        ada = self.both()
        ada.odoo_id.with_context(connector_no_export=True).email = "ada@ours"
        ada.odoo_id.name = "Ours"
        self.export(ada, ["name"])
        self.change_there(years=3)
        self.run_import()
        self.assertEqual((ada.email, ada.age), ("ada@ours", 3))

    def test_a_new_record_on_the_backend_has_a_base(self):
        ada = self.binding("Ada", email="ada@old")
        self.export(ada)
        external_id = ada.external_id
        self.source.contacts["7"] = self.server.records[external_id]
        ada.with_context(connector_no_export=True).external_id = "7"
        self.assertFalse(ada.sudo().sync_base)  # It is linked with another record now.

        ada.with_context(connector_no_export=True).external_id = external_id
        self.export(ada)
        data = self.server.records[external_id]
        self.source.contacts[external_id] = {**data, "mail": "ada@new"}
        ada.odoo_id.with_context(connector_no_export=True).name = "Ours"
        self.import_record(external_id)
        self.assertEqual((ada.name, ada.email), ("Ours", "ada@new"))

    def test_a_field_with_a_question_is_not_sent(self):
        self.shop.conflict_policy = "ask"
        ada = self.both()
        ada.odoo_id.write({"name": "Ours", "age": 5})
        self.change_there(title="Theirs")
        self.server.records["7"] = self.source.contacts["7"]
        self.run_import()
        self.export(ada, ["name", "age"])
        self.assertEqual(self.sent_keys() & {"title", "years"}, {"years"})
        self.export(ada)
        self.assertNotIn("title", self.sent_keys())
        self.assertEqual(self.server.records["7"]["title"], "Theirs")
        self.sent.clear()
        self.export(ada, ["name"])
        self.assertFalse(self.sent)
        self.assertEqual(self.questions(ada), {"name"})

    def test_the_decision_for_odoo_sends_the_value(self):
        self.shop.conflict_policy = "ask"
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.export(ada, ["name"])
        self.env["connector.export.change"].of(ada).forget()
        self.conflicts().write({"state": "decided", "winner": "odoo"})
        self.run_import(force=True)
        self.assertEqual(self.waiting(ada), {"name"})
        self.export(ada, ["name"])
        self.assertEqual(self.sent_keys(), {"title"})

    def test_a_crash_after_the_call_loses_nothing(self):
        ada = self.both()
        ada.odoo_id.name = "Ours"
        self.override(_after_export=lambda exporter: None)
        self.build(
            override(
                "test.shop.contact.exporter",
                _bind_and_commit=lambda exporter: None,
            )
        )
        ada.export_record(fields=["name"])
        self.assertEqual(self.source.contacts["7"]["title"], "Ours")
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((ada.name, ada.email), ("Ours", "ada@new"))
        self.assertFalse(self.conflicts())

    def test_a_connector_that_only_exports_stores_no_base(self):
        self.components["test.shop.contact.record.importer"]._usage = "none"
        self.components._cache.clear()
        ada = self.binding("Ada")
        self.export(ada)
        self.assertTrue(ada.external_id)
        self.assertFalse(ada.sudo().sync_base)


class TestMergedExports(ExportTests, ExportedAlone):
    allow_inherited_tests_method = True


class TestMergedBulkExports(ExportTests, ExportedInBulk):
    allow_inherited_tests_method = True

    def export(self, binding, fields=None):
        calls = len(self.many_calls)
        super().export(binding, fields)
        self.assertGreater(len(self.many_calls), calls)
