# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Domain


class ConnectorBatchPosition(models.Model):
    """How far a job has come that delays the exports of many records.

    The job commits its position together with the jobs that it has delayed so far. When
    it is interrupted, its next attempt continues there instead of delaying them again.
    """

    _name = "connector.batch.position"
    _description = "Position of a Batch"
    _log_access = False

    job_uuid = fields.Char(required=True)
    run = fields.Char(required=True, help="Digest of the records that are delayed.")
    last_id = fields.Integer(help="The ID of the last record that has a job.")
    records = fields.Integer(help="How many records have a job.")
    jobs = fields.Integer(help="How many jobs were delayed.")

    _one_per_job = models.Constraint(
        "unique(job_uuid, run)", "The job has a position already."
    )

    @api.private
    def of_job(self, job, run):
        """Return the position of a job; it begins before the first record.

        :param job: ``queue.job``
        :param run: text that differs for other records that the same job delays
        """
        positions = self.sudo()
        values = {"job_uuid": job.uuid, "run": run}
        position = positions.search([(name, "=", values[name]) for name in values])
        return position or positions.create(values)

    @api.autovacuum
    def _gc_ended(self):
        """Delete the positions of jobs that were deleted or have ended otherwise."""
        unfinished = self.env["queue.job"].search(
            [
                ("uuid", "in", self.search(Domain.TRUE).mapped("job_uuid")),
                ("state", "not in", ("done", "cancelled")),
            ]
        )
        ended = [("job_uuid", "not in", unfinished.mapped("uuid"))]
        self.search(ended).unlink()
