# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

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
        jobs._change_job_state(
            "cancelled", self.env._("Cancelled: its model was uninstalled.")
        )
