# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One record and many records run the same hooks, with the same result."""

import logging
import random
import string
from itertools import product

from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.exporter.bulk import can_export_together
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    IDMissingInBackend,
    InvalidDataError,
    MappingError,
    RetryableJobError,
)

from .common import (
    BulkExports,
    ImportCase,
    ShopCase,
    batch_export_components,
    listener_components,
)

#: Errors of one record. The other records of its chunk are synchronised.
RECORD_ERRORS = (
    IDMissingInBackend,
    InvalidDataError,
    MappingError,
    RetryableJobError,
    ValueError,
)
#: Errors of the backend. The whole job is retried or fails.
JOB_ERRORS = (BackendUnavailableError, AccessRefusedError)


class Alone:
    """Run each record as a job of its own does."""

    failed_alone = ()

    def run_each(self, run, records):
        """Return the texts for people, and keep the records that failed.

        :param run: called with each record
        """
        texts, self.failed_alone = [], []
        for record in records:
            try:
                with self.cr.savepoint():
                    texts.append(run(record))
            except JOB_ERRORS:
                raise
            except Exception as error:
                self.failed_alone.append(record)
                texts.append(str(error))
        return "\n".join(texts)


class ExportHooks:
    """Tests of hooks; a subclass exports in its way."""

    def export(self, bindings, **options):
        """Export bindings, and return the texts for people."""
        raise NotImplementedError

    def failed(self):
        """Return the bindings whose exports failed or have to wait."""
        return self.model.union(*(job.records for job in self.jobs("export_record")))

    def known(self, name, external_id, **values):
        self.server.records[external_id] = {}
        return self.binding(name, external_id=external_id, **values)

    def data(self, name):
        return {"title": name, "mail": False, "years": 0}

    def titles(self):
        return [record.get("title") for record in self.server.records.values()]

    # -- what is sent

    def test_new_records_are_created_and_known_ones_updated(self):
        new, known = self.binding("Ada"), self.known("Grace", "77")
        text = self.export(new + known)
        self.assertEqual(
            self.server.records, {"1": self.data("Ada"), "77": self.data("Grace")}
        )
        self.assertEqual((new.external_id, known.external_id), ("1", "77"))
        self.assertTrue(new.sync_date and known.sync_date)
        self.assertRegex(text, "2 exported|Exported.*1.*\n.*77")

    def test_only_changed_fields_of_known_records_are_sent(self):
        new, known = self.binding("Ada"), self.known("Grace", "77", age=85)
        self.export(new + known, fields=["age"])
        self.assertEqual(
            self.server.records, {"1": self.data("Ada"), "77": {"years": 85}}
        )

    def test_options_of_data_hooks_reach_the_mapper(self):
        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _create_data(self, map_record, fields=None, **kwargs):
                return super()._create_data(map_record, fields, color="red", **kwargs)

            def _update_data(self, map_record, fields=None, **kwargs):
                return super()._update_data(map_record, fields, color="blue", **kwargs)

        class ColorMapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            def color(self, record):
                return {"color": self.options.color}

        self.build(Exporter, ColorMapper)
        self.export(self.binding("Ada") + self.known("Grace", "77"), fields=["name"])
        self.assertEqual(self.server.records["1"]["color"], "red")
        self.assertEqual(self.server.records["77"], {"title": "Grace", "color": "blue"})

    # -- the order of hooks

    def test_hooks_run_in_their_order(self):
        hooks = (
            "_should_import",
            "_has_to_skip",
            "_export_dependencies",
            "_map_data",
            "_create_data",
            "_validate_create_data",
            "_after_export",
        )
        self.assert_order(hooks, self.binding("Ada") + self.binding("Grace"))

    def test_hooks_of_an_update_run_in_their_order(self):
        hooks = (
            "_should_import",
            "_has_to_skip",
            "_export_dependencies",
            "_map_data",
            "_update_data",
            "_validate_update_data",
            "_after_export",
        )
        self.assert_order(hooks, self.known("Ada", "77") + self.known("Grace", "78"))

    def assert_order(self, hooks, bindings):
        calls = self.noted_hooks(hooks)
        self.export(bindings)
        for binding in bindings:
            self.assertEqual(
                [hook for each, hook in calls if each.binding == binding], list(hooks)
            )

    # -- nothing to do

    def test_a_bound_record_that_is_skipped_is_bound_and_finished(self):
        finished = []
        self.override(
            _has_to_skip=lambda exporter: exporter.binding.name == "Private",
            _after_export=lambda exporter: finished.append(exporter.binding.name),
        )
        private, ada = self.known("Private", "77"), self.known("Ada", "78")
        new = self.binding("Private")
        text = self.export(private + ada + new)
        self.assertEqual(sorted(finished), ["Ada", "Private"])
        self.assertTrue(private.sync_date and ada.sync_date)
        self.assertFalse(new.sync_date or new.external_id)
        self.assertEqual(self.server.records["77"], {})
        self.assertIn("kipped", text)
        self.assertFalse(self.failed())

    def test_a_skipped_record_exports_no_dependencies(self):
        self.override(_has_to_skip=lambda exporter: exporter.binding.name == "Private")
        parent = self.contact("Parent")
        self.export(self.binding("Private", parent_id=parent.id) + self.binding("Ada"))
        self.assertEqual(self.titles(), ["Ada"])
        self.assertFalse(parent.shop_bind_ids)

    def test_what_a_hook_writes_to_a_skipped_record_is_kept(self):
        def _has_to_skip(exporter):
            exporter.binding.note = "looked at"
            return exporter.binding.name == "Private"

        self.override(_has_to_skip=_has_to_skip)
        bindings = self.binding("Private") + self.binding("Ada")
        self.export(bindings)
        self.env.invalidate_all()
        self.assertEqual(bindings.mapped("note"), ["looked at"] * 2)

    def test_a_record_without_data_is_not_sent(self):
        finished = []

        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _create_data(self, map_record, fields=None, **kwargs):
                return {}

            def _after_export(self):
                finished.append(self.binding.name)

        self.build(Exporter)
        new, known = self.binding("Ada"), self.known("Grace", "77")
        text = self.export(new + known, fields=["weight"])
        self.assertFalse(self.server.calls)
        self.assertFalse(new.external_id or new.sync_date)
        self.assertTrue(known.sync_date)
        self.assertEqual(finished, ["Grace"])
        self.assertRegex(text, "2 unchanged|nothing to export")

    # -- the backend's version

    def test_a_record_that_the_backend_lost_is_created_again(self):
        def _should_import(exporter):
            if exporter.external_id == "77":
                raise IDMissingInBackend("77 is gone")

        self.override(_should_import=_should_import)
        lost = self.binding("Ada", external_id="77")
        kept = self.known("Grace", "78")
        self.export(lost + kept)
        self.assertEqual(lost.external_id, "1")
        self.assertEqual(
            self.server.records, {"1": self.data("Ada"), "78": self.data("Grace")}
        )

    def test_a_newer_record_on_the_backend_is_imported(self):
        self.override(_should_import=lambda exporter: exporter.external_id == "77")
        ada, grace = self.known("Ada", "77"), self.known("Grace", "78")
        self.export(ada + grace)
        [job] = self.jobs("import_record")
        self.assertEqual(job.records, ada)
        self.assertEqual((job.args, job.kwargs), ([self.shop, "77"], {"force": True}))
        self.assertEqual(self.titles(), ["Ada", "Grace"])

    # -- dependencies

    def test_dependencies_are_bound_and_exported_first(self):
        root = self.contact("Root")
        middle = self.contact("Middle", parent_id=root.id)
        leaves = self.binding("Leaf", parent_id=middle.id)
        leaves += self.binding("Other Leaf", parent_id=middle.id)
        self.export(leaves)
        self.assertEqual(self.titles(), ["Root", "Middle", "Leaf", "Other Leaf"])
        self.assertEqual(root.shop_bind_ids.external_id, "1")
        self.assertEqual(middle.shop_bind_ids.external_id, "2")

    def test_dependencies_that_the_backend_has_are_not_exported_again(self):
        parents = self.contact("One") + self.contact("Two")
        for parent in parents:
            self.known("", f"p{parent.id}", odoo_id=parent.id)
        self.export(
            self.binding("Ada", parent_id=parents[0].id)
            + self.binding("Grace", parent_id=parents[1].id)
        )
        self.assertEqual(self.server.calls, [("create", 1), ("create", 2)])
        self.assertEqual(len(parents.shop_bind_ids), 2)

    # -- errors

    HOOKS = (
        "_should_import",
        "_has_to_skip",
        "_export_dependencies",
        "_map_data",
        "_create_data",
        "_validate_create_data",
        "_after_export",
    )

    def is_bad(self, exporter):
        return exporter.binding.name == "Bad"

    def test_an_error_of_one_record_stops_no_other_record(self):
        for hook, error in product(self.HOOKS, RECORD_ERRORS):
            if (hook, error) == ("_should_import", IDMissingInBackend):
                continue  # not an error: see above
            with self.trouble_in(hook, error, self.is_bad):
                ada, bad, grace = map(self.binding, ("Ada", "Bad", "Grace"))
                text = self.export(ada + bad + grace)
                self.assertEqual(self.failed(), bad)
                self.assertIn("cause", text)
                self.assertTrue(ada.external_id and grace.external_id)
                if hook != "_after_export":
                    self.assertFalse(bad.external_id)

    def test_an_error_of_the_backend_stops_the_job(self):
        for hook, error in product(self.HOOKS, JOB_ERRORS):
            with self.trouble_in(hook, error, self.is_bad):
                with self.assertRaisesRegex(error, "cause"):
                    self.export(self.binding("Bad") + self.binding("Ada"))
                self.assertFalse(self.failed())

    def test_an_error_in_the_data_of_an_update_stops_no_other_record(self):
        hooks = "_update_data", "_validate_update_data"
        for hook, error in product(hooks, RECORD_ERRORS):
            with self.trouble_in(hook, error, self.is_bad):
                bad, ada = self.known("Bad", "77"), self.known("Ada", "78")
                self.export(bad + ada)
                self.assertEqual(self.failed(), bad)
                self.assertEqual(self.server.records["77"], {})
                self.assertEqual(self.server.records["78"], self.data("Ada"))

    @mute_logger("odoo.sql_db")
    def test_a_unique_violation_makes_only_its_record_wait(self):
        def _export_dependencies(exporter):
            if exporter.binding.name == "Bad":
                with exporter._retry_unique_violation():
                    exporter.binding.copy({"odoo_id": exporter.binding.odoo_id.id})

        self.override(_export_dependencies=_export_dependencies)
        bad, ada = self.binding("Bad"), self.binding("Ada")
        text = self.export(bad + ada)
        self.assertEqual(self.failed(), bad)
        self.assertTrue(ada.external_id)
        self.assertIn("created the same record", text)


class TestExportAlone(ExportHooks, Alone, ShopCase):
    """Each record is exported by a job of its own."""

    allow_inherited_tests_method = True

    def export(self, bindings, **options):
        def run(binding):
            return self.component("record.exporter").run(binding, **options)

        return self.run_each(run, bindings)

    def failed(self):
        return self.model.union(*self.failed_alone)


class TestExportOneByOne(ExportHooks, BulkExports, ShopCase):
    """One job exports many records to a backend without bulk calls."""

    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def export(self, bindings, **options):
        return bindings.export_chunk(**options)


class TestExportTogether(TestExportOneByOne):
    """One job exports many records with bulk calls."""

    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def export(self, bindings, **options):
        exporter, batch = map(self.component, ("record.exporter", "batch.exporter"))
        self.assertTrue(
            can_export_together(exporter, batch), "what a test overrides forbids it"
        )
        return super().export(bindings, **options)


class ImportHooks:
    """Tests of hooks; a subclass imports in its way."""

    keeps_dependencies = True  #: of a record that fails

    def import_records(self, *external_ids, force=False):
        """Import records, and return the texts for people."""
        raise NotImplementedError

    def failed(self):
        """Return the external ids whose imports failed or have to wait."""
        return [job.args[1] for job in self.jobs("import_record")]

    def add_read_many(self):
        contacts = self.source.contacts

        class BulkAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                return {id_: contacts[id_] for id_ in external_ids if id_ in contacts}

        self.build(BulkAdapter)

    # -- the data

    def test_records_are_created_updated_and_left_alone(self):
        self.source.add(1, 2)
        self.import_records("1", "2")
        self.source.add(2, title="Changed")
        self.source.add(3)
        text = self.import_records("1", "2", "3")
        self.assertEqual(
            [self.imported(id_).name for id_ in "123"],
            ["Contact 1", "Changed", "Contact 3"],
        )
        self.assertRegex(
            text,
            "1 created, 1 updated, 1 unchanged|"
            "nothing had changed.*\nImported as Changed.*\nImported as Contact 3",
        )

    def test_data_that_a_connector_completes_is_mapped(self):
        class Importer(Component):
            _inherit = "test.shop.contact.record.importer"

            def _import_data(self):
                return {**super()._import_data(), "years": 36}

        self.build(Importer)
        for read_many, ids in (False, ("1", "2")), (True, ("3", "4")):
            with self.subTest(read_many=read_many):
                if read_many:
                    self.add_read_many()
                self.source.add(*ids)
                self.import_records(*ids)
                self.assertEqual([self.imported(id_).age for id_ in ids], [36, 36])

    def test_a_record_that_is_gone_is_not_imported(self):
        for read_many in (False, True):
            with self.subTest(read_many=read_many):
                if read_many:
                    self.add_read_many()
                self.source.add(1)
                text = self.import_records("1", "7")
                self.assertRegex(text, "no longer has record 7|1 gone")
                self.assertFalse(self.imported("7") or self.failed())

    # -- the order of hooks

    def test_hooks_run_in_their_order(self):
        hooks = (
            "_import_data",
            "_must_skip",
            "_get_binding",
            "_before_import",
            "_import_dependencies",
            "_map_data",
            "_create_data",
            "_validate_data",
            "_match_existing",
            "_create",
            "_after_import",
        )
        self.source.add(1, 2)
        self.assert_order(hooks)

    def test_hooks_of_an_update_run_in_their_order(self):
        self.source.add(1, 2)
        self.import_records("1", "2")
        hooks = (
            "_import_data",
            "_must_skip",
            "_get_binding",
            "_is_uptodate",
            "_before_import",
            "_import_dependencies",
            "_map_data",
            "_update_data",
            "_validate_data",
            "_fields_to_keep",
            "_update",
            "_after_import",
        )
        self.assert_order(hooks)

    def assert_order(self, hooks):
        calls = self.noted_hooks(hooks)
        self.import_records("1", "2")
        for external_id in "12":
            self.assertEqual(
                [hook for each, hook in calls if each.external_id == external_id],
                list(hooks),
            )

    def test_what_a_connector_keeps_on_its_importer_belongs_to_one_record(self):
        class Importer(Component):
            _inherit = "test.shop.contact.record.importer"

            def __init__(self, work_context):
                super().__init__(work_context)
                self.notes = []

            def _before_import(self):
                self.notes.append(self.external_id)

            def _after_import(self, binding):
                binding.note = ",".join(self.notes)

        self.build(Importer)
        self.source.add(1, 2)
        self.import_records("1", "2")
        self.assertEqual([self.imported(id_).note for id_ in "12"], ["1", "2"])

    # -- nothing to do

    def test_a_skipped_record_is_not_imported(self):
        self.override(
            _must_skip=lambda importer: importer.external_record["title"] == "Guest"
        )
        self.source.add(1)
        self.source.add(2, title="Guest")
        text = self.import_records("1", "2")
        self.assertTrue(self.imported("1"))
        self.assertFalse(self.imported("2") or self.failed())
        self.assertRegex(text, "1 skipped|Skipped: the connector")

    def test_a_record_that_is_up_to_date_is_not_mapped_unless_forced(self):
        self.source.add(1, 2)
        self.import_records("1", "2")
        self.override(
            _is_uptodate=lambda importer, binding: binding.name == "Contact 1"
        )
        self.source.add(1, 2, title="Changed")
        text = self.import_records("1", "2")
        self.assertEqual(self.imported("1").name, "Contact 1")
        self.assertEqual(self.imported("2").name, "Changed")
        self.assertRegex(text, "1 unchanged|up to date")
        self.import_records("1", "2", force=True)
        self.assertEqual(self.imported("1").name, "Changed")

    # -- dependencies

    def test_a_dependency_is_imported_first_and_once(self):
        self.source.add(9)
        self.source.add(1, 2, friend="9")
        self.import_records("1", "2")
        self.assertTrue(self.imported("9"))
        for id_ in "12":
            self.assertEqual(self.imported(id_).friend_id, self.imported("9"))
        self.assertEqual(self.source.reads.count("9"), 1)

    def test_a_dependency_that_odoo_has_is_not_read(self):
        self.source.add(9)
        self.import_records("9")
        self.source.add(1, 2, friend="9")
        self.source.reads.clear()
        self.import_records("1", "2")
        self.assertEqual(sorted(self.source.reads), ["1", "2"])

    def test_always_updates_a_dependency_that_odoo_has(self):
        self.override(
            _import_dependencies=lambda importer: importer._import_dependency(
                importer.external_record.get("friend"),
                "connector.test.binding",
                always=True,
            )
        )
        self.source.add(9)
        self.import_records("9")
        self.source.add(9, title="Changed")
        self.source.add(1, 2, friend="9")
        self.import_records("1", "2")
        self.assertEqual(self.imported("9").name, "Changed")

    def test_a_circle_of_dependencies_ends(self):
        self.source.add(1, friend="2")
        self.source.add(2, friend="3")
        self.source.add(3, friend="1")
        self.import_records("1", "2", "3")
        self.assertTrue(all(self.imported(id_) for id_ in "123"))
        self.assertEqual(self.model.search_count([("name", "like", "Contact")]), 3)

    # -- the binding

    def test_the_binding_that_a_connector_finds_is_updated(self):
        ada, grace = self.binding("Ada"), self.binding("Grace")

        def _get_binding(importer):
            return ada if importer.external_id == "1" else grace

        self.override(_get_binding=_get_binding)
        self.source.add(1, 2)
        self.import_records("1", "2")
        self.assertEqual((ada.name, grace.name), ("Contact 1", "Contact 2"))
        self.assertEqual((ada.external_id, grace.external_id), ("1", "2"))
        self.assertEqual(self.model.search_count([]), 2)

    def match_by_email(self):
        def _match_existing(importer):
            email = importer.external_record.get("mail")
            contacts = importer.env["connector.test.contact"]
            return contacts.search([("email", "=", email)]) if email else None

        self.override(_match_existing=_match_existing)
        self.source.add(7, mail="ada@example.com")
        self.source.add(8)

    def test_a_record_that_odoo_has_is_adopted(self):
        self.match_by_email()
        ada = self.contact("Ada", email="ada@example.com", weight=50)
        text = self.import_records("7", "8")
        self.assertEqual(self.imported("7").odoo_id, ada)
        self.assertEqual((ada.name, ada.weight), ("Contact 7", 50))
        self.assertEqual(self.imported("8").name, "Contact 8")
        self.assertEqual(self.env["connector.test.contact"].search_count([]), 2)
        self.assertRegex(text, "1 created, 1 linked|Contact 7.*\n.*Contact 8")

    def test_a_binding_that_waits_for_its_export_is_adopted(self):
        self.match_by_email()
        waiting = self.binding("Ada", email="ada@example.com")
        self.import_records("7", "8")
        self.assertEqual(self.imported("7"), waiting)

    def test_several_matches_are_an_error_that_names_them(self):
        self.match_by_email()
        twins = self.contact("Ada", email="ada@example.com")
        twins += self.contact("Ada L.", email="ada@example.com")
        text = self.import_records("7", "8")
        self.assertEqual(self.failed(), ["7"])
        for twin in twins:
            self.assertIn(f"{twin.name} ({twin.id})", text)

    def test_a_match_that_is_linked_with_another_id_is_an_error(self):
        self.match_by_email()
        ada = self.binding("Ada", email="ada@example.com", external_id="5")
        text = self.import_records("7", "8")
        self.assertEqual(self.failed(), ["7"])
        self.assertRegex(text, f"7 matches.*{ada.odoo_id.id}.*linked with 5")

    def test_two_records_that_match_the_same_one_are_an_error(self):
        self.match_by_email()
        ada = self.contact("Ada", email="ada@example.com")
        self.source.add(8, mail="ada@example.com")
        self.import_records("7", "8")
        self.assertEqual(self.imported("7").odoo_id, ada)
        self.assertEqual(self.failed(), ["8"])

    # -- what users did in the meantime

    def imported_before(self):
        """Return the binding of a record whose changes are exported."""
        self.build(*listener_components())
        self.source.add(7, 8, years=1)
        self.import_records("7", "8")
        return self.imported("7")

    def test_a_record_that_a_user_deleted_is_not_imported(self):
        self.imported_before().odoo_id.unlink()
        text = self.import_records("7", "8")
        self.assertRegex(text, "7 was deleted in Odoo|1 skipped")
        self.assertFalse(self.imported("7"))

    def test_a_deleted_record_is_imported_after_its_delete_was_exported(self):
        self.imported_before().odoo_id.unlink()
        self.cr.flush()
        self.jobs("export_delete_record").state = "done"
        self.import_records("7", "8")
        self.assertTrue(self.imported("7"))

    def test_a_field_that_a_user_changed_keeps_its_value(self):
        ada = self.imported_before()
        ada.odoo_id.age = 77
        self.cr.flush()
        self.source.add(7, title="Changed there", years=2)
        self.import_records("7", "8")
        self.assertEqual((ada.name, ada.age), ("Changed there", 77))

    def test_a_record_whose_export_as_a_whole_waits_keeps_what_odoo_changed(self):
        ada = self.imported_before()
        ada.odoo_id.age = 77
        self.env["connector.export.change"].note(ada)
        self.cr.flush()
        self.source.add(7, title="Changed there", years=1)
        self.import_records("7", "8")
        self.assertEqual((ada.name, ada.age), ("Changed there", 77))

    def test_without_a_base_such_a_record_keeps_all_values(self):
        ada = self.imported_before()
        ada.sudo().sync_base = False
        self.env["connector.export.change"].note(ada)
        self.cr.flush()
        self.source.add(7, title="Changed there")
        self.import_records("7", "8")
        self.assertEqual(ada.name, "Contact 7")

    def test_a_connector_decides_which_fields_are_kept(self):
        ada = self.imported_before()
        self.override(_fields_to_keep=lambda importer, binding: {"name"})
        ada.odoo_id.age = 77
        self.cr.flush()
        self.source.add(7, title="Changed there", years=2)
        self.import_records("7", "8")
        self.assertEqual((ada.name, ada.age), ("Contact 7", 2))

    # -- errors

    HOOKS = (
        "_import_data",
        "_must_skip",
        "_get_binding",
        "_before_import",
        "_import_dependencies",
        "_map_data",
        "_create_data",
        "_validate_data",
        "_match_existing",
        "_after_import",
        "_create",
    )
    UPDATE_HOOKS = "_is_uptodate", "_update_data", "_fields_to_keep", "_update"

    def is_bad(self, importer):
        return importer.external_id == "2"

    def test_an_error_of_one_record_stops_no_other_record(self):
        self.source.add(1, 2, 3)
        for hook, error in product(self.HOOKS, RECORD_ERRORS):
            if (hook, error) == ("_import_data", IDMissingInBackend):
                continue  # not an error: the record is gone
            with self.trouble_in(hook, error, self.is_bad):
                text = self.import_records("1", "2", "3")
                self.assertEqual(self.failed(), ["2"])
                self.assertIn("cause", text)
                self.assertTrue(self.imported("1") and self.imported("3"))
                self.assertFalse(self.imported("2"))

    def test_an_error_of_an_update_stops_no_other_record(self):
        self.source.add(1, 2)
        self.import_records("1", "2")
        self.source.add(1, 2, title="Changed")
        for hook, error in product(self.UPDATE_HOOKS, RECORD_ERRORS):
            with self.trouble_in(hook, error, self.is_bad):
                self.import_records("1", "2")
                self.assertEqual(self.failed(), ["2"])
                self.assertEqual(self.imported("1").name, "Changed")
                self.assertEqual(self.imported("2").name, "Contact 2")

    def test_an_error_of_the_backend_stops_the_job(self):
        self.source.add(1, 2)
        for hook, error in product(self.HOOKS, JOB_ERRORS):
            with self.trouble_in(hook, error, self.is_bad):
                with self.assertRaisesRegex(error, "cause"), self.cr.savepoint():
                    self.import_records("2", "1")
                self.assertFalse(self.failed())

    @mute_logger("odoo.sql_db")
    def test_a_unique_violation_makes_only_its_record_wait(self):
        taken = self.binding("Taken").odoo_id

        def _create_data(importer, map_record, **kwargs):
            values = map_record.values(for_create=True, **kwargs)
            values["backend_id"] = self.shop.id
            if importer.external_id == "2":
                values["odoo_id"] = taken.id
            return values

        self.override(_create_data=_create_data)
        self.source.add(1, 2, 3)
        text = self.import_records("1", "2", "3")
        self.assertEqual(self.failed(), ["2"])
        self.assertTrue(self.imported("1") and self.imported("3"))
        self.assertIn("created the same record", text)

    @mute_logger("odoo.sql_db")
    def test_a_record_that_the_database_refuses_stops_no_other_record(self):
        def _validate_data(importer, values):
            if importer.external_id == "2":
                values["backend_id"] = 0

        self.override(_validate_data=_validate_data)
        self.source.add(1, 2, 3)
        self.import_records("1", "2", "3")
        self.assertEqual(self.failed(), ["2"])
        self.assertTrue(self.imported("1") and self.imported("3"))

    def test_what_a_failed_record_has_written_is_undone(self):
        def _after_import(importer, binding):
            binding.weight = 99
            if importer.external_id == "2":
                raise ValueError("too late")

        self.override(_after_import=_after_import)
        self.source.add(1)
        self.source.add(2, friend="9")
        self.source.add(9)
        self.import_records("2", "1")
        self.assertEqual(self.imported("1").weight, 99)
        self.assertFalse(self.model.search([("name", "=", "Contact 2")]))
        # A dependency is a record of its own, which a chunk keeps.
        self.assertEqual(bool(self.imported("9")), self.keeps_dependencies)


class TestImportAlone(ImportHooks, Alone, ImportCase):
    """Each record is imported by a job of its own."""

    allow_inherited_tests_method = True
    keeps_dependencies = False  # The test rolls back what would be committed.

    def import_records(self, *external_ids, force=False):
        def run(external_id):
            return self.import_record(external_id, force=force)

        return self.run_each(run, external_ids)

    def failed(self):
        return self.failed_alone


class TestImportTogether(ImportHooks, ImportCase):
    """One job imports many records."""

    allow_inherited_tests_method = True

    def import_records(self, *external_ids, force=False):
        return self.run_chunk(*external_ids, force=force)


class TestCauses(ImportCase):
    """People read why a record failed, and nothing else."""

    def cause(self, data, **hooks):
        """Import a chunk with a bad record, and return what is said of it."""
        self.override(**hooks)
        self.source.add(1)
        self.source.contacts["2"] = data
        text = self.run_chunk("1", "2")
        self.assertTrue(self.imported("1"))
        counts, cause = text.split("\n")
        self.assertEqual(counts, "1 created, 1 failed.")
        return cause

    def test_a_field_that_is_missing_in_the_data_is_named(self):
        class StrictMapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def strict(self, record):
                return {"name": record["title"]}

        self.build(StrictMapper)
        self.assertEqual(
            self.cause({"mail": "ada@example.com"}),
            "Record 2 failed and will be retried alone: the field 'title' is missing "
            "in the backend's data.",
        )

    def database_cause(self, *statements, values=(), after=None):
        """Return the cause of a database error in a row with personal data.

        :param statements: SQL that prepares the tables
        :param values: values that the database refuses
        :param after: SQL that fails after the import of the record, with its parameters
        """
        for statement in statements:
            self.cr.execute(statement)

        def _validate_data(importer, data):
            if importer.external_id == "2":
                data.update(values)

        def _after_import(importer, binding):
            if importer.external_id == "2" and after:
                importer.env.cr.execute(*after)

        data = {"title": "Secret Name", "mail": "secret@example.com"}
        hooks = {"_validate_data": _validate_data, "_after_import": _after_import}
        with (
            mute_logger("odoo.sql_db"),
            self.assertLogs("odoo.addons.connector", logging.INFO) as logs,
        ):
            cause = self.cause(data, **hooks)
        for text in (cause, *logs.output):
            for part in ("ecret", "DETAIL", "Detail", "Failing row", "example.com"):
                self.assertNotIn(part, text)
        start = "Record 2 failed and will be retried alone: "
        self.assertTrue(cause.startswith(start), cause)
        return cause.removeprefix(start)

    def test_a_missing_value_names_the_field(self):
        cause = self.database_cause(values={"backend_id": False})
        self.assertEqual(cause, "The field 'Backend' is required and has no value.")

    def test_a_check_names_its_constraint(self):
        cause = self.database_cause(
            "ALTER TABLE connector_test_contact ADD CONSTRAINT age_check"
            " CHECK (age < 200)",
            values={"age": 300},
        )
        self.assertIn("age_check", cause)
        self.assertIn("Contact of the tests", cause)

    def test_a_reference_to_nothing_names_the_field(self):
        cause = self.database_cause(values={"friend_id": 2**30})
        self.assertIn("Friend", cause)
        self.assertIn("does not exist", cause)
        self.assertNotIn(str(2**30), cause)

    def test_a_record_that_is_still_used_names_the_field(self):
        friend = self.binding()
        self.binding(friend_id=friend.id)
        cause = self.database_cause(
            "ALTER TABLE connector_test_binding"
            " DROP CONSTRAINT connector_test_binding_friend_id_fkey,"
            " ADD FOREIGN KEY (friend_id) REFERENCES connector_test_binding",
            after=("DELETE FROM connector_test_binding WHERE id = %s", [friend.id]),
        )
        self.assertIn("Another model is using the record", cause)
        self.assertIn("Friend", cause)

    def test_a_value_that_exists_names_the_field(self):
        self.contact(email="secret\n@mail.example.com")
        cause = self.database_cause(
            "ALTER TABLE connector_test_contact ADD UNIQUE (email)",
            after=(
                "UPDATE connector_test_contact SET email = %s WHERE name = %s",
                ["secret\n@mail.example.com", "Secret Name"],
            ),
        )
        self.assertEqual(
            cause, "The value for 'email' (Email) already exists. It is Ada."
        )

    def test_a_constraint_with_a_message_says_it(self):
        contact = self.binding().odoo_id
        cause = self.database_cause(
            after=(
                "INSERT INTO connector_test_binding (backend_id, odoo_id)"
                " VALUES (%s, %s)",
                [self.shop.id, contact.id],
            )
        )
        self.assertEqual(cause, "Bound twice. It is Ada.")

    def test_a_text_that_is_too_long(self):
        cause = self.database_cause(
            "ALTER TABLE connector_test_contact ALTER email TYPE varchar(5)"
        )
        self.assertEqual(cause, "a text is too long for its field.")

    def test_values_of_the_wrong_kind(self):
        for value_type, value, expected in (
            ("timestamp", "Secret birthday", "a date or time is not valid."),
            ("timestamp", "2026-13-45 secret", "a date or time is not valid."),
            ("date", "2026-02-30", "a date or time is not valid."),
            ("integer", "Secret", "a value is not of the type of its field."),
            ("integer", "9" * 20, "a number is too large for its field."),
            ("numeric(3)", "12345", "a number is too large for its field."),
            ("bytea", "\\secret", "a value is not of the type of its field."),
        ):
            with self.subTest(value=value), self.cr.savepoint() as savepoint:
                cause = self.database_cause(
                    after=(f"SELECT %s::{value_type}", [value])  # pylint: disable=E8103
                )
                self.assertEqual(cause, expected)
                savepoint.rollback()

    def test_a_number_that_is_too_large(self):
        """It does not reach the database, which would name no field."""
        self.source.add("1")
        self.source.add("2", years=2**40)
        report = self.run_chunk("1", "2")
        message = f"The field 'Age' of record 2 cannot hold the value {2**40}."
        self.assertIn(message, report)
        self.assertTrue(self.imported("1"))

    def test_a_text_that_is_too_long_for_an_index(self):
        text = "".join(random.choices(string.printable[:62], k=3000))
        cause = self.database_cause(
            "CREATE INDEX long_names ON connector_test_contact (name)",
            values={"name": text},
        )
        self.assertEqual(
            cause,
            "a text of Contact of the tests is too long for the index long_names.",
        )

    def test_a_character_that_cannot_be_stored(self):
        for text in ("nul\0", "half \ud800 of a pair"):
            with self.subTest(repr(text)):
                self.source.add("1")
                self.source.contacts["2"] = {"title": text}
                report = self.run_chunk("1", "2")
                self.assertIn("a character that the database cannot store", report)
                self.assertTrue(self.imported("1"))

    def test_an_id_that_cannot_be_stored_stops_no_other_record(self):
        for external_id in ("nul\0", "half\ud800"):
            with self.subTest(repr(external_id)):
                self.source.add("1", external_id, "3")
                text = self.run_chunk("1", external_id, "3")
                self.assertIn(", 1 failed.", text)
                self.assertRegex(text, r"Record (nul|half)\W.* cannot store")
                self.assertTrue(self.imported("1") and self.imported("3"))
                job = self.jobs("import_record")[-1]
                self.assertEqual(job.args[1], external_id)

    def test_any_other_error_of_the_database(self):
        cause = self.database_cause(
            after=("DO $$ BEGIN RAISE 'Secret of %s', 'example.com'; END $$",)
        )
        self.assertEqual(cause, "an unexpected database error (P0001).")

    def test_a_unique_violation_that_makes_a_record_wait_does_not_show_the_row(self):
        self.contact(email="secret@example.com")
        self.cr.execute("ALTER TABLE connector_test_contact ADD UNIQUE (email)")
        self.source.add(1)
        self.source.add(2, mail="secret@example.com")
        importer = self.component("record.importer")
        with (
            mute_logger("odoo.sql_db"),
            self.assertLogs("odoo.addons.connector", logging.INFO) as logs,
        ):
            result = importer.run_chunk(["1", "2"])
        self.assertIn("1 created, 1 postponed.", result)
        self.assertIn("just created the same record", result)
        for text in (result, *logs.output):
            self.assertNotIn("secret@example.com", text)

    def test_a_single_record_shows_its_own_error(self):
        self.source.contacts["2"] = {"title": "x"}
        self.override(_validate_data=lambda importer, values: values["years"])
        with self.assertRaises(KeyError):
            self.import_record("2")


class TestCausesOfExports(ShopCase):
    def test_counts_and_causes_are_in_words(self):
        self.build(*batch_export_components())

        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _has_to_skip(self):
                return self.binding.name == "Private"

            def _create(self, data):
                if data["title"] == "Bad":
                    raise KeyError("years")
                return super()._create(data)

        self.build(Exporter)
        bad = self.binding("Bad")
        skipped = [self.binding("Private") for _number in range(3)]
        text = bad.concat(*skipped).export_chunk()
        self.assertEqual(
            text.split("\n")[0],
            "0 exported, 3 skipped, 1 failed.",
        )
        self.assertIn(f"Bad (id {bad.id}) failed and will be retried alone", text)
