# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A job that delays the exports of many records leaves the rest to another job."""

from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.jobs.synchronisation import Synchronisation

from .common import RealJobsCase, batch_export_components, noted_queries, override
from .kills import Killed

EXPORTER = "test.shop.contact.batch.exporter"


class TestBatchPosition(RealJobsCase):
    def setUp(self):
        super().setUp()
        self.chunks_left = None

        def _delay_chunk(exporter, bindings, fields, **options):
            if self.chunks_left == 0:
                raise Killed
            if self.chunks_left:
                self.chunks_left -= 1
            return super(limited, exporter)._delay_chunk(bindings, fields, **options)

        limited = override(EXPORTER, _delay_chunk=_delay_chunk, _chunks_at_a_time=3)
        self.build(*batch_export_components(), limited)
        self.ids = self.bindings(*(f"Contact {number}" for number in range(10)))

    def delay_batch(self, chunk_size=2, domain=None):
        """Delay a job of the connector; return its UUID."""
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            shop.chunk_size = chunk_size
            return shop.with_delay().export_all(domain).uuid

    def delay_export_batch(self, identity_key=None, **options):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            delayed = env["connector.test.binding"].with_delay(
                identity_key=identity_key
            )
            return delayed.export_batch(shop, **{"chunk_size": 2, **options}).uuid

    def waiting(self):
        """Return the jobs that continue a batch."""
        domain = [("method_name", "=", "export_batch"), ("state", "=", "pending")]
        return [job["uuid"] for job in self.read("queue.job", domain)]

    def run_all(self, uuid):
        """Run a job and those that continue it; return their results."""
        results = [self.run_job(uuid)["result"]]
        while waiting := self.waiting():
            [uuid] = waiting
            results.append(self.run_job(uuid)["result"])
        return results

    def chunks(self):
        with self.transaction() as env:
            jobs = env["queue.job"].search(
                [("method_name", "=", "export_chunk")], order="id"
            )
            return [job.records.ids for job in jobs]

    def cancel_chunks(self):
        """Cancel the chunks: a batch leaves out the records of those that wait."""
        with self.transaction() as env:
            domain = [("method_name", "=", "export_chunk")]
            env["queue.job"].search(domain).button_cancelled()

    def delayed_ids(self):
        return [id_ for ids in self.chunks() for id_ in ids]

    def runs(self):
        """Return how many chunks each run has."""
        with self.transaction() as env:
            jobs = env["queue.job"]._read_group(
                [("method_name", "=", "export_chunk")], ["run_id"], ["__count"]
            )
            starts = env["connector.run.start"].search([])
            counts = {run.id: count for run, count in jobs}
            return [counts.get(start.id, 0) for start in starts]

    def kill(self, uuid, chunks):
        """Run a job in a process that dies after some chunks."""
        self.chunks_left = chunks
        with self.assertRaises(Killed), mute_logger("odoo.sql_db"):
            self.run_job(uuid)
        self.chunks_left = None

    def test_another_job_continues(self):
        results = self.run_all(self.delay_batch())
        more = "6 records to export, in 3 jobs. Another job finds the other records."
        self.assertEqual(results, [more, "4 records to export, in 2 jobs."])
        expected = [self.ids[start : start + 2] for start in range(0, 10, 2)]
        self.assertEqual(self.chunks(), expected)

    def test_no_job_follows_the_last_chunk(self):
        results = self.run_all(self.delay_batch(domain=[("id", "<=", self.ids[5])]))
        self.assertEqual(results, ["6 records to export, in 3 jobs."])

    def test_each_record_has_one_job_however_often_jobs_are_interrupted(self):
        uuid = self.delay_batch()
        self.kill(uuid, chunks=2)
        self.assertEqual(self.chunks(), [])
        self.run_job(uuid)
        [uuid] = self.waiting()
        self.kill(uuid, chunks=1)
        self.assertEqual(self.delayed_ids(), self.ids[:6])
        self.assertEqual(self.run_all(uuid), ["4 records to export, in 2 jobs."])
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_all_jobs_of_a_batch_belong_to_one_run(self):
        for delay in (self.delay_batch, self.delay_export_batch):
            uuid = delay()
            self.kill(uuid, chunks=2)
            self.run_all(uuid)
            self.cancel_chunks()
        self.assertEqual(self.runs(), [5, 5])

    def test_the_other_job_has_the_same_domain_fields_and_size(self):
        domain = [("id", "in", self.ids[1:]), "!", ("id", "=", self.ids[8])]
        self.run_all(
            self.delay_export_batch(domain=domain, fields=["name"], chunk_size=1)
        )
        expected = [[id_] for id_ in self.ids[1:] if id_ != self.ids[8]]
        self.assertEqual(self.chunks(), expected)
        jobs = self.read("queue.job", [("method_name", "=", "export_chunk")])
        self.assertEqual([job["kwargs"] for job in jobs], [{"fields": ["name"]}] * 8)

    def test_an_empty_domain_continues_with_all_bindings(self):
        with self.transaction() as env:
            exported = env["connector.test.binding"].browse(self.ids[6:])
            exported.write({"external_id": "7"})
        self.run_all(self.delay_batch(domain=[]))
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_the_domain_may_be_long(self):
        ids = [*self.ids, *range(10**6, 10**6 + 1000)]
        self.run_all(self.delay_batch(domain=[("id", "in", ids)]))
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_the_key_of_the_batch_holds_until_its_last_chunk(self):
        first = self.delay_export_batch("all contacts")
        self.run_job(first)
        [second] = self.waiting()
        self.assertEqual(self.delay_export_batch("all contacts"), second)
        self.run_job(second)
        self.assertNotIn(self.delay_export_batch("all contacts"), (first, second))

    def test_a_synchronisation_is_under_way_until_the_last_chunk(self):
        def synchronise():
            with self.transaction() as env:
                shop = env["connector.test.shop"].browse(self.shop_id)
                shop.chunk_size = 2
                return Synchronisation(shop).delay()

        self.assertTrue(synchronise())
        for _job in range(2):
            self.assertFalse(synchronise())
            [uuid] = self.waiting()
            self.run_job(uuid)
        self.assertEqual(self.delayed_ids(), self.ids)
        self.assertTrue(synchronise())

    def test_a_job_that_has_ended_starts_again_from_the_beginning(self):
        uuid = self.delay_batch()
        self.run_all(uuid)
        self.cancel_chunks()
        with self.transaction() as env:
            env["queue.job"].search([("uuid", "=", uuid)]).requeue()
        self.run_all(uuid)
        self.assertEqual(self.delayed_ids(), self.ids * 2)

    def test_a_connectors_export_batch_without_a_position_delays_all_chunks(self):
        def export_batch(bindings, backend):
            with backend.work_on(bindings._name) as work:
                return work.component(usage="batch.exporter").run(chunk_size=2)

        self.patch(
            self.registry["connector.test.binding"], "export_batch", export_batch
        )
        results = self.run_all(self.delay_batch())
        self.assertEqual(results, ["10 records to export, in 5 jobs."])
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_a_connectors_run_without_a_position_delays_all_chunks(self):
        def run(exporter, domain=None, fields=None, chunk_size=None):
            return super(own, exporter).run(domain, fields, chunk_size)

        own = override(EXPORTER, run=run)
        self.build(own)
        results = self.run_all(self.delay_batch())
        self.assertEqual(results, ["10 records to export, in 5 jobs."])
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_outside_of_a_job_a_job_continues(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.test.binding"].export_batch(shop, chunk_size=2)
        [uuid] = self.waiting()
        self.run_all(uuid)
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_a_domain_that_no_job_can_store_delays_all_chunks(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            domain = [("id", "in", {*self.ids})]
            env["connector.test.binding"].export_batch(shop, domain, chunk_size=2)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_an_exporter_that_no_job_finds_delays_all_chunks(self):
        class OtherExporter(Component):
            _name = "test.shop.other.batch.exporter"
            _inherit = EXPORTER
            _usage = "other.batch.exporter"

        self.build(OtherExporter)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                work.component(usage="other.batch.exporter").run(chunk_size=2)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.delayed_ids(), self.ids)

    def test_two_batches_of_a_job_with_a_key_continue_both(self):
        def export_all(shop, domain=None):
            with shop.work_on("connector.test.binding") as work:
                exporter = work.component(usage="batch.exporter")
                for ids in (self.ids[:5], self.ids[5:]):
                    exporter.run([("id", "in", ids)], chunk_size=1)

        self.patch(self.registry["connector.test.shop"], "export_all", export_all)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            uuid = shop.with_delay(identity_key="both").export_all().uuid
        self.run_job(uuid)
        for uuid in self.waiting():
            self.run_job(uuid)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(sorted(self.delayed_ids()), self.ids)

    def test_chunks_send_the_same_number_of_queries(self):
        self.build(override(EXPORTER, _chunks_at_a_time=100))
        counts = []
        for chunks in (2, 5):
            uuid = self.delay_batch(chunk_size=10 // chunks)
            with noted_queries() as queries:
                self.run_job(uuid)
            counts.append(len(queries))
        few, many = counts
        self.assertLessEqual(many - few, 3 * 6, "queries a chunk")
