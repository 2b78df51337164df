# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain


class ConnectorCheckpoint(models.Model):
    """Until when the changes of a backend are imported."""

    _name = "connector.checkpoint"
    _description = "Import Checkpoint"

    backend_model = fields.Char(required=True, readonly=True)
    backend_id = fields.Many2oneReference(
        model_field="backend_model", required=True, readonly=True
    )
    model_name = fields.Char(string="Model", required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    moment = fields.Datetime(
        help="All that changed on the backend before this moment was imported, or has "
        "a job that imports it. Set it back to import more again."
    )

    _one_per_model = models.Constraint(
        "unique(backend_model, backend_id, model_name)",
        "There is a checkpoint for this backend and this model already.",
    )

    def _of(self, backend, model_name):
        """Return the checkpoint of a backend and a model; make it if needed.

        :param backend: record of the backend
        :param model_name: name of the model that is imported
        """
        values = {
            "backend_model": backend._name,
            "backend_id": backend.id,
            "model_name": model_name,
        }
        checkpoints = self.sudo()
        found = checkpoints.search(
            Domain.AND(Domain(name, "=", value) for name, value in values.items())
        )
        if found:
            return found
        company = "company_id" in backend._fields and backend.sudo().company_id.id
        return checkpoints.create({**values, "company_id": company})

    def _since(self, overlap_minutes):
        """Return the moment from which to import, or ``None`` for the first time.

        :param overlap_minutes: how much of what was imported is imported again
        """
        if not self.moment:
            return None
        return self.moment - timedelta(minutes=overlap_minutes)
