# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Lines that are imported together with their record, alone and in a chunk."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping, only_create

from .common import ImportCase, listener_components


class Lines:
    """Clubs with members, who may have members of their own."""

    def setUp(self):
        super().setUp()

        class ClubMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            children = [("members", "friend_ids", "connector.test.binding")]

            @only_create
            @mapping
            def first_note(self, record):
                return {"note": "new"}

        class MemberMapChild(Component):
            _name = "test.shop.member.map.child"
            _inherit = ["connector.map.child.import", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        self.build(ClubMapper, MemberMapChild, *listener_components())

    def import_records(self, *external_ids):
        raise NotImplementedError

    def add(self, external_id, *members):
        self.source.add(external_id, members=list(members))

    def members(self, external_id):
        return self.imported(external_id).friend_ids

    def names(self, external_id):
        return sorted(self.members(external_id).mapped("name"))

    def test_lines_follow_the_backend(self):
        ada, grace, mary = ({"id": n, "title": n} for n in ("Ada", "Grace", "Mary"))
        self.add(1, ada, grace)
        self.add(2, mary)
        self.import_records("1", "2")
        known = self.members("1")
        self.add(1, {**ada, "title": "Ada L."}, {"id": "Joan", "title": "Joan"})
        self.import_records("1", "2")
        self.assertEqual(self.names("1"), ["Ada L.", "Joan"])
        self.assertEqual(self.names("2"), ["Mary"])
        self.assertIn(self.imported("Ada"), known)

    def test_a_removed_line_is_deleted_with_its_record(self):
        self.add(1, {"id": "a", "title": "Ada"}, {"id": "b", "title": "Grace"})
        self.add(2, {"id": "c", "title": "Mary"})
        self.import_records("1", "2")
        contact = self.imported("b").odoo_id
        self.add(1, {"id": "a", "title": "Ada"})
        self.import_records("1", "2")
        self.assertFalse(contact.exists() or self.imported("b"))
        self.assertFalse(self.jobs("export_delete_record"))

    def test_a_line_that_moves_to_another_record_is_kept(self):
        line = {"id": "a", "title": "Ada"}
        for clubs in ("1", "2"), ("2", "1"):
            with self.subTest(clubs), self.cr.savepoint() as savepoint:
                self.add(1, line)
                self.add(2)
                self.import_records("1", "2")
                self.add(1)
                self.add(2, line)
                self.import_records(*clubs)
                self.assertFalse(self.members("1"))
                self.assertEqual(self.names("2"), ["Ada"])
                savepoint.rollback()
            self.env.invalidate_all()

    def test_lines_below_lines(self):
        def add(*members):
            self.add(1, {"id": "a", "title": "Ada", "members": list(members)})

        deep = {"id": "b", "title": "Grace"}, {"id": "c", "title": "Mary"}
        add(*deep)
        self.import_records("1")
        ada, grace = self.imported("a"), self.imported("b")
        self.assertEqual(self.names("a"), ["Grace", "Mary"])
        add(*deep)
        self.import_records("1")
        self.assertEqual(self.members("1"), ada)
        self.assertEqual(self.members("a"), grace + self.imported("c"))
        add(deep[0])
        self.import_records("1")
        self.assertEqual((self.members("1"), self.members("a")), (ada, grace))

    def test_only_new_lines_are_mapped_for_a_create(self):
        self.add(1, {"id": "a", "title": "Ada"})
        self.import_records("1")
        self.members("1").note = "old"
        self.add(1, {"id": "a", "title": "Ada"}, {"id": "b", "title": "Grace"})
        self.import_records("1")
        self.assertEqual(self.imported("a").note, "old")
        self.assertEqual(self.imported("b").note, "new")
        self.add(2, {"id": "a", "title": "Ada"})  # a new record takes it over
        self.import_records("2")
        self.assertEqual(self.members("2").note, "old")


class TestLinesAlone(Lines, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        for external_id in external_ids:
            self.import_record(external_id)


class TestLinesTogether(Lines, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        self.assertNotIn("failed", self.run_chunk(*external_ids))
