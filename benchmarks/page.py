"""The tables in docs/scaling.rst, which come from runs of the bench."""

from environment import folders
from environment.console import columns

FILE = folders.CHECKOUT / "docs" / "scaling.rst"


def put_table(name, lines):
    """Put a table between its two marks in the page.

    :param name: of the marks, ``.. NAME begins`` and ``.. NAME ends``
    :param lines: rows of cells, the headings first
    """
    begin, end = f".. {name} begins\n", f".. {name} ends\n"
    head, _, rest = FILE.read_text().partition(begin)
    _old, _, tail = rest.partition(end)
    if not tail:
        raise ValueError(f"{FILE} has no marks for {name}.")
    table = "\n".join(columns(lines, rule="="))
    FILE.write_text(f"{head}{begin}\n{table}\n\n{end}{tail}")
