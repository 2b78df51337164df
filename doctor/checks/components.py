# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which components a connector has, and whether they are found."""

import ast
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from odoo.modules import Manifest

from odoo.addons.component.core import AbstractComponent

from ...components.core import FoundByUsage
from ...components.exporter.record import GenericExporter
from ...components.importer.record import RecordImporter
from ...components.synchronizer import Deleter, Exporter, Importer
from ...tools.diagnosis import described, near_misses
from ...tools.overrides import overrides
from ..connectors import definitions_of, is_of_framework
from ..finding import ERROR, WARNING, Finding, did_you_mean, error, warning
from .base import check

#: Usages by which the framework finds components.
USAGES = (
    *("binder", "backend.adapter", "import.mapper", "export.mapper"),
    *("import.map.child", "export.map.child", "record.importer", "record.exporter"),
    *("record.exporter.deleter", "batch.importer", "batch.exporter", "record.locker"),
    "event.listener",
)
#: Those whose component every connector finds by its usage.
FLOWS = ("binder", "record.importer", "record.exporter")
#: How similar two usages are, of which one is a misspelling of the other.
SIMILARITY = 0.9
SYNCHRONIZERS = (Exporter, Importer, Deleter)
MAPPER, ADAPTER = "_base_mapper_usage", "_base_backend_adapter_usage"
#: The needs of a synchronizer: its usage and class, the attribute with the usage that
#: it looks up, the hooks of which an override does without it, and its purpose.
NEEDS = (
    ("record.exporter", GenericExporter, MAPPER, ("run", "_run", "_map_data"), "maps"),
    (
        *("record.exporter", GenericExporter, ADAPTER),
        *(("run", "_run", "_create", "_update"), "calls the backend"),
    ),
    ("record.importer", RecordImporter, MAPPER, ("run", "_map_data"), "maps"),
    ("record.importer", RecordImporter, ADAPTER, ("run", "_import_data"), "reads"),
)


@check("no-components")
def no_components(connectors):
    """Backends without components."""
    for connector in connectors.all:
        if connector.bindings and not connector.components:
            text = near_misses(connector, None, connector.bindings[0])[0]
            problem, _period, remedy = text.partition(". ")
            at_model = connector.at_model(connector.name)
            yield error(f"{problem}.", remedy, **at_model)


@check("no-collection", at_load=True)
def no_collection(connectors):
    """Components that belong to no collection, and so to every connector."""
    for component in connectors.concrete:
        if component._collection or component._usage not in USAGES:
            continue
        if component._usage == "event.listener":  # It is notified without a collection.
            continue
        if any(map(is_of_framework, definitions_of(component))):  # It is only extended.
            continue
        yield Finding(
            WARNING if component.apply_on_models else ERROR,
            f"{component._name} has no _collection. It belongs to every connector.",
            "Inherit the component of the connector that sets _collection.",
            **connectors.at(component),
        )


@check("unknown-collection", at_load=True)
def unknown_collection(connectors):
    """Components whose collection is not the name of a model."""
    backends = [connector.name for connector in connectors.all]
    for component in connectors.concrete:
        name = component._collection
        known = not name or name in connectors.env
        hint = "" if known else did_you_mean(name, backends)
        if hint:
            yield error(
                f"{component._name} has the _collection '{name}', which is not a "
                "model.",
                f"Correct it.{hint}",
                **connectors.at(component),
            )


@check("unknown-model")
def unknown_model(connectors):
    """Components for models that are not installed."""
    models = connectors.env.registry
    for component in connectors.concrete:
        for name in component.apply_on_models or ():
            if name not in models:
                yield warning(
                    f"{component._name} is for the model '{name}', which is not "
                    "installed.",
                    f"Correct its _apply_on.{did_you_mean(name, models)}",
                    **connectors.at(component, "_apply_on"),
                )


@check("unknown-usage", at_load=True)
def unknown_usage(connectors):
    """Components whose usage nobody looks up, but nearly is one of the framework."""
    for component in connectors.concrete:
        usage = component._usage
        if not isinstance(usage, str) or usage in USAGES:
            continue
        close = _near_usages(usage)
        if close and not _is_looked_up(usage, connectors.addons):
            yield error(
                f"{component._name} has the usage '{usage}', which nothing looks up.",
                f"Set _usage. Did you mean '{close[0]}'?",
                **connectors.at(component, "_usage"),
            )


@lru_cache(maxsize=1024)
def _near_usages(usage):
    if usage.rpartition(".")[0] in USAGES:  # such as record.exporter.b2b
        return []
    return get_close_matches(usage, USAGES, n=1, cutoff=SIMILARITY)


def _is_looked_up(usage, addons):
    """Return whether the source of an addon contains a usage, except as ``_usage``."""
    for addon in addons:
        manifest = Manifest.for_addon(addon, display_warning=False)
        for file in Path(manifest.path).rglob("*.py") if manifest else ():
            text = file.read_text(encoding="utf-8", errors="replace")
            if "tests" not in file.parts and usage in text and _uses(text, usage):
                return True
    return False


def _uses(text, usage):
    nodes = [*ast.walk(ast.parse(text))]
    declared = {
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_usage"
    }
    return any(
        isinstance(node, ast.Constant) and node.value == usage and node not in declared
        for node in nodes
    )


@check("several-components", at_load=True)
def several_components(connectors):
    """Components of which several fit, so that none is found."""
    reported = set()
    for connector, model_name in connectors.bindings:
        for usage in USAGES:
            found = connector.find(usage, model_name)
            key = (connector, usage, *found)
            if len(found) < 2 or key in reported or _is_chosen(usage, found):
                continue
            reported.add(key)
            yield Finding(
                ERROR if usage in FLOWS else WARNING,
                f"Several components have the usage '{usage}' for '{model_name}': "
                f"{', '.join(map(described, found))}. None is found.",
                "Give them different models (_apply_on) or usages (_usage). A "
                "component that replaces another one inherits it and has no _name of "
                "its own.",
                **connectors.at(found[-1]),
            )


def _is_chosen(usage, found):
    return usage == "event.listener" or any(
        overrides(each, AbstractComponent, "_component_match")
        and overrides(each, FoundByUsage, "_component_match")
        for each in found
    )


@check("missing-component")
def missing_component(connectors):
    """Bindings for which a component is missing."""
    for connector, model_name in connectors.bindings:
        if not connector.components:
            continue
        for usage, reason in _needed(connector, model_name).items():
            if not connectors.components.lookup(connector.name, usage, model_name):
                yield error(
                    f"{model_name} has no component with the usage '{usage}'; "
                    f"{reason}.",
                    " ".join(near_misses(connector, usage, model_name)),
                    **connector.at_model(model_name),
                )
        if not any(
            issubclass(each, SYNCHRONIZERS)
            and model_name in (each.apply_on_models or [model_name])
            for each in connector.components
        ):
            yield warning(
                f"No component exports, imports or deletes {model_name}.",
                "Write an exporter (generic.exporter) or an importer "
                "(connector.record.importer) for it.",
                **connector.at_model(model_name),
            )


def _needed(connector, model_name):
    """Return reasons by the usages that a model needs; the first one counts."""
    needed = {"binder": "connectors find and bind records with it"}
    for usage, base, attribute, hooks, what in NEEDS:
        if component := connector.standard(usage, model_name, base, *hooks):
            reason = f"{component._name} {what} with it"
            needed.setdefault(getattr(component, attribute), reason)
    return needed
