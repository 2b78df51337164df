# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find what a record depends on, without synchronising it."""

from ...tools.bindings import model_label
from ...tools.external_id import is_external_id
from ...tools.read_only import reader_of
from .result import Dependency


def export_dependencies(exporter):
    """Return what an exporter would export first.

    The connector's hook runs; what it would export is noted instead.

    :param exporter: a generic exporter with its binding
    :return: list of :class:`Dependency`
    """
    noted = []
    exporter._export_dependency = lambda relation, binding_model, *args, **kwargs: (
        noted.append((relation, binding_model))
    )
    exporter._export_dependencies()
    return [
        _export_dependency(exporter, relation, binding_model)
        for relation, binding_model in noted
        if relation
    ]


def import_dependencies(importer):
    """Return what an importer would import first.

    The connector's hook runs; what it would import is noted instead.

    :param importer: a record importer with its item
    :return: list of :class:`Dependency`
    """
    noted = []
    importer._import_dependency = (
        lambda external_id, binding_model, always=False, **kwargs: noted.append(
            (external_id, binding_model, always)
        )
    )
    importer._import_dependencies()
    return [_import_dependency(importer, *details) for details in noted if details[0]]


def _export_dependency(exporter, relation, binding_model):
    binder = exporter.binder_for(binding_model)
    binding = relation
    if relation._name != binding_model:
        binding = binder.binding_of(relation)
    external_id = binder.to_external(binding) if binding else None
    return Dependency(
        f"{_kind(exporter, relation._name)}: {relation.display_name}",
        is_there=is_external_id(external_id),
    )


def _import_dependency(importer, external_id, binding_model, always):
    binding = importer.binder_for(binding_model).to_internal(external_id)
    name = binding.display_name if binding else external_id
    return Dependency(
        f"{_kind(importer, binding_model)}: {name}",
        is_there=bool(binding),
        is_updated=bool(always and binding),
    )


def _kind(component, model_name):
    return model_label(reader_of(component.work), model_name)
