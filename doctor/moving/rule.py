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
    find: Callable  #: takes :class:`~.source.Sources`, yields pairs of place and text


class Note(NamedTuple):
    """What a rule has found."""

    kind: str  #: ``DELETE`` or ``CHANGED``
    file: str  #: path of the file
    line: int  #: number of the line
    text: str  #: sentences: what it is, and what to do
    rule: str  #: name of the rule


#: All rules.
RULES = []


def rule(name, kind):
    """Add a function to the list of rules.

    :param name: name of the rule
    :param kind: ``DELETE`` or ``CHANGED``
    """

    def add(function):
        RULES.append(Rule(name, kind, function))
        return function

    return add


def notes_of(sources):
    """Run the rules.

    :return: the notes in the order of the files
    """
    found = {
        Note(each.kind, *place, text, each.name)
        for each in RULES
        for place, text in each.find(sources)
    }
    return sorted(found, key=lambda note: (KINDS.index(note.kind), *note[1:]))


def at(module, node):
    """Return the place of a node of ``ast`` in a module."""
    return module.name, node.lineno


def at_element(document, element):
    """Return the place of an element in an XML file."""
    return document.name, element.sourceline
