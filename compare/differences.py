"""Differences of the outcomes of a case, and what is known of them."""

import re
from dataclasses import dataclass, replace

from .cases import Case
from .known import shown

MISSING = "(missing)"


@dataclass(frozen=True)
class Difference:
    """A place where the outcomes of an operation differ.

    :param path: keys and numbers that lead to the place within the outcome
    :param peer: the value, as JSON, that the peer has there
    :param ours: the value that ours has there
    """

    case: Case
    operation: str
    path: tuple
    peer: object
    ours: object

    def raises(self, peer=None, ours=None):
        """Return whether each side raises an error of a class, or none if empty."""
        pairs = (self.peer, peer), (self.ours, ours)
        return all(wanted in _classes(found) for found, wanted in pairs)

    @property
    def signature(self):
        """Return a text that is the same for differences of one kind."""
        name = self.operation.partition("(")[0] or self.operation
        return f"{self.case.kind}: {name}: {_form(self.peer)} -> {_form(self.ours)}"

    def __str__(self):
        place = f" at {'.'.join(map(str, self.path))}" if self.path else ""
        found = f"# peer{place}: {shown(self.peer)}\n# ours{place}: {shown(self.ours)}"
        return f"{self.case}\n{found}"


#: Operations after which the sides have different records, if their outcomes differ.
CHANGES = re.compile(r"^class|bind\(|run\(|with_delay|write\(|create\(|copy\(|=")


def differences(case, peer, ours):
    """Return the differences of the outcomes of a case.

    Those after an operation that differs and changes records may be a consequence, and
    are left out.

    :param peer: the outcomes of the peer, of the setup and of each operation
    :param ours: our outcomes
    :return: list of differences, and how many operations were compared
    """
    found = []
    pairs = zip((case.setup, *case.operations), peer, ours, strict=False)
    for count, (name, left, right) in enumerate(pairs):
        shown = replace(case, operations=case.operations[:count])
        places = [*_places(left, right)]
        found += [Difference(shown, name, *place) for place in places]
        if places and CHANGES.search(name):
            break
    return found, count


def _places(peer, ours, path=()):
    if _is_dict(peer) and _is_dict(ours):
        peer, ours = peer["dict"], ours["dict"]
        for key in dict.fromkeys([*peer, *ours]):
            values = peer.get(key, MISSING), ours.get(key, MISSING)
            yield from _places(*values, (*path, key))
    elif _is_list(peer) and _is_list(ours) and len(peer) == len(ours):
        for number, values in enumerate(zip(peer, ours, strict=True)):
            yield from _places(*values, (*path, number))
    elif not _is_same(peer, ours):
        yield path, peer, ours


def _is_dict(value):
    return isinstance(value, dict) and "dict" in value


def _is_list(value):
    return isinstance(value, list)


def _is_error(value):
    return isinstance(value, dict) and "error" in value


def _is_same(peer, ours):
    """Return whether two values, or errors, are the same for a connector.

    Code that catches the peer's error catches an error of a subclass, too.
    """
    if not (_is_error(peer) and _is_error(ours)):
        return peer == ours
    own = {"error", "classes"}
    details = [{key: each[key] for key in each.keys() - own} for each in (peer, ours)]
    return peer["error"] in ours["classes"] and details[0] == details[1]


def _classes(value):
    return value["classes"] if _is_error(value) else [None]


def _form(value):
    if _is_error(value):
        return value["error"]
    return value if value == MISSING else type(value).__name__
