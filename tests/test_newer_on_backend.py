# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record that is newer on the backend than in Odoo is exported."""

from .common import BulkExports, ImportCase, batch_export_components, override


class NewerRecords:
    """A user changes the name, and somebody else the e-mail address on the backend."""

    def export(self, binding, fields=None):
        raise NotImplementedError

    def prepare(self, **attributes):
        self.build(
            override(
                "test.shop.contact.exporter",
                _should_import=lambda exporter: True,
                **attributes,
            )
        )
        self.source.contacts["7"] = {"title": "Ada", "mail": "new@example.com"}
        self.server.records["7"] = {"title": "Ada", "mail": "new@example.com"}
        return self.binding("Ada L.", external_id="7", email="old@example.com")

    def test_by_default_an_import_is_delayed_and_the_backend_overwritten(self):
        ada = self.prepare()
        self.export(ada)
        self.assertEqual(len(self.jobs("import_record")), 1)
        self.assertEqual(ada.email, "old@example.com")
        self.assertEqual(self.server.records["7"]["mail"], "old@example.com")

    def test_the_import_comes_first_and_keeps_what_the_user_changed(self):
        ada = self.prepare(_import_before_export=True)
        self.export(ada, fields=["name"])
        self.assertFalse(self.jobs("import_record"))
        self.assertEqual((ada.name, ada.email), ("Ada L.", "new@example.com"))
        self.assertEqual(
            self.server.records["7"], {"title": "Ada L.", "mail": "new@example.com"}
        )

    def test_changes_that_wait_for_their_export_are_kept(self):
        ada = self.prepare(_import_before_export=True)
        changes = self.env["connector.export.change"]
        changes.create(
            {"model_name": ada._name, "res_id": ada.id, "field_names": ["name"]}
        )
        self.export(ada)
        self.assertEqual((ada.name, ada.email), ("Ada L.", "new@example.com"))
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")
        self.assertEqual(self.server.records["7"]["mail"], "new@example.com")


class TestNewerAlone(NewerRecords, ImportCase):
    allow_inherited_tests_method = True

    def export(self, binding, fields=None):
        binding.export_record(fields=fields)


class TestNewerTogether(NewerRecords, BulkExports, ImportCase):
    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components(), *self.many_components())

    def export(self, binding, fields=None):
        binding.export_chunk(fields=fields)
        self.assertTrue(self.many_calls)
