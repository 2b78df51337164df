# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a rule is declared and run, and how its notes are printed."""

from collections.abc import Callable
from typing import NamedTuple

from odoo.tools import groupby

from ..finding import paragraph
from .source import Sources

DELETE = "May be deleted"  #: the framework does it
CHANGED = "Means something else"  #: or no longer exists
KINDS = (DELETE, CHANGED)


class Rule(NamedTuple):
    """A rule about sources."""

    name: str  #: such as ``own-lock``
    kind: str  #: ``DELETE`` or ``CHANGED``
    about: str  #: ``classes``, ``nodes`` or ``elements`` of the sources
    find: Callable  #: takes the sources and one of them, yields pairs of node and text


class Note(NamedTuple):
    """What a rule has found."""

    kind: str  #: ``DELETE`` or ``CHANGED``
    file: str  #: path of the file
    line: int  #: number of the line
    text: str  #: sentences: what it is, and what to do
    rule: str  #: name of the rule


#: All rules.
RULES = []


def rule(name, kind, about):
    """Add a function to the list of rules; the parameters are those of a rule."""

    def add(function):
        RULES.append(Rule(name, kind, about, function))
        return function

    return add


def notes_of(sources):
    """Return the notes of all rules, in the order of the files."""
    found = {
        Note(each.kind, file, _line(node), text, each.name)
        for each in RULES
        for file, item in getattr(sources, each.about)
        for node, text in each.find(sources, item)
    }
    return sorted(found, key=lambda note: (KINDS.index(note.kind), *note[1:]))


def _line(node):
    return node.lineno if hasattr(node, "lineno") else node.sourceline


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
