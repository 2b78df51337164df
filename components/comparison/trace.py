# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Follow a mapping: which source each value comes from, and what went wrong where."""

from typing import NamedTuple

from ..mapper.plan import Row
from .description import field_names
from .result import ComparedField


class MappingTrace:
    """Notes what the steps of a mapping do, in their order.

    An error does not stop the mapping: the trace contains it at its place, and the
    other values are mapped nevertheless.

    :param map_record: the :class:`MapRecord` whose mappings are followed
    :param explain: called with each error; returns its cause in words for people
    """

    def __init__(self, map_record, explain):
        self.explain = explain
        self.has_run = False  #: whether the record was mapped
        self._fields = {}
        map_record.trace_with(self)

    @property
    def fields(self):
        """The :class:`ComparedField` of each target, then those of failed methods."""
        return sorted(self._fields.values(), key=lambda each: each.target is None)

    def noted(self, source):
        """Return a source record that notes which of its values are read."""
        return NotedData(source) if type(source) is dict else source

    def follow(self, steps):
        """Return the steps of a mapping, to be noted when they run."""
        self.has_run = True
        return (NotedStep(step, self) for step in steps)

    def note(self, target, method=None, **details):
        """Note a value, or the error of a method whose targets are unknown."""
        key = (method,) if target is None else target
        self._fields[key] = ComparedField(target, method=method, **details)

    def add_last_step(self, data):
        """Take over what the last steps have made of the values.

        :param data: the data that would be sent or written, a dict
        """
        for target, each in list(self._fields.items()):
            if target not in data and not each.error:
                del self._fields[target]
        for target, value in data.items():
            if target not in self._fields:
                self.note(target, at_end=True)
            if not self._fields[target].error:
                self._fields[target].mapped = value


class NotedStep(NamedTuple):
    """A step of a mapping whose values or error a trace notes."""

    step: object
    trace: MappingTrace

    collects = ()  # The mapper meets no error.

    def run(self, mapper, map_record, values):
        source, mapped, error = map_record.source, {}, None
        if isinstance(source, NotedData):
            source.names.clear()
        try:
            self.step.run(mapper, map_record, mapped)
            mapper.env.flush_all()  # A write fails here, not somewhere else.
        except Exception as failure:
            mapped, error = {}, self.trace.explain(failure)
        details = self._details(source)
        if error:
            self.trace.note(**details, error=error)
        for target, value in mapped.items():
            self.trace.note(**{**details, "target": target}, mapped=value)
        values.update(mapped)

    def _details(self, source):
        step = self.step
        if isinstance(step, Row):
            return {"target": step.row[1], "sources": field_names(step.field)}
        reads = sorted(step.definition.changed_by)
        if not reads:
            reads = source.names if isinstance(source, NotedData) else None
        return {
            "target": None,
            "sources": None if reads is None else tuple(reads),
            "method": step.method.__name__,
            "only_create": step.definition.only_create,
        }


class NotedData(dict):
    """The data of a record that notes which of its values are read."""

    def __init__(self, data):
        super().__init__(data)
        self.names = {}  #: the keys that were read, in order

    def __getitem__(self, key):
        self.names[key] = True
        return super().__getitem__(key)

    def __contains__(self, key):
        self.names[key] = True
        return super().__contains__(key)

    def get(self, key, default=None):
        self.names[key] = True
        return super().get(key, default)
