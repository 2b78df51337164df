# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether adapters do what exporters expect of them."""

import dis
import inspect
from types import FunctionType

from ...components.backend_adapter import BulkAdapter, CRUDAdapter
from ...components.exporter.record import GenericExporter
from ...tools.overrides import overrides
from ..finding import ERROR, Finding
from .base import check

RETURNS = ("RETURN_VALUE", "RETURN_CONST")
#: What an exporter expects of a call of its adapter, and the method of the framework.
CREATES = {
    "create": ("the external id of the new record", CRUDAdapter.create),
    "create_many": (
        "a list with the external id of each new record",
        BulkAdapter.create_many,
    ),
}


@check("create-returns-nothing", at_load=True)
def create_returns_nothing(connectors):
    """Adapters whose create has no result."""
    for adapter in connectors.children_of("base.backend.adapter"):
        for name, (result, default) in CREATES.items():
            method = getattr(adapter, name, None)
            if (
                method is not default
                and returns_nothing(method)
                and _is_used(connectors, adapter)
            ):
                yield Finding(
                    ERROR,
                    problem=f"{adapter._name}.{name}() returns nothing, so that the "
                    "exporter cannot bind the record.",
                    remedy=f"Return {result}.",
                    **connectors.at(adapter, name),
                )


def _is_used(connectors, adapter):
    """Return whether an exporter takes the external id from the adapter."""
    return any(
        exporter._collection == adapter._collection
        and _share_models(exporter, adapter)
        and not overrides(exporter, GenericExporter, "run", "_run", "_create")
        for exporter in connectors.children_of("generic.exporter")
    )


def _share_models(one, other):
    models, others = one.apply_on_models, other.apply_on_models
    return models is None or others is None or bool(set(models) & set(others))


def returns_nothing(method):
    """Return whether a method ends, but never returns anything.

    :param method: a function, as it stands in a class
    :return: false if the method only raises, and if it may return something
    :rtype: bool
    """
    if not isinstance(method, FunctionType) or inspect.isgeneratorfunction(method):
        return False
    before, results = None, []
    for instruction in dis.get_instructions(method):
        if instruction.opname in RETURNS:
            source = instruction if instruction.opname == "RETURN_CONST" else before
            results.append(
                source.opname in ("LOAD_CONST", "RETURN_CONST")
                and source.argval is None
            )
        before = instruction
    return bool(results) and all(results)
