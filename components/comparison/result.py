# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Results of the comparison of one record."""

from dataclasses import dataclass, field
from typing import Any

# States of a field
SAME = "same"
DIFFERS = "differs"
NEW = "new"  #: the record would be created with the value
KEPT = "kept"  #: an import leaves Odoo's value, which waits for its export
UNKNOWN = "unknown"  #: the counterpart cannot be read by field
FAILED = "failed"  #: the value could not be mapped


class NotRun(str):
    """The text of a step that only a real synchronisation runs."""


@dataclass
class ComparedField:
    """One value of a mapping, and the value that it would replace."""

    target: str | None  #: ``None`` for an error of a method, whose targets are unknown
    sources: tuple | None = None  #: names of source fields; ``None`` if unknown
    method: str | None = None  #: name of the mapping method
    only_create: bool = False
    at_end: bool = False  #: whether ``finalize()`` or a hook of the connector added it
    mapped: Any = None
    error: str | None = None  #: why the value could not be mapped
    label: str = ""
    state: str = UNKNOWN
    now: Any = None  #: what the target has now


@dataclass
class RecordComparison:
    """The comparison of one record in one direction."""

    direction: str
    creates: bool = False  #: whether the target has no such record
    source: Any = None  #: what is mapped: the binding, or the data of the backend
    is_gone: bool = False  #: whether the record was bound, and the backend lost it
    by_field: bool = True  #: whether the data of the backend could be compared by field
    skip_reason: str | None = None  #: why the connector leaves the record out
    fields: list = field(default_factory=list)  #: :class:`ComparedField`
    errors: list = field(default_factory=list)  #: causes that concern the whole record
    values: Any = None  #: what would be sent or written; ``None`` if unknown
    match: Any = None  #: id of the backend's record that an export would link it with
    dependencies: list | None = None  #: what is synchronised first, for the screen

    def fail(self, target, error):
        """Note why the value of a target, or the whole record, is refused."""
        for each in self.fields:
            if each.target == target:
                each.state, each.error = FAILED, error
                return
        self.errors.append(error)

    @property
    def refusals(self):
        """Why the record would be refused."""
        return [error for error in self.errors if not isinstance(error, NotRun)]

    def count(self, *states):
        """Return how many fields have one of these states."""
        return sum(each.state in states for each in self.fields)
