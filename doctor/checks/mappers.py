# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the fields that mappers name exist."""

from ...components.exporter.record import GenericExporter
from ...components.importer.record import RecordImporter
from ...components.mapper import ExportMapper, Mapper
from ...components.mapper.source import source_field
from ...diagnosis import BUILT_IN
from ...inspection import is_binding_model, wrapped_model
from ..connectors import overrides
from ..finding import ERROR, WARNING, Finding, did_you_mean
from ..places import addon_of_place, place_of_class
from .base import check

#: Hooks with which a mapper may replace values, or map something else than a record.
OWN_MAPPING = ("_apply", "_apply_with_options")
OWN_EXPORT = ("run", "_run", "_map_data")
OWN_IMPORT = (
    *("run", "run_chunk", "_map_data", "_create_data", "_create", "_create_many"),
    *("_update_data", "_update", "_validate_data"),
)


@check("unknown-field", at_load=True)
def unknown_field(connectors):
    """Fields in direct and children that the model does not have."""
    for mapper in connectors.children_of("base.export.mapper"):
        if not (
            overrides(mapper, OWN_MAPPING, Mapper)
            or overrides(mapper, ("_map_direct",), ExportMapper)
        ):
            for model_name in _models(connectors, mapper):
                yield from _unknown_sources(connectors, mapper, model_name)
    for mapper in connectors.children_of("base.import.mapper"):
        if not overrides(mapper, (*OWN_MAPPING, "finalize"), Mapper):
            for model_name in _models(connectors, mapper):
                yield from _unknown_targets(connectors, mapper, model_name)


def _models(connectors, mapper):
    if mapper._computes_rows:
        return []
    return [
        name for name in mapper.apply_on_models or () if name in connectors.env.registry
    ]


def _unknown_sources(connectors, mapper, model_name):
    fields = _fields(connectors.env, model_name)
    certain = _is_certain(
        connectors, mapper, model_name, "record.exporter", GenericExporter, OWN_EXPORT
    )
    for attribute, number, row in _rows(mapper):
        for name in _source_names(row[0]):
            if name not in fields:
                text = f"reads the field '{name}', which {model_name} does not have."
                yield _unknown(
                    *(connectors, mapper, attribute, number, certain),
                    text=text,
                    remedy=f"Correct it.{did_you_mean(name, fields)}",
                )


def _unknown_targets(connectors, mapper, model_name):
    fields = connectors.env[model_name]._fields
    certain = _is_certain(
        connectors, mapper, model_name, "record.importer", RecordImporter, OWN_IMPORT
    )
    for attribute, number, row in _rows(mapper):
        if row[1] not in fields:
            text = f"maps to the field '{row[1]}', which {model_name} does not have."
            yield _unknown(
                *(connectors, mapper, attribute, number, certain),
                text=text,
                remedy=f"Correct it.{did_you_mean(row[1], fields)}",
            )


def _unknown(connectors, mapper, attribute, number, certain, text, remedy):
    return Finding(
        ERROR if certain else WARNING,
        problem=f"{mapper._name} {text}",
        remedy=f"{remedy} It is {attribute}[{number}].",
        **connectors.at(mapper, attribute, number),
    )


def _rows(mapper):
    """Return the rows of a mapper with their place: attribute and number."""
    for attribute in ("direct", "children"):
        for number, row in enumerate(getattr(mapper, attribute)):
            yield attribute, number, row


def _source_names(source):
    """Return the fields that a source reads, as far as it is known."""
    name = source_field(source)
    names = name if isinstance(name, list | tuple) else [name]
    return [each for each in names if isinstance(each, str)]


def _fields(env, model_name):
    """Return the names of the fields of a binding and of the record that it wraps."""
    fields = set(env[model_name]._fields)
    if is_binding_model(env, model_name):
        wrapped = wrapped_model(env, model_name)
        fields |= set(env[wrapped]._fields) if wrapped else set()
    return fields


def _is_certain(connectors, mapper, model_name, usage, base, hooks):
    """Return whether the mapper maps records as the framework does.

    A connector's own exporter may map other data than a record, and its own importer
    may leave out values.
    """
    for connector in connectors.all:
        if connector.name == mapper._collection:
            found = connector.only(usage, model_name)
            return (
                found is not None
                and issubclass(found, base)
                and not overrides(found, hooks, base)
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
        if overrides(mapper, ("_map_child", "_get_map_child_component"), Mapper):
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
            fields = _fields(connectors.env, model_name)
            for method, definition in mapper._map_methods.items():
                for name in sorted(definition.changed_by - fields):
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
