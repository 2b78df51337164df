# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One record and many records run the same hooks, with the same result."""

from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.connector.exception import IDMissingInBackend

from .common import BulkExports, ImportCase, ShopCase, batch_export_components


class ExportHooks:
    """Tests of hooks; a subclass exports in its way."""

    def export(self, bindings):
        """Export bindings, and return the texts for people."""
        raise NotImplementedError

    def known(self, name, external_id):
        self.server.records[external_id] = {}
        return self.binding(name, external_id=external_id)

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

    def data(self, name):
        return {"title": name, "mail": False, "years": 0}

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
        order = self.noted_hooks(hooks)
        self.export(self.binding("Ada") + self.binding("Grace"))
        for name in ("Ada", "Grace"):
            self.assertEqual(
                [hook for each, hook in order if each.binding.name == name],
                list(hooks),
            )

    def test_a_newer_record_on_the_backend_is_imported(self):
        self.override(_should_import=lambda exporter: True)
        ada = self.known("Ada", "77")
        self.export(ada + self.known("Grace", "78"))
        jobs = self.env["queue.job"].search(
            [
                ("model_name", "=", "connector.test.binding"),
                ("method_name", "=", "import_record"),
            ]
        )
        self.assertEqual(sorted(job.args[1] for job in jobs), ["77", "78"])


class TestExportAlone(ExportHooks, ShopCase):
    allow_inherited_tests_method = True

    def export(self, bindings):
        return "\n".join(
            self.component("record.exporter").run(binding) for binding in bindings
        )


class TestExportOneByOne(ExportHooks, BulkExports, ShopCase):
    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def export(self, bindings):
        return bindings.export_chunk()


class TestExportTogether(TestExportOneByOne):
    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def export(self, bindings):
        result = super().export(bindings)
        self.assertTrue(self.many_calls)
        return result


class ImportHooks:
    """Tests of hooks; a subclass imports in its way."""

    def import_records(self, *external_ids):
        """Import records, and return the texts for people."""
        raise NotImplementedError

    def read_many(self, external_ids):
        found = {id_: self.source.contacts.get(id_) for id_ in external_ids}
        return {id_: data for id_, data in found.items() if data}

    def add_read_many(self):
        test = self

        class BulkAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                return test.read_many(external_ids)

        self.build(BulkAdapter)

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

    def test_data_that_a_connector_completes_is_mapped(self):
        class Importer(Component):
            _inherit = "test.shop.contact.record.importer"

            def _import_data(self):
                return {**super()._import_data(), "years": 36}

        for read_many in (False, True):
            with self.subTest(read_many=read_many):
                if read_many:
                    self.add_read_many()
                else:
                    self.build(Importer)
                ids = ["3", "4"] if read_many else ["1", "2"]
                self.source.add(*ids)
                self.import_records(*ids)
                self.assertEqual([self.imported(id_).age for id_ in ids], [36, 36])

    def test_a_record_that_is_gone_is_told_of_its_id(self):
        for read_many in (False, True):
            with self.subTest(read_many=read_many):
                if read_many:
                    self.add_read_many()
                self.source.add(1)
                self.assertRegex(self.import_records("1", "7"), "no longer|1 gone")
                self.assertFalse(self.imported("7"))

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
        order = self.noted_hooks(hooks)
        self.source.add(1, 2)
        self.import_records("1", "2")
        for external_id in "12":
            self.assertEqual(
                [hook for each, hook in order if each.external_id == external_id],
                list(hooks),
            )

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
        order = self.noted_hooks(hooks)
        self.import_records("1", "2")
        for external_id in "12":
            self.assertEqual(
                [hook for each, hook in order if each.external_id == external_id],
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


class TestImportAlone(ImportHooks, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        return "\n".join(
            self.component("record.importer").run(external_id)
            for external_id in external_ids
        )


class TestImportTogether(ImportHooks, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        return self.component("record.importer").run_chunk(list(external_ids))

    def test_an_adopted_and_a_created_record_are_told_apart(self):
        ada = self.contact("Ada", email="ada@example.com")

        def _match_existing(importer):
            email = importer.external_record.get("mail")
            contacts = importer.env["connector.test.contact"]
            return contacts.search([("email", "=", email)]) if email else None

        self.override(_match_existing=_match_existing)
        self.source.add(1, mail="ada@example.com")
        self.source.add(2)
        text = self.import_records("1", "2")
        self.assertEqual(self.imported("1").odoo_id, ada)
        self.assertIn("1 created, 1 linked", text)


class TestCauses(ImportCase):
    """People read why a record failed, and nothing else."""

    def cause(self, data, **hooks):
        """Import a chunk with a bad record, and return what is said of it."""
        self.override(**hooks)
        self.source.add(1)
        self.source.contacts["2"] = data
        text = self.component("record.importer").run_chunk(["1", "2"])
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

    @mute_logger("odoo.sql_db")
    def test_a_database_error_does_not_show_the_row(self):
        def _validate_data(importer, values):
            if importer.external_id == "2":
                importer.env.cr.execute(
                    "ALTER TABLE connector_test_contact ADD CHECK (age < 200)"
                )
                values["age"] = 300

        cause = self.cause(
            {"title": "Secret Name", "mail": "secret@example.com"},
            _validate_data=_validate_data,
        )
        self.assertIn("Record 2 failed", cause)
        self.assertIn("check constraint", cause)
        self.assertNotIn("ecret", cause)

    def test_a_single_record_shows_its_own_error(self):
        self.source.contacts["2"] = {"title": "x"}
        self.override(_validate_data=lambda importer, values: values["years"])
        with self.assertRaises(KeyError):
            self.import_record("2")


class TestCausesOfExports(BulkExports, ShopCase):
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
