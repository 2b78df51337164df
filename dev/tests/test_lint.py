"""The check of words finds what it is to find, in the texts of this project alone."""

import ast
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from environment import folders, prose


class TestWords(unittest.TestCase):
    def found(self, content):
        """Return the lines and the words of what is found."""
        return [(line, words) for line, words, _instead in prose.findings(content)]

    def test_docstrings_comments_and_messages_are_read(self):
        code = (
            '"""A module that is no good."""\n'
            "\n"
            "# It comes\n"
            "# back later.\n"
            'MESSAGE = "Who wrote this is unknown. The table tells it."\n'
        )
        self.assertEqual(
            self.found(code),
            [
                (1, "is no"),
                (3, "comes # back"),
                (5, '"Who wrote this is unknown.'),
                (5, "table tells"),
            ],
        )

    def test_docstrings_of_functions_are_imperative(self):
        code = 'def is_on(self):\n    """Whether it is on."""\n'
        self.assertEqual([line for line, _words in self.found(code)], [1])
        self.assertEqual(self.found(f"@property\n{code}"), [])

    def test_pages_are_read_across_lines(self):
        page = "A page\n======\n\nTwo jobs at\nonce.\n\nThis is no end.\n"
        self.assertEqual(self.found(page), [(4, "at once"), (7, "is no")])

    def test_idioms_are_allowed(self):
        for text in (
            "There is no record.",
            "It is no longer there.",
            "The backend no longer has it.",
            "The person who wrote it knows.",
            "Who wrote it?",
        ):
            self.assertEqual(self.found(f"{text}\n"), [], text)


class TestFiles(unittest.TestCase):
    def test_addons_of_authors_are_not_read(self):
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(folders, "CHECKOUT", Path(folder)),
        ):
            for name in ("ours.rst", "theirs.rst"):
                (Path(folder) / name).write_text("A new one is made anew.\n")
            for command in (["init", "-q"], ["add", "ours.rst"]):
                subprocess.run(["git", "-C", folder, *command], check=True)
            found = prose.check()
        self.assertEqual(found, ["ours.rst:1: “anew”, write: again"])


class TestAssertions(unittest.TestCase):
    def test_no_test_case_replaces_what_assertions_call(self):
        """A method ``fail`` of a test case lets most assertions pass."""
        hooks = {"setUp", "setUpClass", "tearDown", "tearDownClass"}
        taken = {name for name in dir(unittest.TestCase) if name[0] != "_"} - hooks
        replaced = {
            f"{path.name}: {case.name}.{method.name}"
            for path in folders.CHECKOUT.glob("[!.]*/**/*.py")
            for case in ast.parse(path.read_text()).body
            if isinstance(case, ast.ClassDef)
            and (case.name.startswith("Test") or case.name.endswith(("Case", "Tools")))
            for method in case.body
            if isinstance(method, ast.FunctionDef) and method.name in taken
        }
        self.assertFalse(replaced)
