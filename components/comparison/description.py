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
    is_computed: bool  #: whether a method of the connector computes it
    is_reference: bool  #: whether the ID of another record stands for it
    is_followed: bool  #: whether the value is a field of the record in the source
    is_converted: bool  #: whether it is converted to another type
    is_lines: bool  #: whether it is a list of lines, which have a mapping of their own
    only_create: bool  #: whether it is set only for new records
    note: str  #: first line of the docstring of its method


def described_fields(mapper):
    """Return what a mapper maps, in the order in which it does.

    :param mapper: the mapper
    :rtype: list[DescribedField]
    """
    return [
        *(_described_row(mapper, source, target) for source, target in mapper.direct),
        *(
            _described_method(method, definition)
            for method, definition in mapper.map_methods
        ),
        *(
            _field((source,), target, is_lines=True)
            for source, target, _model in mapper.children
        ),
    ]


def _described_row(mapper, source, target):
    names = mapper._direct_source_field_name(source)
    modifiers = [
        getattr(modifier, "__qualname__", "").partition(".")[0]
        for modifier in modifiers_of(source)[0]
    ]
    return _field(
        _as_tuple(names),
        target,
        is_reference=any(name in REFERENCES for name in modifiers),
        is_followed=FOLLOW in modifiers,
        is_converted=CONVERT in modifiers,
        # A connector's function may do anything.
        is_computed=callable(source)
        and not {NONE, CONVERT, FOLLOW, *REFERENCES}.issuperset(modifiers),
    )


def _described_method(method, definition):
    note = (inspect.getdoc(method) or "").partition("\n")[0]
    return _field(
        tuple(sorted(definition.changed_by)),
        method.__name__,
        is_computed=True,
        only_create=definition.only_create,
        note=note,
    )


def _field(sources, target, **properties):
    properties = {"note": "", **properties}
    flags = dict.fromkeys(DescribedField._fields[2:-1], False)
    return DescribedField(sources, target, **{**flags, **properties})


def _as_tuple(names):
    if isinstance(names, str):
        return (names,)
    return tuple(names) if isinstance(names, list | tuple) else ()
