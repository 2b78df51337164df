# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Describe a mapping to people who do not read code."""

import inspect
from typing import NamedTuple

from ..mapper.source import modifiers_of

#: Modifiers of this package, by the name of the function that makes them.
NONE, CONVERT = "none", "convert"
REFERENCES = ("m2o_to_external", "external_to_m2o", "backend_to_m2o")
FOLLOW = "follow_m2o_relations"


class DescribedField(NamedTuple):
    """Where a value comes from and goes to."""

    sources: tuple  #: names of source fields; empty when they are unknown
    target: str  #: name of the target, or of the method that computes it
    is_computed: bool = False  #: whether a method of the connector computes it
    is_reference: bool = False  #: whether the ID of another record stands for it
    is_followed: bool = False  #: whether it is a field of the record in the source
    is_converted: bool = False  #: whether it is converted to another type
    is_lines: bool = False  #: whether it is a list of lines with their own mapping
    only_create: bool = False  #: whether it is set only for new records
    note: str = ""  #: first line of the docstring of its method


def described_fields(mapper):
    """Return what a mapper maps, in the order in which it does.

    :param mapper: the mapper
    :rtype: list[DescribedField]
    """
    return [
        *(_described_row(mapper, source, target) for source, target in mapper.direct),
        *(_described_method(*each) for each in mapper.map_methods),
        *(
            DescribedField((source,), target, is_lines=True)
            for source, target, _model in mapper.children
        ),
    ]


def field_names(source):
    """Return the names of the fields that a row reads, ``None`` if they are unknown.

    :param source: a name, a list of names, or ``None``
    """
    if isinstance(source, str):
        return (source,)
    return tuple(source) if isinstance(source, list | tuple) else None


def _described_row(mapper, source, target):
    makers = [
        getattr(modifier, "__qualname__", "").partition(".")[0]
        for modifier in modifiers_of(source)[0]
    ]
    return DescribedField(
        field_names(mapper._direct_source_field_name(source)) or (),
        target,
        is_reference=any(name in REFERENCES for name in makers),
        is_followed=FOLLOW in makers,
        is_converted=CONVERT in makers,
        # A connector's function may do anything.
        is_computed=not {NONE, CONVERT, FOLLOW, *REFERENCES}.issuperset(makers),
    )


def _described_method(method, definition):
    return DescribedField(
        tuple(sorted(definition.changed_by)),
        method.__name__,
        is_computed=True,
        only_create=definition.only_create,
        note=(inspect.getdoc(method) or "").partition("\n")[0],
    )
