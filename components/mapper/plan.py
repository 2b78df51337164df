# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows and methods of a mapper run."""


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
            (mapper._direct_source_field_name(source), source, target)
            for source, target in mapper.direct
        ]
        rows = [row for row in rows if self._reads(row[0])]
        #: ``direct`` rows that run
        self.direct = [(source, target) for _name, source, target in rows]
        #: ``children`` rows that run
        self.children = [
            row for row in mapper.children if not fields or row[0] in fields
        ]
        #: names of all source fields that the mapping reads; ``None`` when it may
        #: read any field
        self.sources = self._sources(mapper, [name for name, _source, _target in rows])

    def runs(self, definition):
        """Return whether a mapping method runs.

        :param definition: its :class:`MappingDefinition`
        """
        if definition.only_create and not self.for_create:
            return False
        reads = definition.changed_by
        return not (self.fields and reads and reads.isdisjoint(self.fields))

    def _reads(self, name):
        """Return whether a row runs; a source of unknown fields may read any."""
        # A modifier may also name several fields, in a list.
        return not self.fields or name is None or any(name == f for f in self.fields)

    def _sources(self, mapper, names):
        methods = [rule.changed_by for _, rule in mapper.map_methods if self.runs(rule)]
        if not all(isinstance(name, str) for name in names) or not all(methods):
            return None
        return {*names, *(row[0] for row in self.children)}.union(*methods)
