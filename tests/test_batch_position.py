# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job that delays the exports of many records commits as it goes."""

from collections import Counter

from odoo.tools import mute_logger

from .common import RealJobsCase, batch_export_components, noted_queries, override


class Killed(BaseException):
    """The end of a process: nothing handles it."""


class TestBatchPosition(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())
        self.delayed = Counter()  #: how often each binding got a job
        self.pages_left = None

        def _delay_chunk(exporter, bindings, fields, **options):
            if self.pages_left == 0:
                raise Killed
            if self.pages_left:
                self.pages_left -= 1
            return super(limited, exporter)._delay_chunk(bindings, fields, **options)

        name = "test.shop.contact.batch.exporter"
        limited = override(name, _delay_chunk=_delay_chunk)
        self.build(limited)
        self.ids = self.bindings(*(f"Contact {number}" for number in range(10)))
        self.addCleanup(self.delete_positions)

    def runs(self):
        """Return the runs with the number of their chunks."""
        with self.transaction() as env:
            jobs = env["queue.job"]._read_group(
                [("method_name", "=", "export_chunk")], ["run_id"], ["__count"]
            )
            starts = env["connector.run.start"].search([])
            counts = {run.id: count for run, count in jobs}
            return {start.id: counts.pop(start.id, 0) for start in starts} | counts

    def delete_positions(self):
        with self.transaction() as env:
            env["connector.batch.position"].search([]).unlink()

    def delay_batch(self, chunk_size=2):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            shop.chunk_size = chunk_size
            return shop.with_delay().export_all().uuid

    def chunks(self):
        with self.transaction() as env:
            jobs = env["queue.job"].search(
                [("method_name", "=", "export_chunk")], order="id"
            )
            return [job.records.ids for job in jobs]

    def kill_after(self, uuid, pages):
        """Run a job in a process that dies after some pages."""
        self.pages_left = pages
        with self.assertRaises(Killed), mute_logger("odoo.sql_db"):
            self.run_job(uuid)
        self.pages_left = None

    def test_an_interrupted_job_continues_where_it_was(self):
        uuid = self.delay_batch()
        self.kill_after(uuid, pages=3)
        self.assertEqual(self.chunks(), [self.ids[:2], self.ids[2:4], self.ids[4:6]])
        job = self.run_job(uuid)
        self.assertEqual(job["result"], "10 records to export, in 5 jobs.")
        self.assertEqual([id_ for ids in self.chunks() for id_ in ids], self.ids)
        self.assertFalse(self.read("connector.batch.position", []))

    def test_all_attempts_of_a_job_of_a_connector_belong_to_one_run(self):
        uuid = self.delay_batch()
        self.kill_after(uuid, pages=3)
        self.run_job(uuid)
        self.assertEqual(list(self.runs().values()), [5])
        self.run_job(self.delay_batch(chunk_size=5))
        self.assertEqual(list(self.runs().values()), [2, 5])

    def test_all_attempts_of_export_batch_belong_to_one_run(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            shop.chunk_size = 2
            uuid = env["connector.test.binding"].with_delay().export_batch(shop).uuid
        self.kill_after(uuid, pages=3)
        self.run_job(uuid)
        self.assertEqual(list(self.runs().values()), [5])

    def test_the_domain_may_be_long(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            ids = [*self.ids, *range(10**6, 10**6 + 1000)]
            uuid = shop.with_delay().export_all([("id", "in", ids)]).uuid
        job = self.run_job(uuid)
        self.assertEqual(job["result"], "10 records to export, in 1 jobs.")

    def test_a_job_that_has_ended_starts_again_from_the_beginning(self):
        uuid = self.delay_batch(chunk_size=5)
        self.run_job(uuid)
        self.assertEqual(len(self.chunks()), 2)
        self.run_job(uuid)
        self.assertEqual(len(self.chunks()), 4)

    def test_another_job_does_not_continue_it(self):
        self.kill_after(self.delay_batch(), pages=3)
        job = self.run_job(self.delay_batch(chunk_size=5))
        self.assertEqual(job["result"], "10 records to export, in 2 jobs.")

    def test_the_vacuum_deletes_positions_of_jobs_that_are_gone(self):
        gone, left = self.delay_batch(), self.delay_batch()
        for uuid in (gone, left):
            self.kill_after(uuid, pages=1)
        with self.transaction() as env:
            env["queue.job"].search([("uuid", "=", gone)]).unlink()
            env["connector.batch.position"]._gc_ended()
        [position] = self.read("connector.batch.position", [])
        self.assertEqual(position["job_uuid"], left)

    def test_pages_send_the_same_number_of_queries(self):
        counts = []
        for pages in (2, 5):
            uuid = self.delay_batch(chunk_size=10 // pages)
            with noted_queries() as queries:
                self.run_job(uuid)
            counts.append(len(queries))
        few, many = counts
        self.assertLessEqual(many - few, 3 * 6, "queries a page")
