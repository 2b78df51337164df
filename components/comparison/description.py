# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Describe a mapping to people who do not read code."""

import inspect
from typing import NamedTuple

from odoo.tools.translate import get_translated_module

from ...tools.translatable import TranslatableText
from ..mapper.source import is_for_creates, modifiers_of

# How a value is made
LINES, COMPUTED, FOLLOWED = "lines", "computed", "followed"
REFERENCE, CONVERTED, COPIED = "reference", "converted", "copied"

#: Modifiers of this package, by the name of the function that makes them.
MODIFIERS = {
    "none": COPIED,
    "convert": CONVERTED,
    "m2o_to_external": REFERENCE,
    "records_to_external": REFERENCE,
    "external_to_m2o": REFERENCE,
    "backend_to_m2o": REFERENCE,
    "follow_m2o_relations": FOLLOWED,
}


class DescribedField(NamedTuple):
    """Where a value comes from and goes to."""

    sources: tuple  #: names of source fields; empty when they are unknown
    target: str  #: name of the target, or of the method that computes it
    how: str  #: how the value is made, such as ``COMPUTED``
    only_create: bool = False  #: whether it is set only for new records
    note: str = ""  #: first line of the docstring of its method


def described_fields(mapper):
    """Return what a mapper maps, as a :class:`DescribedField` each, in its order."""
    return [
        *(_described_row(mapper, source, target) for source, target in mapper.direct),
        *(_described_method(*each) for each in mapper.map_methods),
        *(
            DescribedField((source,), target, LINES)
            for source, target, _model in mapper.children
        ),
    ]


def field_names(source):
    """Return the names of the fields that a row reads, ``None`` if they are unknown."""
    if isinstance(source, str):
        return (source,)
    return tuple(source) if isinstance(source, list | tuple) else None


def _described_row(mapper, source, target):
    makers = [
        getattr(modifier, "__qualname__", "").partition(".")[0]
        for modifier in modifiers_of(source)[0]
    ]
    # A connector's function may do anything.
    found = {MODIFIERS.get(name, COMPUTED) for name in makers}
    order = (COMPUTED, FOLLOWED, REFERENCE, CONVERTED)
    how = next((how for how in order if how in found), COPIED)
    names = field_names(mapper._direct_source_field_name(source)) or ()
    return DescribedField(names, target, how, only_create=is_for_creates(source))


def _note(method):
    line = (inspect.getdoc(method) or "").partition("\n")[0]
    addon = get_translated_module(method.__module__)
    return line and TranslatableText({"addon": addon, "term": line}, "en_US")


def _described_method(method, definition):
    return DescribedField(
        tuple(sorted(definition.changed_by)),
        method.__name__,
        COMPUTED,
        only_create=definition.only_create,
        note=_note(method),
    )
