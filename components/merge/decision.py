# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Decide which side's values count, by digests of both and of their base."""

from typing import NamedTuple

# What both sides did to a unit of fields since they were in step
NEITHER = "neither"  #: no side changed it
THEIRS = "theirs"  #: only the backend
OURS = "ours"  #: only Odoo
SAME = "same"  #: both, to equal values
CONFLICT = "conflict"  #: both, to other values

# Policies
ODOO, BACKEND, NEWER, ASK = POLICIES = ("odoo", "backend", "newer", "ask")


class Target(NamedTuple):
    """The digests of one field."""

    theirs: bytes  #: of the value that the backend has now
    ours: bytes  #: of the value that Odoo has now
    base: tuple | None  #: of both values at the last synchronisation

    @property
    def is_equal(self):
        """Whether both sides agree: Odoo may store another value than it is given."""
        return self.theirs == self.ours or self.is_in_own_form

    @property
    def is_in_own_form(self):
        """Whether Odoo has the backend's value in a form of its own."""
        return self.theirs != self.ours and (self.theirs, self.ours) == self.base


def compare(targets):
    """Return which sides changed a unit of fields.

    :param targets: list of :class:`Target`, one for each field of the unit
    :return: one of the constants of this module; ``None`` when a field has no base
    """
    if any(target.base is None for target in targets):
        return None
    theirs = any(target.theirs != target.base[0] for target in targets)
    ours = any(target.ours != target.base[1] for target in targets)
    if not theirs and not ours:
        return NEITHER
    if all(target.is_equal for target in targets):
        return SAME
    if theirs and ours:
        return CONFLICT
    return THEIRS if theirs else OURS


def newer(ours, theirs, written=None):
    """Return the side that was changed last.

    :param ours: when Odoo's values were changed, as ``datetime``, or ``None``
    :param theirs: when the backend's were changed
    :param written: when Odoo's record was written, maybe because of other values:
        these values were not changed later
    :return: ``"odoo"`` or ``"backend"``; ``"ask"`` if that is not known
    """
    if not ours and theirs and written and written < theirs:
        return BACKEND
    if not ours or not theirs or ours == theirs:
        return ASK
    return ODOO if ours > theirs else BACKEND


def merged_elements(theirs, ours, base, digest):
    """Merge two lists, element by element.

    What one side has added stays, and what one side has removed is removed.

    :param theirs: the elements that the backend has (``set``)
    :param ours: those that Odoo has (``set``)
    :param base: digests of the elements that both had
    :param digest: returns the digest of an element
    """
    either = theirs ^ ours
    return (theirs & ours) | {each for each in either if digest(each) not in base}
