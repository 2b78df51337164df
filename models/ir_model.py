# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

UNFINISHED = ("wait_dependencies", "pending", "enqueued", "failed")


class IrModel(models.Model):
    _inherit = "ir.model"

    def unlink(self):
        self._cancel_jobs()
        return super().unlink()

    def _cancel_jobs(self):
        """Cancel the jobs of models that go: nothing could ever run them."""
        jobs = (
            self.env["queue.job"]
            .sudo()
            .search(
                [
                    ("model_name", "in", self.mapped("model")),
                    ("state", "in", UNFINISHED),
                ]
            )
        )
        # not through queue_job, which loads a job and so needs the code of its method
        result = self.env._("Cancelled: its model was uninstalled.")
        while jobs:
            dependents = jobs.dependent_ids.filtered(lambda j: j.state in UNFINISHED)
            jobs.write(
                {
                    "state": "cancelled",
                    "date_cancelled": fields.Datetime.now(),
                    "result": result,
                }
            )
            jobs = dependents - jobs
