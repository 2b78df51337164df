# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find what a record depends on, without synchronising it."""

from ...tools.bindings import model_label
from ...tools.external_id import is_external_id
from ...tools.read_only import reader_of
from ..exporter.record import GenericExporter
from ..importer.record import RecordImporter


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
        """Return what the record depends on, as the screen shows it."""
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
            is_there = bool(binding) and is_external_id(binder.to_external(binding))
            found = _dependency(self, relation._name, relation.display_name, is_there)
            self._noted_dependencies.append(found)

    def _import_dependency(self, external_id, binding_model, always=False, **kwargs):
        if is_external_id(external_id):
            binding = self.binder_for(binding_model).to_internal(external_id)
            name, is_there = binding.display_name or external_id, bool(binding)
            found = _dependency(
                self, binding_model, name, is_there, is_there and always
            )
            self._noted_dependencies.append(found)


def _dependency(component, model_name, name, is_there, is_updated=False):
    kind = model_label(reader_of(component.work), model_name)
    return {"label": f"{kind}: {name}", "isThere": is_there, "isUpdated": is_updated}
