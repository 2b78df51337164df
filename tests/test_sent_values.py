# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The base after an export of values that the backend cannot hold as Odoo does."""

from .common import override
from .merge_cases import MergeCase


class TestSentValues(MergeCase):
    def setUp(self):
        super().setUp()
        self.ada = self.synchronised(title="ada")
        self.server.records["7"] = self.source.contacts["7"]
        write = self.server.write

        def write_small_letters(external_id, data):
            title = {"title": data["title"].lower()} if "title" in data else {}
            write(external_id, {**data, **title})

        self.server.write = write_small_letters

    def read_back(self):
        """Declare what the backend makes of a name."""
        small = {"_values_on_backend": lambda self: {"name": self.binding.name.lower()}}
        self.build(override("test.shop.contact.exporter", **small))

    def export(self, name):
        self.ada.odoo_id.name = name
        self.cr.flush()
        self.ada.export_record(fields=["name"])
        self.env["connector.export.change"].of(self.ada).forget()

    def test_a_value_that_the_backend_changes_is_a_change_of_the_backend(self):
        self.export("Ada King")
        self.run_import()
        self.assertEqual(self.ada.name, "ada king")

    def test_a_value_that_reads_as_it_was_sent_stays(self):
        self.read_back()
        self.export("Ada King")
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((self.ada.name, self.ada.email), ("Ada King", "ada@new"))
        self.assertFalse(self.conflicts())

    def test_an_edit_of_such_a_value_is_not_a_conflict(self):
        self.read_back()
        self.shop.conflict_policy = "backend"
        self.export("Ada King")
        self.ada.odoo_id.name = "Ada Byron"
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual((self.ada.name, self.ada.email), ("Ada Byron", "ada@new"))
        self.assertFalse(self.conflicts())

    def test_a_change_of_such_a_value_is_imported(self):
        self.read_back()
        self.export("Ada King")
        self.change_there(title="countess")
        self.run_import()
        self.assertEqual(self.ada.name, "countess")

    def test_an_edit_of_a_field_with_a_question_is_compared_again(self):
        self.shop.conflict_policy = "ask"
        self.ada.odoo_id.name = "Ours"
        self.change_there(title="theirs")
        self.run_import()
        self.assertEqual(self.questions(self.ada), {"name"})
        self.export("theirs")
        job = self.jobs("import_record")
        self.assertEqual(job.args[1], "7")
        self.assertTrue(job.kwargs["force"])
        self.run_import(force=True)
        self.assertFalse(self.questions(self.ada))
