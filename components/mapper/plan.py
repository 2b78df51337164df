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

    __slots__ = (
        "fields",
        "for_create",
        "made_from",  # the rows and methods that the mapper listed
        "direct",  # rows that run
        "methods",  # names of mapping methods that run
        "children",  # rows that run
        "sources",  # all fields that are read, None when some are not known
    )

    def __init__(self, mapper, fields, for_create):
        self.fields = fields
        self.for_create = for_create
        self.made_from = direct, children, methods = _rows_and_methods(mapper)
        self.direct = [
            (source, target)
            for source, target in direct
            # a source that does not tell what it reads might read one of them
            if self._reads(mapper._direct_source_field_name(source))
        ]
        self.methods = [name for name, rule in methods if self.runs(rule)]
        self.children = [row for row in children if not fields or row[0] in fields]
        self.sources = self._sources(mapper)

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
        return self.made_from == _rows_and_methods(mapper)

    def _sources(self, mapper):
        rows = [mapper._direct_source_field_name(source) for source, _ in self.direct]
        methods = [mapper._map_methods[name].changed_by for name in self.methods]
        if not all(isinstance(name, str) for name in rows) or not all(methods):
            return None
        return {*rows, *(row[0] for row in self.children)}.union(*methods)

    def _reads(self, name):
        return not self.fields or name is None or any(name == f for f in self.fields)


def _rows_and_methods(mapper):
    return [
        list(mapper.direct),
        list(mapper.children),
        list(mapper._map_methods.items()),  # in their order
    ]
