"""The documentation: it builds, names all that is public, and its code works."""

import ast
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from documented import addon
from documented.blocks import codes
from environment import documentation, folders
from lxml import etree
from odoo_runs import run_tests

ROOT = "odoo.addons.connector."
#: Modules whose names without an underscore are for connectors.
PUBLIC_MODULES = (
    "exception",
    *(f"tools/{name}" for name in ("external_id", "locks", "transactions")),
    "jobs/outcome",
    *("components/mapper/decorators", "components/mapper/modifiers"),
)
NOT_PUBLIC = {
    f"components.mapper.decorators.{name}"
    for name in ("mapping_definitions", "is_mapping", "ignored_fields")
}
#: Names in the documents for files that the reader makes or names.
NOT_IN_THE_CHECKOUT = {"./dev/COMMAND", "examples/my_shop"}
#: Runs the code of all pages of a folder, and prints what is wrong.
CHECKER = Path(__file__).with_name("documented") / "checker.py"
#: A page that the checker does not accept.
WRONG = """
.. code-block:: python

    from odoo.addons.component.core import Component

    class Exporter(Component):
        _name, _inherit = "a.b", "generic.exporter"

        def _has_to_skpi(self):
            return self._is_skipped
"""


def pages():
    """Return the paths of all pages."""
    return sorted(documentation.SOURCES.rglob("*.rst"))


def built(command):
    """Run a command that builds pages, and return what it said."""
    return subprocess.run(
        command,
        env=documentation.variables(),
        capture_output=True,
        text=True,
        check=False,
    )


class TestSecurityPage(unittest.TestCase):
    def missing(self, page):
        """Return the tests that a page names and nobody has written."""
        patterns = ("", "dev/", "examples/*/", "scaffold/")
        files = [
            file.read_text()
            for pattern in patterns
            for file in folders.CHECKOUT.glob(f"{pattern}tests/test_*")
            if file.is_file()
        ]
        names = re.findall(r"``(Test\w+)(?:\.(test_\w+))?``", page)
        return [
            (case, test)
            for case, test in names
            if not any(
                f"class {case}(" in text and (not test or f"def {test}(" in text)
                for text in files
            )
        ]

    def test_each_test_that_the_table_names_exists(self):
        page = (folders.CHECKOUT / "SECURITY.rst").read_text()
        table = page.partition(".. list-table::")[2].partition("\nSecrets\n")[0]
        rows = table.split("   * - ")[2:]
        self.assertGreater(len(rows), 15)
        for row in rows:
            self.assertIn("``Test", row)
        self.assertEqual(self.missing(page), [])

    def test_a_test_that_does_not_exist_is_noticed(self):
        page = "``TestNowhere`` ``TestJunk.test_nothing`` ``TestJunk``"
        missing = [("TestNowhere", ""), ("TestJunk", "test_nothing")]
        self.assertEqual(self.missing(page), missing)


class TestPages(unittest.TestCase):
    def test_all_are_built_without_a_warning_and_name_all_that_is_public(self):
        folder = tempfile.TemporaryDirectory(dir=folders.STATE, prefix="docs-")
        target = Path(self.enterContext(folder))
        said = built(documentation.command(target))
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertTrue((target / "index.html").is_file())
        missing = self.public_names() - self.names_of_the_reference(target)
        self.assertEqual(missing, set(), "add it to a page in docs/reference")

    def test_a_warning_comes_each_time(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "index.rst"
            page.write_text("Page\n====\n\n:py:func:`no_such_function`\n")
            command = documentation.command(Path(folder) / "built")
            command[command.index(str(documentation.SOURCES))] = folder
            for time in ("first", "second"):
                said = built([*command, "-c", documentation.SOURCES])
                self.assertEqual(said.returncode, 1, time)
                self.assertIn("no_such_function", said.stderr, time)

    def test_each_page_can_be_reached_from_the_first_one(self):
        start = (documentation.SOURCES / "index.rst").read_text()
        reference = (documentation.SOURCES / "reference/index.rst").read_text()
        for page in pages():
            name = page.relative_to(documentation.SOURCES).with_suffix("")
            listed = str(name) in start or f"   {name.name}\n" in reference
            self.assertTrue(listed or str(name) == "index", name)

    def names_of_the_reference(self, target):
        content = "".join(page.read_text() for page in target.glob("reference/*.html"))
        return set(re.findall(rf'id="{re.escape(ROOT)}([\w.]+)"', content))

    def public_names(self):
        """Return the components, and the functions and classes of plain modules."""
        components = folders.CHECKOUT.glob("components/**/*.py")
        names = {
            name
            for path in components
            if "comparison" not in path.parts  # works for every connector as it is
            for name in _names_of(path, _is_component)
        }
        names |= _names_of_the_test_kit()
        for module in PUBLIC_MODULES:
            names |= _names_of(folders.CHECKOUT / f"{module}.py", _is_definition)
        return names - NOT_PUBLIC


def _names_of(path, is_wanted):
    """Return the full names of what a module defines, without its private names."""
    module = ".".join(path.relative_to(folders.CHECKOUT).with_suffix("").parts)
    return {
        f"{module}.{node.name}"
        for node in ast.parse(path.read_text()).body
        if is_wanted(node) and not node.name.startswith("_")
    }


def _names_of_the_test_kit():
    """Return the full names of what ``tests/common.py`` exports."""
    path = folders.CHECKOUT / "tests/common.py"
    imports = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ImportFrom)
    ]
    return {
        f"tests.{_defining_module(node.module, alias.name)}.{alias.name}"
        for node in imports
        for alias in node.names
    }


def _defining_module(module, name):
    """Return the module below ``tests`` that defines what a package exports."""
    folder = folders.CHECKOUT / "tests" / module
    for path in folder.glob("*.py"):
        if re.search(rf"^class {name}\b", path.read_text(), re.MULTILINE):
            return f"{module}.{path.stem}"
    return module


def _is_definition(node):
    return isinstance(node, ast.ClassDef | ast.FunctionDef)


def _is_component(node):
    return isinstance(node, ast.ClassDef) and any(
        isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == "_name"
        for each in node.body
    )


def _checked(folder):
    """Return what the checker finds in the Python code of the pages of a folder."""
    done = subprocess.run(
        [folders.VENV_PYTHON, CHECKER, folder],
        env=documentation.variables(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


class TestCode(unittest.TestCase):
    def test_the_python_code_runs_and_overrides_what_exists(self):
        self.assertEqual(_checked(documentation.SOURCES), [])

    def test_the_checker_finds_what_does_not_exist(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "howto" / "index.rst"
            page.parent.mkdir()
            page.write_text(WRONG)
            found = _checked(folder)
        self.assertEqual(
            found,
            [
                f"howto/index.rst: Exporter {each}, which does not exist"
                for each in ("overrides _has_to_skpi", "uses self._is_skipped")
            ],
        )

    def test_the_xml_is_well_formed(self):
        found = [code for page in pages() for code in codes(page, "xml")]
        self.assertTrue(found)
        for code in found:
            etree.fromstring(f"<odoo>{code}</odoo>")

    def test_files_that_the_documents_name_exist(self):
        named = re.compile(r"``((?:docs|dev|examples|\./dev)/[\w./-]+)``")
        for page in [*folders.CHECKOUT.glob("*.rst"), *pages()]:
            for name in set(named.findall(page.read_text())) - NOT_IN_THE_CHECKOUT:
                self.assertTrue((folders.CHECKOUT / name).exists(), (page.name, name))


class TestHowTo(unittest.TestCase):
    def test_the_code_of_the_pages_does_what_they_say(self):
        with tempfile.TemporaryDirectory(prefix="howto-") as folder:
            addon.write(folder)
            tags = f"/{addon.NAME}"
            tested, faults = run_tests(folder, [addon.NAME], tags, label="howto")
        self.assertEqual(faults, [])
        self.assertGreater(tested[addon.NAME], 10)
