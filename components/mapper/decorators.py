# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Mark the methods of a mapper."""

from typing import NamedTuple


class MappingDefinition(NamedTuple):
    """When a mapping method runs."""

    changed_by: set  #: names of the source fields that it reads; empty: unknown
    only_create: bool  #: whether it runs only for records that are created


def mapping(func):
    """Declare that a method maps a part of the record.

    The method gets the source record and returns a dict with values for the target,
    or nothing.
    """
    func.is_mapping = True
    return func


def changed_by(*fields):
    """Declare which source fields a mapping method reads.

    When only some fields are mapped, the method runs if it shares one with them.
    Without this declaration it always runs.

    :param fields: names of fields of the source record
    """

    def declare(func):
        func.changed_by = {*fields, *getattr(func, "changed_by", ())}
        return func

    return declare


def only_create(func):
    """Declare that a mapping method runs only for records that are created."""
    func.only_create = True
    return func


def mapping_definitions(cls):
    """Collect the mapping methods of a mapper class from all its bases.

    The ``changed_by`` fields of a redefined method add up with those of its bases; the
    last ``only_create`` wins. A method that is redefined without decorators keeps the
    declarations of its bases.

    :return: each :class:`MappingDefinition` by the name of its method, bases first
    """
    definitions = {}
    for base in reversed(cls.__mro__):
        for name, func in vars(base).items():
            if not getattr(func, "is_mapping", False):
                continue
            fields = {*getattr(func, "changed_by", ())}
            if name in definitions:
                fields |= definitions[name].changed_by
            creates_only = getattr(func, "only_create", False)
            definitions[name] = MappingDefinition(fields, creates_only)
    return definitions
