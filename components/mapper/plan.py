# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows and methods of a mapper run, worked out once and not for each record."""

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
        self.listed = [*map(list, (mapper.direct, mapper.children))]
        self.listed.append(dict(mapper._map_methods))
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
        direct, children, methods = self.listed
        return (
            direct == mapper.direct
            and methods == mapper._map_methods
            and children == mapper.children
        )

    def _reads(self, name):
        return not self.fields or name is None or name in self.fields
