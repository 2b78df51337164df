# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether adapters do what exporters expect of them."""

import dis
import inspect
from types import FunctionType

from ...components.backend_adapter import BulkAdapter, CRUDAdapter
from ...components.exporter.record import GenericExporter
from ...tools.overrides import overrides
from ..finding import error
from .base import check

#: What an exporter expects of a call of its adapter, and the class of the framework.
CREATES = {
    "create": ("the external id of the new record", CRUDAdapter),
    "create_many": ("a list with the external id of each new record", BulkAdapter),
}


@check("create-returns-nothing", at_load=True)
def create_returns_nothing(connectors):
    """Adapters whose create has no result."""
    for adapter in connectors.children_of("base.backend.adapter"):
        for name, (result, base) in CREATES.items():
            if (
                overrides(adapter, base, name)
                and returns_nothing(getattr(adapter, name, None))
                and _is_used(connectors, adapter)
            ):
                yield error(
                    f"{adapter._name}.{name}() returns nothing, so that the exporter "
                    "cannot bind the record.",
                    f"Return {result}.",
                    **connectors.at(adapter, name),
                )


@check("cannot-match", at_load=True)
def cannot_match(connectors):
    """Exporters that match records for adapters that cannot find them."""
    for exporter in connectors.children_of("generic.exporter"):
        if not overrides(exporter, GenericExporter, "_match_key"):
            continue
        adapters = [
            adapter
            for adapter in connectors.children_of("base.backend.adapter")
            if _work_together(exporter, adapter)
        ]
        if adapters and not any(map(_finds_existing, adapters)):
            yield error(
                f"{exporter._name} has a _match_key, but {adapters[0]._name} does not "
                "implement find_existing().",
                "Return the external ids by their keys, as docs/howto/matching.rst "
                "shows.",
                **connectors.at(exporter, "_match_key"),
            )


def _finds_existing(adapter):
    return hasattr(adapter, "find_existing") and overrides(
        adapter, CRUDAdapter, "find_existing"
    )


def _is_used(connectors, adapter):
    """Return whether an exporter takes the external id from the adapter."""
    return any(
        _work_together(exporter, adapter)
        and not overrides(exporter, GenericExporter, "run", "_run", "_create")
        for exporter in connectors.children_of("generic.exporter")
    )


def _work_together(exporter, adapter):
    models, others = exporter.apply_on_models, adapter.apply_on_models
    return exporter._collection == adapter._collection and (
        models is None or others is None or bool(set(models) & set(others))
    )


def returns_nothing(method):
    """Return whether a method ends, but never returns anything.

    :return: false if the method only raises, and if it may return something
    """
    if not isinstance(method, FunctionType) or inspect.isgeneratorfunction(method):
        return False
    before, results = None, []
    for instruction in dis.get_instructions(method):
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST"):
            source = instruction if instruction.opname == "RETURN_CONST" else before
            constant = source.opname in ("LOAD_CONST", "RETURN_CONST")
            results.append(constant and source.argval is None)
        before = instruction
    return bool(results) and all(results)
