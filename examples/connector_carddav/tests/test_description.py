# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test the description of the synchronisation of contacts."""

from .common import CardDAVCase


class TestDescription(CardDAVCase):
    def setUp(self):
        super().setUp()
        state = self.env["connector.backend.state"].of(self.backend)
        page = self.env["connector.description"].describe(state.id)
        [self.kind] = page["kinds"]
        self.rows = {
            each["direction"]: each["rows"] for each in self.kind["directions"]
        }

    def row(self, direction, target):
        [row] = [each for each in self.rows[direction] if each["target"] == target]
        return row

    def label(self, name):
        return self.env["res.partner"]._fields[name]._description_string(self.env)

    def test_sentences_say_what_happens_to_contacts(self):
        self.assertEqual(
            self.kind["facts"],
            [
                "Changes in Odoo are exported immediately.",
                "Changes on the backend are imported when Odoo searches for them.",
                "Records that exist on both sides are linked.",
                "Records that are deleted in Odoo are deleted on the backend, too.",
            ],
        )

    def test_fields_of_odoo_have_their_labels(self):
        organization = self.row("export", "Organization")
        names = ("company_name", "is_company", "name", "parent_id")
        self.assertEqual(organization["sources"], [self.label(name) for name in names])
        self.assertEqual(organization["how"], "computed by the connector")
        self.assertTrue(organization["note"])
        self.assertTrue(self.row("import", self.label("website"))["sources"])

    def test_what_only_new_contacts_get_is_marked(self):
        marked = [row["target"] for row in self.rows["import"] if row["onlyCreate"]]
        self.assertEqual(len(marked), 2)
        self.assertFalse([row for row in self.rows["export"] if row["onlyCreate"]])
