# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..tools.bindings import backend_models, binding_models, model_label


class ConnectorKindChoice(models.AbstractModel):
    """Base of the wizards that ask for a backend and a kind of its records."""

    _name = "connector.kind.choice"
    _description = "Choice of a Kind of Record"

    state_id = fields.Many2one(
        "connector.backend.state", string="Backend", required=True, ondelete="cascade"
    )
    kind = fields.Selection(selection="_kinds", string="Kind of Record", required=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        states = self._states().filtered(self._kinds_of)
        if len(states) == 1:
            values.setdefault("state_id", states.id)
        state = self.env["connector.backend.state"].browse(values.get("state_id"))
        values.setdefault("kind", next(iter(self._kinds_of(state)), False))
        return values

    @api.model
    def _kinds(self):
        of_models = self.sudo()._states().grouped("backend_model").values()
        names = {name for states in of_models for name in self._kinds_of(states[0])}
        labels = [(name, model_label(self.env, name)) for name in names]
        return sorted(labels, key=lambda each: each[1])

    def _states(self):
        return self.env["connector.backend.state"].search(
            [("backend_model", "in", backend_models(self.env))]
        )

    @api.constrains("state_id")
    def _check_state(self):
        # Odoo shows the name of a record that another one names to everybody.
        self.state_id.check_access("read")

    def onchange(self, values, field_names, fields_spec):
        if isinstance(values.get("state_id"), int):
            state = self.env["connector.backend.state"].browse(values["state_id"])
            state.check_access("read")
        return super().onchange(values, field_names, fields_spec)

    def _kinds_of(self, state):
        """Return the names of the models of bindings that a backend has to offer.

        :param state: record of ``connector.backend.state``
        """
        if state.backend_model not in self.env:
            return []
        return binding_models(self.env, state.backend_model)

    @api.onchange("state_id")
    def _onchange_state_id(self):
        kinds = self._kinds_of(self.state_id)
        if self.kind not in kinds:
            self.kind = next(iter(kinds), False)
