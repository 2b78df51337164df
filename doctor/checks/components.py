# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which components a connector has, and whether they are found."""

import ast
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from odoo.modules import Manifest

from odoo.addons.component.core import AbstractComponent

from ...components.exporter.record import GenericExporter
from ...components.importer.record import RecordImporter
from ...tools.diagnosis import described, near_misses
from ...tools.overrides import overrides
from ..connectors import definitions_of, is_of_framework
from ..finding import ERROR, WARNING, Finding, did_you_mean
from .base import check

#: Usages by which the framework finds components.
USAGES = (
    "binder",
    "backend.adapter",
    "import.mapper",
    "export.mapper",
    "import.map.child",
    "export.map.child",
    "record.importer",
    "record.exporter",
    "record.exporter.deleter",
    "batch.importer",
    "batch.exporter",
    "record.locker",
    "event.listener",
)
#: Those whose component every connector finds by its usage.
FLOWS = ("binder", "record.importer", "record.exporter")
#: How similar two usages are, of which one is a misspelling of the other.
SIMILARITY = 0.9
SYNCHRONIZERS = ("base.exporter", "base.importer", "base.deleter")


@check("no-components")
def no_components(connectors):
    """Backends without components."""
    for connector in connectors.all:
        if connector.bindings and not connector.components:
            text = near_misses(_work(connector), None, connector.bindings[0])[0]
            problem, _period, remedy = text.partition(". ")
            yield Finding(
                ERROR,
                problem=f"{problem}.",
                remedy=remedy,
                **connector.at_model(connector.name),
            )


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
            problem=f"{component._name} has no _collection. It belongs to every "
            "connector.",
            remedy="Inherit the component of the connector that sets _collection.",
            **connectors.at(component),
        )


@check("unknown-collection", at_load=True)
def unknown_collection(connectors):
    """Components whose collection is not the name of a model."""
    models = connectors.env.registry
    backends = [connector.name for connector in connectors.all]
    for component in connectors.concrete:
        name = component._collection
        if name and name not in models and did_you_mean(name, backends):
            yield Finding(
                ERROR,
                problem=f"{component._name} has the _collection '{name}', which is not "
                "a model.",
                remedy=f"Correct it.{did_you_mean(name, backends)}",
                **connectors.at(component),
            )


@check("unknown-model")
def unknown_model(connectors):
    """Components for models that are not installed."""
    models = connectors.env.registry
    for component in connectors.concrete:
        for name in component.apply_on_models or ():
            if name not in models:
                yield Finding(
                    WARNING,
                    problem=f"{component._name} is for the model '{name}', which is "
                    "not installed.",
                    remedy=f"Correct its _apply_on.{did_you_mean(name, models)}",
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
            yield Finding(
                ERROR,
                problem=f"{component._name} has the usage '{usage}', which nothing "
                "looks up.",
                remedy=f"Set _usage. Did you mean '{close[0]}'?",
                **connectors.at(component, "_usage"),
            )


@lru_cache(maxsize=1024)
def _near_usages(usage):
    """Return the usage of the framework that is nearly the same, if there is one."""
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
    tree = ast.parse(text)
    declared = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_usage"
    }
    return any(
        isinstance(node, ast.Constant) and node.value == usage and node not in declared
        for node in ast.walk(tree)
    )


@check("several-components", at_load=True)
def several_components(connectors):
    """Components of which several fit, so that none is found."""
    for connector in connectors.all:
        reported = set()
        for model_name in connector.bindings:
            for usage in USAGES:
                found = connector.find(usage, model_name)
                names = (usage, *(each._name for each in found))
                chosen = usage == "event.listener" or any(
                    overrides(each, AbstractComponent, "_component_match")
                    for each in found
                )
                if len(found) < 2 or chosen or names in reported:
                    continue
                reported.add(names)
                yield _several(connectors, usage, model_name, found)


def _several(connectors, usage, model_name, found):
    return Finding(
        ERROR if usage in FLOWS else WARNING,
        problem=f"Several components have the usage '{usage}' for '{model_name}': "
        f"{', '.join(map(described, found))}. None is found.",
        remedy="Give them different models (_apply_on) or usages (_usage). A component "
        "that replaces another one inherits it and has no _name of its own.",
        **connectors.at(found[-1]),
    )


@check("missing-component")
def missing_component(connectors):
    """Bindings for which a component is missing."""
    for connector in connectors.all:
        if not connector.components:
            continue
        for model_name in connector.bindings:
            yield from _missing(connectors, connector, model_name)


def _missing(connectors, connector, model_name):
    exporter = connector.only("record.exporter", model_name)
    importer = connector.only("record.importer", model_name)
    base = connectors.components
    needed = [("binder", "connectors find and bind records with it")]
    if exporter and issubclass(exporter, base["generic.exporter"]):
        needed += _needed_by_exporter(exporter)
    if importer and issubclass(importer, base["connector.record.importer"]):
        needed += _needed_by_importer(importer)
    # The last reason for a usage wins, so the first one comes last.
    for usage, reason in dict(reversed(needed)).items():
        if not base.lookup(connector.name, usage, model_name):
            yield _no_component(connector, model_name, usage, reason)
    if not any(connector.fitting(each, model_name) for each in SYNCHRONIZERS):
        yield Finding(
            WARNING,
            problem=f"No component exports, imports or deletes {model_name}.",
            remedy="Write an exporter (generic.exporter) or an importer "
            "(connector.record.importer) for it.",
            **connector.at_model(model_name),
        )


def _needed_by_exporter(exporter):
    name, flow = exporter._name, ("run", "_run")
    if not overrides(exporter, GenericExporter, *flow, "_map_data"):
        yield exporter._base_mapper_usage, f"{name} maps with it"
    if not overrides(exporter, GenericExporter, *flow, "_create", "_update"):
        yield exporter._base_backend_adapter_usage, f"{name} calls the backend with it"


def _needed_by_importer(importer):
    name = importer._name
    if not overrides(importer, RecordImporter, "run", "_map_data"):
        yield importer._base_mapper_usage, f"{name} maps with it"
    if not overrides(importer, RecordImporter, "run", "_import_data"):
        yield importer._base_backend_adapter_usage, f"{name} reads with it"


def _no_component(connector, model_name, usage, reason):
    return Finding(
        ERROR,
        problem=f"{model_name} has no component with the usage '{usage}'; {reason}.",
        remedy=" ".join(near_misses(_work(connector), usage, model_name)),
        **connector.at_model(model_name),
    )


def _work(connector):
    """Return what the sentences about near misses need of a work context."""
    return SimpleNamespace(
        collection=connector.env[connector.name],
        components_registry=connector.connectors.components,
    )
