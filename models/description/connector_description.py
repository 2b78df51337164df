# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import UserError

from ...jobs.methods import EXPORT, IMPORT
from ...tools.bindings import binding_models, model_label, wrapped_model
from ...tools.overrides import overrides
from ...tools.translatable import language_of, shown_in

#: The parts of a connector that people care about, by the usage of their component.
PARTS = (
    "record.exporter",
    "record.importer",
    "record.exporter.deleter",
    "batch.importer",
)


class ConnectorDescription(models.AbstractModel):
    """The mappings in words, for the screen *What is synchronised*."""

    _name = "connector.description"
    _description = "What Is Synchronised"

    @api.model
    def describe(self, state_id):
        """Return what is synchronised with a backend."""
        state = self.env["connector.backend.state"].browse(int(state_id or 0)).exists()
        if not state:
            raise UserError(self.env._("The backend was deleted in the meantime."))
        state.check_access("read")
        backend = state.sudo()._backend()
        kinds = binding_models(self.env, backend._name) if backend else []
        pages = [self._kind(backend, model_name) for model_name in kinds]
        return {
            "name": state.backend_name,
            "kinds": [page for page in pages if page["facts"] or page["directions"]],
        }

    def _kind(self, backend, model_name):
        with backend.work_on(model_name, reader=self.env) as work:
            directions = [
                {"direction": direction, "rows": self._rows(work, direction)}
                for direction in (EXPORT, IMPORT)
            ]
            return {
                "model": model_name,
                "label": model_label(self.env, model_name),
                "facts": self._facts(work),
                "directions": [each for each in directions if each["rows"]],
            }

    def _facts(self, work):
        """Return sentences about what the connector does with these records."""
        exports, imports, deletes, batches = (
            bool(work.many_components(usage=usage)) for usage in PARTS
        )
        listens = self._listens(work)
        sentences = []
        if exports and listens:
            sentences.append(self.env._("Changes in Odoo are exported immediately."))
        elif exports:
            sentences.append(self.env._("Records of Odoo are exported on request."))
        if imports and batches:
            sentences.append(
                self.env._(
                    "Changes on the backend are imported when Odoo searches for them."
                )
            )
        elif imports:
            sentences.append(self.env._("Records are imported one at a time."))
        if (imports or exports) and self._matches(work):
            sentences.append(self.env._("Records that exist on both sides are linked."))
        if deletes and listens:
            sentences.append(
                self.env._(
                    "Records that are deleted in Odoo are deleted on the backend, too."
                )
            )
        return sentences

    def _listens(self, work):
        """Return whether the connector exports records when they change."""
        registry = work.components_registry
        listener_of_connectors = registry["base.connector.listener"]
        wrapped = wrapped_model(self.env, work.model_name)
        return any(
            issubclass(listener, listener_of_connectors)
            and listener.apply_on_models
            and (name == work.model_name or self._finds_bindings(listener, work))
            for name in filter(None, (work.model_name, wrapped))
            for listener in registry.lookup(
                work.collection._name, "event.listener", name
            )
        )

    def _finds_bindings(self, listener, work):
        """Return whether a listener to wrapped records exports these bindings."""
        name = getattr(listener, "_binding_field", None)
        if not name:
            return listener._collection == work.collection._name
        wrapped = self.env[wrapped_model(self.env, work.model_name)]
        field = wrapped._fields.get(name)
        return bool(field) and field.comodel_name == work.model_name

    def _matches(self, work):
        return any(
            hasattr(component, hook)
            and overrides(component, work.components_registry[base], hook)
            for usage, base, hook in (
                ("record.importer", "connector.record.importer", "_match_existing"),
                ("record.exporter", "generic.exporter", "_match_key"),
            )
            for component in work.many_components(usage=usage)
        )

    def _note(self, note):
        """Return the docstring of a mapping for its reader, if it is in their language.

        A connector can translate it like any term of its code.
        """
        lang = language_of(self.env)
        if not note or lang.startswith("en"):
            return note
        text = shown_in(lang, note.terms)
        return "" if text == note else text

    def _rows(self, work, direction):
        comparer = work.component(usage="record.comparison")
        exports = direction == EXPORT
        how = {
            "lines": self.env._("its lines"),
            "computed": self.env._("computed by the connector"),
            "followed": self.env._("a field of the linked record"),
            "reference": self.env._("the linked record"),
            "converted": self.env._("converted"),
        }
        return [
            {
                "sources": [
                    comparer.label(name, of_odoo=exports) for name in field.sources
                ],
                "target": comparer.label(field.target, of_odoo=not exports),
                "how": how.get(field.how, ""),
                "note": self._note(field.note),
                "onlyCreate": field.only_create,
            }
            for field in comparer.described_fields(direction)
        ]
