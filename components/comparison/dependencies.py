# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find what a record depends on, without synchronising it."""

from ...tools.external_id import is_external_id
from ...tools.inspection import model_label
from ...tools.read_only import reader_of
from ..exporter.record import GenericExporter
from ..importer.record import RecordImporter
from .result import Dependency


def noting_dependencies(component):
    """Return a synchronizer that notes what it depends on, and synchronises nothing.

    The connector's hooks run; the framework's methods that they call are replaced.

    :param component: a synchronizer; one that the framework does not run is returned
        as it is
    """
    if not isinstance(component, GenericExporter | RecordImporter):
        return component
    cls = type(component)
    noting = type(cls)(cls.__name__, (NotesDependencies, cls), {"_register": False})
    return noting(component.work)


class NotesDependencies:
    """Mixin of the exporters and importers of a preview."""

    def __init__(self, work_context):
        super().__init__(work_context)
        self._noted_dependencies = []

    def noted_dependencies(self):
        """Return what the record depends on, as a list of :class:`Dependency`."""
        if isinstance(self, GenericExporter):
            self._export_dependencies()
        else:
            self._import_dependencies()
        return self._noted_dependencies

    def _export_dependency(self, relation, binding_model, *args, **kwargs):
        if relation:
            binder, binding = self.binder_for(binding_model), relation
            if relation._name != binding_model:
                binding = binder.binding_of(relation)
            external_id = binder.to_external(binding) if binding else None
            label = _label(self, relation._name, relation.display_name)
            self._noted_dependencies.append(
                Dependency(label, is_there=is_external_id(external_id))
            )

    def _import_dependency(self, external_id, binding_model, always=False, **kwargs):
        if external_id:
            binding = self.binder_for(binding_model).to_internal(external_id)
            label = _label(self, binding_model, binding.display_name or external_id)
            self._noted_dependencies.append(
                Dependency(label, bool(binding), is_updated=bool(always and binding))
            )


def _label(component, model_name, name):
    return f"{model_label(reader_of(component.work), model_name)}: {name}"
