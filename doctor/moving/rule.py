# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a rule is declared and run."""

from collections.abc import Callable
from typing import NamedTuple

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
