"""Read code from pages."""

import re
import textwrap

PYTHON = re.compile(
    r"^( *)\.\. code-block:: python\n\s*\n((?:\1 +.*\n|[ ]*\n)*)", re.MULTILINE
)


def python_blocks(path):
    """Return the Python blocks of a page, in their order.

    :param path: of the page
    :rtype: list[str]
    """
    return [textwrap.dedent(code) for _, code in PYTHON.findall(path.read_text())]
