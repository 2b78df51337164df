# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An import that meets a create of our own export makes no second record in Odoo."""

import time
from datetime import datetime, timedelta

from odoo.tools import SQL

from odoo.addons.connector.components.synchronizer import Importer
from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.queue_job.job import Job

from .common import RealJobsCase, ShopSource, import_components, override


class TestOwnCreates(RealJobsCase):
    """The process died after the backend had created the record, or is still there."""

    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.created = {}  #: ids on the backend by idempotency key
        self.asked = []
        self.build(*import_components(self.source))
        self.build(
            override(
                "test.shop.adapter",
                _recovers_creates=True,
                find_created=self.find_created,
            )
        )
        self.addCleanup(self.forget_intents)
        self.source.add(1, 2)

    def find_created(self, key):
        self.asked.append(key)
        return self.created.get(key)

    def forget_intents(self):
        with self.transaction() as env:
            env["connector.create.intent"].search([]).unlink()

    def begin_create(self, name, external_id=None, seconds=0):
        """Commit an intent, as an export does; return the id of its binding.

        :param external_id: the id that the backend has given to the record
        :param seconds: how long ago that was
        """
        [binding_id] = self.bindings(name)
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            binding = env["connector.test.binding"].browse(binding_id)
            intents = env["connector.create.intent"]
            declared = intents.declare(shop, binding, {binding_id: False})
            key, _is_unconfirmed = declared[binding_id]
        with self.transaction() as env:  # which sees the intent
            env.cr.execute(
                SQL(
                    "UPDATE connector_create_intent SET begun = begun - %s",
                    timedelta(seconds=seconds),
                )
            )
        if external_id:
            self.created[key] = external_id
        return binding_id

    def import_chunk(self, *external_ids):
        with self.transaction() as env:
            bindings = env["connector.test.binding"]
            shop = env["connector.test.shop"].browse(self.shop_id)
            return bindings.import_chunk(shop, list(external_ids))

    def import_record(self, external_id, **job):
        """Run a job that imports a record.

        :param job: attributes of the job
        """
        with self.transaction() as env:
            bindings = env["connector.test.binding"]
            shop = env["connector.test.shop"].browse(self.shop_id)
            delayed = Job(bindings.import_record, args=(shop, external_id))
            for name, value in job.items():
                setattr(delayed, name, value)
            delayed.store()
        return self.run_job(delayed.uuid)

    def names(self):
        return sorted(each["name"] for each in self.read("connector.test.binding", []))

    def test_an_import_waits_for_a_create_in_flight(self):
        self.begin_create("Ada", "1")
        job = self.import_record("1")
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        with self.assertRaises(RetryableJobError):
            self.import_chunk("1", "2")
        self.assertEqual(self.names(), ["Ada"])
        self.assertFalse(self.asked)

    def test_one_call_finds_many_creates(self):
        calls = []

        def find_created_many(adapter, keys):
            calls.append(keys)
            return {key: self.created[key] for key in keys if key in self.created}

        self.build(override("test.shop.adapter", find_created_many=find_created_many))
        names = {"Ada": "1", "Bob": "2", "Cid": None}
        ids = [self.begin_create(name, id_, 60) for name, id_ in names.items()]
        self.source.add(3)
        self.import_chunk("1", "2", "3")
        found = [self.binding(id_)["external_id"] for id_ in ids]
        self.assertEqual(found, ["1", "2", False])
        self.assertEqual([len(keys) for keys in calls], [3])
        self.assertEqual(len(self.asked), 1)

    def test_an_import_binds_what_an_unconfirmed_create_has_made(self):
        for external_ids in (["1"], ["1", "2"]):
            with self.subTest(external_ids=external_ids):
                self.delete_records()
                self.forget_intents()
                with self.transaction() as env:
                    self.shop_id = env["connector.test.shop"].create({}).id
                ada = self.begin_create("Ada", "1", seconds=60)
                self.import_chunk(*external_ids)
                self.assertEqual(self.binding(ada)["external_id"], "1")
                self.assertEqual(
                    self.names(), [f"Contact {number}" for number in external_ids]
                )
                [unconfirmed] = self.read("connector.create.intent", [])
                self.assertFalse(unconfirmed["unconfirmed"])

    def test_an_id_is_the_same_as_number_and_as_text(self):
        ada = self.begin_create("Ada", 1, seconds=60)
        self.import_chunk("1")
        self.assertEqual(self.binding(ada)["external_id"], "1")

    def test_a_record_that_is_not_ours_is_imported(self):
        self.begin_create("Ada", None, seconds=60)
        self.begin_create("Grace", "77", seconds=60)
        self.assertEqual(self.import_record("1")["state"], "done")
        self.assertEqual(self.names(), ["Ada", "Contact 1", "Grace"])
        self.assertEqual(len(self.asked), 2)

    def test_a_record_that_was_deleted_in_odoo_does_not_come_back(self):
        ada = self.begin_create("Ada", "1", seconds=60)
        with self.transaction() as env:
            env["connector.test.binding"].browse(ada).unlink()
        job = self.import_record("1")
        self.assertEqual(job["state"], "done")
        self.assertIn("was deleted in Odoo", job["result"])
        self.assertEqual(self.names(), [])

    def test_an_export_that_is_at_work_keeps_its_record(self):
        ada = self.begin_create("Ada", "1", seconds=60)
        with self.transaction() as export:
            export.cr.execute(
                "SELECT id FROM connector_test_binding WHERE id = %s FOR UPDATE", [ada]
            )
            job = self.import_record("1")
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertFalse(self.binding(ada)["external_id"])

    def test_an_old_job_waits_as_long_as_a_new_one(self):
        """Its backend was paused, or its queue is long."""
        self.begin_create("Ada", "1")
        an_hour_ago = datetime.now() - timedelta(hours=1)
        job = self.import_record("1", date_created=an_hour_ago)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertEqual(self.names(), ["Ada"])
        self.settle_creates()
        job = self.run_job(job["uuid"])
        self.assertEqual((job["state"], job["kept_data"]), ("done", False))
        self.assertEqual(self.names(), ["Contact 1"])

    def settle_creates(self):
        """Let a minute pass for the creates that have begun."""
        with self.transaction() as env:
            env.cr.execute(
                "UPDATE connector_create_intent SET begun = begun - interval '1 minute'"
            )

    def test_a_job_does_not_wait_for_creates_that_begin_while_it_waits(self):
        self.begin_create("Ada", "77")
        job = self.import_record("1")
        self.assertEqual(job["state"], "pending")
        self.settle_creates()
        self.begin_create("Grace", "78")
        self.assertEqual(self.run_job(job["uuid"])["state"], "done")
        self.assertEqual(self.names(), ["Ada", "Contact 1", "Grace"])

    def test_a_transaction_that_has_begun_before_the_other_create(self):
        """Ages are those of the moment when the creates are read."""

        def _lock_imports(importer, ids, known):
            importer.env.cr.now()  # The transaction has begun.
            time.sleep(1)
            return Importer._lock_imports(importer, ids, known)

        self.begin_create("Ada", "77")
        job = self.import_record("1")
        self.assertEqual(job["state"], "pending")
        self.settle_creates()
        self.begin_create("Grace", "78")
        self.build(
            override("test.shop.contact.record.importer", _lock_imports=_lock_imports)
        )
        self.assertEqual(self.run_job(job["uuid"])["state"], "done")

    def test_a_chunk_waits_as_long_as_a_record(self):
        self.begin_create("Ada", "77")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            delayed = env["connector.test.binding"].with_delay()
            uuid = delayed.import_chunk(shop, ["1", "2"]).uuid
        job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.settle_creates()
        self.begin_create("Grace", "78")
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.names(), ["Ada", "Contact 1", "Contact 2", "Grace"])

    def test_creates_of_other_backends_and_known_records_do_not_matter(self):
        self.begin_create("Ada", "1")
        with self.transaction() as env:
            self.shop_id = env["connector.test.shop"].create({}).id
        self.assertEqual(self.import_record("1")["state"], "done")
        self.begin_create("Grace")
        self.assertEqual(self.import_record("1")["state"], "done")
        self.assertFalse(self.asked)
