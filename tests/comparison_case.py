# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case that compares both sides."""

from odoo.addons.queue_job.job import Job

from .common import ImportCase


class ComparisonCase(ImportCase):
    def setUp(self):
        super().setUp()
        self.comparisons = self.env["connector.comparison"]
        self.lines = self.env["connector.comparison.line"]

    def compare(self):
        """Compare all records; return the comparison when its jobs are done."""
        self.comparisons.start(self.shop._name, self.shop.id, self.model._name)
        self.run_jobs()
        return self.comparisons.search([("backend_id", "=", self.shop.id)], limit=1)

    def run_jobs(self, limit=None):
        jobs = self.env["queue.job"]
        domain = [("backend_id", "=", self.shop.id), ("state", "=", "pending")]
        while limit != 0 and (found := jobs.search(domain, order="id", limit=1)):
            limit = limit and limit - 1
            job = Job.load(self.env, found.uuid)
            job.set_started()
            job.store()
            with jobs.within_run_of(found):
                job.perform()
            job.set_done()
            job.store()
            self.env.flush_all()
            job.enqueue_waiting()
        self.env.invalidate_all()

    def linked(self, external_id, name, **values):
        return self.binding(name, external_id=str(external_id), **values)

    def found(self, comparison):
        """Return the lines as pairs of kind and external id."""
        return {
            (line.kind, line.external_id or line.name)
            for line in self.lines.search([("comparison_id", "=", comparison.id)])
        }
