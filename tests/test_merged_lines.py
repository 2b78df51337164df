# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Lines that both sides change are merged one by one."""

from odoo.addons.component.core import Component

from .common import ImportCase
from .merge_cases import MergedLines


class LineTests(MergedLines):
    """Lines of one record and of many."""

    def test_changes_of_different_fields_of_a_line_are_both_kept(self):
        self.edit("A", name="Ours")
        self.add({**self.ada, "mail": "theirs"}, self.grace)
        self.run_import()
        line = self.imported("A")
        self.assertEqual((line.name, line.email), ("Ours", "theirs"))
        self.assertEqual(self.waiting(), {"friend_ids"})

    def test_changes_of_different_lines_are_both_kept(self):
        self.edit("A", name="Ours")
        self.add(self.ada, {**self.grace, "title": "Theirs"})
        self.run_import()
        self.assertEqual(self.names(), ["Ours", "Theirs"])
        self.assertFalse(self.env["connector.conflict"].search([]))
        self.run_import()
        self.assertEqual(self.names(), ["Ours", "Theirs"])

    def test_a_line_that_both_change_is_a_conflict_of_the_line(self):
        self.edit("A", name="Ours")
        self.add({**self.ada, "title": "Theirs"}, self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G", "Ours"])
        [conflict] = self.env["connector.conflict"].search([])
        self.assertEqual(conflict.res_id, self.imported("A").id)
        self.run_import()
        self.assertEqual(self.env["connector.conflict"].search([]), conflict)

    def test_a_line_without_changes_is_removed_with_the_backends(self):
        self.add(self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G"])
        self.assertFalse(self.imported("A"))

    def test_a_line_that_odoo_has_changed_stays(self):
        line = self.imported("A")
        self.edit("A", name="Ours")
        self.add(self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G", "Ours"])
        self.assertFalse(line.external_id)
        self.assertEqual(self.waiting(), {"friend_ids"})
        self.run_import()
        self.assertEqual(self.names(), ["G", "Ours"])

    def test_a_line_that_odoo_has_removed_stays_removed(self):
        self.imported("A").with_context(connector_no_export=True).unlink()
        self.add(self.ada, {**self.grace, "mail": "theirs"})
        self.run_import()
        self.assertEqual(self.names(), ["G"])
        self.assertEqual(self.imported("G").email, "theirs")
        self.assertEqual(self.waiting(), {"friend_ids"})

    def test_a_removed_line_that_the_backend_has_changed_comes_back(self):
        self.imported("A").with_context(connector_no_export=True).unlink()
        self.add({**self.ada, "mail": "theirs"}, self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["A", "G"])

    def test_new_lines_of_both_sides_are_kept(self):
        club = self.imported("1")
        self.binding("New in Odoo", club_id=club.id)
        self.add(self.ada, self.grace, {"id": "N", "title": "New there"})
        self.run_import()
        self.assertEqual(self.names(), ["A", "G", "New in Odoo", "New there"])

    def test_a_connector_that_does_not_send_lines_overwrites_them(self):
        class ClubExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            children = []

        self.build(ClubExportMapper)
        self.edit("A", name="Ours")
        self.add(self.ada, {**self.grace, "mail": "theirs"})
        self.run_import()
        self.assertEqual(self.names(), ["A", "G"])


class TestMergedLinesAlone(LineTests, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        for external_id in external_ids:
            self.import_record(external_id)


class TestMergedLinesTogether(LineTests, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        self.source.add(99)
        self.assertNotIn("failed", self.run_chunk(*external_ids, "99"))
