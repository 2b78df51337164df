# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the fields that mappers name exist."""

import inspect
from collections import ChainMap
from typing import NamedTuple

from ...components.exporter.record import GenericExporter
from ...components.importer.record import RecordImporter
from ...components.mapper import ExportMapper, ImportMapper, Mapper
from ...components.mapper.decorators import ignored_fields, is_mapping
from ...components.mapper.source import source_field
from ...tools.bindings import is_binding_model, wrapped_model
from ...tools.diagnosis import BUILT_IN
from ...tools.overrides import overrides
from ..finding import ERROR, WARNING, Finding, did_you_mean, error, warning
from ..places import place_of_class
from .base import check


class Flow(NamedTuple):
    """How a connector uses a mapper."""

    usage: str  #: of the component that maps
    base: type  #: its class in the framework
    hooks: tuple  #: names of methods that may replace what is mapped
    verb: str  #: what the mapper does with the fields of the model


FLOWS = {
    ExportMapper: Flow(
        "record.exporter", GenericExporter, ("run", "_run", "_map_data"), "reads"
    ),
    ImportMapper: Flow(
        "record.importer",
        RecordImporter,
        (
            *("run", "run_chunk", "_map_data", "_create_data", "_create"),
            *("_create_many", "_update_data", "_update", "_validate_data"),
        ),
        "maps to",
    ),
}


@check("unknown-field", at_load=True)
def unknown_field(connectors):
    """Fields in direct and children that the model does not have."""
    for base, flow in FLOWS.items():
        for mapper, fields, model_name in _mapped_models(connectors, base):
            if mapper._computes_rows or _maps_in_its_own_way(mapper, base):
                continue
            certain = _is_certain(connectors, mapper, model_name, flow)
            model = connectors.env[model_name]
            for attribute, number, name in _named_fields(mapper, base, model):
                if name not in fields:
                    yield Finding(
                        ERROR if certain else WARNING,
                        f"{mapper._name} {flow.verb} the field '{name}', which "
                        f"{model_name} does not have.",
                        f"Correct it.{did_you_mean(name, fields)} It is {attribute}"
                        f"[{number}].",
                        **connectors.at(mapper, attribute, number),
                    )


def _mapped_models(connectors, base):
    """Yield mappers with the fields of a model that they are for, and its name."""
    env = connectors.env
    for mapper in connectors.children_of(base._name):
        for model_name in mapper.apply_on_models or ():
            if model_name in env:
                fields = env[model_name]._fields
                if base is ExportMapper and is_binding_model(env, model_name):
                    wrapped = wrapped_model(env, model_name) or model_name
                    fields = ChainMap(fields, env[wrapped]._fields)
                yield mapper, fields, model_name


def _maps_in_its_own_way(mapper, base):
    if overrides(mapper, Mapper, "_apply", "_apply_with_options"):
        return True
    if base is ExportMapper:
        return overrides(mapper, ExportMapper, "_map_direct")
    return overrides(mapper, Mapper, "finalize")


def _named_fields(mapper, base, model):
    """Yield the fields that rows name, with the attribute and number of the row."""
    for attribute in ("direct", "children"):
        for number, row in enumerate(getattr(mapper, attribute)):
            names = row[1] if base is ImportMapper else source_field(row[0])
            # A modifier may also read an attribute that is not a field.
            reads_more = base is ExportMapper and callable(row[0])
            for name in names if isinstance(names, list | tuple) else [names]:
                if isinstance(name, str) and not (reads_more and hasattr(model, name)):
                    yield attribute, number, name


def _is_certain(connectors, mapper, model_name, flow):
    """Return whether the mapper maps records as the framework does.

    A connector's own exporter may map other data than a record, and its own importer
    may leave out values.
    """
    connector = mapper._collection and connectors.of(mapper)
    return connector and connector.standard(
        flow.usage, model_name, flow.base, *flow.hooks
    )


@check("unknown-child")
def unknown_child(connectors):
    """Rows of children whose model is not installed, or has no mapper."""
    for mapper in connectors.children_of("base.mapper"):
        connector = mapper._collection and connectors.of(mapper)
        if not connector or mapper._computes_rows:
            continue
        if overrides(mapper, Mapper, "_map_child", "_get_map_child_component"):
            continue
        for number, (_source, target, model_name) in enumerate(mapper.children):
            missing = _missing_of_child(connectors, connector, mapper, model_name)
            if missing:
                yield error(
                    f"{mapper._name} maps the lines of '{target}' with {missing[0]}.",
                    f"{missing[1]} It is children[{number}].",
                    **connectors.at(mapper, "children", number),
                )


def _missing_of_child(connectors, connector, mapper, model_name):
    if model_name not in connectors.env:
        hint = did_you_mean(model_name, [name for _each, name in connectors.bindings])
        return f"the model '{model_name}', which is not installed", f"Correct it.{hint}"
    is_import = issubclass(mapper, ImportMapper)
    usage = "import.mapper" if is_import else "export.mapper"
    # A component for the lines may map them in its own way.
    for found in (mapper._map_child_usage, usage):
        if connectors.components.lookup(connector.name, found, model_name):
            return None
    return (
        f"the mapper of '{model_name}', which has no component with the usage "
        f"'{usage}'",
        f"Write a mapper with _apply_on = ['{model_name}'].",
    )


@check("changed-by")
def changed_by(connectors):
    """Fields in @changed_by that the model does not have."""
    for mapper, fields, model_name in _mapped_models(connectors, ExportMapper):
        for method, definition in mapper._map_methods.items():
            for name in sorted(definition.changed_by - fields.keys()):
                yield warning(
                    f"{mapper._name}.{method}() is @changed_by the field '{name}', "
                    f"which {model_name} does not have.",
                    f"Correct it.{did_you_mean(name, fields)}",
                    **connectors.at(mapper, method),
                )


@check("ignored-changed-by")
def ignored_changed_by(connectors):
    """Fields of a @changed_by below another one, which do not count."""
    for mapper, cls, name in _own_methods(connectors):
        ignored = sorted(ignored_fields(vars(cls)[name]))
        if ignored:
            yield warning(
                f"{mapper._name}.{name}() has several @changed_by. Only the first one "
                f"counts, and the others' fields are ignored: {', '.join(ignored)}.",
                "Name all fields in one @changed_by.",
                **connectors.at_place(mapper, place_of_class(cls, name)),
            )


@check("no-mapping")
def no_mapping(connectors):
    """Methods with @changed_by or @only_create, or redefined, that lack @mapping."""
    for mapper, cls, name in _own_methods(connectors):
        effect = _effect_of_no_mapping(mapper, cls, name)
        if effect:
            yield warning(
                f"{mapper._name}.{name}() lacks @mapping, so that {effect}.",
                "Add @mapping above it.",
                **connectors.at_place(mapper, place_of_class(cls, name)),
            )


def _own_methods(connectors):
    """Yield the methods of mappers as they are in the sources, each class once.

    :return: triples of a mapper, one of its classes, and the name of a method
    """
    known = set()
    for mapper in connectors.children_of("base.mapper"):
        for cls in mapper.__mro__:
            if cls.__module__ != BUILT_IN and cls not in known:
                known.add(cls)
                for name, value in vars(cls).items():
                    if inspect.isfunction(value):
                        yield mapper, cls, name


def _effect_of_no_mapping(mapper, cls, name):
    """Return what the lack of @mapping leads to, ``None`` if it is not missed."""
    method = vars(cls)[name]
    if is_mapping(method):
        return None
    if hasattr(method, "changed_by") or hasattr(method, "only_create"):
        return "its other decorators do not count"
    redefined = any(is_mapping(vars(base).get(name)) for base in cls.__mro__)
    # The mapping method of an inherited component stays one.
    if redefined and name not in mapper._map_methods:
        return "it does not run, unlike the method that it redefines"
    return None
