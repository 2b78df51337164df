"""Read code from pages."""

import re
import textwrap
from typing import NamedTuple

BLOCK = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\w+)\n"
    r"(?P<options>(?:(?P=indent) +:.*\n)*)\n"
    r"(?P<code>(?:(?P=indent) +.*\n|[ ]*\n)+)",
    re.MULTILINE,
)


class Block(NamedTuple):
    """A block of code, with the options of its directive."""

    line: int
    language: str
    options: dict
    code: str


def blocks(path):
    """Return the blocks of a page, in their order."""
    text = path.read_text()
    return [
        Block(
            text.count("\n", 0, found.start()) + 1,
            found["language"],
            dict(re.findall(r":(\w+): (.*)", found["options"])),
            textwrap.dedent(found["code"]).strip("\n") + "\n",
        )
        for found in BLOCK.finditer(text)
    ]


def codes(path, language):
    """Return the code of the blocks of a page that are in a language."""
    return [each.code for each in blocks(path) if each.language == language]
