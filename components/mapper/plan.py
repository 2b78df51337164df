# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows and methods of a mapper run."""

from .source import is_for_creates

# Kinds of steps
DIRECT, METHOD, CHILDREN = "direct", "method", "children"


class MappingPlan:
    """The rows and methods of a mapper that run when some fields have changed.

    :param fields: names of the source fields that matter; all when empty
    :param for_create: whether a record will be created with the values
    """

    __slots__ = ("children", "direct", "fields", "for_create", "sources")

    def __init__(self, mapper, fields=None, for_create=False):
        self.fields = fields
        self.for_create = for_create
        rows = [
            (mapper._direct_source_field_name(source), source, target)
            for source, target in mapper.direct
            if for_create or not is_for_creates(source)
        ]
        rows = [row for row in rows if self._reads(row[0])]
        self.direct = [(source, target) for _name, source, target in rows]
        self.children = [
            row for row in mapper.children if not fields or row[0] in fields
        ]
        #: names of all source fields that the mapping reads; ``None`` when it may
        #: read any field
        self.sources = self._sources(mapper, [name for name, _source, _target in rows])

    def methods(self, mapper):
        """Return the mapping methods that run, with their definitions.

        A connector may compute them, so the plan keeps none.
        """
        if self.for_create and not self.fields:
            return mapper.map_methods
        return [each for each in mapper.map_methods if self._runs(each[1])]

    def _runs(self, definition):
        if definition.only_create and not self.for_create:
            return False
        reads = definition.changed_by
        return not (self.fields and reads and reads.isdisjoint(self.fields))

    def _reads(self, name):
        # A modifier may also name several fields, in a list.
        return not self.fields or name is None or any(name == f for f in self.fields)

    def _sources(self, mapper, names):
        methods = [definition.changed_by for _, definition in self.methods(mapper)]
        if not all(isinstance(name, str) for name in names) or not all(methods):
            return None
        return {*names, *(row[0] for row in self.children)}.union(*methods)
