# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.component.core import Component

from ..components.mapper import (
    changed_by,
    convert,
    follow_m2o_relations,
    m2o_to_external,
    mapping,
    only_create,
    records_to_external,
)
from .common import ImportCase, listener_components, override


class TestDescription(ImportCase):
    def setUp(self):
        super().setUp()
        self.state = self.env["connector.backend.state"].of(self.shop)

    def kind(self):
        page = self.env["connector.description"].describe(self.state.id)
        self.assertEqual(page["name"], self.shop.name)
        [kind] = [each for each in page["kinds"] if each["model"] == self.model._name]
        return kind

    def rows(self, direction="export"):
        rows = {each["direction"]: each["rows"] for each in self.kind()["directions"]}
        return rows[direction]

    def test_each_direct_row_is_shown_in_the_words_of_both_sides(self):
        rows = self.rows()
        self.assertEqual(
            [(row["sources"], row["target"]) for row in rows],
            [(["Name"], "Title"), (["Email"], "Mail"), (["Age"], "Years")],
        )
        back = self.rows("import")[:3]
        self.assertEqual(
            [(row["sources"], row["target"]) for row in back],
            [(["Title"], "Name"), (["Mail"], "Email"), (["Years"], "Age")],
        )

    def test_conversions_methods_and_lines_are_explained(self):
        @mapping
        @only_create
        @changed_by("name", "email")
        def salutation(mapper, record):
            """Greet the contact.

            Not shown.
            """
            return {}

        def special(mapper, record, target):
            return 1

        self.build(
            override(
                "test.shop.contact.export.mapper",
                direct=[
                    (convert("age", str), "years"),
                    (m2o_to_external("friend_id"), "friend"),
                    (follow_m2o_relations("parent_id.email"), "owner"),
                    (special, "special"),
                ],
                children=[("friend_ids", "friends", self.model._name)],
                salutation=salutation,
            )
        )
        years, friend, owner, own, greeting, lines = self.rows()
        self.assertEqual(years["how"], "converted")
        self.assertEqual(friend["how"], "the linked record")
        self.assertEqual(owner["how"], "a field of the linked record")
        self.assertEqual(
            (own["how"], own["sources"]), ("computed by the connector", [])
        )
        self.assertEqual(greeting["sources"], ["Email", "Name"])
        self.assertEqual(greeting["note"], "Greet the contact.")
        self.assertTrue(greeting["onlyCreate"])
        self.assertEqual(lines["how"], "its lines")

    def test_references_to_many_and_rows_for_new_records_are_explained(self):
        many = records_to_external("friend_ids", binding=self.model._name)
        new = only_create(m2o_to_external("friend_id"))
        direct = [(many, "friends"), (new, "friend")]
        self.build(override("test.shop.contact.export.mapper", direct=direct))
        friends, friend = self.rows()
        self.assertEqual(friends["how"], "the linked record")
        self.assertEqual(friends["sources"], ["Members"])
        self.assertEqual((friends["onlyCreate"], friend["onlyCreate"]), (False, True))

    def test_a_docstring_is_shown_to_those_who_read_its_language(self):
        @mapping
        def salutation(mapper, record):
            """Greet the contact."""

        self.build(override("test.shop.contact.export.mapper", salutation=salutation))
        self.assertIn("Greet the contact.", [row["note"] for row in self.rows()])
        self.env["res.lang"]._activate_lang("de_DE")
        german = self.env["connector.description"].with_context(lang="de_DE")
        notes = [german._note(each.note) for each in self.described()]
        self.assertFalse(any(notes), notes)

    def described(self):
        comparer = self.component("record.comparison")
        return comparer.described_fields("export")

    def test_sentences_say_what_the_connector_does(self):
        self.assertIn("Records of Odoo are exported on request.", self.kind()["facts"])
        self.build(*listener_components())
        facts = self.kind()["facts"]
        self.assertIn("Changes in Odoo are exported immediately.", facts)
        self.assertIn(
            "Changes on the backend are imported when Odoo searches for them.", facts
        )
        self.assertNotIn("Records that exist on both sides are linked.", facts)

        def _match_existing(importer):
            return None

        self.build(
            override(
                "test.shop.contact.record.importer", _match_existing=_match_existing
            )
        )
        self.assertIn(
            "Records that exist on both sides are linked.", self.kind()["facts"]
        )

    def test_an_exporter_that_matches_links_records(self):
        fact = "Records that exist on both sides are linked."
        self.assertNotIn(fact, self.kind()["facts"])
        self.build(
            override(
                "test.shop.contact.exporter", _match_key=lambda exporter, data: None
            )
        )
        self.assertIn(fact, self.kind()["facts"])

    def test_listeners_of_the_record_and_of_other_kinds_are_recognised(self):
        def exports(**attributes):
            listener = {"_inherit": "base.connector.listener", "__module__": __name__}
            listener |= {"_name": "test.shop.listener", **attributes}
            self.build(type("Listener", (Component,), listener))
            return "Changes in Odoo are exported immediately." in self.kind()["facts"]

        contact, binding = "connector.test.contact", self.model._name
        self.assertFalse(exports(_apply_on=[contact]))
        self.assertFalse(exports(_apply_on=[binding], _collection="res.partner"))
        self.assertFalse(exports(_apply_on=[contact], _binding_field="child_ids"))
        self.assertTrue(exports(_apply_on=[contact], _binding_field="shop_bind_ids"))
        self.assertTrue(exports(_apply_on=[contact], _collection=self.shop._name))
        self.assertTrue(exports(_apply_on=[binding]))

    def test_a_deleter_without_a_listener_promises_nothing(self):
        self.build(
            type(
                "Deleter",
                (Component,),
                {
                    "_name": "test.shop.deleter",
                    "_inherit": ["connector.record.deleter", "base.test.shop"],
                    "__module__": __name__,
                },
            )
        )
        sentence = "Records that are deleted in Odoo are deleted on the backend, too."
        self.assertNotIn(sentence, self.kind()["facts"])
        self.build(*listener_components())
        self.assertIn(sentence, self.kind()["facts"])

    def test_a_page_without_a_backend_says_so(self):
        for state_id in (None, 0, self.state.id + 1000):
            with self.assertRaises(UserError):
                self.env["connector.description"].describe(state_id)

    def test_only_those_who_may_read_the_backend_see_it(self):
        user = new_test_user(self.env, "seer", groups="connector.group_connector_user")
        descriptions = self.env["connector.description"].with_user(user)
        with self.assertRaises(AccessError):
            descriptions.describe(self.state.id)
        self.grant("connector.group_connector_user")
        self.assertTrue(descriptions.describe(self.state.id)["kinds"])
        plain = new_test_user(self.env, "plain", groups="base.group_user")
        with self.assertRaises(AccessError):
            descriptions.with_user(plain).describe(self.state.id)
