# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from datetime import timedelta

from odoo import api, fields, models


class ConnectorCheckpoint(models.Model):
    """Until when the changes of a backend are imported."""

    _name = "connector.checkpoint"
    _description = "Import Checkpoint"
    _inherit = "connector.backend.reference"
    _rec_name = "backend_name"

    filters = fields.Char(
        required=True,
        default="",
        readonly=True,
        help="What else the imported records are filtered by.",
    )
    moment = fields.Datetime(
        help="All that changed on the backend before this moment was imported, or has "
        "a job that imports it. Set it back to import more again."
    )

    _one_per_model = models.Constraint(
        "unique(backend_model, backend_id, model_name, filters)",
        "There is a checkpoint for this backend and this model already.",
    )

    @api.model
    def _editable_fields(self):
        return {"moment"}

    @api.private
    def of(self, backend, model_name, filters=None):
        """Return the checkpoint of a backend and a model; make it if needed.

        :param model_name: name of the model that is imported
        :param filters: by what else the records are filtered
        """
        checkpoints = self.sudo()
        text = json.dumps(filters, sort_keys=True, default=str) if filters else ""
        found = checkpoints.search(
            [*self._domain_of(backend, model_name), ("filters", "=", text)]
        )
        return found or checkpoints.create(
            {**self._values_of(backend, model_name), "filters": text}
        )

    @api.private
    def since(self, overlap_minutes):
        """Return the moment from which to import, or ``None`` for the first time.

        :param overlap_minutes: how much of what was imported is imported again
        """
        if not self.moment:
            return None
        return self.moment - timedelta(minutes=overlap_minutes)
