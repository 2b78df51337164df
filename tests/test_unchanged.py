# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record that the backend has not changed costs next to nothing."""

from decimal import Decimal
from unittest.mock import patch

from odoo.addons.component.core import Component
from odoo.addons.connector.components.merge import unchanged
from odoo.addons.connector.components.merge.unchanged import data_digest
from odoo.addons.connector.exception import LimitReachedError

from .common import ImportCase, noted_queries
from .import_cases import ImportJobsCase


class TestDataDigest(ImportCase):
    def test_the_same_data_has_the_same_digest(self):
        digest = data_digest({"a": [1, None], "b": {"c": "ä"}})
        self.assertEqual(digest, data_digest({"b": {"c": "ä"}, "a": [1, None]}))
        for other in (
            {"a": [1, False], "b": {"c": "ä"}},
            {"a": [True, None], "b": {"c": "ä"}},
            {"a": ["1", None], "b": {"c": "ä"}},
            {"a": [None, 1], "b": {"c": "ä"}},
        ):
            self.assertNotEqual(digest, data_digest(other))

    def test_data_that_json_cannot_represent_has_none(self):
        class Record(dict):
            lines = ()

        endless = {}
        endless["self"] = endless
        deep = []
        for _level in range(100_000):
            deep = [deep]
        for data in (
            {"price": Decimal(1)},
            {"picture": b"x"},
            {"tags": {1, 2}},
            {1: "a", "b": 2},
            Record(a=1),
            object(),
            endless,
            deep,
        ):
            self.assertIsNone(data_digest(data))

    def test_texts_that_no_database_can_store_have_a_digest(self):
        self.assertTrue(data_digest({"name": "\ud800\0"}))


class UnchangedRecords:
    """Mixin for imports of one and of many."""

    def import_records(self, **kwargs):
        raise NotImplementedError

    def mapped(self):
        """Note the records that are mapped from now on."""
        noted = []

        def _map_data(importer):
            noted.append(importer.external_id)
            return super(Importer, importer)._map_data()

        Importer = type(
            "Importer",
            (Component,),
            {
                "_inherit": "test.shop.contact.record.importer",
                "__module__": __name__,
                "_map_data": _map_data,
            },
        )
        self.build(Importer)
        return noted

    def imported_before(self):
        mapped = self.mapped()
        self.source.add(7, 8, years=1)
        self.import_records()
        mapped.clear()
        return mapped

    def test_it_is_not_mapped(self):
        mapped = self.imported_before()
        self.imported("7").odoo_id.name = "Changed in Odoo"
        self.env.flush_all()
        with noted_queries() as queries:
            self.import_records()
        self.assertFalse(mapped)
        self.assertFalse([q for q in queries if "connector_test_contact" in q])
        self.assertFalse([q for q in queries if "UPDATE" in q])

    def test_a_change_of_one_record_is_imported(self):
        mapped = self.imported_before()
        self.source.add(7, title="Changed there")
        self.import_records()
        self.assertEqual(mapped, ["7"])
        self.assertEqual(self.imported("7").name, "Changed there")

    def test_a_forced_import_looks_at_the_record(self):
        mapped = self.imported_before()
        self.import_records(force=True)
        self.assertEqual(mapped, ["7", "8"])

    def test_after_an_export_the_old_data_is_a_change(self):
        mapped = self.imported_before()
        self.imported("7").odoo_id.name = "Changed in Odoo"
        self.server.records["7"] = {}
        self.imported("7").export_record(fields=["name"])
        self.import_records()
        self.assertEqual(mapped, ["7"])
        self.assertEqual(self.imported("7").name, "Contact 7")

    def test_other_code_company_or_language_is_a_change(self):
        mapped = self.imported_before()

        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"

        with patch.object(unchanged, "code_digest", lambda *classes: b"other"):
            self.import_records()
        self.assertEqual(mapped, ["7", "8"])
        mapped.clear()
        self.import_records()
        self.assertEqual(mapped, ["7", "8"])
        mapped.clear()
        self.env["res.lang"]._activate_lang("de_DE")
        self.env = self.env(context={**self.env.context, "lang": "de_DE"})
        self.shop = self.shop.with_env(self.env)
        self.import_records()
        self.assertEqual(mapped, ["7", "8"])

    def test_a_binding_that_is_linked_with_another_record_is_a_change(self):
        mapped = self.imported_before()
        other = self.contact("Other")
        self.imported("7").odoo_id = other
        self.import_records()
        self.assertEqual(mapped, ["7"])
        self.assertEqual(other.name, "Contact 7")

    def test_a_reference_that_was_not_found_is_looked_for_again(self):
        self.override(_import_dependencies=lambda importer: None)
        self.source.add(7, 8, friend="9")
        self.import_records()
        self.binding("Nine", external_id="9")
        self.import_records()
        self.assertEqual(self.imported("7").friend_id.name, "Nine")

    def test_hooks_that_may_read_more_run_each_time(self):
        calls = []
        for hook in ("_before_import", "_after_import"):
            self.override(**{hook: lambda importer, *args: calls.append(importer)})
            self.imported_before()
            calls.clear()
            self.import_records()
            self.assertEqual(len(calls), 2 if hook == "_before_import" else 4)

    def test_a_connector_with_such_hooks_gives_a_digest(self):
        self.override(
            _after_import=lambda importer, binding: None,
            _data_digest=lambda importer: importer.external_record["version"],
        )
        mapped = self.mapped()
        self.source.add(7, 8, version=1)
        self.import_records()
        mapped.clear()
        self.source.add(7, version=1, title="Not noticed")
        self.source.add(8, version=2, title="Changed there")
        self.import_records()
        self.assertEqual(mapped, ["8"])

    def test_a_connector_without_a_digest_imports_each_time(self):
        self.override(_data_digest=lambda importer: None)
        mapped = self.imported_before()
        self.import_records()
        self.assertEqual(mapped, ["7", "8"])

    def test_data_that_a_hook_changes_has_the_digest_of_what_was_read(self):
        def _must_skip(importer):
            importer.external_record["read"] = True

        self.override(_must_skip=_must_skip)
        mapped = self.mapped()
        self.source.add(7, 8)
        self.import_records()
        mapped.clear()
        self.source.add(7, 8)
        self.import_records()
        self.assertFalse(mapped)


class TestUnchangedAlone(UnchangedRecords, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, **kwargs):
        for external_id in ("7", "8"):
            self.import_record(external_id, **kwargs)


class TestUnchangedTogether(UnchangedRecords, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, **kwargs):
        self.run_chunk("7", "8", **kwargs)


class TestStaleData(ImportJobsCase):
    """Data that was read before another job synchronised the record is read again."""

    def setUp(self):
        super().setUp()
        self.source.add("7", "8")
        self.import_chunk("7", "8")

    def after_the_first_read(self, step):
        """Do a step in another transaction after the first read of contact 7."""
        read, done = self.source.read, []

        def read_and_meet(external_id):
            data = dict(read(external_id))
            if external_id == "7" and not done:
                done.append(True)
                step()
            return data

        self.source.read = read_and_meet

    def export(self):
        with self.transaction() as env:
            self.export_in(env)
        self.source.add("7", title="Ours")

    def export_in(self, env):
        binding = env["connector.test.binding"].search([("external_id", "=", "7")])
        binding.odoo_id.name = "Ours"
        self.server.records["7"] = {}
        binding.with_context(connector_no_export=True).export_record()

    def import_alone(self, external_id, **options):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            bindings = env["connector.test.binding"].with_delay()
            uuid = bindings.import_record(shop, external_id, **options).uuid
        return self.run_job(uuid)

    def name(self):
        return self.read("connector.test.binding", [("external_id", "=", "7")])[0]

    def test_an_export_in_the_meantime_is_not_undone(self):
        self.source.add("7", "8", title="Old")
        self.import_chunk("7", "8")
        self.source.add("7", title="Old", mail="new")
        self.after_the_first_read(self.export)
        self.source.reads.clear()
        job = self.import_chunk("7", "8", force=True)
        self.assertEqual(job["state"], "done", job["exc_info"])
        self.assertEqual(self.name()["name"], "Ours")
        self.assertEqual(self.source.reads.count("7"), 2)
        self.assertEqual(self.source.reads.count("8"), 1)

    def test_a_newer_import_in_the_meantime_is_not_undone(self):
        def import_newer():
            self.source.add("7", title="Newer")
            with self.transaction() as env:
                shop = env["connector.test.shop"].browse(self.shop_id)
                env["connector.test.binding"].import_record(shop, "7")

        self.source.add("7", title="Older")
        self.after_the_first_read(import_newer)
        self.import_chunk("7", "8")
        self.assertEqual(self.name()["name"], "Newer")

    def test_what_the_importer_has_made_of_older_data_is_forgotten(self):
        """A connector's importer may parse a record once, and keep that."""

        def _must_skip(importer):
            importer.parsed = dict(importer.external_record)
            return False

        def _before_import(importer):
            importer.prepared = [*getattr(importer, "prepared", ()), "once"]

        def _map_data(importer):
            self.assertEqual(importer.prepared, ["once"])
            return importer.mapper.map_record(importer.parsed)

        self.hook(
            _must_skip=_must_skip, _before_import=_before_import, _map_data=_map_data
        )
        for import_ in (self.import_chunk, self.import_alone):
            with self.subTest(import_.__name__):
                self.source.add("7", "8", title="Old")
                import_("7")
                self.source.add("7", title="Old", mail="new")
                self.after_the_first_read(self.export)
                self.source.reads.clear()
                job = import_("7", force=True)
                self.assertEqual(job["state"], "done", job["exc_info"])
                self.assertEqual(self.source.reads.count("7"), 2)
                self.assertEqual(self.name()["name"], "Ours")

    def test_an_export_while_an_import_waits_to_be_finished(self):
        """Its transaction has begun before the import has kept what it has read."""
        self.source.add("7", "8", "9", title="Old")
        self.import_chunk("7", "8", "9")
        exporting, stopped = self.transaction(), []

        def begin_export():
            self.export_env.cr.execute("SELECT 1")

        def _after_import(importer, binding):
            if importer.external_id == "7" and not stopped:
                stopped.append(True)
                importer.env.cr.postcommit.add(begin_export)
                raise LimitReachedError("Later.", seconds=1)

        self.hook(_after_import=_after_import)
        with exporting as self.export_env:
            self.import_chunk("8", "7", force=True)
            self.assertTrue(stopped)
            self.export_in(self.export_env)
        self.source.add("7", title="Ours")
        [job] = self.jobs([("state", "=", "pending")])
        self.assertTrue(job["kept_data"]["records"])
        self.run_job(job["uuid"])
        self.assertEqual(self.name()["name"], "Ours")

    def test_a_record_that_is_always_synchronised_again_gets_a_job(self):
        read = self.source.read

        def read_and_export(external_id):
            data = dict(read(external_id))
            if external_id == "7":
                self.export()
            return data

        self.source.read = read_and_export
        job = self.import_chunk("7", "8", force=True)
        self.assertEqual(job["state"], "done")
        self.assertLess(self.source.reads.count("7"), 6)
        [alone] = self.jobs([("method_name", "=", "import_record")])
        self.assertEqual(alone["state"], "pending")
