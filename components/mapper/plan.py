# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows and methods of a mapper run, worked out once and not for each record."""

from copy import copy

#: How many plans a mapper class keeps: one for each set of fields that changes together
KEPT_PLANS = 1000


class MappingPlan:
    """What a mapper does when some fields have changed.

    :param mapper: the mapper
    :param fields: names of the source fields that matter; all when empty
    :param for_create: whether a record will be created with the values
    """

    __slots__ = ("fields", "for_create", "listed", "direct", "methods", "children")

    def __init__(self, mapper, fields, for_create):
        self.fields = fields
        self.for_create = for_create
        self.listed = [copy(listed) for listed in self._lists(mapper)]
        self.direct = [
            (source, target)
            for source, target in mapper.direct
            # a source that does not tell what it reads might read one of them
            if self._reads(mapper._direct_source_field_name(source))
        ]
        self.methods = [
            name
            for name, definition in mapper._map_methods.items()
            if self.runs(definition)
        ]
        self.children = [
            row for row in mapper.children if not fields or row[0] in fields
        ]

    def runs(self, definition):
        """Whether a mapping method runs.

        :param definition: its :class:`MappingDefinition`
        """
        if definition.only_create and not self.for_create:
            return False
        reads = definition.changed_by
        return not (self.fields and reads and reads.isdisjoint(self.fields))

    def holds(self, mapper):
        """Whether the mapper still lists the same rows and methods.

        Connectors also change these lists in place, or put others on a mapper.
        """
        return self.listed == self._lists(mapper)

    @staticmethod
    def _lists(mapper):
        return [mapper.direct, mapper.children, mapper._map_methods]

    def _reads(self, name):
        return not self.fields or name is None or name in self.fields
