# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Follow a mapping: which source each value comes from, and what went wrong where."""

from functools import wraps

from ..mapper.errors import explained
from ..mapper.source import is_for_creates
from .description import field_names
from .result import ComparedField


class MappingTrace:
    """Notes the steps of the mappings of a record, in their order.

    An error does not stop the mapping: the trace contains it at its place, and the
    other values are mapped nevertheless.

    :param explain: called with each error; returns its cause in words for people
    """

    def __init__(self, mapper, map_record, explain):
        self._mapper = mapper
        self._explain = explain
        self._error = None
        self._fields = {}
        self.has_run = False  #: whether the record was mapped
        self._source = map_record.follow_with(self)

    @property
    def fields(self):
        """The :class:`ComparedField` of each target, then those of failed methods."""
        return sorted(self._fields.values(), key=lambda each: each.target is None)

    def noted(self, source):
        """Return a source record that notes which of its values are read."""
        return NotedData(source) if type(source) is dict else source

    def add_last_step(self, data):
        """Take over what the last steps have made of the values."""
        for target, each in list(self._fields.items()):
            if target not in data and not each.error:
                del self._fields[target]
        for target, value in data.items():
            each = self._fields.setdefault(target, ComparedField(target, at_end=True))
            if not each.error:
                each.mapped = value

    # -- what the mapper calls

    def follow(self, direct, methods, children):
        """Return a dict for the values of a mapping, and its steps, which are noted."""
        self.has_run, values = True, {}
        return (
            values,
            self._rows(values, direct),
            self._methods(values, methods),
            self._rows(values, children),
        )

    def fail(self, errors, error, source, kind, step):
        """Keep the error of the present step."""
        self._error = explained(self._mapper, error, source, kind, step)

    # -- the steps

    def _rows(self, values, rows):
        for row in rows:
            before, target = dict(values), row[1]
            yield row
            self._fields[target] = ComparedField(
                target,
                field_names(self._mapper._direct_source_field_name(row[0])),
                only_create=is_for_creates(row[0]),
                error=self._end_step(values, before),
                mapped=values.get(target),
            )

    def _methods(self, values, methods):
        for method, definition in methods:
            before, mapped = dict(values), {}
            if isinstance(self._source, NotedData):
                self._source.names.clear()
            yield _noting(method, mapped), definition
            error = self._end_step(values, before)
            details = {
                "sources": self._sources_of(definition),
                "method": method.__name__,
                "only_create": definition.only_create,
            }
            if error:
                failed = ComparedField(None, error=error, **details)
                self._fields[None, method.__name__] = failed
                continue
            for target, value in mapped.items():
                self._fields[target] = ComparedField(target, mapped=value, **details)

    def _end_step(self, values, before):
        """Return why a step failed, ``None`` if it did not; drop its values if so."""
        error, self._error = self._error, None
        try:
            if error:
                raise error
            self._mapper.env.flush_all()  # A write fails here, not somewhere else.
        except Exception as cause:
            values.clear()
            values.update(before)
            return self._explain(cause)
        return None

    def _sources_of(self, definition):
        if definition.changed_by:
            return tuple(sorted(definition.changed_by))
        is_noted = isinstance(self._source, NotedData)
        return tuple(self._source.names) if is_noted else None


def _noting(method, mapped):
    """Return a mapping method that also adds what it returns to a dict."""

    @wraps(method)
    def noting(source):
        values = method(source)
        if isinstance(values, dict):
            mapped.update(values)
        return values

    return noting


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
