# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether listeners find what they export."""

from ...components.exporter.listener import (
    ExportListener,
    binding_field_problem,
    binding_fields,
)
from ...components.exporter.watching import exported_fields
from ...tools.bindings import is_binding_model
from ...tools.overrides import overrides
from ..finding import error, warning
from .base import check


@check("listener", at_load=True)
def listener(connectors):
    """Export listeners that do not find the bindings of a record."""
    for component in connectors.children_of("connector.export.listener"):
        if component.apply_on_models is None:
            yield error(
                f"{component._name} listens to every model.",
                "Name the binding and the record that it wraps in _apply_on.",
                **connectors.at(component),
            )
        if overrides(component, ExportListener, "_bindings"):
            continue
        for model_name in component.apply_on_models or ():
            problem = _problem(component, model_name, connectors.env)
            if problem:
                yield error(
                    f"{component._name} does not export changes of {model_name}, "
                    f"which has {problem}.",
                    f"Set _binding_field to the name of the field of {model_name} that "
                    "holds its bindings.",
                    **connectors.at(component, "_binding_field"),
                )


def _problem(component, model_name, env):
    if model_name not in env or is_binding_model(env, model_name):
        return None
    names = binding_fields(component, env[model_name])
    known = len(names) == 1 and names[0] in env[model_name]._fields
    return None if known else binding_field_problem(names)


@check("unwatched-field")
def unwatched_field(connectors):
    """Exported fields whose changes no listener notices."""
    listened = {
        model_name
        for component in connectors.children_of("connector.export.listener")
        for model_name in component.apply_on_models or ()
    }
    registry, components = connectors.env.registry, connectors.components
    for mapper, name, field in exported_fields(registry, components):
        if not field.compute or field.model_name not in listened:
            continue
        if not next(iter(field.resolve_depends(registry)), None):
            yield warning(
                f"{mapper._name} exports '{name}', which Odoo computes without saying "
                f"from what: {field.model_name}.{field.name} has no @api.depends. A "
                "change of it is exported with the next change of another field.",
                "Declare the dependencies, or call _note() of the listener when it "
                "changes.",
                **connectors.at(mapper),
            )
