# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Notice changes of the fields from which Odoo computes what is exported."""

from collections import defaultdict
from typing import NamedTuple

from odoo.addons.component.core import _component_databases

from ...tools.removals import is_silent
from ..mapper.mapper import ExportMapper
from .listener import ExportListener

#: Attribute of a registry of components, whose mappers and listeners never change.
_WATCH = "connector_watch"


class Watch(NamedTuple):
    """The computed fields that exports read, and the fields that they depend on."""

    targets: frozenset  #: pairs of a model and the name of its field
    origins: dict  #: by the name of a model, the names of its fields


def note_dependents(records, names, create=False):
    """Tell export listeners about fields whose values may have changed with others.

    The ORM's own graph of dependencies leads to them. A field counts if a mapper reads
    it, and a listener listens to its model.

    :param records: the records that have changed, or are about to
    :param names: names of their fields
    :param create: whether the records have just been created
    """
    watch = watch_of(records.env)
    watched = watch and watch.origins.get(records._name)
    if not watched or watched.isdisjoint(names) or is_silent(records.env):
        return
    # Those of a form that nobody has saved have no id.
    records = records.browse([id_ for id_ in records._ids if id_])
    fields = [records._fields[name] for name in names if name in watched]
    tree = records.pool.get_trigger_tree(
        fields, lambda field: (field.model_name, field.name) in watch.targets
    )
    reader = records.sudo().with_context(active_test=False)
    for field, found, is_new in reader._modified_triggers(tree, create):
        if not is_new:
            _tell_listeners(found.with_env(records.env), field.name)


def _tell_listeners(records, name):
    for step in records._event("on_record_write").events:
        listener = step.__self__
        if isinstance(listener, ExportListener) and listener._follows_computed:
            for record in records:
                step(record, fields=[name])


def watch_of(env):
    """Return what is watched, ``None`` while Odoo loads its addons.

    :rtype: Watch | None
    """
    components = env.context.get("components_registry")  # of a test
    components = components or _component_databases.get(env.cr.dbname)
    if not components or not components.ready:
        return None
    if _WATCH not in vars(components):
        targets = _targets(env.registry, components)
        origins = _origins(env.registry, targets)
        names = frozenset((field.model_name, field.name) for field in targets)
        setattr(components, _WATCH, Watch(names, origins))
    return vars(components)[_WATCH]


def exported_fields(registry, components):
    """Yield the fields that export mappers read, where the models have them.

    :param registry: registry of Odoo's models
    :param components: registry of components
    :return: generator of triples: the class of the mapper, the name of the source, and
        the field that has its value, maybe one of the record that a binding wraps
    """
    binding = registry["external.binding"]
    for name in components:
        mapper = components[name]
        if mapper._abstract or not issubclass(mapper, ExportMapper):
            continue
        for model_name in mapper.apply_on_models or ():
            model = registry.get(model_name)
            for source in mapper.known_sources() if model is not None else ():
                field = model._fields.get(source)
                # The listener of the wrapped record does not hear of what that record
                # inherits from another one in turn, as a variant from its product.
                if field is not None and field.inherited and issubclass(model, binding):
                    field = field.related_field
                if field is not None:
                    yield mapper, source, field


def _targets(registry, components):
    """Return the computed fields that are exported when they change."""
    listened = {
        model_name
        for name in components
        for model_name in _listened_models(components[name])
    }
    return {
        field
        for _mapper, _name, field in exported_fields(registry, components)
        if field.compute and field.model_name in listened
    }


def _listened_models(component):
    is_listener = issubclass(component, ExportListener) and not component._abstract
    follows = is_listener and component._follows_computed
    return (follows and component.apply_on_models) or ()


def _origins(registry, targets):
    """Return the names of all fields that some fields depend on, by their model."""
    origins, left, seen = defaultdict(set), [*targets], set()
    while left:
        for *_path, field in left.pop().resolve_depends(registry):
            if field not in seen:
                seen.add(field)
                left.append(field)
                origins[field.model_name].add(field.name)
    return dict(origins)
