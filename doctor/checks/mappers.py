# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the fields that mappers name exist."""

from collections import ChainMap
from typing import NamedTuple

from ...components.exporter.record import GenericExporter
from ...components.importer.record import RecordImporter
from ...components.mapper import ExportMapper, Mapper
from ...components.mapper.source import source_field
from ...tools.bindings import is_binding_model, wrapped_model
from ...tools.diagnosis import BUILT_IN
from ...tools.overrides import overrides
from ..finding import ERROR, WARNING, Finding, did_you_mean
from ..places import place_of_class
from .base import check


class Flow(NamedTuple):
    """The component that uses a mapper, and how it may use it in its own way."""

    usage: str
    base: type  #: class of the framework
    hooks: tuple  #: names of methods that may replace what is mapped


EXPORT = Flow("record.exporter", GenericExporter, ("run", "_run", "_map_data"))
IMPORT = Flow(
    "record.importer",
    RecordImporter,
    (
        *("run", "run_chunk", "_map_data", "_create_data", "_create", "_create_many"),
        *("_update_data", "_update", "_validate_data"),
    ),
)
#: Methods with which a mapper maps in its own way.
OWN_MAPPING = ("_apply", "_apply_with_options")


@check("unknown-field", at_load=True)
def unknown_field(connectors):
    """Fields in direct and children that the model does not have."""
    for mapper, fields, model_name in _mapped_models(connectors, "base.export.mapper"):
        if not (
            overrides(mapper, Mapper, *OWN_MAPPING)
            or overrides(mapper, ExportMapper, "_map_direct")
        ):
            yield from _unknown_fields(
                connectors, mapper, model_name, fields, EXPORT, "reads", _sources
            )
    for mapper, fields, model_name in _mapped_models(connectors, "base.import.mapper"):
        if not overrides(mapper, Mapper, *OWN_MAPPING, "finalize"):
            yield from _unknown_fields(
                connectors, mapper, model_name, fields, IMPORT, "maps to", _targets
            )


def _mapped_models(connectors, parent):
    """Yield mappers with the fields of a model that they are for, and its name."""
    env = connectors.env
    for mapper in connectors.children_of(parent):
        for model_name in mapper.apply_on_models or ():
            if model_name in env:
                fields = env[model_name]._fields
                wrapped = is_binding_model(env, model_name) and wrapped_model(
                    env, model_name
                )
                if wrapped and parent == "base.export.mapper":
                    fields = ChainMap(fields, env[wrapped]._fields)
                yield mapper, fields, model_name


def _unknown_fields(connectors, mapper, model_name, fields, flow, verb, names_of):
    if _computes_rows(mapper):
        return
    for attribute in ("direct", "children"):
        for number, row in enumerate(getattr(mapper, attribute)):
            for name in names_of(row):
                if name not in fields:
                    certain = _is_certain(connectors, mapper, model_name, flow)
                    yield Finding(
                        ERROR if certain else WARNING,
                        f"{mapper._name} {verb} the field '{name}', which {model_name} "
                        "does not have.",
                        f"Correct it.{did_you_mean(name, fields)} It is {attribute}"
                        f"[{number}].",
                        **connectors.at(mapper, attribute, number),
                    )


def _computes_rows(mapper):
    return any(isinstance(each, property) for each in (mapper.direct, mapper.children))


def _sources(row):
    """Return the fields that a row reads, as far as it is known."""
    name = source_field(row[0])
    names = name if isinstance(name, list | tuple) else [name]
    return [each for each in names if isinstance(each, str)]


def _targets(row):
    return row[1:2]


def _is_certain(connectors, mapper, model_name, flow):
    """Return whether the mapper maps records as the framework does.

    A connector's own exporter may map other data than a record, and its own importer
    may leave out values.
    """
    connector = mapper._collection and connectors.of(mapper)
    found = connector and connector.only(flow.usage, model_name)
    return bool(
        found
        and issubclass(found, flow.base)
        and not overrides(found, flow.base, *flow.hooks)
    )


@check("unknown-child")
def unknown_child(connectors):
    """Rows of children whose model is not installed, or has no mapper."""
    for mapper in connectors.children_of("base.mapper"):
        connector = mapper._collection and connectors.of(mapper)
        if not connector or _computes_rows(mapper):
            continue
        if overrides(mapper, Mapper, "_map_child", "_get_map_child_component"):
            continue
        for number, (_source, target, model_name) in enumerate(mapper.children):
            missing = _missing_of_child(connectors, connector, mapper, model_name)
            if missing:
                yield Finding(
                    ERROR,
                    f"{mapper._name} maps the lines of '{target}' with {missing[0]}.",
                    f"{missing[1]} It is children[{number}].",
                    **connectors.at(mapper, "children", number),
                )


def _missing_of_child(connectors, connector, mapper, model_name):
    if model_name not in connectors.env:
        hint = did_you_mean(model_name, [name for _each, name in connectors.bindings])
        return f"the model '{model_name}', which is not installed", f"Correct it.{hint}"
    is_import = issubclass(mapper, connectors.components["base.import.mapper"])
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
    for mapper, fields, model_name in _mapped_models(connectors, "base.export.mapper"):
        for method, definition in mapper._map_methods.items():
            for name in sorted(definition.changed_by - fields.keys()):
                yield Finding(
                    WARNING,
                    f"{mapper._name}.{method}() is @changed_by the field '{name}', "
                    f"which {model_name} does not have.",
                    f"Correct it.{did_you_mean(name, fields)}",
                    **connectors.at(mapper, method),
                )


@check("no-mapping")
def no_mapping(connectors):
    """Methods with @changed_by or @only_create that lack @mapping."""
    reported = set()
    for mapper in connectors.children_of("base.mapper"):
        for cls in mapper.__mro__:
            if cls.__module__ == BUILT_IN or cls in reported:
                continue
            reported.add(cls)
            for name in [name for name in vars(cls) if _lacks_mapping(cls, name)]:
                yield Finding(
                    WARNING,
                    f"{mapper._name}.{name}() lacks @mapping, so that its other "
                    "decorators do not count.",
                    "Add @mapping above them.",
                    **connectors.at_place(mapper, place_of_class(cls, name)),
                )


def _lacks_mapping(cls, name):
    method = vars(cls)[name]
    return (
        callable(method)
        and not isinstance(method, type)
        and (hasattr(method, "changed_by") or hasattr(method, "only_create"))
        and not getattr(method, "is_mapping", False)
    )
