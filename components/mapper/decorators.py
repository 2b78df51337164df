# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Mark the methods of a mapper."""

from typing import NamedTuple

from ...tools.diagnosis import BUILT_IN


class MappingDefinition(NamedTuple):
    """When a mapping method runs."""

    changed_by: set  #: names of the source fields that it reads; empty: unknown
    only_create: bool  #: whether it runs only for records that are created


def mapping(func):
    """Declare that a method maps a part of the record.

    The method gets the source record and returns a dict with values for the target,
    or nothing.

    The methods that a class defines run in the alphabetical order of their names, after
    those of the components that it inherits. If several return the same key, the last
    one wins.
    """
    func.is_mapping = True
    return func


def changed_by(*fields):
    """Declare which source fields a mapping method reads.

    When only some fields are mapped, the method runs if it shares one with them.
    Without this declaration it always runs. Of several declarations on one method, the
    outermost counts, which is the first in the source.

    :param fields: names of fields of the source record
    """

    def declare(func):
        inner = {*getattr(func, "changed_by", ()), *ignored_fields(func)}
        func.changed_by = fields
        func.ignored_changed_by = inner.difference(fields)
        return func

    return declare


def only_create(func):
    """Declare that a mapping method runs only for records that are created.

    The same goes for a modifier of a ``direct`` row::

        direct = [(only_create(m2o_to_external("parent_id")), "parent")]
    """
    func.only_create = True
    return func


def is_mapping(func):
    """Return whether a method of a mapper is marked with :func:`mapping`."""
    return getattr(func, "is_mapping", False)


def ignored_fields(func):
    """Return the fields that only an inner :func:`changed_by` of a method declares."""
    return getattr(func, "ignored_changed_by", set())


def mapping_definitions(cls):
    """Collect the mapping methods of a mapper class from all its bases.

    The ``changed_by`` fields of a redefined method add up with those of its bases; its
    ``only_create`` replaces theirs. A method of an inherited component that is
    redefined without decorators keeps its declarations. If several inherited components
    have a method, one of them with ``only_create`` is enough.

    :return: each :class:`MappingDefinition` by the name of its method, in the order in
        which they run
    """
    definitions = {}
    for base in reversed(cls.__bases__):
        is_component = base.__module__ == BUILT_IN
        inherited = getattr(base, "_map_methods", None) if is_component else None
        for name, new in (inherited or _own_definitions(base)).items():
            old = definitions.get(name, MappingDefinition(set(), False))
            definitions[name] = MappingDefinition(
                old.changed_by | new.changed_by,
                new.only_create or (old.only_create and is_component),
            )
    return definitions


def _own_definitions(cls):
    """Return the definitions of a class and of its plain Python bases."""
    definitions = {}
    for name in dir(cls):
        method = getattr(cls, name, None)
        if is_mapping(method):
            fields = set(getattr(method, "changed_by", ()))
            if fields:  # Without any, the method always runs.
                fields.update(*_fields_of_bases(cls, name))
            creates_only = getattr(method, "only_create", False)
            definitions[name] = MappingDefinition(fields, creates_only)
    return definitions


def _fields_of_bases(cls, name):
    methods = (vars(base).get(name) for base in cls.__mro__)
    return [getattr(each, "changed_by", ()) for each in methods if is_mapping(each)]
