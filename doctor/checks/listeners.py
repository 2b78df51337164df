# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether listeners find what they export."""

from ...components.exporter.listener import (
    ExportListener,
    binding_field_problem,
    binding_fields,
)
from ...tools.bindings import is_binding_model
from ...tools.overrides import overrides
from ..finding import error
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
