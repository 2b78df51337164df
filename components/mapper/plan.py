# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The steps of a mapping: the rows and methods of a mapper that run."""

from collections.abc import Callable
from typing import NamedTuple

from ...exception import MappingError
from .decorators import MappingDefinition
from .errors import COLLECTED, explain_unknown_source

DIRECT, CHILDREN = "direct", "children"


class Row(NamedTuple):
    """A row of ``direct`` or ``children``."""

    origin: str  #: ``DIRECT`` or ``CHILDREN``
    row: tuple  #: what the mapper declares
    field: object  #: name of the source field, a list of names, ``None`` if unknown

    collects = COLLECTED

    def run(self, mapper, map_record, values):
        try:
            if self.origin is DIRECT:
                value = mapper._map_direct(map_record.source, *self.row)
            else:
                value = mapper._map_child(map_record, *self.row)
        except KeyError as error:
            explain_unknown_source(error, mapper, map_record.source, self)
            raise
        values[self.row[1]] = value

    @property
    def place(self):
        return f"{self.field or '?'} -> {self.row[1]}"


class Method(NamedTuple):
    """A mapping method."""

    method: Callable
    definition: MappingDefinition

    collects = MappingError

    def run(self, mapper, map_record, values):
        mapped = self.method(map_record.source)
        if not mapped:
            return
        if not isinstance(mapped, dict):
            raise ValueError(
                f"{mapper._name}.{self.place}() is a mapping method and must "
                f"return a dict or nothing, but returned {mapped!r}."
            )
        values.update(mapped)

    @property
    def place(self):
        return self.method.__name__


class MappingPlan:
    """The rows and methods of a mapper that run when some fields have changed.

    :param mapper: the mapper
    :param fields: names of the source fields that matter; all when empty
    :param for_create: whether a record will be created with the values
    """

    __slots__ = ("children", "direct", "fields", "for_create", "sources")

    def __init__(self, mapper, fields=None, for_create=False):
        self.fields = fields
        self.for_create = for_create
        rows = [
            Row(DIRECT, (source, target), mapper._direct_source_field_name(source))
            for source, target in mapper.direct
        ]
        self.direct = [row for row in rows if self._reads(row.field)]
        self.children = [
            Row(CHILDREN, row, row[0])
            for row in mapper.children
            if not fields or row[0] in fields
        ]
        #: names of all source fields that the mapping reads; ``None`` when it may
        #: read any field
        self.sources = self._sources(mapper)

    def steps(self, mapper):
        """Yield the steps in their order; a connector may compute the methods."""
        yield from self.direct
        for method, definition in mapper.map_methods:
            if self._runs(definition):
                yield Method(method, definition)
        yield from self.children

    def _runs(self, definition):
        if definition.only_create and not self.for_create:
            return False
        reads = definition.changed_by
        return not (self.fields and reads and reads.isdisjoint(self.fields))

    def _reads(self, name):
        # A modifier may also name several fields, in a list.
        return not self.fields or name is None or any(name == f for f in self.fields)

    def _sources(self, mapper):
        names = [row.field for row in self.direct]
        methods = [
            rule.changed_by for _, rule in mapper.map_methods if self._runs(rule)
        ]
        if not all(isinstance(name, str) for name in names) or not all(methods):
            return None
        return {*names, *(row.field for row in self.children)}.union(*methods)
