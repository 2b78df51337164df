# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo connector scaffold``: its refusals, and its additions to files."""

from pathlib import Path
from tempfile import TemporaryDirectory

from odoo.tests import BaseCase, tagged

from ..cli.scaffolding.additions import with_entries, with_imports
from ..cli.scaffolding.kind import of_options
from ..cli.scaffolding.refusal import Refusal
from ..cli.scaffolding.writing import extend, generate


def banks():
    """Return a kind of record, whose model is in ``base``."""
    return of_options("res.bank", "name,bic", "both", "")


@tagged("post_install", "-at_install")
class TestRefusals(BaseCase):
    """The scaffold refuses names and kinds with a sentence, and writes nothing."""

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(TemporaryDirectory()))

    def assert_refused(self, sentence, function, *args):
        before = self.written()
        with self.subTest(sentence), self.assertRaisesRegex(Refusal, sentence):
            function(*args)
        self.assertEqual(self.written(), before)

    def written(self):
        return {
            path: path.read_text() for path in self.folder.rglob("*") if path.is_file()
        }

    def test_kinds(self):
        for model, fields, depends, sentence in (
            ("res.bnak", "name", "", "No addon .* defines the model res.bnak"),
            ("image.mixin", "name", "", "image.mixin are not stored"),
            ("base.module.update", "added", "", "update are not stored"),
            ("res.bank", "nmae", "", "res.bank has no field nmae .*--depends"),
            ("res.bank", "name", "nowhere", "addon nowhere is not on the"),
            ("res.bank", "", "", "Name the fields of res.bank with --fields"),
            ("res.bank", "name,state", "", "many2one.*dependencies.rst"),
            ("res.partner", "name,bank_ids", "", "one2many.*lines.rst"),
            ("res.partner", "name,image_1920", "", "binary.*images.rst"),
            ("res.partner", "name,tz_offset", "", "set by Odoo, so an import"),
            ("res.bank", "name,write_date", "", "set by Odoo, so an import"),
            ("res.bank", "name,display_name", "", "set by Odoo, so an import"),
            ("res.bank", "bic", "", "Each record of res.bank needs name"),
            ("res.currency.rate", "name,rate", "", "Add a text of res.currency"),
        ):
            self.assert_refused(sentence, of_options, model, fields, "both", depends)

    def test_names(self):
        folder = self.folder
        for name, sentence in (
            ("7up", "7up cannot be the name of an addon.*begin with a letter"),
            ("my.shop", "my.shop cannot be the name"),
            ("Käse", "Käse cannot be the name"),
            ("class", "class cannot be the name"),
            ("../shop", "cannot be the name"),
            ("web", "There is an addon web already. Choose another name."),
            ("x" * 60, "is too long: the table for res.bank"),
        ):
            self.assert_refused(sentence, generate, name, folder, banks())

    def test_folders(self):
        generate("my_shop", self.folder, banks())
        addon = self.folder / "my_shop"
        message = "my_shop exists already.*--into"
        self.assert_refused(message, generate, "my_shop", self.folder, banks())
        self.assert_refused("synchronises res.bank already", extend, addon, banks())
        message = "has no __manifest__.py"
        self.assert_refused(message, extend, self.folder, banks())
        other = self.folder / "other"
        addon.rename(other)
        message = 'has generated: its code lacks "other.backend"'
        self.assert_refused(message, extend, other, banks())

    def test_files_of_the_author_are_not_overwritten(self):
        generate("my_shop", self.folder, banks())
        addon = self.folder / "my_shop"
        (addon / "components/res_partner.py").write_text("# Mine\n")
        contacts = of_options(None, None, "import", "")
        message = "res_partner.py exists already, and is not overwritten"
        self.assert_refused(message, extend, addon, contacts)


@tagged("post_install", "-at_install")
class TestAdditions(BaseCase):
    """The scaffold adds lines to files of the author, or names them."""

    def test_imports(self):
        for before, after in (
            ("from . import a, c\n", "from . import a, b, c\n"),
            ("from . import c, a\n", "from . import c, a, b\n"),
            ("from . import (\n    c,\n)\n", "from . import (\n    b,\n    c,\n)\n"),
            (
                "from . import a\nfrom . import c\n\nX = 1\n",
                "from . import a\nfrom . import c\nfrom . import b\n\nX = 1\n",
            ),
            ("# One\nfrom . import b\n", "# One\nfrom . import b\n"),
            ("from . import a as c\n", None),
            ("from . import a  # One\n", None),
            ("from . import a; X = 1\n", None),
            ("X = 1\n", None),
            ("from . import\n", None),
        ):
            with self.subTest(before):
                self.assertEqual(with_imports(before, ["b"]), after)

    def test_a_long_line_is_broken(self):
        names = [f"module_{number}" for number in range(9)]
        before = f"from . import {', '.join(names)}\n"
        after = with_imports(before, ["module_9"])
        lines = "".join(f"    {name},\n" for name in (*names, "module_9"))
        self.assertEqual(after, f"from . import (\n{lines})\n")

    def test_entries(self):
        many = '{\n    "data": [\n        "a",%s\n    ],\n    "x": 1,\n}\n'
        for before, after in (
            ('{"data": ["a"]}', '{"data": ["a", "b"]}'),
            ('{"data": ["ä", "a"]}', '{"data": ["ä", "a", "b"]}'),
            (many % "", many % '\n        "b",'),
            (many % "  # One", many % '  # One\n        "b",'),
            ('{"data": ["b"]}', '{"data": ["b"]}'),
            ('{\n"data": [\n"a"\n]}', None),
            ('{"data": ["a"] + ["c"]}', None),
            ('{"data": []}', None),
            ("{}", None),
            ("{", None),
        ):
            with self.subTest(before):
                self.assertEqual(with_entries(before, "data", ["b"]), after)

    def test_lines_that_cannot_be_added_are_named(self):
        with TemporaryDirectory() as folder:
            generate("my_shop", folder, banks())
            addon = Path(folder, "my_shop")
            (addon / "models/__init__.py").write_text("import sys\n")
            contacts = of_options(None, None, "import", "")
            said = "\n".join(extend(addon, contacts))
            self.assertIn("Add to models/__init__.py:\n    from . import res_par", said)
            self.assertEqual((addon / "models/__init__.py").read_text(), "import sys\n")
            self.assertIn("Extended: __manifest__.py", said)

    def test_fields_that_odoo_sets_are_exported(self):
        names = "name,display_name,write_date"
        kind = of_options("res.bank", names, "export", "")
        variables = kind.variables()
        self.assertEqual(variables["values"], [("name", '"Ada"')])
        self.assertTrue(variables["sends_more"])
        sources = [field["source"] for field in variables["fields"]]
        moment = 'none(convert("write_date", str))'
        self.assertEqual(sources, ['"name"', 'none("display_name")', moment])

    def test_records_are_matched_by_the_first_identifier(self):
        for model, fields, wanted in (
            ("res.partner", "name,ref,email", ("ref", "ref")),
            ("res.partner", "name,email,ref", ("email", "email_normalized")),
            ("res.company", "name,email", ("email", "email")),
            ("res.bank", "name,bic", ("bic", "bic")),
            # People know these records by the text.
            ("res.bank", "name", ("", "")),
            ("res.partner", "ref", ("", "")),
            # A contact has the number of its company, too.
            ("res.partner", "name,vat", ("", "")),
        ):
            with self.subTest(f"{model}: {fields}"):
                found = of_options(model, fields, "both", "").variables()
                pair = found["match_field"], found["match_column"]
                self.assertEqual(pair, wanted)

    def test_fields_that_the_author_has_to_fill_are_named(self):
        accounts = of_options("res.partner.bank", "acc_number", "import", "")
        with TemporaryDirectory() as folder:
            said = "\n".join(generate("my_shop", folder, accounts))
        self.assertIn("Each record of res.partner.bank needs partner_id, too", said)
        self.assertIn("in the import mapper, and in record_values", said)
