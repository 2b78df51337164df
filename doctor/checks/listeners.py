# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether listeners find what they export."""

from ...components.exporter.listener import (
    ExportListener,
    binding_field_problem,
    binding_fields,
)
from ...tools.bindings import is_binding_model
from ...tools.overrides import overrides
from ..finding import ERROR, Finding
from .base import check


@check("listener", at_load=True)
def listener(connectors):
    """Export listeners that do not find the bindings of a record."""
    env = connectors.env
    for component in connectors.children_of("connector.export.listener"):
        if component.apply_on_models is None:
            yield Finding(
                ERROR,
                problem=f"{component._name} listens to every model.",
                remedy="Name the binding and the record that it wraps in _apply_on.",
                **connectors.at(component),
            )
        if overrides(component, ExportListener, "_bindings"):
            continue
        for model_name in component.apply_on_models or ():
            problem = model_name in env.registry and _problem(
                component, env[model_name]
            )
            if problem:
                yield Finding(
                    ERROR,
                    problem=f"{component._name} does not export changes of "
                    f"{model_name}, which has {problem}.",
                    remedy=f"Set _binding_field to the name of the field of "
                    f"{model_name} that holds its bindings.",
                    **connectors.at(component, "_binding_field"),
                )


def _problem(component, records):
    if is_binding_model(records.env, records._name):
        return None
    names = binding_fields(component, records)
    known = len(names) == 1 and names[0] in records._fields
    return None if known else binding_field_problem(names)
