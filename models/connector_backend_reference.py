# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.access import readable
from ..tools.bindings import (
    backend_models,
    binding_models,
    company_of,
    is_archived,
)
from .screen_actions import RELOAD, archived_message, notification


class ConnectorBackendReference(models.AbstractModel):
    """Base of the records that belong to a backend of any model.

    Users see it when they may read the backend.
    """

    _name = "connector.backend.reference"
    _description = "Reference to a Connector Backend"

    backend_model = fields.Char(readonly=True)
    backend_id = fields.Many2oneReference(
        string="Backend ID", model_field="backend_model", readonly=True
    )
    backend_name = fields.Char(
        string="Backend", compute="_compute_backend_name", compute_sudo=True
    )
    model_name = fields.Char(string="Model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    def write(self, vals):
        # The names of records are computed with the rights of the system. Whoever could
        # change the reference could read the name of any record.
        if not self.env.su and vals.keys() - self._editable_fields():
            names = ", ".join(sorted(vals))
            raise AccessError(self.env._("These fields cannot be changed: %s.", names))
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        # Odoo would compute what a form shows from values that write() refuses.
        if self.env.su:
            return super().onchange(values, field_names, fields_spec)
        editable = self._editable_fields()
        values = {name: values[name] for name in values if name in editable}
        changed = [name for name in field_names if name in values]
        if not changed and (self or field_names):
            self.check_access("write" if self else "create")
            return {}
        return super().onchange(values, changed, fields_spec)

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access):
            domain = Domain(domain) & self._domain_of_readable()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if result or self.env.su or not any(self._ids):
            return result
        readable = self.sudo().search(
            Domain("id", "in", self.ids) & self._domain_of_readable()
        )
        forbidden = self - readable.with_env(self.env)
        if not forbidden:
            return None
        return forbidden, lambda: AccessError(
            self.env._(
                "You may not read the backend to which this belongs. Ask an "
                "administrator for access to it."
            )
        )

    @api.model
    def _domain_of_readable(self):
        """Return the domain of what belongs to backends that the user may read."""
        # Rules on records count, whether a backend is archived does not.
        env = self.with_context(active_test=False).env
        return Domain.OR(
            Domain("backend_model", "=", name)
            & Domain("backend_id", "in", env[name]._search([]))
            for name in backend_models(env)
            if env[name].has_access("read")
        )

    @api.model
    def _editable_fields(self):
        """Return the names of the fields that users may change."""
        return set()

    @api.depends("backend_model", "backend_id")
    def _compute_backend_name(self):
        for model_name, references in self.grouped("backend_model").items():
            ids = list(filter(None, references.mapped("backend_id")))
            backends = self._existing(model_name, ids) or ()
            names = {backend.id: backend.display_name for backend in backends}
            for reference in references:
                reference.backend_name = names.get(reference.backend_id, False)

    @api.model
    def _values_of(self, backend, model_name):
        """Return values for a new record."""
        return {
            "backend_model": backend._name,
            "backend_id": backend.id,
            "model_name": model_name,
            "company_id": company_of(backend).id,
        }

    def _domain_of(self, backend, model_name):
        """Return the domain that finds what belongs to a backend and a model."""
        return [
            ("backend_model", "=", backend._name),
            ("backend_id", "=", backend.id),
            ("model_name", "=", model_name),
        ]

    @api.private
    def follow_company(self, backends):
        """Let what belongs to backends of one company belong to their company."""
        for name in self.env.registry.descendants([self._name], "_inherit"):
            model = self.env[name].sudo()
            if model._auto and not model._abstract:
                model.of_backends(backends).company_id = company_of(backends[:1])

    @api.private
    def of_backends(self, backends):
        """Return what belongs to backends.

        :param backends: records of backends of one model
        """
        return self.search(
            [("backend_model", "=", backends._name), ("backend_id", "in", backends.ids)]
        )

    def _readable_records(self):
        """Return the records with a ``res_id`` that the user may read.

        :return: records by model and id
        :rtype: dict
        """
        return {
            (model_name, record.id): record
            for model_name, rows in self.grouped("model_name").items()
            if model_name in self.env
            for ids in [filter(None, rows.mapped("res_id"))]
            for record in readable(self.env[model_name].browse(ids))
        }

    def _by_backend(self, problems):
        """Group rows by their model and backend, if it can be worked on.

        :param problems: list that gets a sentence for each other backend
        """
        groups = {}
        for (name, id_), rows in self.grouped(
            lambda line: (line.backend_model, line.backend_id)
        ).items():
            backend = self._existing(name, id_)
            if backend:
                backend.check_access("read")
            if problem := self._problem_with(backend):
                problems.append(problem)
                continue
            for model_name, of_model in rows.grouped("model_name").items():
                groups[model_name, backend] = of_model
        return groups

    @api.model
    def _backend_to_start(self, backend_model, backend_id, model_name):
        """Return the backend on which a user starts some work.

        :param model_name: name of the model of the bindings, which the user has to read
        :raise UserError: when the backend cannot be worked on
        """
        if backend_model not in backend_models(self.env) or (
            model_name not in binding_models(self.env, backend_model)
        ):
            raise UserError(self.env._("%s has no records of a connector.", model_name))
        backend = self.env[backend_model].browse(backend_id).exists()
        backend.check_access("read")
        if problem := self._problem_with(backend):
            raise UserError(problem)
        self.env[model_name].check_access("read")
        return backend

    def _problem_with(self, backend):
        """Return why nothing can be synchronised with a backend, if that is so."""
        if not backend:
            return self.env._("The backend was deleted in the meantime.")
        return archived_message(backend) if is_archived(backend) else None

    def _notify(self, done, problems, message):
        """Return the action that shows what a button has done, and what not.

        :param done: the rows for which it has done its work
        :param problems: a sentence for each other row
        :param message: translated text about those that are done
        """
        if not (done or problems):
            raise UserError(
                self.env._("This is not possible for the records that you selected.")
            )
        text = "\n".join(dict.fromkeys(problems))
        if not done:
            raise UserError(text)
        if problems:
            message = f"{message}\n{text}"
            return notification(message, "warning", following=RELOAD, sticky=True)
        return notification(message, following=RELOAD)

    def _backend(self):
        """Return the backend, ``None`` when it is gone, or its model."""
        return self._existing(self.backend_model, self.backend_id)

    def _existing(self, model_name, res_id):
        if model_name in self.env and not self.env[model_name]._abstract:
            return self.env[model_name].browse(res_id).exists() or None
        return None
