# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ...jobs.methods import EXPORT, IMPORT, offers
from ...tools.bindings import backend_of, is_archived, model_label
from ...tools.external_id import is_external_id
from ...tools.read_only import read_only_work
from ..screen_actions import archived_message


class ConnectorPreview(models.AbstractModel):
    """Methods of the screen *Preview*."""

    _name = "connector.preview"
    _description = "Preview of a Synchronisation"

    @api.model
    def preview(self, params):
        """Return what a synchronisation of a record would do, without doing it.

        :param params: dict with the ``direction`` (``"export"`` or ``"import"``) and

            * ``model`` and ``res_id`` of a binding, or
            * ``backend_model``, ``backend_id``, ``model`` of the bindings, and
              ``external_id``, for a record that may have no binding

        :raise AccessError: when the user may not read the record or the backend, or is
            not a manager and the record has no binding: no rule of Odoo says who may
            read what only the backend has
        """
        self._check_group("connector.group_connector_user")
        backend, binding, external_id = self._record_of(params)
        if not binding:
            self._check_group("connector.group_connector_manager")
        direction = params.get("direction") or EXPORT
        if direction not in (EXPORT, IMPORT):
            raise UserError(self.env._("%s is not a direction.", direction))
        model = self.env[params["model"]].browse()
        # The name may be computed, so it is read where writes are possible.
        head = {
            "direction": direction,
            "backend": backend.display_name,
            "kind": model_label(self.env, params["model"]),
            "externalId": _as_text(external_id),
            "record": None,
            "canAct": self.env.user.has_group("connector.group_connector_manager"),
        }
        if binding:
            name = binding.display_name
            head["record"] = {"model": binding._name, "id": binding.id, "name": name}
        with read_only_work(backend, params["model"]) as work:
            preview = work.component(usage="record.preview")
            page = preview.run(direction, binding, external_id)
        head["canAct"] &= offers(backend.sudo(), model, f"{direction}_record")
        return {**head, **page}

    @api.model
    def synchronise(self, params):
        """Delay a job that exports or imports the record.

        :param params: as for :meth:`preview`, and perhaps ``shown``, the id of the
            binding and the external id that the screen shows
        :return: a translated sentence that says what was done
        :raise UserError: when the record is not linked any more as the screen shows
        """
        self._check_group("connector.group_connector_manager")
        backend, binding, external_id = self._record_of(params)
        if is_archived(backend.sudo()):
            raise UserError(archived_message(backend))
        known = params.get("shown")
        if not known and params.get("res_id") and "external_id" in params:
            known = [binding.id, _as_text(params["external_id"])]
        if known and known != [binding.id, _as_text(external_id)]:
            raise UserError(
                self.env._(
                    "The record was exported, imported or linked in the meantime. Look "
                    "at its preview again."
                )
            )
        if binding:
            links = self.env["connector.link"]
            is_import = params.get("direction") == IMPORT
            act = links.import_now if is_import else links.export_now
            return act(binding._name, binding.id)
        model = self.env[params["model"]]
        model.check_access("create")
        if not offers(backend.sudo(), model, "import_record"):
            raise UserError(
                self.env._("The connector does not import single records of this kind.")
            )
        model.with_delay().import_record(backend, external_id, force=True)
        return self.env._("The record will be imported in a moment.")

    def _check_group(self, group):
        if not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "You may not do this. Ask an administrator to add you to the group "
                    "%s.",
                    self.env.ref(group).sudo().display_name,
                )
            )

    def _record_of(self, params):
        """Return the backend, the binding and the external id, which may be read."""
        model = self._model(params.get("model"), "external.binding")
        binding = model.browse(int(params.get("res_id") or 0)).exists()
        if binding:
            binding.check_access("read")
            backend = backend_of(binding)
        elif params.get("res_id"):
            raise UserError(self.env._("The record was deleted in the meantime."))
        else:
            backends = self._model(params.get("backend_model"), "connector.backend")
            backend = backends.browse(int(params["backend_id"])).exists()
            if not backend:
                raise UserError(self.env._("The backend was deleted in the meantime."))
        backend.check_access("read")
        # A binding that the user may not see exists nevertheless.
        with backend.sudo().work_on(model._name) as work:
            binder = work.component(usage="binder")
            external_id = params.get("external_id")
            if binding:
                external_id = binder.to_external(binding)
            elif is_external_id(external_id):
                binding = binder.to_internal(external_id).with_env(self.env)
        if binding:
            binding.check_access("read")
        return backend, binding, external_id

    def _model(self, name, parent):
        """Return a model that inherits one of ours; nothing else may be previewed."""
        registry = self.env.registry
        if name in registry and issubclass(registry[name], registry[parent]):
            return self.env[name].browse()
        raise UserError(self.env._("%s has no records of a connector.", name))


def _as_text(external_id):
    return str(external_id) if is_external_id(external_id) else ""
