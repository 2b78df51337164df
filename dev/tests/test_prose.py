"""The check of our texts finds what it is to find, and nothing else."""

import tempfile
import unittest
from pathlib import Path

from environment import prose


class TestProse(unittest.TestCase):
    def found(self, suffix, text):
        """Return the lines and the words of what is found in a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file{suffix}"
            path.write_text(text)
            return [(each.line, each.found) for each in prose.findings("file", path)]

    def test_docstrings_comments_and_messages_are_read(self):
        code = (
            '"""A module that is no good."""\n'
            "\n"
            "# It comes\n"
            "# back later.\n"
            'MESSAGE = "Who wrote this is unknown. The table tells it."\n'
        )
        self.assertEqual(
            self.found(".py", code),
            [
                (1, "is no"),
                (3, "comes back"),
                (5, "table tells"),
                (5, "Who wrote this is unknown."),
            ],
        )

    def test_code_is_not_read(self):
        code = 'besides = anew = ["besides", "at once"]\nbesides.pop()\n'
        self.assertEqual(self.found(".py", code), [])

    def test_docstrings_of_functions_are_imperative(self):
        code = 'def is_on(self):\n    """Whether it is on."""\n'
        self.assertEqual(self.found(".py", code), [(2, "Whether it is on.")])
        self.assertEqual(self.found(".py", f"@property\n{code}"), [])

    def test_pages_are_read_without_their_code(self):
        page = (
            "A page\n======\n\n"
            "Two jobs at\nonce, and ``anew``.\n\n"
            ".. code-block:: python\n\n    besides = 1\n\n"
            "Then::\n\n    anew\n\n"
            "This is no end.\n"
        )
        self.assertEqual(self.found(".rst", page), [(4, "at once"), (15, "is no")])

    def test_idioms_are_allowed(self):
        for text in (
            "There is no record.",
            "It is no longer there.",
            "The backend no longer has it.",
            "The person who wrote it knows.",
            "Who wrote it?",
        ):
            self.assertEqual(self.found(".rst", f"{text}\n"), [], text)
