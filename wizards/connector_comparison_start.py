# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..tools.bindings import binding_models, model_label


class ConnectorComparisonStart(models.TransientModel):
    """Choice of the records to compare."""

    _name = "connector.comparison.start"
    _description = "Compare Both Sides"

    state_id = fields.Many2one(
        "connector.backend.state", string="Backend", required=True, ondelete="cascade"
    )
    kind = fields.Selection(selection="_kinds", string="Kind of Record", required=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        states = self.env["connector.backend.state"].search([], limit=2)
        if len(states) == 1:
            values.setdefault("state_id", states.id)
        state = self.env["connector.backend.state"].browse(values.get("state_id"))
        values.setdefault("kind", next(iter(self._kinds_of(state)), False))
        return values

    @api.model
    def _kinds(self):
        names = {
            name
            for model in self.env["connector.backend.state"]
            .sudo()
            .search([])
            .mapped("backend_model")
            if model in self.env
            for name in binding_models(self.env, model)
        }
        labels = [(name, model_label(self.env, name)) for name in names]
        return sorted(labels, key=lambda each: each[1])

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
        if state.backend_model not in self.env:
            return []
        return binding_models(self.env, state.backend_model)

    @api.onchange("state_id")
    def _onchange_state_id(self):
        kinds = self._kinds_of(self.state_id)
        if self.kind not in kinds:
            self.kind = next(iter(kinds), False)

    def action_start(self):
        """Start the comparison."""
        self.ensure_one().check_access("read")
        state = self.state_id
        return self.env["connector.comparison"].start(
            state.backend_model, state.backend_id, self.kind
        )
