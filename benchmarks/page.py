"""The tables in docs/scaling.rst, which come from runs of the bench."""

from environment import folders

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
    FILE.write_text(f"{head}{begin}\n{_table(lines)}\n\n{end}{tail}")


def _table(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["=" * width for width in widths]
    lines = [rule, lines[0], rule, *lines[1:], rule]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
