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
from ..places import addon_of_place, place_of_class
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
    for mapper in connectors.children_of("base.export.mapper"):
        if not (
            overrides(mapper, Mapper, *OWN_MAPPING)
            or overrides(mapper, ExportMapper, "_map_direct")
        ):
            yield from _unknown_fields(
                connectors, mapper, EXPORT, "reads", lambda row: _sources(row[0])
            )
    for mapper in connectors.children_of("base.import.mapper"):
        if not overrides(mapper, Mapper, *OWN_MAPPING, "finalize"):
            yield from _unknown_fields(
                connectors, mapper, IMPORT, "maps to", lambda row: row[1:2]
            )


def _unknown_fields(connectors, mapper, flow, verb, names_of):
    for model_name in _models(connectors, mapper):
        fields = connectors.env[model_name]._fields
        if flow is EXPORT:
            fields = ChainMap(fields, _fields_of_wrapped(connectors.env, model_name))
        certain = _is_certain(connectors, mapper, model_name, flow)
        for attribute, number, name in _named_fields(mapper, names_of):
            if name not in fields:
                yield Finding(
                    ERROR if certain else WARNING,
                    problem=f"{mapper._name} {verb} the field '{name}', which "
                    f"{model_name} does not have.",
                    remedy=f"Correct it.{did_you_mean(name, fields)} It is "
                    f"{attribute}[{number}].",
                    **connectors.at(mapper, attribute, number),
                )


def _models(connectors, mapper):
    if mapper._computes_rows:
        return []
    return [
        name for name in mapper.apply_on_models or () if name in connectors.env.registry
    ]


def _named_fields(mapper, names_of):
    """Yield the fields that rows name, with the attribute and number of the row."""
    for attribute in ("direct", "children"):
        for number, row in enumerate(getattr(mapper, attribute)):
            for name in names_of(row):
                yield attribute, number, name


def _sources(source):
    """Return the fields that a source reads, as far as it is known."""
    name = source_field(source)
    names = name if isinstance(name, list | tuple) else [name]
    return [each for each in names if isinstance(each, str)]


def _fields_of_wrapped(env, model_name):
    """Return the fields of the record that a binding wraps, by name."""
    wrapped = is_binding_model(env, model_name) and wrapped_model(env, model_name)
    return env[wrapped]._fields if wrapped else {}


def _is_certain(connectors, mapper, model_name, flow):
    """Return whether the mapper maps records as the framework does.

    A connector's own exporter may map other data than a record, and its own importer
    may leave out values.
    """
    for connector in connectors.all:
        if connector.name == mapper._collection:
            found = connector.only(flow.usage, model_name)
            return (
                found is not None
                and issubclass(found, flow.base)
                and not overrides(found, flow.base, *flow.hooks)
            )
    return False


@check("unknown-child")
def unknown_child(connectors):
    """Rows of children whose model is not installed, or has no mapper."""
    by_name = {connector.name: connector for connector in connectors.all}
    for mapper in connectors.children_of("base.mapper"):
        connector = by_name.get(mapper._collection)
        if connector is None or mapper._computes_rows:
            continue
        if overrides(mapper, Mapper, "_map_child", "_get_map_child_component"):
            continue
        for number, (_source, target, model_name) in enumerate(mapper.children):
            missing = _missing_of_child(connectors, connector, mapper, model_name)
            if missing:
                yield Finding(
                    ERROR,
                    problem=f"{mapper._name} maps the lines of '{target}' with "
                    f"{missing[0]}.",
                    remedy=f"{missing[1]} It is children[{number}].",
                    **connectors.at(mapper, "children", number),
                )


def _missing_of_child(connectors, connector, mapper, model_name):
    if model_name not in connectors.env.registry:
        models = [name for each in connectors.all for name in each.bindings]
        hint = did_you_mean(model_name, models)
        return f"the model '{model_name}', which is not installed", f"Correct it.{hint}"
    lookup = connectors.components.lookup
    if lookup(connector.name, mapper._map_child_usage, model_name):
        return None  # It may map in its own way.
    is_import = issubclass(mapper, connectors.components["base.import.mapper"])
    usage = "import.mapper" if is_import else "export.mapper"
    if lookup(connector.name, usage, model_name):
        return None
    return (
        f"the mapper of '{model_name}', which has no component with the usage "
        f"'{usage}'",
        f"Write a mapper with _apply_on = ['{model_name}'].",
    )


@check("changed-by")
def changed_by(connectors):
    """Fields in @changed_by that the model does not have."""
    for mapper in connectors.children_of("base.export.mapper"):
        for model_name in mapper.apply_on_models or ():
            if model_name not in connectors.env.registry:
                continue
            wrapped = _fields_of_wrapped(connectors.env, model_name)
            fields = ChainMap(connectors.env[model_name]._fields, wrapped)
            for method, definition in mapper._map_methods.items():
                for name in sorted(definition.changed_by - fields.keys()):
                    yield Finding(
                        WARNING,
                        problem=f"{mapper._name}.{method}() is @changed_by the field "
                        f"'{name}', which {model_name} does not have.",
                        remedy=f"Correct it.{did_you_mean(name, fields)}",
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
            for name in _undeclared(cls):
                place = place_of_class(cls, name)
                yield Finding(
                    WARNING,
                    problem=f"{mapper._name}.{name}() lacks @mapping, so that its "
                    "other decorators do not count.",
                    remedy="Add @mapping above them.",
                    place=place,
                    addon=addon_of_place(place),
                    connector=connectors.backend_of(mapper),
                )


def _undeclared(cls):
    return [
        name
        for name, method in vars(cls).items()
        if callable(method)
        and not isinstance(method, type)
        and (hasattr(method, "changed_by") or hasattr(method, "only_create"))
        and not getattr(method, "is_mapping", False)
    ]
