# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Print the notes about the sources of a connector."""

from odoo.tools import groupby

from ..report import paragraph
from .rule import KINDS, notes_of
from .source import Sources


def moving_report(path):
    """Return the notes about the sources of a connector, as text.

    :param path: ``Path`` of a folder or a file
    """
    sources = Sources(path)
    notes = notes_of(sources)
    lines = []
    for title, group in groupby(notes, lambda note: note.kind):
        lines += [title, "=" * len(title)]
        for note in group:
            lines.append(f"{note.file}:{note.line}: [{note.rule}]")
            lines += [*paragraph(note.text), ""]
    lines += [f"{name} cannot be read: {error}" for name, error in sources.unread]
    files = len(sources.modules) + len(sources.documents)
    counts = [f"{kind}: {sum(note.kind == kind for note in notes)}." for kind in KINDS]
    return "\n".join([*lines, f"Files: {files}. {' '.join(counts)}"])
