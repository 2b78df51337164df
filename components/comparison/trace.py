# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Follow a mapping: which source each value comes from, and what went wrong where."""

from dataclasses import dataclass
from typing import Any

#: Where a value comes from.
DIRECT = "direct"
METHOD = "method"
CHILDREN = "children"
LAST_STEP = "last step"  #: ``finalize()`` of the mapper, or a hook of the synchroniser


@dataclass
class MappedValue:
    """A value of a mapping, or the error in its place."""

    target: str | None  #: ``None`` for an error of a method, whose targets are unknown
    origin: str
    sources: tuple | None  #: names of source fields; ``None`` when they are unknown
    value: Any = None
    error: Exception | None = None
    method: str | None = None  #: name of the mapping method
    only_create: bool = False


class MappingTrace:
    """Notes what a mapper does, in the order in which it does it.

    An error does not stop the mapping: the trace contains it at its place, and the
    other values are mapped nevertheless.

    :param mapper: the mapper; all its mappings are traced from now on
    :param recover: called with each error
    """

    def __init__(self, mapper, recover):
        self._mapper = mapper
        self._recover = recover
        self._values = {}
        self.errors = []  #: the :class:`MappedValue` of methods that failed
        self.has_run = False  #: whether the mapper has mapped a record
        mapper._map_direct_rows = self._map_direct_rows
        mapper._map_with_methods = self._map_with_methods
        mapper._map_children_rows = self._map_children_rows

    def restart(self):
        """Forget the mapping of the last record."""
        self._values, self.errors, self.has_run = {}, [], False

    @property
    def values(self):
        """The values by target, those that failed as well."""
        return dict(self._values)

    @property
    def is_complete(self):
        """Return whether everything could be mapped."""
        failed = any(value.error for value in self._values.values())
        return not (failed or self.errors)

    def add_last_step(self, data):
        """Take over what the last steps have made of the values.

        :param data: the data that would be sent or written, a dict
        """
        for target in self._values.keys() - data.keys():
            if not self._values[target].error:
                del self._values[target]
        for target, value in data.items():
            known = self._values.get(target)
            if known is None:
                known = MappedValue(target, LAST_STEP, None)
                self._values[target] = known
            if not known.error:
                known.value = value

    def _map_direct_rows(self, map_record, plan, values, errors):
        self.has_run = True
        for source, target in plan.direct:
            name = self._mapper._direct_source_field_name(source)
            sources = (name,) if isinstance(name, str) else _names(name)
            mapped = self._values[target] = MappedValue(target, DIRECT, sources)
            with _Catch(mapped, self._recover):
                mapped.value = values[target] = self._mapper._map_direct(
                    map_record.source, source, target
                )

    def _map_with_methods(self, map_record, plan, values, errors):
        for method, definition in self._mapper.map_methods:
            if plan.runs(definition):
                self._map_with_method(method, definition, map_record.source, values)

    def _map_with_method(self, method, definition, source, values):
        details = {
            "origin": METHOD,
            "method": method.__name__,
            "only_create": definition.only_create,
        }
        noted = NotedData(source) if type(source) is dict else source
        failed = MappedValue(None, sources=None, **details)
        mapped = {}
        with _Catch(failed, self._recover):
            mapped = dict(method(noted) or {})
            self._mapper.env.flush_all()  # A write fails here, not somewhere else.
        sources = tuple(sorted(definition.changed_by)) or None
        if not sources and noted is not source:
            sources = tuple(noted.names)
        if failed.error:
            failed.sources = sources
            self.errors.append(failed)
            return
        values.update(mapped)
        for target, value in mapped.items():
            self._values[target] = MappedValue(
                target, sources=sources, value=value, **details
            )

    def _map_children_rows(self, map_record, plan, values, errors):
        for source, target, model_name in plan.children:
            mapped = self._values[target] = MappedValue(target, CHILDREN, (source,))
            with _Catch(mapped, self._recover):
                mapped.value = values[target] = self._mapper._map_child(
                    map_record, source, target, model_name
                )


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


class _Catch:
    """Keep an error of one value, and make the transaction usable again."""

    def __init__(self, mapped, recover):
        self._mapped = mapped
        self._recover = recover

    def __enter__(self):
        return self

    def __exit__(self, error_class, error, traceback):
        if not isinstance(error, Exception):
            return False
        self._mapped.error = error
        self._recover(error)
        return True


def _names(source):
    # A modifier may name several fields, in a list.
    return tuple(source) if isinstance(source, list | tuple) else None
